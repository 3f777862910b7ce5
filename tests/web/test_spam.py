"""Spam and blocking on the screen: where it is listed, what it offers, and undoing it from the timeline."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app import db
from app.models import BlockedSender, ContactIdentity, Status
from tests.inbox_house import Seeded, counted, seeded

__all__ = ["seeded"]  # fixture

MARTA, KWAME, INGRID = "Marta Lindqvist", "Kwame Mensah", "Ingrid Halvorsen"


def address_of(seeded: Seeded, contact: str) -> ContactIdentity:
    with db.reading() as session:
        here = ContactIdentity.contact_id == seeded.made.conversations[contact].contact_id
        return session.scalars(select(ContactIdentity).where(here).order_by(ContactIdentity.id)).first() or (
            ContactIdentity()
        )


def undo_of(page: str) -> str:
    return str(re.findall(r'action="(/[^"]+/(?:unspamming|unblocking))"><input', page)[-1])


def test_spam_leaves_all_lists_but_its_own_and_comes_back(seeded: Seeded) -> None:
    browser, here = seeded.visitor(), seeded.public_id(MARTA)
    was = seeded.now(MARTA).status
    assert "Mark as spam" in browser.get(f"/inbox/c/{here}").text
    page = browser.get(browser.post(f"/conversations/{here}/spamming", {}).location).text
    assert "marked this as spam" in page
    assert "Not spam" in page
    for status, is_there in (("open", False), ("all", False), ("spam", True)):
        rows = re.findall(r'id="r-([0-9a-f-]{36})"', browser.get(f"/inbox?status={status}").text)
        assert (here in rows) is is_there, status
    asked = '{"match":"all","of":[{"field":"status","operator":"is","value":"spam"}]}'
    assert here in re.findall(r'id="r-([0-9a-f-]{36})"', browser.get("/inbox?status=all&where=" + asked).text)
    browser.post(undo_of(page), {})
    assert seeded.now(MARTA).status is was
    assert "unspamming" not in browser.get(f"/inbox/c/{here}").text


def test_a_sender_is_blocked_listed_and_unblocked(seeded: Seeded) -> None:
    browser, here, theirs = seeded.visitor(), seeded.public_id(KWAME), address_of(seeded, KWAME)
    offered = browser.get(f"/conversations/{here}/blocking").text
    assert theirs.address in offered
    sender = {"sender": f"{theirs.kind} {theirs.address}"}
    page = browser.get(browser.post(f"/conversations/{here}/blocking", sender).location).text
    assert f"blocked {theirs.address}" in page
    assert seeded.now(KWAME).status is Status.SPAM
    assert browser.post(f"/conversations/{here}/blocking", sender).status_code == 409
    listed = seeded.visitor("dev").get("/settings/blocked-senders").text
    assert theirs.address in listed
    assert "Nobody found" in seeded.visitor("dev").get("/settings/blocked-senders?word=zzz%25").text
    place = re.findall(r'action="(/blocked-senders/[^"]+)"', page)[-1]
    question = browser.get(browser.post(place, {}).location).text
    assert "Bring back" in question
    with db.reading() as session:
        block = session.scalars(select(BlockedSender).where(BlockedSender.address == theirs.address)).one()
        assert (block.name, block.kind) == (KWAME, theirs.kind)
    browser.post(place, {"sure": "1", "back": "1"})
    assert seeded.now(KWAME).status is not Status.SPAM
    page = browser.get(f"/inbox/c/{here}").text
    assert f"unblocked {theirs.address}" in page
    assert "/unblocking" not in page
    assert browser.post(place, {"sure": "1"}).status_code == 404


@pytest.mark.parametrize("sender", ["", "email", "email nobody@example.com", "domain example.org"])
def test_what_cannot_be_blocked_is_said(seeded: Seeded, sender: str) -> None:
    browser, here = seeded.visitor(), seeded.public_id(INGRID)
    answer = browser.post(f"/conversations/{here}/blocking", {"sender": sender})
    assert answer.status_code == 422
    assert "Choose one of their addresses." in answer.text


def test_agents_do_not_see_the_list_of_blocked_senders(seeded: Seeded) -> None:
    assert seeded.visitor("ben").get("/settings/blocked-senders").status_code == 403


def test_the_list_takes_as_many_queries_however_many_are_blocked(seeded: Seeded) -> None:
    browser = seeded.visitor("dev")
    with counted() as few:
        browser.get("/settings/blocked-senders")
    with db.transaction() as session:
        session.add_all(BlockedSender(kind="email", address=f"x{n}@example.com") for n in range(30))
    with counted() as many:
        assert "x29@example.com" in browser.get("/settings/blocked-senders").text
    assert len(many) == len(few)
