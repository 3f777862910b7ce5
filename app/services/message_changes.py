"""What happens to a message after it was said: edits, deletions, reactions, and how far our replies came.

    record (the change is kept, told twice is kept once) ──► settle (applied to its message, or it waits for it)

In whatever order a message and its changes arrive, the end is the same: of two edits or reactions the later one holds,
a state only moves forward, and a change that comes before its message waits. Only who wrote a message may change it.

The words of a deleted message stay stored (why: docs/decisions/deleted-messages.md), but nothing works with them any
more: not the models, not the search, not the previews.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.events import DeliveryStored, MessageChanged, ReplyFailed
from app.models import Conversation, Delivery, DeliveryState, Message, MessageChange, SendState
from app.phrases import phrase
from app.services import activities, message_reactions, predictions, rewording
from app.services.arrivals import MAX_HTML, MAX_TEXT, Arrival, lock_message, plain
from app.services.changes import message_event
from connectors.base import InboundMessage

KEEP_WAITING, KEEP_STATES = timedelta(days=7), timedelta(days=30)
WAIT_FOR_ORIGINAL = timedelta(minutes=15)
ORPHANS = "orphans"  # in Delivery.meta: the originals of its edits never came
MOST_WAITING = 10_000  # of all channels; the oldest go first
NOT_THEIRS = "Somebody else wrote this message."
NOT_OURS = "This is no message of ours."
NOT_DELIVERED = phrase("The provider could not deliver it.")
PROVIDER = "provider"  # the kind of sender of a deletion that no customer did (connectors/base.py)
BATCH = 200
Key = tuple[int, str]  # channel id, external id


@dataclass(slots=True)
class Effects:
    """What the changes of one message came to."""

    is_seen: bool = False  # something people see is different
    failed: str = ""
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the messages that changes are about live already: to be locked in the order of all locks."""

    conversations: frozenset[int] = field(default_factory=frozenset)
    contacts: frozenset[int] = field(default_factory=frozenset)

    def __or__(self, others: Homes) -> Homes:
        return Homes(self.conversations | others.conversations, self.contacts | others.contacts)


def homes(session: Session, changes: Sequence[Arrival]) -> Homes:
    """Return the conversations of the messages that these changes are about, and their contacts."""
    keys = {_target(change) for change in changes}
    if not keys:
        return Homes()
    query = select(Message.conversation_id, Conversation.contact_id).join(
        Conversation, Conversation.id == Message.conversation_id
    )
    rows = session.execute(query.where(_has_key(keys))).all()
    return Homes(frozenset(row[0] for row in rows), frozenset(row[1] for row in rows))


def record(session: Session, changes: Sequence[Arrival]) -> list[MessageChange]:
    """Keep changes; return those that were not known, in order of arrival. They wait until `settle`."""
    rows = {(change.channel_id, change.external_id): _row(change) for change in changes}
    if not rows:
        return []
    statement = insert(MessageChange).values(list(rows.values())).on_conflict_do_nothing().returning(MessageChange)
    return sorted(session.scalars(statement), key=lambda change: change.id)


def settle(session: Session, keys: Collection[Key]) -> None:
    """Apply what waits for these messages, as far as they are there. Their conversations, and for messages of
    customers their contacts, are locked by the caller.
    """
    waiting = _waiting(session, keys)
    if not waiting:
        return
    locked = select(Message).where(_has_key(waiting)).order_by(Message.id).with_for_update()
    reworded = []
    for message in session.scalars(locked.execution_options(populate_existing=True)).all():
        conversation = session.get_one(Conversation, message.conversation_id)
        changes = waiting[message.channel_id, message.external_id or ""]
        for change in changes:
            change.message_id = message.id
        session.flush()
        effects = Effects()
        for change in changes:
            _apply(session, message, change, effects)
        if effects.reworded:
            reworded.append(message)
        _tell(session, conversation, message, effects)
    rewording.take_back(session, reworded)


def settle_sent(session: Session, *, message: Message) -> None:
    """Apply what the provider told of a reply before we knew its id. Its conversation is locked."""
    if message.external_id:
        session.flush()
        settle(session, [(message.channel_id, message.external_id)])


def forget_failures(session: Session, *, message: Message) -> None:
    """What the provider told of an earlier attempt counts no more: the reply is sent again."""
    query = select(MessageChange).where(MessageChange.message_id == message.id, MessageChange.kind == "status")
    for change in session.scalars(query):
        change.refused = "Told of an earlier attempt."


def reconcile(session: Session) -> int:
    """Settle changes whose message is there after all; return how many messages were touched."""
    arrived = exists().where(
        Message.channel_id == MessageChange.channel_id, Message.external_id == MessageChange.target
    )
    query = select(MessageChange.channel_id, MessageChange.target).where(MessageChange.message_id.is_(None), arrived)
    keys = {(channel_id, target) for channel_id, target in session.execute(query.limit(BATCH))}
    if keys:
        for key in sorted(keys):
            lock_message(session, *key)
        predictions.lock_conversations(session, set(session.scalars(select(Message.id).where(_has_key(keys)))))
        settle(session, keys)
    return len(keys)


def say_orphans(session: Session) -> int:
    """Let edits be messages whose original never came (it was written before we listened): nothing said to us is lost.

    Their deliveries are taken in again; `said_of` makes messages of them. Returns how many.
    """
    waited = MessageChange.created_at < now() - WAIT_FOR_ORIGINAL
    alone = select(MessageChange.delivery_id).where(
        MessageChange.message_id.is_(None), MessageChange.kind == "edit", waited
    )
    query = select(Delivery).where(Delivery.id.in_(alone), Delivery.meta[ORPHANS].is_(None)).order_by(Delivery.id)
    found = session.scalars(query.limit(BATCH).with_for_update(skip_locked=True)).all()
    for delivery in found:
        delivery.meta = {**delivery.meta, ORPHANS: "1"}
        delivery.state, delivery.attempts, delivery.claimed_until = DeliveryState.STORED, 0, None
    outbox.record_all(session, [DeliveryStored(delivery_id=row.id, channel_id=row.channel_id) for row in found])
    return len(found)


def said_of(delivery: Delivery, messages: Sequence[InboundMessage]) -> list[InboundMessage]:
    """Return the messages of a delivery; an edit without its original is one, beside the edit that it is."""
    if not delivery.meta.get(ORPHANS):
        return list(messages)
    orphans = [
        replace(said, kind="text", external_id=said.target, target=None)
        for said in messages
        if said.kind == "edit" and said.target
    ]
    return [*orphans, *messages]


def purge(session: Session) -> None:
    """Forget changes whose message never came, and old states."""
    unmet = MessageChange.message_id.is_(None)
    newest = select(MessageChange.id).where(unmet).order_by(MessageChange.id.desc()).limit(1).offset(MOST_WAITING)
    session.execute(delete(MessageChange).where(unmet, MessageChange.created_at < now() - KEEP_WAITING))
    session.execute(delete(MessageChange).where(unmet, MessageChange.id <= newest.scalar_subquery()))
    old = MessageChange.created_at < now() - KEEP_STATES
    session.execute(delete(MessageChange).where(MessageChange.kind == "status", old))


def _row(change: Arrival) -> dict[str, Any]:
    said = change.message
    return {
        "channel_id": change.channel_id,
        "external_id": change.external_id,
        "target": change.target,
        "kind": said.kind,
        "sender": change.sender_key[1],
        "details": _details(change),
        "at": said.sent_at or change.received_at,
        "delivery_id": change.delivery_id,
    }


def _details(change: Arrival) -> dict[str, Any]:
    said = change.message
    told: dict[str, Any] = {"sender_kind": said.sender.kind}
    if said.kind == "edit":
        html = plain(said.html, MAX_HTML) if said.html is not None else None
        return told | {"text": plain(said.text, MAX_TEXT), "html": html}
    if said.kind == "reaction":
        return told | {"reaction": plain(said.reaction, 50)}
    if said.kind == "status":
        return told | {"status": said.status or "", "reason": plain(said.status_reason, 500)}
    return told | {"deleted_by": said.deleted_by} if said.kind == "delete" else told


def _target(change: Arrival) -> Key:
    return change.channel_id, change.target


def _has_key(keys: Iterable[Key]) -> Any:
    return tuple_(Message.channel_id, Message.external_id).in_(sorted(keys))


def _waiting(session: Session, keys: Collection[Key]) -> dict[Key, list[MessageChange]]:
    """Return what waits by the key of its message, the oldest first."""
    found: defaultdict[Key, list[MessageChange]] = defaultdict(list)
    if not keys:
        return found
    query = select(MessageChange).where(
        MessageChange.message_id.is_(None), tuple_(MessageChange.channel_id, MessageChange.target).in_(sorted(keys))
    )
    for change in session.scalars(query.order_by(MessageChange.at, MessageChange.id)):
        found[change.channel_id, change.target].append(change)
    return found


def _apply(session: Session, message: Message, change: MessageChange, effects: Effects) -> None:
    if change.kind == "status":
        _move_on(message, change, effects)
    elif change.kind == "reaction":
        effects.is_seen |= message_reactions.take(session, message, change)
    elif not _may_change(message, change):
        change.refused = NOT_THEIRS
    elif change.kind == "edit":
        effects.reworded |= rewording.edit(session, message, change)
    else:
        effects.reworded |= rewording.delete(session, message, change)


def _may_change(message: Message, change: MessageChange) -> bool:
    if change.kind == "delete" and (change.details.get("sender_kind") == PROVIDER or _is_above(change)):
        return True
    return message.is_inbound and message.sender == change.sender


def _is_above(change: MessageChange) -> bool:
    """Say whether who deleted it may delete what others wrote."""
    return change.details.get("deleted_by") in {"moderator", "provider"}


def _move_on(message: Message, change: MessageChange, effects: Effects) -> None:
    """Let a reply's state move forward: sent, delivered, read; failed only while it has not arrived."""
    if message.is_inbound:
        change.refused = NOT_OURS
        return
    before = (message.delivered_at, message.read_at, message.send_state)
    status = change.details.get("status")
    if status == "delivered":
        message.delivered_at = min(message.delivered_at or change.at, change.at)
    elif status == "read":
        message.read_at = min(message.read_at or change.at, change.at)
    has_arrived = bool(message.delivered_at or message.read_at)
    if status == "failed" and not has_arrived and message.send_state is SendState.SENT:
        message.send_state = SendState.FAILED
        message.send_error = effects.failed = change.details.get("reason") or NOT_DELIVERED
    if has_arrived and message.send_state in {SendState.FAILED, SendState.UNCERTAIN}:
        message.send_state, message.send_error, effects.failed = SendState.SENT, "", ""
    effects.is_seen |= before != (message.delivered_at, message.read_at, message.send_state)


def _tell(session: Session, conversation: Conversation, message: Message, effects: Effects) -> None:
    if effects.failed:
        activities.record(session, verb="reply.not_sent", conversation=conversation, data={"reason": effects.failed})
        outbox.record(session, message_event(session, ReplyFailed, conversation, message))
    if effects.is_seen or effects.reworded:
        outbox.record(session, message_event(session, MessageChanged, conversation, message))
