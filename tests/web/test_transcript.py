"""A conversation on paper: all that was said, nothing that is hidden, and notes only where they are asked for."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import Message
from app.queries import timeline
from app.web.inbox import transcript
from tests.inbox_house import Seeded, counted, seeded

__all__ = ["seeded"]

WHO = "Marta Lindqvist"


def said(seeded: Seeded, name: str = WHO) -> list[Message]:
    with reading() as session:
        where = Message.conversation_id == seeded.made.conversations[name].id, Message.thread_id.is_(None)
        return list(session.scalars(select(Message).where(*where).order_by(Message.id)))


def test_all_that_was_said_stands_in_order_and_notes_are_left_out_unless_asked_for(seeded: Seeded) -> None:
    ana, path = seeded.visitor(), f"{seeded.path(WHO)}/transcript"
    assert f'href="{path}"' in ana.get(seeded.path(WHO)).text
    with_notes, without = unescape(ana.get(f"{path}?notes=1").text), unescape(ana.get(path).text)
    messages = said(seeded)
    assert any(message.is_note for message in messages)
    places = [with_notes.index(message.text[:25]) for message in messages if message.text]
    assert places == sorted(places)
    for message in messages:
        assert (message.text[:25] in without) == (not message.is_note)
    assert without.count("<article") == sum(not message.is_note for message in messages)
    note = next(message for message in messages if message.is_note)
    answer = {"text": "Ask <b>Ben</b> about card 4111 1111 1111 1111", "client_key": "transcript-thread"}
    assert ana.post(f"/messages/{note.public_id}/notes", answer).status_code == 303
    with_notes = ana.get(f"{path}?notes=1").text
    under = with_notes[with_notes.index('class="transcript-thread"') :].partition("</ul>")[0]
    assert "Ask &lt;b&gt;Ben&lt;/b&gt; about card [card ••••1111]" in under
    assert with_notes.count("<article") == len(messages)  # it stands under its note, not beside it
    assert "about card" not in ana.get(path).text


def test_what_is_hidden_or_deleted_is_not_printed_and_hostile_words_are_text(seeded: Seeded) -> None:
    first, second = [message.id for message in said(seeded, "Jonas Weber") if message.is_inbound][:2]
    with transaction() as session:
        session.get_one(Message, first).text = "<script>alert(1)</script> card 4111 1111 1111 1111"
        session.get_one(Message, second).text = "gone words"
        session.get_one(Message, second).deleted_at = now()
    page = seeded.visitor().get(f"{seeded.path('Jonas Weber')}/transcript").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; card [card ••••1111]" in page
    assert "gone words" not in page
    assert "This message was deleted." in page


def test_it_is_for_those_who_see_the_conversation(seeded: Seeded) -> None:
    path = f"{seeded.path('Tomás Herrera')}/transcript"
    assert seeded.visitor("ben").get(path).status_code == 200
    assert seeded.visitor("chloe").get(path).status_code == 404
    assert seeded.visitor("ana").get("/inbox/c/nonsense/transcript").status_code == 404


def test_many_pages_are_read_one_query_each_and_a_cut_is_said(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, path = seeded.visitor(), f"{seeded.path(WHO)}/transcript?notes=1"
    messages = said(seeded)
    with counted() as few:
        whole = ana.get(path).text
    monkeypatch.setattr(timeline, "MOST", 1)
    with counted() as many:
        assert ana.get(path).text.count("<article") == whole.count("<article") == len(messages)
    assert len(many) - len(few) == len(messages) - 1
    monkeypatch.setattr(transcript, "MOST_MESSAGES", 2)
    cut = ana.get(path).text
    assert cut.count("<article") == 2
    assert "there are older ones" in cut
    assert messages[-1].text[:25] in unescape(cut)
