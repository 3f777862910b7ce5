"""What a user is told of some conversations while the page is not looked at. One query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.clock import now
from app.models import Activity, Contact, Conversation, Direction, NoticeScope, Status, User
from app.queries._json import InboxIds
from app.queries.conversation_filters import Last, is_unread, with_reading
from app.queries.conversation_list import contact_label

MOST = 50  # conversations asked about at once
LATEST = timedelta(minutes=10)  # after this, an assignment is no news any more
SLEEPING = (Status.SNOOZED, Status.RESOLVED, Status.SPAM)

Assigned, Assigner = aliased(Activity), aliased(User)


@dataclass(frozen=True, slots=True)
class Notice:
    """`key` names what happened, the same whenever it is asked for; `assigned_by` is None for a customer's message."""

    key: str
    conversation: UUID
    contact: str
    subject: str
    preview: str
    assigned_by: str | None = None


def notices(
    session: Session,
    *,
    user: User,
    inbox_ids: InboxIds,
    scope: NoticeScope,
    about: Sequence[UUID] = (),
    away: timedelta | None = None,
) -> tuple[Notice, ...]:
    """Read what is news for a user in the conversations `about`, and in those written to while `away`, newest first."""
    asked: list[ColumnElement[bool]] = [Conversation.public_id.in_(about[:MOST])] if about else []
    if away is not None:
        asked.append(Conversation.last_message_at > now() - away)
    if not asked or scope is NoticeScope.NOTHING:
        return ()
    is_written = _is_written(user, scope)
    seen = Conversation.inbox_id.in_(inbox_ids), Conversation.merged_into_id.is_(None)
    query = _select(user, is_written).where(or_(*asked), *seen, or_(is_written, Assigned.id.is_not(None)))
    rows = session.execute(query.order_by(Conversation.last_message_at.desc(), Conversation.id).limit(MOST)).all()
    return tuple(_notice(row) for row in rows)


def _is_written(user: User, scope: NoticeScope) -> ColumnElement[bool]:
    """Say that a customer has the last word, unread, in a conversation that concerns the user."""
    concerned: dict[NoticeScope, list[ColumnElement[bool]]] = {
        NoticeScope.MINE: [Conversation.assignee_id == user.id],
        NoticeScope.UNASSIGNED: [or_(Conversation.assignee_id == user.id, Conversation.assignee_id.is_(None))],
    }
    is_said = and_(Last.direction == Direction.INBOUND, Last.auto == "none", Last.deleted_at.is_(None))
    return and_(is_said, is_unread(user), Conversation.status.not_in(SLEEPING), *concerned.get(scope, []))


def _select(user: User, is_written: ColumnElement[bool]) -> Any:
    """Select conversations with their last message and, where a colleague or rule just gave it to the user, that."""
    newest = (
        select(Activity.id)
        .where(Activity.conversation_id == Conversation.id, Activity.verb == "conversation.assigned")
        .order_by(Activity.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    is_news = and_(
        Assigned.id == newest,
        Conversation.assignee_id == user.id,
        Assigned.actor_id.is_distinct_from(user.id),
        Assigned.created_at > now() - LATEST,
    )
    query = (
        select(
            Conversation.public_id,
            Conversation.subject,
            Conversation.preview,
            contact_label().label("contact"),
            Last.public_id.label("message"),
            Assigned.public_id.label("assignment"),
            Assigned.message_id.label("assigned_at"),
            Last.id.label("said_at"),
            is_written.label("is_written"),
            Assigner.name.label("assigner"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Assigned, is_news)
        .outerjoin(Assigner, Assigner.id == Assigned.actor_id)
    )
    return with_reading(query, user)


def _notice(row: Any) -> Notice:
    """An assignment is told as such until the customer writes again."""
    is_said_since = row.is_written and (row.said_at or 0) > (row.assigned_at or 0)
    is_message = row.assignment is None or is_said_since
    return Notice(
        key=f"m:{row.message}" if is_message else f"a:{row.assignment}",
        conversation=row.public_id,
        contact=row.contact,
        subject=row.subject,
        preview=row.preview,
        assigned_by=None if is_message else row.assigner or "",
    )
