"""Tell raster pictures by their first bytes: only these are ever shown in a page, under the type that they are."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_SIDE, MOST_PIXELS = 12_000, 50_000_000  # beyond, a browser needs gigabytes to draw it
HEAD = 256 * 1024  # bytes looked at


@dataclass(frozen=True, slots=True)
class Raster:
    content_type: str
    width: int
    height: int

    @property
    def is_drawable(self) -> bool:
        sides = self.width, self.height
        return min(sides) > 0 and max(sides) <= LARGEST_SIDE and self.width * self.height <= MOST_PIXELS


def sniff(head: bytes) -> Raster | None:
    """Return what picture begins with these bytes, None if it is none of PNG, JPEG, GIF, WebP or is cut short."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and len(head) >= 24:
        return Raster("image/png", _big(head, 16, 4), _big(head, 20, 4))
    if head[:6] in {b"GIF87a", b"GIF89a"} and len(head) >= 10:
        return Raster("image/gif", _little(head, 6), _little(head, 8))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(head)
    return None


def _webp(head: bytes) -> Raster | None:
    if len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8 ":
        return Raster("image/webp", _little(head, 26) & 0x3FFF, _little(head, 28) & 0x3FFF)
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return Raster("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        return Raster("image/webp", _little(head, 24, 3) + 1, _little(head, 27, 3) + 1)
    return None


def _jpeg(head: bytes) -> Raster | None:
    """Walk from marker to marker to the frame header, which holds the size."""
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return Raster("image/jpeg", _big(head, at + 7, 2), _big(head, at + 5, 2))
        at += 2 + max(2, _big(head, at + 2, 2)) if marker != 0xFF else 1
    return None


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "little")
