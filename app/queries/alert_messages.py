"""The messages behind an alert, those before it, and the few that are shown as samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import Alert, AlertMetric, Channel, Contact, Conversation, ConversationMood, Direction, Message
from app.queries._json import AnySelect, InboxIds
from app.queries.alert_counts import DIMENSIONS, TASKS
from app.queries.demo_left_out import is_no_demo
from app.queries.sentiment_facts import facts, is_no_spam

MOST_NOW, MOST_BEFORE = 1000, 3000  # messages that are read
LONGEST_TEXT = 2000  # characters of each
SNIPPET = 320
LABELS = {AlertMetric.NEGATIVE_SHARE: "negative", AlertMetric.NET_SENTIMENT: "negative"}


@dataclass(frozen=True, slots=True)
class Read:
    """A message as its cause is looked for; `intent` is None where none is told."""

    id: int
    conversation_id: int
    text: str
    intent: str | None


@dataclass(frozen=True, slots=True)
class SampleRow:
    conversation: UUID
    contact: str
    subject: str
    text: str
    at: datetime
    channel_kind: str
    channel_name: str


def behind(session: Session, *, alert: Alert, since: datetime, until: datetime, fell_to: float) -> list[Read]:
    """Return the newest messages that the alert counted in a span: the negative ones where it is about sentiment."""
    return _read(session, _ids(alert, since, until, fell_to), MOST_NOW)


def before(session: Session, *, alert: Alert, until: datetime, fell_to: float) -> list[Read]:
    """Return the same kind of messages among the last ones before a moment."""
    newest = select(Message.created_at).where(Message.created_at < until, Message.direction == Direction.INBOUND)
    bounded = newest.order_by(Message.created_at.desc()).limit(MOST_BEFORE).subquery()
    since = session.scalar(select(func.min(bounded.c.created_at)))
    return _read(session, _ids(alert, since, until, fell_to), MOST_BEFORE) if since else []


def samples(session: Session, *, message_ids: Sequence[int], inbox_ids: InboxIds) -> list[SampleRow]:
    """Return these messages as far as they lie in inboxes that the reader may see, in the order given."""
    query = (
        select(
            Message.id,
            Conversation.public_id,
            Contact.name,
            Conversation.subject,
            func.left(Message.text, SNIPPET),
            Message.created_at,
            Channel.kind,
            Channel.name,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Message.contact_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.id.in_(message_ids), Conversation.inbox_id.in_(inbox_ids))
    )
    found = {row[0]: SampleRow(*row[1:]) for row in session.execute(query)}
    return [found[id_] for id_ in message_ids if id_ in found]


def _read(session: Session, ids: AnySelect, most: int) -> list[Read]:
    chosen = ids.order_by(ids.selected_columns[0].desc()).limit(most).subquery()
    text = func.left(Message.text, LONGEST_TEXT)
    query = select(Message.id, Message.conversation_id, text, chosen.c.intent)
    query = query.join(chosen, chosen.c.message_id == Message.id).order_by(Message.id.desc())
    return [Read(*row) for row in session.execute(query)]


def _ids(alert: Alert, since: datetime, until: datetime, fell_to: float) -> AnySelect:
    """Return (message_id, intent) of what an alert counts."""
    if alert.metric is AlertMetric.MOOD_FALLS:
        return _fallen(alert, since, until, fell_to)
    return _counted(alert, since, until)


def _counted(alert: Alert, since: datetime, until: datetime) -> AnySelect:
    told = facts(Message.created_at >= since, Message.created_at < until).subquery()
    wanted = [told.c.task == TASKS[alert.metric], told.c.is_latest]
    label = LABELS.get(alert.metric) or alert.label
    if label:
        wanted.append(told.c.label == label)
    wanted += _narrowed(alert, {name: told.c[name] for name in DIMENSIONS})
    return select(told.c.message_id, told.c.intent).where(*wanted)


def _fallen(alert: Alert, since: datetime, until: datetime, fell_to: float) -> AnySelect:
    wanted = [
        ConversationMood.model_version == Conversation.mood_version,
        ConversationMood.lowest <= fell_to,
        ConversationMood.lowest_at >= since,
        ConversationMood.lowest_at < until,
        is_no_demo(Conversation.channel_id),
        is_no_spam(),
        *_narrowed(alert, {name: getattr(Conversation, name) for name in DIMENSIONS}),
    ]
    query = select(ConversationMood.lowest_message_id.label("message_id"), Conversation.intent.label("intent"))
    return query.join(Conversation, Conversation.id == ConversationMood.conversation_id).where(*wanted)


def _narrowed(alert: Alert, columns: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [columns[name] == value for name in DIMENSIONS if (value := getattr(alert, name)) is not None]
