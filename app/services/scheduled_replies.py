"""Send later: a reply is kept until its time, and becomes a Message only then.

waiting ──► released: queued like any other reply, and gone from here      (when due, or when somebody sends it now)
   │  └───► cancelled, or taken back into the composer: gone
   └──────► held: the customer wrote meanwhile, or it cannot leave any more; a person sends, edits or cancels it

Whoever locks the conversation first decides: the clock that releases a reply, or the person who cancels it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.clock import now
from app.errors import Conflict, Invalid, NotFound
from app.models import (
    Conversation,
    Direction,
    Message,
    ScheduledReply,
    ScheduledState,
    Status,
    TakenBack,
    User,
)
from app.phrases import phrase
from app.services import activities, outgoing, replies, taking_back
from app.services.answering import Wish
from app.services.arrivals import StoredAttachment
from app.services.changes import conversation_changed
from app.services.outgoing import Outgoing

LONGEST_WAIT = timedelta(days=366)
GRACE = timedelta(minutes=1)  # a form that was filled in at the last moment
MOST_OF_ONE = 20  # scheduled replies of a conversation
WROTE_SINCE = phrase("The customer wrote after this was scheduled.")
WRITER_LEFT = phrase("Who wrote this no longer works here.")
GONE = phrase("This reply has left already, or was cancelled.")


def schedule(
    session: Session,
    *,
    conversation: Conversation,
    author: User,
    out: Outgoing,
    due_at: datetime,
    waits_for_nobody: bool = False,
) -> ScheduledReply | None:
    """Keep a reply until `due_at`, whose zone is the one that refusals say times in. The same client_key twice is one;
    None where that reply has left already.

    Raises Invalid for a time that is past, too far away or after the reply window, and for what cannot be sent at all.
    """
    _check_time(due_at)
    if out.wish.template:
        raise Invalid(phrase("A template leaves at once: it cannot be scheduled."), field="due")
    ready = outgoing.check(session, conversation=conversation, outgoing=out, leaves_at=due_at)
    if ready.route.capabilities.live_only:
        raise Invalid(phrase("In a live chat replies leave at once: the customer may be gone later."), field="due")
    if _waiting(session, conversation) >= MOST_OF_ONE:
        raise Invalid(phrase("{most} replies are scheduled here already.", most=MOST_OF_ONE), field="due")
    if _has_left(session, conversation, out.client_key):
        return None
    statement = insert(ScheduledReply).values(
        public_id=uuid7(),
        conversation_id=conversation.id,
        author_id=author.id,
        answers_id=ready.answer.answered.id if ready.answer.answered else None,
        text=ready.source,
        is_markdown=ready.layout is not None,
        cc=list(ready.recipients.cc),
        bcc=list(ready.recipients.bcc),
        sender=ready.recipients.sender,
        in_private=out.wish.in_private,
        is_public=ready.answer.is_public,
        files=taking_back.files_of(out.uploads),
        client_key=out.client_key,
        due_at=due_at,
        waits_for_nobody=waits_for_nobody,
        seen_id=conversation.last_message_id,
        state=ScheduledState.WAITING,
    )
    key = [ScheduledReply.conversation_id, ScheduledReply.client_key]
    once = statement.on_conflict_do_nothing(index_elements=key).returning(ScheduledReply)
    row = session.scalars(once).one_or_none()
    if row is None:
        mine = ScheduledReply.conversation_id == conversation.id, ScheduledReply.client_key == out.client_key
        return session.scalars(select(ScheduledReply).where(*mine)).one()
    conversation.assignee_id = conversation.assignee_id or author.id
    data = {"at": f"{due_at.day} {due_at:%b %Y, %H:%M %Z}"}
    activities.record(session, verb="reply.scheduled", conversation=conversation, actor=author, data=data)
    conversation_changed(session, conversation)
    return row


def cancel(session: Session, *, conversation: Conversation, public_id: str, actor: User) -> None:
    """Give a scheduled reply up. The conversation is locked. Raises Conflict where it is gone."""
    session.delete(_get(session, conversation, public_id))
    activities.record(session, verb="reply.unscheduled", conversation=conversation, actor=actor)
    conversation_changed(session, conversation)


def take_back(session: Session, *, conversation: Conversation, public_id: str, actor: User) -> TakenBack:
    """Put a scheduled reply back into the composer of who asks. The conversation is locked. Raises Conflict."""
    row = _get(session, conversation, public_id)
    kept = TakenBack(
        user_id=actor.id,
        conversation_id=row.conversation_id,
        answers_id=row.answers_id,
        text=row.text,
        cc=row.cc,
        bcc=row.bcc,
        sender=row.sender,
        in_private=row.in_private,
        files=row.files,
        due_at=row.due_at,
    )
    session.add(kept)
    session.delete(row)
    activities.record(session, verb="reply.unscheduled", conversation=conversation, actor=actor)
    conversation_changed(session, conversation)
    session.flush()
    return kept


def send_now(session: Session, *, conversation: Conversation, public_id: str) -> Message:
    """Queue a scheduled reply at once, under the name of who wrote it. The conversation is locked.

    Raises Conflict where it is gone or its writer is, and Invalid where it cannot leave.
    """
    row = _get(session, conversation, public_id)
    author = _writer(session, row)
    if author is None:
        raise Conflict(phrase("{reason} Edit it, and send it as your own.", reason=WRITER_LEFT))
    return _queue(session, conversation, row, author)


def due(session: Session, *, limit: int = 100) -> list[int]:
    """Return the ids of replies whose time has come, the earliest first."""
    query = select(ScheduledReply.id).where(
        ScheduledReply.state == ScheduledState.WAITING, ScheduledReply.due_at <= now()
    )
    return list(session.scalars(query.order_by(ScheduledReply.due_at, ScheduledReply.id).limit(limit)))


def release(session: Session, *, scheduled_id: int) -> Message | None:
    """Queue a reply whose time has come, or hold it back; nothing happens where another worker or a person did."""
    conversation_id = session.scalars(
        select(ScheduledReply.conversation_id).where(ScheduledReply.id == scheduled_id)
    ).one_or_none()
    if conversation_id is None:
        return None
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
    row = session.get(ScheduledReply, scheduled_id, with_for_update=True, populate_existing=True)
    if row is None or row.state is not ScheduledState.WAITING or row.due_at > now():
        return None
    author = _writer(session, row)
    reason = WROTE_SINCE if not row.waits_for_nobody and _wrote_since(session, row) else ""
    if author is None or reason:
        _hold(session, conversation, row, reason or WRITER_LEFT)
        return None
    try:
        with session.begin_nested():
            return _queue(session, conversation, row, author)
    except (Invalid, Conflict) as refused:
        _hold(session, conversation, row, refused.reason)
    return None


def _check_time(due_at: datetime) -> None:
    if due_at <= now() - GRACE:
        raise Invalid(phrase("That time is past: choose one in the future."), field="due")
    if due_at > now() + LONGEST_WAIT:
        raise Invalid(phrase("That is more than a year away: choose an earlier time."), field="due")


def _waiting(session: Session, conversation: Conversation) -> int:
    query = select(func.count()).where(ScheduledReply.conversation_id == conversation.id)
    return session.scalars(query).one()


def _has_left(session: Session, conversation: Conversation, client_key: str) -> bool:
    query = select(Message.id).where(Message.conversation_id == conversation.id, Message.client_key == client_key)
    return session.scalars(query).first() is not None


def _get(session: Session, conversation: Conversation, public_id: str) -> ScheduledReply:
    try:
        wanted = UUID(public_id)
    except ValueError:
        raise NotFound from None
    query = select(ScheduledReply).where(
        ScheduledReply.conversation_id == conversation.id, ScheduledReply.public_id == wanted
    )
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise Conflict(GONE)
    return row


def _writer(session: Session, row: ScheduledReply) -> User | None:
    author = session.get(User, row.author_id) if row.author_id else None
    return author if author and author.is_active else None


def _wrote_since(session: Session, row: ScheduledReply) -> bool:
    query = select(Message.id).where(
        Message.conversation_id == row.conversation_id,
        Message.direction == Direction.INBOUND,
        Message.id > (row.seen_id or 0),
    )
    return session.scalars(query.limit(1)).first() is not None


def _queue(session: Session, conversation: Conversation, row: ScheduledReply, author: User) -> Message:
    message = replies.queue_reply(
        session,
        conversation=conversation,
        author=author,
        text=row.text,
        client_key=row.client_key,
        uploads=_files(row.files),
        is_markdown=row.is_markdown,
        cc=row.cc,
        bcc=row.bcc,
        sender=row.sender,
        wish=Wish(answers=_answered(session, row), in_private=row.in_private),
    )
    session.delete(row)
    session.flush()
    return message


def _answered(session: Session, row: ScheduledReply) -> str:
    message = session.get(Message, row.answers_id) if row.answers_id else None
    return str(message.public_id) if message else ""


def _files(kept: Sequence[dict[str, object]]) -> list[StoredAttachment]:
    return [StoredAttachment(**file) for file in kept]  # type: ignore[arg-type] # what taking_back.files_of wrote


def _hold(session: Session, conversation: Conversation, row: ScheduledReply, reason: str) -> None:
    row.state, row.held_reason = ScheduledState.HELD, reason[:500]
    if conversation.status not in {Status.OPEN, Status.SPAM}:  # somebody has to look
        conversation.status, conversation.snoozed_until = Status.OPEN, None
    activities.record(session, verb="reply.held", conversation=conversation, data={"reason": reason[:500]})
    conversation_changed(session, conversation)
