"""Colleagues in one conversation: mentions, threads of notes, followers, handing over, and whose reply is on its way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import (
    Activity,
    Conversation,
    Draft,
    DraftKind,
    MentionedUser,
    Message,
    NoteMention,
    NoticeScope,
    SendState,
    User,
    Visibility,
)
from app.models.draft import ALIVE
from app.queries.notices import Notice, notices
from app.services import (
    access,
    conversations,
    drafts,
    followers,
    hand_over,
    meanwhile,
    mentions,
    note_threads,
    replies,
    scheduled_replies,
    sending,
)
from app.services.outgoing import Outgoing
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter())[0]


def test_a_note_tells_and_binds_those_it_names_and_nobody_else(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    outsider = User(email="out@acme.example", name="Olga Outside")
    house.session.add(outsider)
    house.session.flush()
    text = f"Mail me@{ben.name}.example, not @{outsider.name}; @{ben.name.upper()}: look. @{ben.name}son too"
    note = _note(house, conversation, ana, text)
    named = house.session.scalars(select(NoteMention).where(NoteMention.message_id == note.id)).all()
    assert [(one.user_id, text[one.start : one.start + one.length]) for one in named] == [
        (ben.id, f"@{ben.name.upper()}")
    ]
    assert _told(house, note) == {ben.id}
    assert followers.ids(house.session, conversation=conversation) == {ana.id, ben.id}


def test_a_team_is_its_members_but_not_the_writer(house: House, conversation: Conversation) -> None:
    ana = house.agents[0]
    note = _note(house, conversation, ana, f"@{house.team.name} who knows?")
    known = mentions.mentionables(house.session, conversation=conversation)
    (team,) = [one for one in known if one.is_team]
    assert ana.id in team.user_ids
    assert _told(house, note) == team.user_ids - {ana.id}


def test_of_two_with_one_name_the_chosen_one_is_meant(house: House, conversation: Conversation) -> None:
    ana, ben, *_ = house.agents
    twin = house.admin
    twin.name = ben.name
    house.session.flush()
    note = replies.write_note(
        house.session,
        conversation=conversation,
        author=ana,
        text=f"@{ben.name}",
        client_key="twin",
        chosen=[str(twin.public_id)],
    )
    assert _told(house, note) == {twin.id}


def test_a_mention_is_news_until_it_is_seen(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    conversations.mark_read(house.session, conversation=conversation, user=ben)
    _note(house, conversation, ana, f"@{ben.name} can you?")
    (told,) = _news(house, conversation, ben)
    assert (told.said_by, told.mentions_me, told.preview) == (ana.name, True, f"@{ben.name} can you?")
    conversations.mark_read(house.session, conversation=conversation, user=ben)
    assert _news(house, conversation, ben) == ()
    _note(house, conversation, ana, "One more thing.", key="n2")
    (told,) = _news(house, conversation, ben)  # who follows hears of it
    assert (told.is_note, told.mentions_me) == (True, False)
    followers.unfollow(house.session, conversation=conversation, user=ben)
    assert _news(house, conversation, ben) == ()


def test_who_left_stays_away_until_mentioned(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    followers.unfollow(house.session, conversation=conversation, user=ben)
    _note(house, conversation, ben, "For the record.")
    assert followers.ids(house.session, conversation=conversation) == set()
    _note(house, conversation, ana, f"@{ben.name}", key="n2")
    assert followers.ids(house.session, conversation=conversation) == {ana.id, ben.id}


def test_a_thread_is_of_notes_is_settled_and_goes_on_and_never_leaves(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    note = _note(house, conversation, ana, "Is this a bug?")
    first = _answer(house, conversation, note, ben, "a1")
    second = _answer(house, conversation, first, ana, "a2")
    assert first.thread_id == second.thread_id == note.id
    assert {first.visibility, second.visibility} == {Visibility.PRIVATE}
    assert _answer(house, conversation, note, ben, "a1").id == first.id
    note_threads.resolve(house.session, conversation=conversation, note=second, actor=ben)
    note_threads.reopen(house.session, conversation=conversation, note=note)
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    said = house.session.scalars(select(Message).where(Message.conversation_id == conversation.id)).all()
    assert not any(one.send_state for one in said)
    customer = next(one for one in said if one.is_inbound)
    with pytest.raises(Invalid):
        _answer(house, conversation, customer, ana, "a3")


def test_the_sender_takes_no_note_whatever_its_row_says(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    note = _note(house, conversation, ana, "Only for us")
    answer = _answer(house, conversation, note, ben, "a1")
    answer.send_state = SendState.QUEUED
    house.session.flush()
    claimed = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claimed is None


def test_handing_over_is_one_step_with_a_note_that_mentions(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    give = {"conversation": conversation, "actor": ana, "client_key": "h", "keeps_following": False}
    with pytest.raises(Invalid):
        hand_over.hand_over(house.session, to=str(ben.public_id), note="  ", **give)
    assert conversation.assignee_id is None
    note = hand_over.hand_over(house.session, to=str(ben.public_id), note="Call back by noon.", **give)
    assert conversation.assignee_id == ben.id
    assert note.text == f"@{ben.name} Call back by noon."
    assert _told(house, note) == {ben.id}
    assert followers.ids(house.session, conversation=conversation) == {ben.id}
    line = house.session.scalars(select(Activity).where(Activity.verb == "conversation.assigned")).one()
    assert line.data["reason"] == hand_over.REASON
    give["client_key"] = "h2"
    hand_over.hand_over(house.session, to=str(house.team.public_id), note="Who is free?", **give)
    assert (conversation.team_id, conversation.assignee_id) == (house.team.id, None)


def test_a_colleague_at_work_is_told_of_until_their_draft_lies_idle(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    kept = {"conversation": conversation, "author": ben}
    draft = drafts.keep(house.session, kind=DraftKind.NOTE, text="Hm", **kept)
    assert isinstance(draft, Draft)
    assert _others(house, conversation, ana) == []  # a note answers nobody
    draft = drafts.keep(house.session, kind=DraftKind.REPLY, text="It left", mark=draft.mark, **kept)
    assert draft
    (holder,) = meanwhile.others(house.session, conversation=conversation, user=ana, seen="", client_key="mine")
    assert (holder.name, holder.is_scheduled) == (ben.name, False)
    assert _others(house, conversation, ben) == []
    assert _others(house, conversation, ana, known=[holder.key]) == []
    draft.written_at = now() - ALIVE - timedelta(seconds=1)
    house.session.flush()
    assert _others(house, conversation, ana) == []
    before = draft.writing_since
    drafts.keep(house.session, kind=DraftKind.REPLY, text="It left today", mark=draft.mark, **kept)
    assert draft.writing_since > before
    assert _others(house, conversation, ana) == [ben.name]


def test_a_colleagues_scheduled_reply_counts_for_what_it_answers(house: House, conversation: Conversation) -> None:
    ana, ben = house.agents[:2]
    newest = house.session.get_one(Message, conversation.last_message_id)
    out, due = Outgoing("Tomorrow then.", "s1"), now() + timedelta(hours=5)
    scheduled_replies.schedule(house.session, conversation=conversation, author=ben, out=out, due_at=due)
    assert _others(house, conversation, ana, seen=newest) == [ben.name]
    assert _others(house, conversation, ben, seen=newest) == []
    (again,) = house.arrive(letter(tokens=(conversation.reply_token,)))
    assert _others(house, conversation, ana, seen=again) == []  # it does not answer this one


def _note(house: House, conversation: Conversation, author: User, text: str, *, key: str = "n1") -> Message:
    return replies.write_note(house.session, conversation=conversation, author=author, text=text, client_key=key)


def _answer(house: House, conversation: Conversation, note: Message, author: User, key: str) -> Message:
    return note_threads.answer(
        house.session, conversation=conversation, note=note, author=author, text=f"Answer {key}", client_key=key
    )


def _told(house: House, note: Message) -> set[int]:
    return set(house.session.scalars(select(MentionedUser.user_id).where(MentionedUser.message_id == note.id)))


def _news(house: House, conversation: Conversation, user: User) -> tuple[Notice, ...]:
    house.session.flush()
    ids, about = access.inbox_ids_of(user), [conversation.public_id]
    return notices(house.session, user=user, inbox_ids=ids, scope=NoticeScope.MINE, about=about)


def _others(
    house: House,
    conversation: Conversation,
    user: User,
    *,
    seen: Message | None = None,
    known: list[str] | None = None,
) -> list[str]:
    found = meanwhile.others(
        house.session,
        conversation=conversation,
        user=user,
        seen=str(seen.public_id) if seen else "",
        client_key="mine",
        known=known or (),
    )
    return [one.name for one in found]
