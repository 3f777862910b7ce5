"""Correcting what was understood, by forms: the sheet, one click, taking it back; who may, and what it leads to."""

from __future__ import annotations

from sqlalchemy import select

from app import db
from app.models import Correction, Learning, Message, Subject
from app.queries import timeline
from app.queries.message_predictions import PredictionRow
from app.services import workspace_intents
from tests.inbox_house import Seeded, counted, part, seeded

__all__ = ["seeded"]


def message_of(seeded: Seeded, contact: str) -> str:
    """Return the public id of the contact's newest message of which something was said."""
    with db.reading() as session:
        rows = timeline.of_conversation(session, conversation_id=seeded.made.conversations[contact].id).messages
    return str([row for row in rows if row.predictions][-1].public_id)


def held(seeded: Seeded, contact: str, task: str) -> PredictionRow:
    with db.reading() as session:
        rows = timeline.of_conversation(session, conversation_id=seeded.made.conversations[contact].id).messages
    return next(said for said in [row for row in rows if row.predictions][-1].predictions if said.task == task)


def test_one_click_puts_the_right_label_in_the_place_of_the_wrong_one(seeded: Seeded) -> None:
    ben, contact = seeded.visitor("ben"), "Jonas Weber"
    address = f"/messages/{message_of(seeded, contact)}/labels"
    was = held(seeded, contact, "sentiment")
    other = "positive" if was.label != "positive" else "negative"
    sheet = ben.get(address, **part("pane")).text
    assert f'value="{other}"' in sheet
    assert "<html" not in sheet
    answer = ben.post(address, {"task": "sentiment", "labels": other})
    assert answer.status_code == 303
    now = held(seeded, contact, "sentiment")
    assert (now.label, now.said, now.corrected_by) == (other, was.label, "Ben Achterberg")
    page = ben.get(seeded.path(contact)).text
    assert f"the model said {was.label.capitalize()}" in page
    assert seeded.now(contact).sentiment == other


def test_a_correction_is_taken_back(seeded: Seeded) -> None:
    ben, contact = seeded.visitor("ben"), "Marta Lindqvist"
    address = f"/messages/{message_of(seeded, contact)}/labels"
    was = held(seeded, contact, "intent")
    ben.post(address, {"task": "intent", "labels": "other"})
    assert held(seeded, contact, "intent").label == "other"
    assert "Take back" in ben.get(address).text
    ben.post(address, {"task": "intent", "do": "undo"})
    assert held(seeded, contact, "intent") == was


def test_one_press_says_that_all_of_it_is_right(seeded: Seeded) -> None:
    ben, contact = seeded.visitor("ben"), "Stefan Ionescu"
    id_ = message_of(seeded, contact)
    ben.get(seeded.path(contact))
    ben.post(f"/messages/{id_}/labels", {"do": "confirm"})
    assert held(seeded, contact, "sentiment").is_confirmed
    assert held(seeded, contact, "intent").is_confirmed
    assert "confirmed by Ben Achterberg" in ben.get(seeded.path(contact)).text


def test_nobody_corrects_what_is_not_shared_with_them(seeded: Seeded) -> None:
    chloe = seeded.visitor("chloe")  # sees Support, not Wholesale and sales
    with db.reading() as session:
        hidden = session.scalars(
            select(Message.public_id).where(
                Message.channel_id == seeded.made.channels["sales", "mail"].id, Message.direction == "inbound"
            )
        ).first()
    address = f"/messages/{hidden}/labels"
    assert chloe.get(address).status_code == 404
    assert chloe.post(address, {"task": "sentiment", "labels": "positive"}).status_code == 404
    assert chloe.get("/messages/nonsense/labels").status_code == 404


def test_what_is_no_label_is_refused_in_words(seeded: Seeded) -> None:
    ben = seeded.visitor("ben")
    address = f"/messages/{message_of(seeded, 'Dorothea Klein')}/labels"
    for form in (
        {"task": "sentiment", "labels": "furious"},
        {"task": "sentiment", "labels": "positive|negative"},
        {"task": "colour", "labels": "red"},
        {"task": "intent", "labels": ""},
        {"task": "sentiment", "labels": "positive", "do": "explode"},
    ):
        assert ben.post(address, form).status_code == 422, form
    assert held(seeded, "Dorothea Klein", "sentiment").corrected_by is None


def test_a_message_is_used_as_an_example_of_an_intent(seeded: Seeded) -> None:
    ben, contact = seeded.visitor("ben"), "Jonas Weber"
    with db.transaction() as session:
        intent = workspace_intents.create(session, title="Grinder jams")
    address = f"/messages/{message_of(seeded, contact)}/labels"
    assert "Grinder jams" in ben.get(address).text
    for _ in range(2):
        assert ben.post(address, {"do": "example", "intent": intent.slug}).status_code == 303
    with db.reading() as session:
        assert workspace_intents.example_counts(session)[intent.id] == 1
    assert ben.post(address, {"do": "example", "intent": "gone"}).status_code == 404


def test_every_correction_asks_the_annotator_to_learn_and_keeps_who_and_when(seeded: Seeded) -> None:
    dev, contact = seeded.visitor("dev"), "Carlos Vega"
    address = f"/messages/{message_of(seeded, contact)}/labels"
    with db.reading() as session:
        before = session.scalars(select(Learning.wanted).where(Learning.subject == Subject.SENTIMENT)).one()
    for label in ("positive", "negative", "negative"):
        dev.post(address, {"task": "sentiment", "labels": label})
    with db.reading() as session:
        after = session.scalars(select(Learning.wanted).where(Learning.subject == Subject.SENTIMENT)).one()
        of_message = select(Message.id).where(Message.public_id == address.split("/")[2]).scalar_subquery()
        kept = session.scalars(
            select(Correction).where(Correction.message_id == of_message).order_by(Correction.id)
        ).all()
    assert after == before + 2  # saying the same again changes nothing
    assert [(one.labels, one.undone_at is None) for one in kept] == [(["positive"], False), (["negative"], True)]
    assert {one.user_id for one in kept} == {seeded.made.users["dev"].id}
    assert kept[0].undone_by_id == seeded.made.users["dev"].id
    assert kept[0].said_confidence is not None


def test_the_sheet_takes_few_statements(seeded: Seeded) -> None:
    ben = seeded.visitor("ben")
    address = f"/messages/{message_of(seeded, 'Dorothea Klein')}/labels"
    with counted() as said:
        ben.get(address, **part("pane"))
    assert len(said) <= 5, said
