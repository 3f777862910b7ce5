"""Tell recordings and films by their first bytes: only these are played in a page, under the type that they are."""

from __future__ import annotations

HEAD = 64  # bytes looked at
STARTS = (
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
)
MP4_BRANDS = frozenset((b"M4A ", b"M4B ", b"mp42", b"isom", b"iso2", b"dash"))
FILM_BRANDS = MP4_BRANDS | {b"M4V ", b"avc1", b"mp41", b"iso4", b"iso5", b"iso6", b"MSNV", b"qt  ", b"3gp4", b"3gp5"}
FILM_STARTS = ((b"OggS", "video/ogg"), (b"\x1aE\xdf\xa3", "video/webm"))


def sniff_film(head: bytes) -> str | None:
    """Return the media type of a film that begins with these bytes: a box of the kinds that hold films or sound."""
    if head[4:8] == b"ftyp" and head[8:12] in FILM_BRANDS:
        return "video/mp4"
    return next((content_type for start, content_type in FILM_STARTS if head.startswith(start)), None)


def sniff(head: bytes) -> str | None:
    """Return the media type of a recording that begins with these bytes, None for what browsers do not play."""
    known = next((content_type for start, content_type in STARTS if head.startswith(start)), None)
    if known is None and head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        known = "audio/wav"
    elif known is None and head[4:8] == b"ftyp" and head[8:12] in MP4_BRANDS:
        known = "audio/mp4"
    elif known is None and _is_frame(head, layers=(1, 2, 3)):
        known = "audio/mpeg"
    elif known is None and _is_frame(head, layers=(0,)):
        known = "audio/aac"
    return known


def _is_frame(head: bytes, *, layers: tuple[int, ...]) -> bool:
    """Tell whether an MPEG frame begins here: eleven set bits, then its version and layer (0: AAC in ADTS)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    if layers == (0,):
        return head[1] & 0xF6 == 0xF0
    return head[1] >> 1 & 3 in layers and head[1] >> 3 & 3 != 1 and head[2] & 0xF0 != 0xF0
