"""Messages that are drawn once and kept: each reader gets their own token, and what changed is drawn anew."""

from __future__ import annotations

import re

from app.db import reading, transaction
from app.models import Contact, Message, Prediction, User
from app.web.form_tokens import STAND_IN
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]

MARTA, JONAS = "Marta Lindqvist", "Jonas Weber"
MESSAGE = re.compile(r'<article class="message .*?</article>', re.DOTALL)
LABELS = re.compile(r'action="(/messages/[0-9a-f-]+/labels)')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def messages(browser: Visitor, path: str) -> list[str]:
    return MESSAGE.findall(browser.get(path).text)


def without_tokens(drawn: list[str]) -> set[str]:
    return {TOKEN.sub("", one) for one in drawn}


def test_each_reader_of_what_is_kept_has_the_token_of_their_own_session(seeded: Seeded) -> None:
    first, second = seeded.visitor(), seeded.visitor()
    drawn = messages(first, seeded.path(MARTA))
    again = messages(second, seeded.path(MARTA))
    assert without_tokens(again) == without_tokens(drawn)
    assert STAND_IN not in second.get(seeded.path(MARTA)).text
    place = next(found[0] for one in again if (found := LABELS.findall(one)))
    mine, theirs = (next(found[0] for one in page if (found := TOKEN.findall(one))) for page in (again, drawn))
    assert second.post(place, {"csrf_token": theirs, "do": "confirm"}).status_code == 400
    assert second.post(place, {"csrf_token": mine, "do": "confirm"}).status_code in {200, 303}


def test_what_changed_is_drawn_anew(seeded: Seeded) -> None:
    browser = seeded.visitor()
    before = messages(browser, seeded.path(JONAS))
    with transaction() as session:
        said = session.query(Message).filter_by(conversation_id=seeded.made.conversations[JONAS].id).first()
        assert said is not None
        said.text = "Other words than before"
    after = messages(browser, seeded.path(JONAS))
    assert len([one for one in after if "Other words than before" in re.sub("<[^>]+>", "", one)]) == 1
    assert len(without_tokens(after) - without_tokens(before)) == 1


def test_readers_differ_in_clock_language_and_name(seeded: Seeded) -> None:
    ana, ben = seeded.visitor(), seeded.visitor("ben")
    english = messages(ana, seeded.path(MARTA))
    with transaction() as session:
        reader = session.query(User).filter_by(email="ben@harbourpine.example").one()
        reader.language, reader.time_zone = "de", "Asia/Tokyo"
    german = messages(ben, seeded.path(MARTA))
    assert "Warum" in "".join(german)
    assert "Warum" not in "".join(english)
    hours = [re.findall(r"</span><time[^>]*>([^<]+)", "".join(page)) for page in (english, german)]
    assert hours[0] != hours[1]
    assert without_tokens(messages(ana, seeded.path(MARTA))) == without_tokens(english)


def test_a_message_that_looks_like_spam_is_told_on_the_contact_page_too(seeded: Seeded) -> None:
    conversation = seeded.made.conversations[MARTA]
    with transaction() as session:
        said = session.query(Message).filter_by(conversation_id=conversation.id, direction="inbound").first()
        assert said is not None
        model = {"confidence": 0.9, "abstained": False, "model_id": "m", "model_version": "9"}
        session.add(Prediction(message_id=said.id, task="spam", label="spam", **model))
        contact = conversation.contact_id
    with reading() as session:
        person = session.get_one(Contact, contact).public_id
    page = seeded.visitor().get(f"/contacts/{person}").text
    assert "Looks like spam" in page
    assert "cannot be shown" not in page
