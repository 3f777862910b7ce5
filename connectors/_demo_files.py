"""Small files that demo messages carry, made instead of stored: a picture, a one-page PDF, a text."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

CONTENT_TYPES = {"png": "image/png", "pdf": "application/pdf", "txt": "text/plain"}


def make_file(filename: str, words: str) -> bytes:
    """Return the bytes of a file of the kind that its name says; the same name and words make the same bytes."""
    kind = filename.rpartition(".")[2]
    if kind == "png":
        return _picture(sha256(f"{filename}{words}".encode()).digest())
    return _page(words) if kind == "pdf" else f"{words}\n".encode()


def _picture(colours: bytes, side: int = 96) -> bytes:
    """A soft gradient between two colours."""
    top, bottom = colours[:3], colours[3:6]
    rows = bytearray()
    for y in range(side):
        pixel = bytes((top[i] * (side - y) + bottom[i] * y) // side for i in range(3))
        rows += b"\0" + pixel * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(bytes(rows), 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _page(words: str) -> bytes:
    """A valid PDF with one line of text, its cross-reference table included."""
    line = words.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")[:80]
    drawing = b"BT /F1 16 Tf 60 740 Td (" + line + b") Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%b endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return bytes(body) + b"xref\n0 6\n0000000000 65535 f \n" + table + end
