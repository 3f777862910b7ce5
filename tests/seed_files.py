"""Files and formatted mail for tests/seed.py: real PNG bytes, a PDF, a mail with an inline image and a remote one."""

from __future__ import annotations

import struct
import zlib
from mimetypes import guess_type

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import blobs
from app.models import Attachment, Conversation, Message

HTML_MAIL = """<html><head><style>td{padding:6px 12px}</style></head><body><p>Guten Tag,</p>
<p>das Paket kam heute <b>völlig durchnässt</b> an, zwei der vier Tüten sind aufgeplatzt:</p>
<table border="1"><tr><td>Guji natural</td><td>aufgeplatzt</td></tr><tr><td>Harbour Blend</td><td>aufgeplatzt</td></tr></table>
<p><img src="cid:photo-1@klein" alt="Foto"><img src="https://tracker.example/open.gif" width="1" height="1"></p>
<script>alert("never")</script></body></html>"""


def attach_files(session: Session, conversations: dict[str, Conversation]) -> None:
    grinder = _first(session, conversations, "Marta Lindqvist", 2)
    _attach(session, grinder, "burr-carrier.png", picture(640, 420, 30))
    _attach(session, grinder, "screw.png", picture(640, 420, 200))
    offer = _first(session, conversations, "Tomás Herrera", 1)
    _attach(session, offer, "wholesale-2027.pdf", paper("Wholesale prices 2027", "Guji natural 1 kg: 19.80 EUR"))
    parcel = _first(session, conversations, "Dorothea Klein", 0)
    parcel.html = HTML_MAIL
    parcel.quoted = "> Ihre Bestellung HP-20911 ist unterwegs.\n> Vielen Dank!"
    parcel.signature = "Dorothea Klein\nAm Alten Hafen 3 · 28195 Bremen"
    _attach(session, parcel, "foto.png", picture(480, 300, 120), content_id="photo-1@klein")


def _first(session: Session, conversations: dict[str, Conversation], name: str, index: int) -> Message:
    query = select(Message).where(Message.conversation_id == conversations[name].id).order_by(Message.id)
    return session.scalars(query.offset(index).limit(1)).one()


def _attach(session: Session, message: Message, name: str, data: bytes, content_id: str | None = None) -> None:
    session.add(
        Attachment(
            message_id=message.id,
            filename=name,
            content_type=guess_type(name)[0] or "",
            size=len(data),
            blob_sha256=blobs.put(data),
            content_id=content_id,
            is_inline=content_id is not None,
        )
    )


def paper(*lines: str) -> bytes:
    """Write a PDF of one A4 page with a few lines of Helvetica (ISO 32000-1, annex H)."""
    words = " T* ".join(f"({line}) Tj" for line in lines).encode()
    content = b"BT /F1 18 Tf 28 TL 72 760 Td " + words + b" ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 %s >> >> >>"
        % font,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def picture(width: int, height: int, tint: int) -> bytes:
    """Draw a PNG: soft diagonal stripes, so that thumbnails look like something."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            shade = 150 + ((x + y) // 24 % 2) * 22 + (y * 40) // height
            rows += bytes((shade, (shade + tint) // 2 + 40, (tint + 90) % 256 // 2 + 70))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
