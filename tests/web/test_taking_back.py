"""Undo send on the pages, as a browser without scripts sees it."""

from __future__ import annotations

import re
from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.db import reading, transaction
from app.models import Attachment, Direction, Message, TakenBack
from app.services import sending
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]
PERSON = "Priya Raman"


@pytest.fixture
def ana(seeded: Seeded) -> Visitor:
    return seeded.visitor()


def test_a_reply_is_taken_back_into_the_composer_and_sent_again(seeded: Seeded, ana: Visitor) -> None:
    files = [FileStorage(BytesIO(name.encode()), filename=f"{name}.txt", content_type="text/plain") for name in "ab"]
    _reply(seeded, ana, "First <words>", files=files, cc="ben@example.com")
    page = ana.get(seeded.path(PERSON)).text
    assert re.search(r"<reply-leaving data-until=\"[^\"]+\"><span data-left>Leaves in \d+ s</span>", page)
    assert 'value="undo"' in page
    assert 'value="undo"' not in seeded.visitor("ben").get(seeded.path(PERSON)).text  # who did not write it
    message = _newest(seeded)
    assert ana.post(f"/messages/{message.public_id}/sending", {"do": "undo"}).status_code == 303
    page = ana.get(seeded.path(PERSON)).text
    assert str(message.public_id) not in page
    box = page[page.index("<composer-box") :]
    assert "\nFirst &lt;words&gt;</textarea>" in box
    assert 'value="ben@example.com"' in box
    assert box.count('name="kept"') == 2
    taken = re.search(r'name="taken_back" value="([^"]+)"', box)
    assert taken
    files_at = f"/conversations/{seeded.public_id(PERSON)}/taken-back/{taken[1]}"
    assert (ana.get(f"{files_at}/1").data, ana.get(f"{files_at}/2").status_code) == (b"b", 404)
    assert seeded.visitor("ben").get(f"{files_at}/1").status_code == 404  # it is not his
    _reply(seeded, ana, "Better words", taken_back=taken[1], kept="1", cc="ben@example.com")
    again = _newest(seeded)
    with reading() as session:
        names = session.scalars(select(Attachment.filename).where(Attachment.message_id == again.id)).all()
        assert session.scalars(select(TakenBack)).all() == []
    assert names == ["b.txt"]
    assert again.text == "Better words"
    assert 'name="taken_back"' not in ana.get(seeded.path(PERSON)).text


def test_what_has_left_is_not_taken_back(seeded: Seeded, ana: Visitor) -> None:
    _reply(seeded, ana, "Gone")
    message = _newest(seeded)
    with transaction() as session:
        mine = session.get_one(Message, message.id)
        for other in session.scalars(
            select(Message).where(Message.conversation_id == mine.conversation_id, Message.send_state == "queued")
        ):
            other.send_after = None
    with transaction() as session:
        while claim := sending.claim_next(session, conversation_id=message.conversation_id):
            sending.record_failed(session, message_id=claim.message_id, reason="No.")
    answer = ana.post(f"/messages/{message.public_id}/sending", {"do": "undo"})
    assert answer.status_code == 409
    assert "It has left already." in answer.text


def test_what_was_taken_back_can_be_given_up(seeded: Seeded, ana: Visitor) -> None:
    _reply(seeded, ana, "Never mind")
    ana.post(f"/messages/{_newest(seeded).public_id}/sending", {"do": "undo"})
    page = ana.get(seeded.path(PERSON)).text
    taken = re.search(r'name="taken_back" value="([^"]+)"', page)
    assert taken
    address = f"/conversations/{seeded.public_id(PERSON)}/taken-back"
    seeded.visitor("ben").post(address, {"taken_back": taken[1]})
    assert "Never mind" in ana.get(seeded.path(PERSON)).text
    ana.post(address, {"taken_back": taken[1]})
    assert "Never mind" not in ana.get(seeded.path(PERSON)).text


def test_admins_say_how_long_a_reply_waits(seeded: Seeded, ana: Visitor) -> None:
    assert seeded.visitor("ben").get("/settings/sending").status_code == 403
    assert 'value="10"' in ana.get("/settings/sending").text
    wrong = ana.post("/settings/sending", {"undo_send_seconds": "500"})
    assert wrong.status_code == 422
    assert "from 0 to 120" in wrong.text
    ana.post("/settings/sending", {"undo_send_seconds": "0"})
    _reply(seeded, ana, "At once")
    assert _newest(seeded).send_after is None
    ana.post("/settings/sending", {"undo_send_seconds": "10"})


def _reply(seeded: Seeded, visitor: Visitor, text: str, **more: object) -> None:
    form = {"text": text, "client_key": uuid4().hex, **more}
    assert visitor.post(f"/conversations/{seeded.public_id(PERSON)}/replies", form).status_code == 303


def _newest(seeded: Seeded) -> Message:
    with reading() as session:
        ours = select(Message).where(
            Message.conversation_id == seeded.made.conversations[PERSON].id, Message.direction == Direction.OUTBOUND
        )
        found = session.scalars(ours.order_by(Message.id.desc()).limit(1)).one()
        session.expunge(found)
    return found
