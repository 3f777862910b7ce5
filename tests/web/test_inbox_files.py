"""Attachments and formatted mail: nothing that strangers sent runs, and pictures are what their bytes say."""

from __future__ import annotations

import struct

import pytest
from sqlalchemy import select

from app import blobs
from app.db import reading, transaction
from app.models import Attachment, Conversation, Message
from app.web.inbox import raster
from tests.inbox_house import Seeded, seeded
from tests.seed_files import paper, picture

__all__ = ["seeded"]


def _message(seeded: Seeded, name: str, index: int = 0) -> Message:
    with reading() as session:
        where = Message.conversation_id == seeded.made.conversations[name].id
        return session.scalars(select(Message).where(where).order_by(Message.id).offset(index).limit(1)).one()


def _attach(seeded: Seeded, filename: str, content_type: str, data: bytes) -> str:
    with transaction() as session:
        row = session.get_one(Conversation, seeded.made.conversations["Emma Lindgren"].id)
        file = Attachment(
            message_id=row.last_message_id,
            filename=filename,
            content_type=content_type,
            size=len(data),
            blob_sha256=blobs.put(data),
        )
        session.add(file)
        session.flush()
        return f"/attachments/{file.public_id}"


def test_a_picture_is_shown_as_what_it_is(seeded: Seeded) -> None:
    ana, data = seeded.visitor(), picture(8, 8, 1)
    path = _attach(seeded, "photo.jpg", "text/html", data)
    shown = ana.get(f"{path}?show=1")
    assert (shown.data, shown.mimetype) == (data, "image/png")
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    saved = ana.get(path)
    assert saved.mimetype == "application/octet-stream"
    assert "attachment" in saved.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("name", "content_type", "data"),
    [
        ("a.png", "image/png", b"<script>alert(1)</script>"),
        ("a.svg", "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("a.svg", "image/svg+xml; x", b"<svg/>"),
        ("a.html", "text/html", b"<html>"),
        ("a.gif", "image/gif", b"GIF89a\xff\xff\xff\xff<script>"),  # 65,535 pixels a side
        ("bomb.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 40_000, 40_000) + b"\x08\x02"),
        ("a.png", "image/png", b""),
    ],
)
def test_what_is_no_harmless_picture_is_only_saved(seeded: Seeded, name: str, content_type: str, data: bytes) -> None:
    ana, path = seeded.visitor(), _attach(seeded, name, content_type, data)
    assert ana.get(f"{path}?show=1").status_code == 404
    saved = ana.get(path)
    assert saved.mimetype == "application/octet-stream"
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.data == data


def test_a_pdf_is_shown_by_its_bytes_in_a_frame_of_ours_alone(seeded: Seeded) -> None:
    ana, data = seeded.visitor(), paper("Prices")
    shown = ana.get(_attach(seeded, "prices.pdf", "application/pdf", data) + "?show=pdf")
    assert (shown.data, shown.mimetype) == (data, "application/pdf")
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'self'"
    assert shown.headers["Content-Disposition"].startswith("inline")
    page = _attach(seeded, "prices.pdf", "application/pdf", b"<script>alert(1)</script>" + b" " * 1024 + data)
    assert ana.get(f"{page}?show=pdf").status_code == 404
    assert ana.get(f"{page}?show=1").status_code == 404


def test_a_hostile_file_name_stays_inside_its_header(seeded: Seeded) -> None:
    path = _attach(seeded, 'x"; filename=evil.html\r\nSet-Cookie: a=b', "text/plain", b"x")
    answer = seeded.visitor().get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("a=b")]


def test_files_of_other_inboxes_are_not_there(seeded: Seeded) -> None:
    message = _message(seeded, "Tomás Herrera", 1)
    with reading() as session:
        offer = session.scalars(select(Attachment).where(Attachment.message_id == message.id)).one()
    path = f"/attachments/{offer.public_id}"
    assert seeded.visitor("ben").get(path).status_code == 200
    assert seeded.visitor("chloe").get(path).status_code == 404
    assert seeded.visitor("chloe").get("/attachments/nonsense").status_code == 404


def test_formatted_mail_is_clean_framed_and_without_remote_pictures(seeded: Seeded) -> None:
    ana, path = seeded.visitor(), f"/messages/{_message(seeded, 'Dorothea Klein').public_id}/html"
    answer = ana.get(path)
    assert "völlig durchnässt" in answer.text
    assert "alert(" not in answer.text
    assert "tracker.example" not in answer.text
    assert "/attachments/" in answer.text  # the inline picture, through our own door
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:;" in policy
    assert "frame-ancestors 'self'" in policy
    assert policy.endswith("sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox")
    assert "allow-scripts" not in policy


def test_remote_pictures_come_when_asked_for(seeded: Seeded) -> None:
    answer = seeded.visitor().get(f"/messages/{_message(seeded, 'Dorothea Klein').public_id}/html?images=remote")
    assert "https://tracker.example/open.gif" in answer.text
    assert "img-src 'self' data: https: http:" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_message_without_formatting_has_no_frame(seeded: Seeded) -> None:
    assert seeded.visitor().get(f"/messages/{_message(seeded, 'Jonas Weber').public_id}/html").status_code == 404


def test_a_long_message_is_cut_in_the_page_and_whole_as_text(seeded: Seeded) -> None:
    message = _message(seeded, "Clara Jensen")
    with transaction() as session:
        session.get_one(Message, message.id).text = "word " * 30_000 + "THE END"
    ana = seeded.visitor()
    page = ana.get(seeded.path("Clara Jensen")).text
    assert "THE END" not in page
    assert "Read the whole message" in page
    whole = ana.get(f"/messages/{message.public_id}/text")
    assert whole.mimetype == "text/plain"
    assert whole.text.endswith("THE END")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (picture(5, 7, 0), raster.Raster("image/png", 5, 7)),
        (b"GIF89a\x05\0\x07\0", raster.Raster("image/gif", 5, 7)),
        (b"RIFF....WEBPVP8X" + b"\0" * 8 + b"\x04\0\0\x06\0\0", raster.Raster("image/webp", 5, 7)),
        (b"RIFF....WEBPVP8L" + b"\0" * 4 + b"\x2f\x04\x80\x01\0" + b"\0" * 9, raster.Raster("image/webp", 5, 7)),
        (b"\xff\xd8\xff\xe0\0\x04xx\xff\xc0\0\x11\x08\0\x07\0\x05" + b"\0" * 9, raster.Raster("image/jpeg", 5, 7)),
        (b"\xff\xd8\xff\xe0\0\0" + b"\xff" * 100_000, None),
        (b"RIFF....WEBP", None),
        (b"BM", None),
    ],
)
def test_pictures_are_told_by_their_bytes(data: bytes, told: raster.Raster | None) -> None:
    assert raster.sniff(data) == told


FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 40


def test_a_film_is_played_as_what_it_is_and_nothing_else_as_a_film(seeded: Seeded) -> None:
    ana, path = seeded.visitor(), _attach(seeded, "fall.mp4", "video/mp4", FILM)
    assert f'src="{path}?show=video"' in ana.get(seeded.path("Emma Lindgren")).text
    shown = ana.get(f"{path}?show=video", Range="bytes=0-7")
    assert (shown.status_code, shown.mimetype, shown.data) == (206, "video/mp4", FILM[:8])
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    for data in (b"<html><script>alert(1)</script>", b"<svg onload='alert(1)'/>", b"", picture(8, 8, 1)):
        assert ana.get(f"{_attach(seeded, 'x.mp4', 'video/mp4', data)}?show=video").status_code == 404


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\r\ntwo", "one\ntwo</pre>"),
        (b"</pre><script>alert(1)</script>", "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;</pre>"),
        (b"card 4111 1111 1111 1111 is mine", "card [card ••••1111] is mine"),
        ("über".encode("utf-16"), "über"),
        ("über".encode("cp1252"), "über"),
        (b"line\n" * 41, "Only the first lines"),
        (b"x" * 301, "Only the first lines"),
        ("ü".encode() * 40_000, "Only the first lines"),
    ],
)
def test_the_first_lines_of_a_text_are_only_text(seeded: Seeded, data: bytes, lines: str) -> None:
    ana, path = seeded.visitor(), _attach(seeded, "notes.html", "text/html", data)
    answer = ana.get(f"{path}/lines")
    assert lines in answer.text
    assert "<script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")


def test_what_is_no_text_or_not_theirs_has_no_lines(seeded: Seeded) -> None:
    ana = seeded.visitor()
    assert ana.get(f"{_attach(seeded, 'a.txt', 'text/plain', picture(8, 8, 1))}/lines").status_code == 404
    message = _message(seeded, "Tomás Herrera", 1)
    with reading() as session:
        offer = session.scalars(select(Attachment).where(Attachment.message_id == message.id)).first()
    assert offer is not None
    assert seeded.visitor("chloe").get(f"/attachments/{offer.public_id}/lines").status_code == 404
