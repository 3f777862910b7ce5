"""The messages behind a number of the sentiment report, newest first, page by page. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Channel,
    Contact,
    Conversation,
    ConversationMood,
    Correction,
    Message,
    Prediction,
    User,
)
from app.queries._json import AnySelect, InboxIds
from app.queries.sentiment_asked import HOUR, NOBODY, Asked, Period
from app.queries.sentiment_facts import ABSTAINED, hour_of_message, is_corrected, is_no_spam, truth
from app.queries.sentiment_recovery import conditions
from app.queries.sentiment_source import has_tag, is_open, is_value

PAGE = 40
SNIPPET = 320  # characters


@dataclass(frozen=True, slots=True)
class Spot:
    """Which number: hours, a label ("" for any), and of a version's line its name ("" for the newest of each)."""

    since: datetime
    until: datetime
    label: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """`label` is what holds, `said` the model's own word where a person has put another in its place."""

    cursor: int
    conversation: UUID
    contact: str
    subject: str
    text: str
    at: datetime
    channel_kind: str
    channel_name: str
    agent: str | None
    label: str
    said: str
    confidence: float
    abstain_reason: str | None


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[MessageRow, ...]
    more: int  # cursor of the page after this one, 0 at the end


def page(session: Session, *, asked: Asked, period: Period, spot: Spot, inbox_ids: InboxIds, after: int = 0) -> Page:
    """Read the messages that a number counts."""
    hour = hour_of_message()
    wanted = [
        Prediction.task == asked.task,
        Conversation.inbox_id.in_(inbox_ids),
        Message.created_at >= spot.since,
        Message.created_at < spot.until + HOUR,
        hour >= spot.since,
        hour < spot.until,
        *is_open(hour, period.doors),
        *_filters(asked),
        Prediction.model_version == spot.version if spot.version else _is_latest(),
    ]
    if spot.label:
        wanted.append(truth() == spot.label)
    return _page(session, _select().where(*wanted), after)


def fallen(
    session: Session,
    *,
    asked: Asked,
    period: Period,
    inbox_ids: InboxIds,
    fell_to: float,
    has_recovered: bool,
    after: int,
) -> Page:
    """Read the message at which each conversation that fell was lowest; `has_recovered`: of those that recovered."""
    drawn = and_(
        ConversationMood.conversation_id == Conversation.id, ConversationMood.model_version == Conversation.mood_version
    )
    query = (
        _select()
        .join(ConversationMood, drawn)
        .where(ConversationMood.lowest_message_id == Message.id, Prediction.task == "sentiment")
        .where(Prediction.model_version == Conversation.mood_version, Conversation.mood_lowest <= fell_to)
        .where(*conditions(asked, period, inbox_ids), Conversation.last_message_at >= period.start)
    )
    return _page(session, query.where(Conversation.has_recovered) if has_recovered else query, after)


def _select() -> AnySelect:
    return (
        select(
            Message.id,
            Conversation.public_id,
            Contact.name,
            Conversation.subject,
            func.left(Message.text, SNIPPET),
            Message.created_at,
            Channel.kind,
            Channel.name,
            User.name,
            truth(),
            Prediction.label,
            Prediction.confidence,
            Prediction.abstain_reason,
        )
        .join(Message, Message.id == Prediction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Message.contact_id)
        .join(Channel, Channel.id == Message.channel_id)
        .outerjoin(User, User.id == Prediction.assignee_id)
        .outerjoin(Correction, is_corrected())
        .where(Channel.demo_of_id.is_(None), is_no_spam())
    )


def _page(session: Session, query: AnySelect, after: int) -> Page:
    if after > 0:
        query = query.where(Message.id < after)
    found = [MessageRow(*row) for row in session.execute(query.order_by(Message.id.desc()).limit(PAGE + 1))]
    return Page(rows=tuple(found[:PAGE]), more=found[PAGE - 1].cursor if len(found) > PAGE else 0)


def _filters(asked: Asked) -> list[ColumnElement[bool]]:
    columns: dict[str, ColumnElement[Any]] = {
        "channel": Message.channel_id.expression,
        "inbox": Conversation.inbox_id.expression,
        "team": Prediction.team_id.expression,
        "agent": Prediction.assignee_id.expression,
        "language": Message.language.expression,
    }
    wanted = [is_value(columns[name], name, value) for name, value in asked.filters.items() if name in columns]
    if asked.tag:
        wanted.append(has_tag(Conversation.id.expression, asked.tag))
    if asked.intent:
        wanted.append(_has_intent(asked.intent))
    return wanted


def _has_intent(value: str) -> ColumnElement[bool]:
    """Return whether the same version told this intent of the message, or, for NOBODY, none."""
    told, corrected = aliased(Prediction), aliased(Correction)
    same = (
        told.message_id == Prediction.message_id,
        told.model_version == Prediction.model_version,
        told.task == "intent",
    )
    holds = truth(told, corrected)
    query = select(told.id).outerjoin(corrected, is_corrected(told, corrected)).where(*same)
    if value == NOBODY:
        return ~exists(query.where(holds != ABSTAINED).correlate(Prediction))
    return exists(query.where(holds == value).correlate(Prediction))


def _is_latest() -> ColumnElement[bool]:
    newer = aliased(Prediction)
    same = newer.message_id == Prediction.message_id, newer.task == Prediction.task, newer.id > Prediction.id
    return ~exists(select(newer.id).where(*same).correlate(Prediction))
