"""Merging, splitting and moving: answers follow, and undoing leaves what was there before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import (
    Activity,
    CaseConversation,
    Conversation,
    ConversationRead,
    Draft,
    DraftKind,
    Inbox,
    Message,
    Regrouping,
    Status,
    Tagging,
    ThreadReference,
    User,
)
from app.services import cases, conversations, regrouping, replies, tags
from tests.services.making import House, letter

LEFT_OUT = {"version", "mood_version"}  # goes up with every change; is the same wherever there are answers


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    user: User = house.agents[0]
    return user


def row(conversation: Conversation) -> dict[str, Any]:
    columns = Conversation.__table__.columns.keys()
    return {name: getattr(conversation, name) for name in columns if name not in LEFT_OUT}


def picture(house: House) -> dict[str, Any]:
    """Return everything that merging touches, but for the lines that tell of it."""
    session = house.session
    session.flush()
    session.expire_all()
    told = select(Activity).where(
        ~Activity.verb.like("conversation.merge%"), ~Activity.verb.like("conversation.split%")
    )
    return {
        "conversations": {one.id: row(one) for one in session.scalars(select(Conversation))},
        "messages": {one.id: one.conversation_id for one in session.scalars(select(Message))},
        "lines": {one.id: one.conversation_id for one in session.scalars(told.where(~Activity.verb.like("%move%")))},
        "tags": {(one.tag_id, one.conversation_id) for one in session.scalars(select(Tagging))},
        "cases": {(one.case_id, one.conversation_id) for one in session.scalars(select(CaseConversation))},
        "references": {(one.external_id, one.conversation_id) for one in session.scalars(select(ThreadReference))},
    }


def two(house: House, ana: User) -> tuple[Conversation, Conversation]:
    """Return two conversations of one customer, with all that can hang on them."""
    first, begun = house.one(letter(text="Where is my parcel?"))
    second, asked = house.one(letter(text="Nobody answers!"))
    house.one(letter(in_reply_to=begun.external_id, text="Hello?"))
    house.one(letter(in_reply_to=asked.external_id, text="Anybody?"))
    tags.put(house.session, conversation=first, tag=tags.named(house.session, "parcel"), actor=ana)
    tags.put(house.session, conversation=second, tag=tags.named(house.session, "angry"), actor=ana)
    cases.open_case(house.session, conversation=second, actor=ana, title="Lost parcel")
    conversations.assign(house.session, conversation=second, actor=ana, assignee=ana)
    conversations.set_status(house.session, conversation=first, actor=ana, status=Status.RESOLVED)
    return first, second


def test_a_merge_brings_everything_into_one_in_order_of_arrival(house: House, ana: User) -> None:
    first, second = two(house, ana)
    regrouping.merge(house.session, actor=ana, source=second, target=first)
    said = house.session.scalars(select(Message).where(Message.conversation_id == first.id).order_by(Message.id))
    assert [one.text for one in said] == ["Where is my parcel?", "Nobody answers!", "Hello?", "Anybody?"]
    assert (first.messages, first.preview, first.status, first.assignee_id) == (4, "Anybody?", Status.OPEN, ana.id)
    assert first.waiting_since is not None
    names = {tag_id for tag_id, id_ in picture(house)["tags"] if id_ == first.id}
    assert len(names) == 2
    assert {id_ for _, id_ in picture(house)["cases"]} == {first.id, second.id}


def test_what_answers_a_merged_conversation_arrives_in_the_one_it_went_into(house: House, ana: User) -> None:
    first, second = two(house, ana)
    regrouping.merge(house.session, actor=ana, source=second, target=first)
    by_token, _ = house.one(letter(tokens=(second.reply_token,)))
    asked = house.session.scalars(select(Message).where(Message.text == "Anybody?")).one()
    by_reference, _ = house.one(letter(in_reply_to=asked.external_id))
    assert {by_token.id, by_reference.id} == {first.id}
    assert (first.messages, second.merged_into_id) == (6, first.id)


def test_merging_on_leads_the_first_one_on_too_and_undoing_leads_it_back(house: House, ana: User) -> None:
    first, second = two(house, ana)
    third, _ = house.one(letter(text="A third one"))
    regrouping.merge(house.session, actor=ana, source=second, target=first)
    before = picture(house)
    on = regrouping.merge(house.session, actor=ana, source=first, target=third)
    house.session.refresh(second)
    assert second.merged_into_id == third.id
    regrouping.undo(house.session, actor=ana, regrouping=on, source=first, target=third)
    assert picture(house) == before


def test_what_is_being_written_goes_on_where_the_messages_are(house: House, ana: User) -> None:
    first, second = two(house, ana)
    words = {"kind": DraftKind.REPLY, "text": "Dear Mia", "written_at": now()}
    for author, conversation in ((ana, second), (house.agents[1], second), (house.agents[1], first)):
        house.session.add(Draft(author_id=author.id, conversation_id=conversation.id, **words))
    house.session.flush()
    regrouping.merge(house.session, actor=ana, source=second, target=first)
    places = house.session.execute(select(Draft.author_id, Draft.conversation_id))
    assert sorted(map(tuple, places)) == sorted(
        [(ana.id, first.id), (house.agents[1].id, second.id), (house.agents[1].id, first.id)]
    )


@pytest.mark.parametrize("has_read", [False, True])
def test_merge_and_undo_leave_what_was_there_before(house: House, ana: User, has_read: bool) -> None:
    first, second = two(house, ana)
    if has_read:
        for conversation in (first, second):
            conversations.mark_read(house.session, conversation=conversation, user=ana)
    before = picture(house)
    done = regrouping.merge(house.session, actor=ana, source=second, target=first)
    mark = house.session.get(ConversationRead, (ana.id, first.id))
    assert (mark is not None and mark.message_id == first.last_message_id) is has_read
    assert picture(house) != before
    assert regrouping.undo(house.session, actor=ana, regrouping=done, source=second, target=first) == 0
    assert picture(house) == before


def test_what_arrived_since_stays_and_what_was_changed_since_is_kept(house: House, ana: User) -> None:
    first, second = two(house, ana)
    done = regrouping.merge(house.session, actor=ana, source=second, target=first)
    house.one(letter(tokens=(second.reply_token,), text="Since then"))
    conversations.assign(house.session, conversation=first, actor=ana, assignee=house.agents[1])
    regrouping.undo(house.session, actor=ana, regrouping=done, source=second, target=first)
    assert (first.messages, second.messages) == (3, 2)
    assert first.preview == "Since then"
    assert first.assignee_id == house.agents[1].id


def test_split_and_undo_leave_what_was_there_before(house: House, ana: User) -> None:
    first, begun = house.one(letter(text="Where is my parcel?"))
    house.one(letter(in_reply_to=begun.external_id, text="And do you sell gift cards?"))
    other = house.session.scalars(select(Message).where(Message.text.like("And do%"))).one()
    before = picture(house)
    done = regrouping.split(house.session, actor=ana, source=first, messages=[other])
    made = house.session.get_one(Conversation, done.target_id)
    assert (first.messages, made.messages, made.preview) == (1, 1, "And do you sell gift cards?")
    assert made.waiting_since is not None
    answered, _ = house.one(letter(in_reply_to=other.external_id, text="The blue one"))
    assert answered.id == made.id
    regrouping.undo(house.session, actor=ana, regrouping=done, source=first, target=made)
    assert (first.messages, made.merged_into_id) == (3, first.id)
    assert house.one(letter(in_reply_to=other.external_id))[0].id == first.id
    after = picture(house)
    assert after["messages"].keys() > before["messages"].keys()
    assert set(after["messages"].values()) == {first.id}


def test_messages_move_to_another_conversation_and_back(house: House, ana: User) -> None:
    first, second = two(house, ana)
    strayed = house.session.scalars(select(Message).where(Message.text == "Anybody?")).one()
    before = picture(house)
    done = regrouping.move(house.session, actor=ana, source=second, target=first, messages=[strayed])
    assert (first.messages, second.messages, strayed.conversation_id) == (3, 1, first.id)
    regrouping.undo(house.session, actor=ana, regrouping=done, source=second, target=first)
    assert picture(house) == before
    with pytest.raises(Conflict, match="undone before"):
        regrouping.undo(house.session, actor=ana, regrouping=done, source=second, target=first)


def test_a_reply_on_its_way_is_not_moved(house: House, ana: User) -> None:
    first, second = two(house, ana)
    replies.queue_reply(house.session, conversation=second, author=ana, text="Soon", client_key="k")
    with pytest.raises(Conflict, match="on its way"):
        regrouping.merge(house.session, actor=ana, source=second, target=first)
    assert house.session.scalars(select(Regrouping)).all() == []


def test_other_inboxes_and_all_of_a_conversation_are_refused(house: House, ana: User) -> None:
    first, second = two(house, ana)
    every = house.session.scalars(select(Message).where(Message.conversation_id == second.id)).all()
    with pytest.raises(Invalid, match="all of it"):
        regrouping.split(house.session, actor=ana, source=second, messages=every)
    with pytest.raises(Conflict, match="not in this conversation"):
        regrouping.split(house.session, actor=ana, source=first, messages=every)
    with pytest.raises(Invalid, match="another conversation than this"):
        regrouping.merge(house.session, actor=ana, source=first, target=first)
    elsewhere = Inbox(name="Elsewhere")
    house.session.add(elsewhere)
    house.session.flush()
    second.inbox_id = elsewhere.id
    with pytest.raises(Invalid, match="different inboxes"):
        regrouping.merge(house.session, actor=ana, source=second, target=first)


def test_two_people_are_merged_where_mail_can_go_on_with_both_and_nowhere_else(house: House, ana: User) -> None:
    first, _ = house.one(letter("mia@example.com"))
    second, _ = house.one(letter("noah@example.com"))
    regrouping.merge(house.session, actor=ana, source=second, target=first)
    again, _ = house.one(letter("noah@example.com", tokens=(second.reply_token,)))
    assert again.id == first.id
    house.channel.kind = "sandbox"
    third, _ = house.one(letter("olga@example.com"))
    with pytest.raises(Invalid, match="different people"):
        regrouping.merge(house.session, actor=ana, source=third, target=first)
