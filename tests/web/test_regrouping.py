"""Merging and moving on the screen: what is offered, what it leads to, who may, and undoing."""

from __future__ import annotations

import re

from sqlalchemy import select

from app import db
from app.models import Conversation, Message, Regrouping
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]  # fixture


def others(seeded: Seeded, contact: str) -> list[Conversation]:
    here = seeded.made.conversations[contact]
    with db.reading() as session:
        same = Conversation.contact_id == here.contact_id, Conversation.id != here.id
        return list(session.scalars(select(Conversation).where(*same, Conversation.inbox_id == here.inbox_id)))


def last_message(seeded: Seeded, contact: str) -> Message:
    with db.reading() as session:
        here = Message.conversation_id == seeded.made.conversations[contact].id
        return session.scalars(select(Message).where(here).order_by(Message.id.desc())).first() or Message()


def undo_of(page: str) -> str:
    found: list[str] = re.findall(r'action="(/regroupings/[^"]+/undoing)"', page)
    return found[-1]


def test_merging_leads_from_one_conversation_into_the_other_and_back(seeded: Seeded) -> None:
    browser, here = seeded.visitor(), seeded.public_id("Marta Lindqvist")
    other = others(seeded, "Marta Lindqvist")[0]
    page = browser.get(f"/conversations/{here}/merging").text
    assert str(other.public_id) in page
    answer = browser.post(f"/conversations/{here}/merging", {"other": str(other.public_id), "stays": "this"})
    assert answer.location.endswith(f"/inbox/c/{here}")
    page = browser.get(answer.location).text
    assert f"merged #{other.number} into this" in page
    assert browser.get(f"/inbox/c/{other.public_id}").location.endswith(f"/inbox/c/{here}")
    listed = browser.get("/inbox?status=all").text
    assert str(other.public_id) not in listed
    assert here in listed
    answer = browser.post(undo_of(page), {})
    assert answer.location.endswith(f"/inbox/c/{other.public_id}")
    assert browser.get(f"/inbox/c/{other.public_id}").status_code == 200
    assert "undid the merge" in browser.get(f"/inbox/c/{here}").text
    assert "/undoing" not in browser.get(f"/inbox/c/{here}").text


def test_a_message_moves_to_a_new_conversation_and_back(seeded: Seeded) -> None:
    browser, message = seeded.visitor(), last_message(seeded, "Ingrid Halvorsen")
    before = seeded.now("Ingrid Halvorsen").messages
    assert "A new conversation" in browser.get(f"/messages/{message.public_id}/moving").text
    answer = browser.post(f"/messages/{message.public_id}/moving", {"other": "new", "reach": "one"})
    if before == 1:
        assert answer.status_code == 422
        assert "all of it" in answer.text
        return
    page = browser.get(answer.location).text
    assert "split this from" in page
    assert seeded.now("Ingrid Halvorsen").messages == before - 1
    browser.post(undo_of(page), {})
    assert seeded.now("Ingrid Halvorsen").messages == before


def test_what_cannot_be_is_said_and_nothing_is_done(seeded: Seeded) -> None:
    browser, here = seeded.visitor(), seeded.public_id("Kwame Mensah")
    answer = browser.post(f"/conversations/{here}/merging", {})
    assert (answer.status_code, "Choose the other conversation." in answer.text) == (422, True)
    answer = browser.post(f"/conversations/{here}/merging", {"other": here})
    assert answer.status_code == 422
    nowhere = browser.post(f"/conversations/{here}/merging", {"other": "00000000-0000-7000-8000-000000000000"})
    assert nowhere.status_code == 404
    found = browser.get(f"/conversations/{here}/merging?word=%3Cb%3E%25_").text
    assert "Nothing in this inbox has" in found
    assert "<b>%_" not in found


def test_nobody_merges_or_undoes_what_they_do_not_see(seeded: Seeded) -> None:
    here, other = seeded.public_id("Tomás Herrera"), seeded.public_id("Ben Whitaker")
    ben, chloe = seeded.visitor("ben"), seeded.visitor("chloe")  # the inbox is not shared with Chloe
    assert chloe.get(f"/conversations/{here}/merging").status_code == 404
    assert chloe.post(f"/conversations/{here}/merging", {"other": other}).status_code == 404
    assert ben.post(f"/conversations/{here}/merging", {"other": other}).status_code == 303
    with db.reading() as session:
        done = session.scalars(select(Regrouping).order_by(Regrouping.id.desc())).first()
    assert done is not None
    assert chloe.post(f"/regroupings/{done.public_id}/undoing", {}).status_code == 404
    assert ben.post(f"/regroupings/{done.public_id}/undoing", {}).status_code == 303


def test_the_merged_one_is_in_no_list(seeded: Seeded) -> None:
    browser, here, gone = seeded.visitor(), seeded.public_id("Tomás Herrera"), seeded.public_id("Julia Nowak")
    assert gone in browser.get("/inbox?status=all&search=from:nowak").text
    browser.post(f"/conversations/{gone}/merging", {"other": here})
    for status in ("all", "open", "resolved"):
        assert gone not in browser.get(f"/inbox?status={status}&search=from:nowak").text
    assert gone not in browser.get(f"/conversations/{seeded.public_id('Ben Whitaker')}/merging?word=Nowak").text
