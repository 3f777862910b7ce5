"""Merge conversations, split them, move messages between them; each can be undone.

A merged conversation stays as it was, without its messages, and leads to the one it went into (`merged_into_id`):
what arrives under its thread, its token or its references goes there (threads.place).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.clock import now
from app.crypto import new_token
from app.errors import Conflict, Invalid
from app.models import (
    Activity,
    CaseConversation,
    Channel,
    Conversation,
    Message,
    Regrouping,
    RegroupingKind,
    ScheduledReply,
    SendState,
    Status,
    Tagging,
    User,
)
from app.models.base import Json
from app.phrases import phrase
from app.services import activities, moving, sentiment_counts
from app.services.changes import conversation_changed
from app.services.conversation_facts import recount
from app.services.numbering import Ids
from connectors.registry import connector_for

FACTS = ("status", "snoozed_until", "assignee_id", "waiting_since", "preview", "last_message_at", "last_message_id")
UNDER_WAY = (SendState.QUEUED, SendState.SENDING)
MOST = 10_000  # messages moved at once
VERBS = {
    RegroupingKind.MERGE: ("conversation.merged_in", "conversation.merged_away"),
    RegroupingKind.SPLIT: ("conversation.split_from", "conversation.split_off"),
    RegroupingKind.MOVE: ("conversation.messages_moved_in", "conversation.messages_moved_away"),
}


def locked(session: Session, *conversations: Conversation) -> None:
    """Lock these rows in the one order, and read them again."""
    ids = [conversation.id for conversation in conversations]
    query = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def merge(session: Session, *, actor: User, source: Conversation, target: Conversation) -> Regrouping:
    """Put all of one conversation into another. Both are locked by the caller.

    Raises Invalid where they cannot be one, Conflict where a reply is on its way or one of them was merged before.
    """
    _check_pair(session, source, target)
    _check_replies(session, Message.conversation_id == source.id, source)
    regrouping = _begin(session, RegroupingKind.MERGE, actor, (source, target), moving.message_ids(session, source))
    regrouping.activity_ids = moving.move_activities(session, source, target)
    regrouping.tag_ids = moving.share(session, Tagging, Tagging.tag_id, source, target)
    regrouping.case_ids = moving.share(session, CaseConversation, CaseConversation.case_id, source, target)
    with sentiment_counts.moving_spam(session, source, target):
        moving.stay_read(session, source, target)
        moving.move_drafts(session, source, target)
        moving.move_messages(session, regrouping.message_ids, source, target)
        source.merged_into_id = target.id
        followers = (
            update(Conversation).where(Conversation.merged_into_id == source.id).values(merged_into_id=target.id)
        )
        regrouping.before = {
            **regrouping.before,
            "followers": sorted(session.scalars(followers.returning(Conversation.id))),
        }
        target.assignee_id = target.assignee_id or source.assignee_id
        was_open = Status(regrouping.before["source"]["status"]) in {Status.OPEN, Status.PENDING}
        if was_open and target.status in {Status.RESOLVED, Status.SNOOZED, Status.SPAM}:
            target.status, target.snoozed_until = Status.OPEN, None
        target.mood_version = target.mood_version or source.mood_version
        recount(session, target)
    _tell(session, regrouping, actor, source, target)
    return regrouping


def split(session: Session, *, actor: User, source: Conversation, messages: Sequence[Message]) -> Regrouping:
    """Make a new conversation of some messages. The source is locked by the caller. Raises Invalid or Conflict."""
    _check_part(session, source, messages)
    target = _beside(session, source, messages[0])
    return _part(session, RegroupingKind.SPLIT, actor, (source, target), messages)


def move(
    session: Session, *, actor: User, source: Conversation, target: Conversation, messages: Sequence[Message]
) -> Regrouping:
    """Put some messages into another conversation. Both are locked by the caller. Raises Invalid or Conflict."""
    _check_pair(session, source, target)
    _check_part(session, source, messages)
    return _part(session, RegroupingKind.MOVE, actor, (source, target), messages)


def undo(session: Session, *, actor: User, regrouping: Regrouping, source: Conversation, target: Conversation) -> int:
    """Bring everything back that is still where it was put; return how many messages are not.

    What arrived in the target since stays there, but what became a conversation of its own goes back whole.
    Both conversations are locked by the caller. Raises Conflict where it was undone before, or where one of them was
    merged into another since.
    """
    if regrouping.undone_at is not None:
        raise Conflict(phrase("This was undone before."))
    was_merged = regrouping.kind is RegroupingKind.MERGE
    if target.merged_into_id is not None or (source.merged_into_id is not None and not was_merged):
        raise Conflict(phrase("Since then one of the two was merged into another conversation: undo that first."))
    ids = list(regrouping.message_ids)
    if regrouping.kind is RegroupingKind.SPLIT:
        ids = moving.message_ids(session, target)
    _check_replies(session, Message.id.in_(ids) & (Message.conversation_id == target.id), target)
    was_spam = Status.SPAM.value in {regrouping.before[name]["status"] for name in ("source", "target")}
    with sentiment_counts.moving_spam(session, source, target, may_change=was_spam):
        back = moving.move_messages(session, ids, target, source)
        moving.take_back(session, regrouping, source, target)
        source.merged_into_id = None
        followers = Conversation.id.in_(regrouping.before.get("followers", []))
        session.execute(update(Conversation).where(followers).values(merged_into_id=source.id))
        if regrouping.kind is RegroupingKind.SPLIT:
            target.merged_into_id = source.id
        for name, conversation in (("source", source), ("target", target)):
            _restore(session, conversation, regrouping.before[name], regrouping.before["after"].get(name, {}))
    regrouping.undone_at = now()
    _tell_undone(session, regrouping, actor, source, target)
    return len(ids) - back


def _check_pair(session: Session, source: Conversation, target: Conversation) -> None:
    if source.id == target.id:
        raise Invalid(phrase("Choose another conversation than this one."), field="target")
    if source.merged_into_id is not None or target.merged_into_id is not None:
        raise Conflict(phrase("One of the two was merged into another conversation meanwhile."), version=target.version)
    if source.inbox_id != target.inbox_id:
        raise Invalid(phrase("They are in different inboxes, which not the same people may read."), field="target")
    if source.contact_id != target.contact_id and not (_is_letters(session, source) and _is_letters(session, target)):
        raise Invalid(
            phrase(
                "They are with different people: only mail can go on with several at once. "
                "Merge the two contacts first."
            ),
            field="target",
        )


def _is_letters(session: Session, conversation: Conversation) -> bool:
    channel = session.get_one(Channel, conversation.channel_id)
    return connector_for(channel.kind).capabilities.cc


def _check_part(session: Session, source: Conversation, messages: Sequence[Message]) -> None:
    if source.merged_into_id is not None:
        raise Conflict(phrase("This conversation was merged into another one meanwhile."), version=source.version)
    if not messages or any(message.conversation_id != source.id for message in messages):
        raise Conflict(phrase("These messages are not in this conversation any more."), version=source.version)
    ids = [message.id for message in messages]
    if len(ids) >= source.messages:
        raise Invalid(phrase("That would be all of it: merge the conversation instead."), field="messages")
    _check_replies(session, Message.id.in_(ids), source)


def _check_replies(session: Session, which: Any, conversation: Conversation) -> None:
    """Refuse to move what is being sent: its way was chosen for the conversation it is in."""
    waiting = ScheduledReply.conversation_id == conversation.id
    if session.scalar(select(exists().where(which, Message.send_state.in_(UNDER_WAY)))):
        raise Conflict(
            phrase("A reply in #{number} is on its way: try again when it has left.", number=str(conversation.number))
        )
    if session.scalar(select(exists().where(waiting))):
        raise Conflict(
            phrase("A reply is scheduled in #{number}: send it or take it back first.", number=str(conversation.number))
        )


def _begin(
    session: Session, kind: RegroupingKind, actor: User, pair: tuple[Conversation, Conversation], message_ids: list[int]
) -> Regrouping:
    source, target = pair
    if len(message_ids) > MOST:
        raise Invalid(phrase("At most {most} messages can be moved at once.", most=MOST), field="messages")
    regrouping = Regrouping(
        kind=kind,
        source_id=source.id,
        target_id=target.id,
        actor_id=actor.id,
        message_ids=message_ids,
        before={"source": _facts(source), "target": _facts(target)},
    )
    session.add(regrouping)
    return regrouping


def _part(
    session: Session,
    kind: RegroupingKind,
    actor: User,
    pair: tuple[Conversation, Conversation],
    messages: Sequence[Message],
) -> Regrouping:
    source, target = pair
    ids = [message.id for message in messages]
    regrouping = _begin(session, kind, actor, (source, target), ids)
    with sentiment_counts.moving_spam(session, source, target):
        moving.stay_read(session, source, target)
        moving.move_messages(session, ids, source, target)
        regrouping.references = moving.move_references(session, messages, source, target)
        target.mood_version = target.mood_version or source.mood_version
        if target.status in {Status.RESOLVED, Status.SNOOZED}:
            target.status, target.snoozed_until = Status.OPEN, None
        recount(session, source)
        recount(session, target)
    _tell(session, regrouping, actor, source, target)
    return regrouping


def _beside(session: Session, source: Conversation, first: Message) -> Conversation:
    """Open a conversation for messages of another one; the thread at the provider stays with that."""
    target = Conversation(
        id=Ids(session, Conversation, 1).take(),
        public_id=uuid7(),
        inbox_id=source.inbox_id,
        channel_id=first.channel_id,
        contact_id=first.contact_id,
        subject=first.subject or source.subject,
        reply_token=new_token(),
        last_message_at=first.created_at,
        priority=source.priority,
        team_id=source.team_id,
        assignee_id=source.assignee_id,
    )
    session.add(target)
    session.flush()
    session.refresh(target)  # its number
    return target


def _facts(conversation: Conversation) -> Json:
    return {name: _told(getattr(conversation, name)) for name in FACTS}


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _restore(session: Session, conversation: Conversation, before: Json, after: Json) -> None:
    """Count anew, and give back what the row said where nobody changed it since."""
    now_told = _facts(conversation)
    recount(session, conversation)
    for name in ("status", "snoozed_until", "assignee_id"):
        if now_told[name] == after.get(name, now_told[name]) != before[name]:
            setattr(conversation, name, _value(name, before[name]))
    if conversation.last_message_id == before["last_message_id"]:
        for name in ("preview", "last_message_at", "waiting_since"):
            setattr(conversation, name, _value(name, before[name]))


def _value(name: str, told: Any) -> Any:
    if name == "status":
        return Status(told)
    is_moment = name in {"snoozed_until", "waiting_since", "last_message_at"}
    return datetime.fromisoformat(told) if told and is_moment else told


def _tell(session: Session, regrouping: Regrouping, actor: User, source: Conversation, target: Conversation) -> None:
    session.flush()
    regrouping.before = {**regrouping.before, "after": {"source": _facts(source), "target": _facts(target)}}
    here, there = VERBS[regrouping.kind]
    many = len(regrouping.message_ids)
    shared = {"messages": f"{many} message{'s' * (many != 1)}", "regrouping": str(regrouping.public_id)}
    for verb, place, other in ((here, target, source), (there, source, target)):
        data = {**shared, "number": other.number, "subject": other.subject, "other": str(other.public_id)}
        activities.record(session, verb=verb, conversation=place, actor=actor, data=data)
        conversation_changed(session, place)


def _tell_undone(
    session: Session, regrouping: Regrouping, actor: User, source: Conversation, target: Conversation
) -> None:
    lines = select(Activity).where(
        Activity.conversation_id.in_([source.id, target.id]),
        Activity.data["regrouping"].astext == str(regrouping.public_id),
    )
    for line in session.scalars(lines):
        line.data = {**line.data, "is_undone": True}
    verb = f"conversation.{regrouping.kind.value}_undone"
    for place, other in ((target, source), (source, target)):
        data = {"number": other.number, "other": str(other.public_id)}
        activities.record(session, verb=verb, conversation=place, actor=actor, data=data)
        conversation_changed(session, place)
