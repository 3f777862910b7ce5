"""Messages in the reader's language: offered, asked for, put there by a real (small) model, and gone with the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from app.clock import now
from app.db import reading, transaction
from app.models import Conversation, Heartbeat, Message, MessageTranslation, OutboxEvent
from app.services import health, message_translations, rewording
from app.services.message_translations import PROCESS, way
from app.web.inbox import translated
from nlp.translation import Checkpoint, Translator
from tests.inbox_house import Seeded, part, seeded
from tests.tiny_translator import learn
from workers.jobs import translate

__all__ = ["seeded"]

MARTA = "Marta Lindqvist"
SAID = "Wo ist meine Bestellung?\nIch warte seit zwei Wochen."
PUT = "Where is my order?\nI have been waiting for two weeks."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    return Translator.load(Checkpoint.parse(str(learn(tmp_path_factory.mktemp("models") / "tiny-m2m"))))


@pytest.fixture
def living(tiny: Translator, seeded: Seeded) -> Iterator[None]:
    """A translator's process that lives, as the others know it: by its heartbeat."""
    translate.take_up([tiny])
    _beat(tiny)
    translated.forget()
    yield
    translate.take_up([])
    translated.forget()


def _beat(tiny: Translator) -> None:
    with transaction() as session:
        told = {"model": tiny.name, "ways": [way(tiny.speech.sources, tiny.speech.targets)]}
        health.beat(session, process=f"{PROCESS}@here:1", kind=PROCESS, detail=told)


def foreign(seeded: Seeded, text: str = SAID, language: str = "de") -> Message:
    """Let the contact's newest message be of another language, and nothing else be known of it."""
    with transaction() as session:
        home = seeded.made.conversations[MARTA].id
        newest = select(func.max(Message.id)).where(Message.conversation_id == home, Message.direction == "inbound")
        message = session.get_one(Message, session.scalars(newest).one())
        message.text, message.language, message.deleted_at = text, language, None
        session.execute(delete(MessageTranslation))
        session.execute(delete(OutboxEvent))
    return message


def shown(seeded: Seeded, who: str = "ana") -> str:
    return seeded.visitor(who).get(seeded.path(MARTA), **part("pane")).text


def ask(seeded: Seeded, message: Message, who: str = "ana") -> int:
    return seeded.visitor(who).post(f"/messages/{message.public_id}/translations", {}).status_code


@pytest.mark.usefixtures("living")
def test_a_foreign_message_is_put_into_the_readers_language(seeded: Seeded) -> None:
    message = foreign(seeded)
    assert "Translate from German" in shown(seeded)
    assert ask(seeded, message) == 303
    assert "Translating from German…" in shown(seeded)
    translate.translate([0])
    page = shown(seeded)
    assert "Translated from German" in page
    assert PUT in page
    assert "Wo ist meine Bestellung?" in re.sub("</?mark[^>]*>", "", page)  # what was written stays
    assert ask(seeded, message) == 303  # asked twice is translated once
    with reading() as session:
        row = session.scalars(select(MessageTranslation)).one()
        events = list(session.scalars(select(OutboxEvent.name)))
    assert (row.source, row.language, row.model, row.text) == ("de", "en", "tiny-m2m", PUT)
    assert events.count("translation.asked") == events.count("message.translated") == 1


@pytest.mark.usefixtures("living")
def test_who_reads_that_language_is_offered_nothing(seeded: Seeded) -> None:
    foreign(seeded, "Where is my order?", "en")
    assert "Translate from" not in shown(seeded)
    foreign(seeded, "…", "und")
    assert "Translate from" not in shown(seeded)


def test_without_a_translator_nothing_is_offered_and_asking_is_refused(seeded: Seeded, tiny: Translator) -> None:
    message = foreign(seeded)
    with transaction() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.kind == PROCESS))
    translated.forget()
    assert "Translate from" not in shown(seeded)
    assert ask(seeded, message) == 409
    _beat(tiny)
    with transaction() as session:
        session.execute(update(Heartbeat).where(Heartbeat.kind == PROCESS).values(beat_at=now() - timedelta(minutes=1)))
    assert ask(seeded, message) == 409  # it died


@pytest.mark.usefixtures("living")
def test_only_who_sees_a_message_may_ask(seeded: Seeded) -> None:
    with reading() as session:
        tomas = seeded.made.conversations["Tomás Herrera"].id  # in the sales inbox
        hidden = session.scalars(select(Message).where(Message.conversation_id == tomas).limit(1)).one()
    assert ask(seeded, hidden, "chloe") == 404
    assert seeded.visitor("chloe").post("/messages/nonsense/translations", {}).status_code == 404


@pytest.mark.usefixtures("living")
def test_a_deleted_message_is_not_translated(seeded: Seeded) -> None:
    message = foreign(seeded)
    assert ask(seeded, message) == 303
    translate.translate([0])
    with transaction() as session:
        session.execute(update(Message).where(Message.id == message.id).values(deleted_at=now()))
    assert PUT not in shown(seeded, "ben")
    assert ask(seeded, message) == 422


@pytest.mark.usefixtures("living")
def test_an_edit_takes_the_translation_of_the_old_words_away(seeded: Seeded) -> None:
    message = foreign(seeded)
    ask(seeded, message)
    translate.translate([0])
    with transaction() as session:
        session.get_one(Conversation, message.conversation_id, with_for_update=True)
        edited = session.get_one(Message, message.id)
        edited.text = "Muchas gracias por su ayuda."
        rewording.take_back(session, [edited])
    with reading() as session:
        assert session.scalars(select(MessageTranslation)).all() == []
    assert PUT not in shown(seeded)


@pytest.mark.usefixtures("living")
def test_what_is_hidden_of_a_message_is_never_told_to_the_model(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def listen(self: Translator, sentences: list[str], pair: tuple[str, str]) -> list[str]:
        read.extend(sentences)
        return list(sentences)

    monkeypatch.setattr(Translator, "put", listen)
    ask(seeded, foreign(seeded, "Meine Karte ist 4111 1111 1111 1111. Wo ist meine Bestellung?"))
    translate.translate([0])
    assert len(read) == 2
    assert "4111 1111" not in " ".join(read)
    assert "4111 1111" not in shown(seeded)


@pytest.mark.usefixtures("living")
def test_hostile_words_stay_words(seeded: Seeded) -> None:
    ask(seeded, foreign(seeded, "<img src=x onerror=alert(1)> 12"))
    with transaction() as session:
        row = session.scalars(select(MessageTranslation)).one()
        message_translations.record(session, translation_id=row.id, text="<script>alert(1)</script>", model="<b>x</b>")
    page = shown(seeded)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "<b>x</b>" not in page


@pytest.mark.usefixtures("living")
def test_one_that_cannot_be_translated_fails_alone_and_can_be_asked_again(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(self: Translator, sentences: list[str], pair: tuple[str, str]) -> list[str]:
        raise RuntimeError("not enough memory")

    message = foreign(seeded)
    ask(seeded, message)
    with monkeypatch.context() as broken:
        broken.setattr(Translator, "put", fall)
        translate.translate([0])
    page = shown(seeded)
    assert "The translator cannot read this." in page
    assert "Try again" in page
    assert ask(seeded, message) == 303
    translate.translate([0])
    assert PUT in shown(seeded)


@pytest.mark.usefixtures("living")
def test_what_nobody_answers_is_asked_again_and_then_given_up(seeded: Seeded) -> None:
    message = foreign(seeded)
    ask(seeded, message)
    with transaction() as session:
        session.execute(delete(OutboxEvent))
        session.execute(update(MessageTranslation).values(created_at=now() - timedelta(seconds=30)))
        assert message_translations.reconcile(session, older_than=timedelta(seconds=5)) == 1
        assert list(session.scalars(select(OutboxEvent.name))) == ["translation.asked"]
        session.execute(update(MessageTranslation).values(created_at=now() - timedelta(minutes=6)))
        assert message_translations.reconcile(session, older_than=timedelta(seconds=5)) == 0
    assert "did not answer in time" in shown(seeded)


@pytest.mark.usefixtures("living")
def test_each_reader_has_their_own_language(seeded: Seeded) -> None:
    message = foreign(seeded, "¿Dónde está mi pedido?", "es")
    german = {"Accept-Language": "de"}
    ana = seeded.visitor("ana")
    page = ana.get(seeded.path(MARTA), **part("pane"), **german).text
    assert f'action="/messages/{message.public_id}/translations' in page
    assert ana.post(f"/messages/{message.public_id}/translations", {}, **german).status_code == 303
    ask(seeded, message, "ben")
    translate.translate([0])
    with reading() as session:
        told = {row.language: row.text for row in session.scalars(select(MessageTranslation))}
    assert told.keys() == {"de", "en"}
    assert "Where is my order?" in shown(seeded, "ben")
