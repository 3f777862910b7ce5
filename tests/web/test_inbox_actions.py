"""What people do to conversations, cases and contacts through forms."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import (
    Contact,
    Conversation,
    ConversationRead,
    Message,
    Priority,
    SendState,
    Status,
    Tag,
    Tagging,
    Visibility,
)
from tests.inbox_house import Seeded, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]


def _act(browser: Visitor, seeded: Seeded, contact: str, noun: str, **form: Any) -> Any:
    return browser.post(f"/conversations/{seeded.public_id(contact)}/{noun}", form)


def _messages(seeded: Seeded, contact: str) -> list[Message]:
    with db.reading() as session:
        where = Message.conversation_id == seeded.made.conversations[contact].id
        return list(session.scalars(select(Message).where(where).order_by(Message.id)))


def test_assign_to_me_to_a_colleague_and_to_nobody(seeded: Seeded) -> None:
    ana, name, users = seeded.visitor(), "Priya Raman", seeded.made.users
    answer = _act(ana, seeded, name, "assignment", assignee="me")
    assert answer.status_code == 303
    assert answer.headers["Location"] == seeded.path(name)
    assert seeded.now(name).assignee_id == users["ana"].id
    _act(ana, seeded, name, "assignment", assignee=str(users["ben"].public_id))
    assert seeded.now(name).assignee_id == users["ben"].id
    _act(ana, seeded, name, "assignment", assignee="")
    assert seeded.now(name).assignee_id is None


def test_forms_lead_back_to_the_list_as_it_was(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Priya Raman"
    path = f"/conversations/{seeded.public_id(name)}/priority?view=unassigned&tag=x&junk=1"
    location = ana.post(path, {"priority": "high"}).headers["Location"]
    assert location == f"{seeded.path(name)}?view=unassigned&tag=x"


def test_two_people_cannot_take_the_same_conversation_unseen(seeded: Seeded) -> None:
    name = "Ingrid Halvorsen"
    _act(seeded.visitor("ben"), seeded, name, "assignment", assignee="me", was="")
    late = _act(seeded.visitor("chloe"), seeded, name, "assignment", assignee="me", was="")
    assert late.status_code == 409
    assert "Ben Achterberg has this now" in late.text
    assert seeded.now(name).assignee_id == seeded.made.users["ben"].id


def test_a_conversation_is_not_given_to_somebody_who_may_not_see_it(seeded: Seeded) -> None:
    chloe = str(seeded.made.users["chloe"].public_id)
    answer = _act(seeded.visitor(), seeded, "Tomás Herrera", "assignment", assignee=chloe)
    assert answer.status_code == 422
    assert seeded.now("Tomás Herrera").assignee_id == seeded.made.users["ben"].id


def test_resolve_reopen_pending_and_snooze(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Diego Castillo"
    for status in ("resolved", "open", "pending"):
        assert _act(ana, seeded, name, "status", status=status).status_code == 303
        assert seeded.now(name).status == status
    _act(ana, seeded, name, "status", status="snoozed", **{"for": "hour"})
    snoozed = seeded.now(name)
    assert snoozed.status is Status.SNOOZED
    assert snoozed.snoozed_until is not None
    assert timedelta(minutes=58) < snoozed.snoozed_until - now() < timedelta(minutes=61)


@pytest.mark.parametrize("choice", ["tomorrow", "week", "evening"])
def test_usual_snoozes_end_in_the_future(seeded: Seeded, choice: str) -> None:
    _act(seeded.visitor(), seeded, "Sophie Laurent", "status", status="snoozed", **{"for": choice})
    until = seeded.now("Sophie Laurent").snoozed_until
    assert until is not None
    assert now() < until < now() + timedelta(days=8)


@pytest.mark.parametrize(
    ("noun", "form"),
    [
        ("status", {"status": "asleep"}),
        ("status", {"status": "snoozed", "until": "2001-01-01T10:00"}),
        ("status", {"status": "snoozed", "until": "soon"}),
        ("status", {"status": "snoozed", "until": "9999-12-31T23:59"}),
        ("priority", {"priority": "whatever"}),
        ("team", {"team": "01a2027f-0000-7000-8000-000000000000"}),
        ("assignment", {"assignee": "nobody-i-know"}),
        ("tags", {"put": "x" * 41}),
        ("replies", {"text": "  ", "client_key": "k"}),
        ("replies", {"text": "no key"}),
        ("replies", {"text": "copy", "client_key": "k", "cc": "not an address"}),
        ("notes", {"text": "", "client_key": "k"}),
        ("cases", {"title": "", "type": "problem", "priority": "high"}),
        ("cases", {"title": "t", "type": "none", "priority": "high"}),
        ("cases", {"title": "t", "type": "problem", "priority": "high", "due_at": "then"}),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(seeded: Seeded, noun: str, form: dict[str, str]) -> None:
    name = "Rahul Mehta"
    before, said = seeded.now(name), len(_messages(seeded, name))
    answer = _act(seeded.visitor(), seeded, name, noun, **form)
    if noun == "status" and form.get("until", "").startswith("9999"):
        assert answer.status_code in {303, 422}
        return
    assert answer.status_code == 422
    assert len(_messages(seeded, name)) == said
    assert seeded.now(name).version == before.version


def test_priority_team_and_tags(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Peter Novak"
    _act(ana, seeded, name, "priority", priority="urgent")
    assert seeded.now(name).priority is Priority.URGENT
    with db.reading() as session:
        from app.models import Team

        team = session.scalars(select(Team).where(Team.name == "Workshop")).one()
    _act(ana, seeded, name, "team", team=str(team.public_id))
    assert seeded.now(name).team_id == team.id
    _act(ana, seeded, name, "team", team="")
    assert seeded.now(name).team_id is None
    _act(ana, seeded, name, "tags", put="  Brand   new ")
    worn = select(Tag).join(Tagging).where(Tagging.conversation_id == seeded.now(name).id, Tag.name == "Brand new")
    with db.reading() as session:
        tag = session.scalars(worn).one()
    _act(ana, seeded, name, "tags", take=str(tag.public_id))
    with db.reading() as session:
        assert session.scalars(worn).one_or_none() is None


def test_reading_is_said_separately_and_only_for_oneself(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Anders Nilsson"

    def read_by(who: str) -> int:
        mine = (ConversationRead.user_id == seeded.made.users[who].id) & (
            ConversationRead.conversation_id == seeded.made.conversations[name].id
        )
        with db.reading() as session:
            return session.scalar(select(ConversationRead.message_id).where(mine)) or 0

    before = read_by("ben")
    ana.get(seeded.path(name))
    answer = ana.post(f"/conversations/{seeded.public_id(name)}/reading", {}, **{"HX-Request": "true"})
    assert answer.status_code == 204
    assert read_by("ana") == seeded.now(name).last_message_id
    assert read_by("ben") == before


def test_a_reply_sent_twice_is_one_reply(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Leila Haddad"
    for _ in range(2):
        answer = _act(ana, seeded, name, "replies", text="Of course you can.", client_key="key-1", cc="bo@example.com")
        assert answer.status_code == 303
    replies = [message for message in _messages(seeded, name) if message.client_key == "key-1"]
    assert [reply.send_state for reply in replies] == [SendState.QUEUED]
    assert replies[0].recipients["cc"] == [{"email": "bo@example.com", "name": ""}]
    assert "Leaves in " in ana.get(seeded.path(name)).text


def test_send_and_resolve(seeded: Seeded) -> None:
    _act(seeded.visitor(), seeded, "Ewa Kowalska", "replies", text="Here it is.", client_key="k", then="resolved")
    assert seeded.now("Ewa Kowalska").status is Status.RESOLVED


def test_a_note_stays_in_the_house(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Robert Hayes"
    _act(ana, seeded, name, "notes", text="He is right about the menu.", client_key="note-1")
    note = _messages(seeded, name)[-1]
    assert (note.visibility, note.send_state) == (Visibility.PRIVATE, None)
    assert seeded.now(name).preview != note.text


def test_files_of_a_reply_can_be_fetched_again(seeded: Seeded) -> None:
    ana, name = seeded.visitor(), "Paul Schneider"
    ana.get(seeded.path(name))
    files = [(BytesIO(b"roast,degrees\n1,212\n"), "profile.csv"), (BytesIO(b"second"), "b.txt")]
    ana.client.post(
        f"/conversations/{seeded.public_id(name)}/replies",
        data={"csrf_token": ana.token, "text": "", "client_key": "files", "files": files},
        content_type="multipart/form-data",
    )
    page = ana.get(seeded.path(name)).text
    assert "profile.csv" in page
    address = page.split('<a class="file" href="')[1].split('"')[0]
    answer = ana.get(address)
    assert answer.data == b"roast,degrees\n1,212\n"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("state", [SendState.FAILED, SendState.UNCERTAIN])
@pytest.mark.parametrize("decision", ["retry", "discard"])
def test_a_reply_that_did_not_leave_waits_for_a_decision(seeded: Seeded, state: SendState, decision: str) -> None:
    ana, name, key = seeded.visitor(), "Irina Volkova", f"{state}-{decision}"
    _act(ana, seeded, name, "replies", text="Changed.", client_key=key)
    with db.transaction() as session:
        reply = session.scalars(select(Message).where(Message.client_key == key)).one()
        reply.send_state, reply.send_error = state, "550 no such mailbox"
    page = ana.get(seeded.path(name)).text
    assert ("550 no such mailbox" if state is SendState.FAILED else "nobody can say whether it left") in page
    path = f"/messages/{reply.public_id}/sending"
    assert ana.post(path, {"do": decision}).status_code == 303
    with db.reading() as session:
        after = session.get_one(Message, reply.id)
    assert after.send_state is (SendState.QUEUED if decision == "retry" else None)
    assert ana.post(path, {"do": decision}).status_code == 409
    assert ana.post(path, {"do": "burn"}).status_code == 422


def test_nothing_can_be_done_to_what_one_may_not_see(seeded: Seeded) -> None:
    """Every POST of the inbox, by somebody outside the inbox: 404, and not a trace."""
    chloe, name = seeded.visitor("chloe"), "Tomás Herrera"
    with db.reading() as session:
        row = seeded.now(name)
        message = session.get_one(Message, row.last_message_id)
        contact = session.get_one(Contact, row.contact_id)
        before = session.scalar(select(func.count()).select_from(Message))
    conversation = f"/conversations/{row.public_id}"
    form = {
        "assignee": "me", "team": "", "status": "resolved", "priority": "low", "put": "x", "text": "x", "client_key": "x",
        "title": "x", "type": "problem", "version": "1", "name": "x", "do": "retry", "kind": "email", "address": "a@b.example",
    }  # fmt: skip
    nouns = ("assignment", "team", "status", "priority", "tags", "reading", "replies", "notes", "cases")
    paths = [f"{conversation}/{noun}" for noun in nouns]
    paths += [f"/messages/{message.public_id}/sending", f"/contacts/{contact.public_id}"]
    paths += [f"/contacts/{contact.public_id}/identities"]
    assert {path: chloe.post(path, form).status_code for path in paths} == dict.fromkeys(paths, 404)
    for path in (f"/messages/{message.public_id}/html", f"/messages/{message.public_id}/text"):
        assert chloe.get(path).status_code == 404
    with db.reading() as session:
        assert session.get_one(Conversation, row.id).version == row.version
        assert session.scalar(select(func.count()).select_from(Message)) == before


def test_forms_need_their_token(seeded: Seeded) -> None:
    ana = seeded.visitor()
    ana.token = ""
    assert _act(ana, seeded, "Priya Raman", "priority", priority="low").status_code == 400
