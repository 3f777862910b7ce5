"""Formatted replies on the pages: shown as they were written, with their pictures, and nothing else of a stranger's."""

from __future__ import annotations

import re
from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.db import reading
from app.models import Attachment, Message
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor
from tests.seed_files import picture

__all__ = ["seeded"]
PERSON = "Priya Raman"
CAT = "c" * 32 + "@inline"


@pytest.fixture
def ana(seeded: Seeded) -> Visitor:
    return seeded.visitor()


def send(seeded: Seeded, ana: Visitor, text: str, **more: object) -> int:
    form = {"text": text, "client_key": uuid4().hex, "format": "markdown", **more}
    return int(ana.post(f"/conversations/{seeded.public_id(PERSON)}/replies", form).status_code)


def file(content_type: str = "image/png") -> FileStorage:
    return FileStorage(BytesIO(picture(8, 8, 90)), filename="cat.png", content_type=content_type)


def test_a_formatted_reply_stands_in_the_timeline_with_its_picture(seeded: Seeded, ana: Visitor) -> None:
    text = f"See **this** card 4111 1111 1111 1111:\n\n![cat](cid:{CAT})\n\n- <script>alert(1)</script>"
    assert send(seeded, ana, text, picture=file(), picture_id=CAT) == 303
    with reading() as session:
        where = Message.conversation_id == seeded.made.conversations[PERSON].id
        newest = session.scalars(select(Message).where(where).order_by(Message.id.desc())).first()
        assert newest
        attached = session.scalars(select(Attachment).where(Attachment.message_id == newest.id)).one()
    page = ana.get(seeded.path(PERSON)).text
    said = page[page.rindex("message-formatted") :].partition("</article>")[0]
    assert "See <strong>this</strong> card" in said
    assert "4111 1111" not in said  # hidden as in plain words
    assert f'<img src="/attachments/{attached.public_id}?show=1" alt="cat">' in said
    assert "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li>" in said
    assert 'class="files"' not in said  # the picture stands in its place only
    assert ana.get(f"/attachments/{attached.public_id}?show=1").mimetype == "image/png"
    assert "[cat]" in ana.get(f"/messages/{newest.public_id}/text").text


@pytest.mark.parametrize(
    "ids",
    [[], ["short"], ["../../etc/passwd@inline"], [CAT, CAT], [f"{CAT}\r\nX-Evil: 1"]],
)
def test_pictures_whose_ids_are_not_ours_are_refused(seeded: Seeded, ana: Visitor, ids: list[str]) -> None:
    assert send(seeded, ana, "![x](cid:x)", picture=file(), picture_id=ids) == 422


def test_what_is_no_picture_is_attached(seeded: Seeded, ana: Visitor) -> None:
    assert send(seeded, ana, f"![page](cid:{CAT})", picture=file("text/html"), picture_id=CAT) == 303
    page = ana.get(seeded.path(PERSON)).text
    newest = page[page.rindex("message-formatted") :].partition("</article>")[0]
    assert "[page]" in newest
    assert re.search(r'class="file" href="/attachments/[^"]+" download', newest)
