"""What an agent does with a customer's message besides answering it: like, hide, delete, and back.

queued ──► doing ──► done
▲           ├──────► failed     refused for good, or tried too often; a person asks again
└── later ──┘

A view reaches the message through services/access.py and calls `queue`; which kinds it may offer says `offered`. How
things stand is the newest done action (models.MessageAction). Connectors do what was done already without a word, so an
action whose worker died is simply done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.errors import Invalid
from app.events import ActionQueued, MessageChanged
from app.models import ActionState, Channel, ChannelState, Conversation, Message, MessageAction, User
from app.phrases import phrase
from app.services import local_people
from app.services.arrivals import plain
from app.services.changes import message_event
from connectors.base import Action, Credentials
from connectors.registry import connector_for

CLAIM = timedelta(seconds=120)
MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 10, 3600
UNFINISHED = (ActionState.QUEUED, ActionState.DOING)
REMOVED = phrase("The channel it came by has been removed.")


@dataclass(frozen=True, slots=True)
class Doing:
    """An action that this worker alone may do now."""

    action_id: int
    channel_id: int
    kind: str
    credentials: Credentials
    action: Action


def offered(message: Message, channel: Channel) -> tuple[str, ...]:
    """Return what can be done with a message: nothing with ours, with notes, and with what is gone."""
    if not message.is_inbound or message.is_deleted or not message.external_id or channel.state is ChannelState.REMOVED:
        return ()
    return connector_for(channel.kind).capabilities.actions


def queue(session: Session, *, message: Message, actor: User, kind: str) -> MessageAction:
    """Have something done with a message; what waits to be done already is not queued again. Raises Invalid."""
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    if kind not in offered(message, session.get_one(Channel, message.channel_id)):
        raise Invalid(phrase("This channel does not offer that for this message."), field="do")
    last = session.scalars(_unfinished(message.id).order_by(MessageAction.id.desc()).limit(1)).first()
    if last is not None and last.kind == kind:
        return last
    action = MessageAction(message_id=message.id, kind=kind, user_id=actor.id, state=ActionState.QUEUED)
    session.add(action)
    session.flush()
    outbox.record_all(
        session, [ActionQueued(action_id=action.id), message_event(session, MessageChanged, conversation, message)]
    )
    return action


def claim_next(session: Session, *, action_id: int) -> Doing | None:
    """Take the oldest unfinished action of the message that an action is about: they are done in their order."""
    of = session.get(MessageAction, action_id)
    if of is None:
        return None
    message = session.get_one(Message, of.message_id)
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    query = _unfinished(message.id).order_by(MessageAction.id).limit(1).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None or _is_held(row):
        return None
    channel = session.get_one(Channel, message.channel_id)
    if channel.state is ChannelState.REMOVED or row.attempts >= MAX_ATTEMPTS:
        broken = phrase("Doing it broke off {count} times.", count=row.attempts)
        _finish(session, conversation, message, row, REMOVED if channel.state is ChannelState.REMOVED else broken)
        return None
    if channel.state is ChannelState.PAUSED:
        return None  # done when the channel is resumed
    row.state, row.claimed_until = ActionState.DOING, now() + CLAIM
    row.attempts += 1
    sender = local_people.bare(channel, message.sender)
    action = Action(row.kind, message.external_id or "", sender, message.thread_key)  # type: ignore[arg-type]  # one of capabilities.actions
    return Doing(row.id, channel.id, channel.kind, unseal(channel.sealed), action)


def record(session: Session, *, action_id: int, failed: str = "") -> None:
    """It was done, or refused for good with a reason. Recorded once."""
    conversation, message, row = _locked(session, action_id)
    if row.state is ActionState.DOING:
        _finish(session, conversation, message, row, failed)


def record_transient(session: Session, *, action_id: int, reason: str, retry_after_seconds: float | None) -> None:
    """Try again later, at longer and longer intervals; give up after MAX_ATTEMPTS."""
    conversation, message, row = _locked(session, action_id)
    if row.state is not ActionState.DOING:
        return
    if row.attempts >= MAX_ATTEMPTS:
        _finish(session, conversation, message, row, f"{reason} Tried {row.attempts} times.")
        return
    doubled = min(FIRST_WAIT_SECONDS * 2.0 ** (row.attempts - 1), LONGEST_WAIT_SECONDS)
    row.next_try_at = now() + timedelta(seconds=max(doubled, retry_after_seconds or 0))
    row.state, row.reason, row.claimed_until = ActionState.QUEUED, plain(reason, 500), None


def reconcile(session: Session, *, older_than: timedelta, limit: int) -> int:
    """Ask again for actions that are due and nobody does; return how many."""
    moment = now()
    query = (
        select(MessageAction)
        .join(Message, Message.id == MessageAction.message_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            MessageAction.state.in_(UNFINISHED),
            MessageAction.created_at <= moment - older_than,
            or_(MessageAction.claimed_until.is_(None), MessageAction.claimed_until <= moment),
            or_(MessageAction.next_try_at.is_(None), MessageAction.next_try_at <= moment),
            Channel.state != ChannelState.PAUSED,
        )
        .order_by(MessageAction.id)
        .limit(limit)
    )
    lost = session.scalars(query.with_for_update(skip_locked=True, of=MessageAction)).all()
    for row in lost:
        row.state, row.claimed_until = ActionState.QUEUED, moment + timedelta(seconds=30)
    outbox.record_all(session, [ActionQueued(action_id=row.id) for row in lost])
    return len(lost)


def _unfinished(message_id: int) -> Select[MessageAction]:
    return select(MessageAction).where(MessageAction.message_id == message_id, MessageAction.state.in_(UNFINISHED))


def _is_held(row: MessageAction) -> bool:
    if row.state is ActionState.DOING and row.claimed_until is not None and row.claimed_until > now():
        return True
    return row.next_try_at is not None and row.next_try_at > now()


def _finish(session: Session, conversation: Conversation, message: Message, row: MessageAction, failed: str) -> None:
    row.state, row.reason = (ActionState.FAILED, plain(failed, 500)) if failed else (ActionState.DONE, "")
    row.done_at, row.claimed_until, row.next_try_at = now(), None, None
    outbox.record(session, message_event(session, MessageChanged, conversation, message))


def _locked(session: Session, action_id: int) -> tuple[Conversation, Message, MessageAction]:
    message = session.get_one(Message, session.get_one(MessageAction, action_id).message_id)
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    row = session.get_one(MessageAction, action_id, with_for_update=True, populate_existing=True)
    return conversation, message, row
