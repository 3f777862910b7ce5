"""Colleagues in one conversation, by pages without scripts: mentions, threads, following, handing over, two at once."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.db import reading, transaction
from app.models import Message, User
from tests.inbox_house import Seeded, counted, part, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]  # a fixture

MARTA, PRIYA, TOMAS, DOROTHEA, KWAME = (
    "Marta Lindqvist",
    "Priya Raman",
    "Tomás Herrera",
    "Dorothea Klein",
    "Kwame Mensah",
)


def test_a_mention_is_offered_shown_by_todays_name_and_counted_until_read(seeded: Seeded) -> None:
    ana, ben, id_ = seeded.visitor("ana"), seeded.visitor("ben"), seeded.public_id(MARTA)
    name = _name("ben")
    offered = ana.get(f"/conversations/{id_}/mentionables?word={name.split()[1][:3].lower()}")
    assert f'data-name="{name}"' in offered.text
    assert "Ana Duarte" not in ana.get(f"/conversations/{id_}/mentionables?word=ana").text
    ana.get(seeded.path(MARTA))
    _note(ana, id_, f"Hi @{name}, <b>look</b>")
    assert '<span class="visually-hidden">1 unread</span>' in ben.get("/inbox?view=mentions").text
    assert id_ in ben.get("/inbox?view=mentions").text
    assert id_ not in ana.get("/inbox?view=mentions").text
    with transaction() as session:
        session.scalars(select(User).where(User.name == name)).one().name = "Benno <i>New</i>"
    page = ben.get(seeded.path(MARTA)).text
    assert re.search(r'class="mention mention-me">@<bdi>Benno &lt;i&gt;New&lt;/i&gt;</bdi></span>, &lt;b&gt;look', page)
    assert "mention-me" not in ana.get(seeded.path(MARTA)).text
    ben.post(f"/conversations/{id_}/reading")
    assert '<span class="visually-hidden">1 unread</span>' not in ben.get("/inbox?view=mentions").text
    assert id_ in ben.get("/inbox?view=followed").text
    with transaction() as session:
        session.scalars(select(User).where(User.name == "Benno <i>New</i>")).one().name = name


def test_a_thread_folds_after_three_is_resolved_and_reached_by_nobody_else(seeded: Seeded) -> None:
    ana, id_ = seeded.visitor("ana"), seeded.public_id(PRIYA)
    ana.get(seeded.path(PRIYA))
    note = _note(ana, id_, "Who knows this error?")
    for number in range(5):
        answered = ana.post(f"/messages/{note}/notes", {"text": f"Idea {number}", "client_key": f"idea{number}"})
        assert answered.status_code == 303
    with counted() as statements:
        page = ana.get(seeded.path(PRIYA)).text
    assert len(statements) <= 9
    assert "2 earlier answers" in page
    assert page.count('class="thread-note"') == 5
    folded = re.search(r"<details[^>]*id=\"folded-.*?</details>", page, re.DOTALL)
    assert folded
    assert "Idea 1" in folded[0]
    assert "Idea 2" not in folded[0]
    ana.post(f"/messages/{note}/thread", {"do": "resolve"})
    assert "Resolved by Ana Duarte" in ana.get(seeded.path(PRIYA)).text
    ana.post(f"/messages/{note}/notes", {"text": "It came back", "client_key": "idea9"})
    assert "Resolved by" not in ana.get(seeded.path(PRIYA)).text
    customers = _customers(seeded, PRIYA)
    assert ana.post(f"/messages/{customers}/notes", {"text": "no", "client_key": "x"}).status_code == 422
    outsider = next((one for one in ("cara", "dev", "eli") if _is_outside(seeded, one, PRIYA)), None)
    if outsider:
        assert seeded.visitor(outsider).post(f"/messages/{note}/notes", {"text": "x"}).status_code == 404


def test_handing_over_needs_a_note_and_somebody_who_may_see_it(seeded: Seeded) -> None:
    ana, id_ = seeded.visitor("ana"), seeded.public_id(TOMAS)
    page = ana.get(f"/conversations/{id_}/handing-over").text
    inside = ana.get(f"/conversations/{id_}/handing-over", **{"HX-Request": "true"}).text  # of the dialog
    assert ("<html" in page, "<html" in inside) == (True, False)
    assert 'name="to"' in inside
    chosen = re.search(r'name="to" value="([^"]+)" required>(?:(?!name="to").)*Dev Malhotra', page, re.DOTALL)
    key = re.search(r'name="client_key" value="([^"]+)"', page)
    assert chosen
    assert key
    form = {"to": chosen[1], "note": " ", "client_key": key[1]}
    refused = ana.post(f"/conversations/{id_}/handing-over", form)
    assert refused.status_code == 422
    assert "Write a note" in refused.text
    assert f'value="{chosen[1]}" required checked' in refused.text
    bad = ana.post(f"/conversations/{id_}/handing-over", form | {"to": id_, "note": "x"})
    assert bad.status_code == 422
    given = ana.post(f"/conversations/{id_}/handing-over", form | {"note": "Please call."})
    assert given.status_code == 303
    page = ana.get(seeded.path(TOMAS)).text
    assert "handed over with a note" in page
    assert "Please call." in page
    assert id_ not in ana.get("/inbox?view=followed").text  # not asked for


def test_following_is_a_button_that_lists_who_does(seeded: Seeded) -> None:
    ana, id_ = seeded.visitor("ana"), seeded.public_id(DOROTHEA)
    ana.get(seeded.path(DOROTHEA))
    assert ana.post(f"/conversations/{id_}/following", {"follow": "1"}).status_code == 303
    page = ana.get(seeded.path(DOROTHEA)).text
    assert re.search(r'class="followers">\s*<bdi>Ana Duarte</bdi>', page)
    assert 'data-key="Y" aria-pressed="true"' in page
    where = '{"match":"all","of":[{"field":"followed","operator":"is","value":"yes"}]}'
    listed = ana.client.get("/inbox", query_string={"where": where, "status": "all"}).text
    assert id_ in listed
    ana.post(f"/conversations/{id_}/following", {"follow": ""})
    assert 'data-key="Y" aria-pressed="false"' in ana.get(seeded.path(DOROTHEA)).text


def test_who_answers_while_a_colleague_does_is_asked_once(seeded: Seeded) -> None:
    ana, ben, id_ = seeded.visitor("ana"), seeded.visitor("ben"), seeded.public_id(KWAME)
    ana.get(seeded.path(KWAME))
    ben.get(seeded.path(KWAME))
    ana.post(f"/conversations/{id_}/draft", {"kind": "reply", "text": "I am on it"})
    assert "Ana Duarte is writing a reply since" in ben.get(f"/conversations/{id_}/drafts").text
    form = {"text": "I too", "client_key": "b1", "kind": "reply"}
    refused = ben.post(f"/conversations/{id_}/replies", form, **part("pane"))
    assert refused.status_code == 409
    assert "Ana Duarte is writing a reply since" in refused.text
    plain = ben.post(f"/conversations/{id_}/replies", form)  # without scripts the words stay in the form
    assert plain.status_code == 409
    assert "I too</textarea>" in plain.text
    known = re.search(r'name="known" value="([^"]+)"', plain.text)
    assert known
    sent = ben.post(f"/conversations/{id_}/replies", form | {"known": known[1]}, **part("pane"))
    assert sent.status_code == 303


def _name(who: str) -> str:
    with reading() as session:
        return session.scalars(select(User.name).where(User.email == f"{who}@harbourpine.example")).one()


def _note(visitor: Visitor, id_: str, text: str) -> str:
    """Write a note; return its public id."""
    key = str(abs(hash(text)))
    assert visitor.post(f"/conversations/{id_}/notes", {"text": text, "client_key": key}).status_code == 303
    with reading() as session:
        return str(session.scalars(select(Message.public_id).where(Message.client_key == key)).one())


def _customers(seeded: Seeded, contact: str) -> str:
    conversation = seeded.made.conversations[contact].id
    with reading() as session:
        query = select(Message.public_id).where(Message.conversation_id == conversation, Message.author_id.is_(None))
        return str(session.scalars(query.limit(1)).one())


def _is_outside(seeded: Seeded, who: str, contact: str) -> bool:
    with reading() as session:
        if session.scalar(select(User.id).where(User.email == f"{who}@harbourpine.example")) is None:
            return False
    return seeded.visitor(who).get(seeded.path(contact)).status_code == 404
