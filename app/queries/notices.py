"""What a user is told of some conversations while the page is not looked at. One query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.clock import now
from app.models import (
    Activity,
    Contact,
    Conversation,
    Direction,
    MentionedUser,
    Message,
    NoticeScope,
    Status,
    User,
    Visibility,
)
from app.phrases import phrase
from app.queries import following
from app.queries._json import InboxIds
from app.queries.conversation_filters import Last, is_unread, with_reading
from app.queries.conversation_list import contact_label

MOST = 50  # conversations asked about at once
LATEST = timedelta(minutes=10)  # after this, an assignment is no news any more
SLEEPING = (Status.SNOOZED, Status.RESOLVED, Status.SPAM)

Assigned, Assigner = aliased(Activity), aliased(User)
Mentioning, Mentioner, Sayer = aliased(Message), aliased(User), aliased(User)
LONGEST = 300  # characters of a colleague's words


@dataclass(frozen=True, slots=True)
class Notice:
    """`key` names what happened, the same whenever it is asked for; `assigned_by` is None for what was said.

    `said_by` is the colleague who said it, "" for the customer; `mentions_me` and `is_note` tell of their note.
    """

    key: str
    conversation: UUID
    contact: str
    subject: str
    preview: str
    assigned_by: str | None = None
    said_by: str = ""
    mentions_me: bool = False
    is_note: bool = False


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
    is_written, is_told = _is_written(user, scope), _is_told(user)
    seen = Conversation.inbox_id.in_(inbox_ids), Conversation.merged_into_id.is_(None)
    is_news = or_(is_written, is_told, Assigned.id.is_not(None), Mentioning.id.is_not(None))
    query = _select(user, is_written, is_told).where(or_(*asked), *seen, is_news)
    rows = session.execute(query.order_by(Conversation.last_message_at.desc(), Conversation.id).limit(MOST)).all()
    return tuple(_notice(row) for row in rows)


def _is_written(user: User, scope: NoticeScope) -> ColumnElement[bool]:
    """Say that a customer has the last word, unread, in a conversation that concerns the user."""
    concerned: dict[NoticeScope, list[ColumnElement[bool]]] = {
        NoticeScope.MINE: [Conversation.assignee_id == user.id],
        NoticeScope.UNASSIGNED: [or_(Conversation.assignee_id == user.id, Conversation.assignee_id.is_(None))],
    }
    is_said = and_(Last.direction == Direction.INBOUND, Last.auto == "none", Last.deleted_at.is_(None))
    theirs = or_(following.is_followed(user), *concerned[scope]) if scope in concerned else true()
    return and_(is_said, is_unread(user), Conversation.status.not_in(SLEEPING), theirs)


def _is_told(user: User) -> ColumnElement[bool]:
    """Say that a colleague has the last word, unread, in a conversation that the user follows."""
    is_said = and_(Last.direction == Direction.OUTBOUND, Last.author_id.is_not(None), Last.deleted_at.is_(None))
    return and_(is_said, is_unread(user), following.is_followed(user), Conversation.status != Status.SPAM)


def _newest_mention(user: User) -> Any:
    """Return the id of the newest note of a Conversation that mentions a user who has not seen it."""
    mine = MentionedUser.user_id == user.id, MentionedUser.seen_at.is_(None)
    query = select(func.max(Message.id)).join(MentionedUser, MentionedUser.message_id == Message.id).where(*mine)
    return query.where(Message.conversation_id == Conversation.id).correlate(Conversation).scalar_subquery()


def _select(user: User, is_written: ColumnElement[bool], is_told: ColumnElement[bool]) -> Any:
    """Select conversations with their last message and, where a colleague or rule just gave it to the user, that; and
    the newest note that mentions them.
    """
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
            is_told.label("is_told"),
            Sayer.name.label("sayer"),
            (Last.visibility == Visibility.PRIVATE).label("is_note"),
            func.left(Last.text, LONGEST).label("said"),
            Mentioning.id.label("mentioned_at"),
            Mentioning.public_id.label("mention"),
            Mentioner.name.label("mentioner"),
            func.left(Mentioning.text, LONGEST).label("mention_text"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Assigned, is_news)
        .outerjoin(Assigner, Assigner.id == Assigned.actor_id)
        .outerjoin(Mentioning, Mentioning.id == _newest_mention(user))
        .outerjoin(Mentioner, Mentioner.id == Mentioning.author_id)
    )
    return with_reading(query, user).outerjoin(Sayer, Sayer.id == Last.author_id)


def _notice(row: Any) -> Notice:
    """What happened last is told: a mention, an assignment until the customer writes again, or what was said."""
    said_at = row.said_at or 0
    if row.mention is not None and row.mentioned_at >= (said_at if row.is_written else 0):
        return _by_colleague(row, row.mention, row.mentioner, row.mention_text, mentions_me=True)
    if row.is_told and (row.assignment is None or said_at > (row.assigned_at or 0)):
        return _by_colleague(row, row.message, row.sayer, row.said)
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


def _by_colleague(row: Any, message: UUID, by: str | None, words: str, *, mentions_me: bool = False) -> Notice:
    return Notice(
        key=f"m:{message}",
        conversation=row.public_id,
        contact=row.contact,
        subject=row.subject,
        preview=words,
        said_by=by or phrase("A colleague"),
        mentions_me=mentions_me,
        is_note=row.is_note,
    )
