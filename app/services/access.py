"""The one door to every object: pages, API, sockets, attachments and exports all come through here.

An inbox is the access boundary. Admins see every inbox; everybody else those shared with them or one of their teams.
NotFound hides existence: what is not yours looks like what is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import (
    Alert,
    AlertRule,
    Ask,
    Attachment,
    BulkAction,
    Case,
    CaseConversation,
    Channel,
    ChecklistItem,
    Contact,
    Conversation,
    ConversationLink,
    Delivery,
    Inbox,
    InboxAccess,
    Message,
    Regrouping,
    Role,
    SavedView,
    TeamMember,
    User,
    ViewScope,
)
from app.phrases import phrase

Row = TypeVar("Row")


def inboxes_of(user: User) -> ColumnElement[bool]:
    """Return the condition on Inbox that keeps what a user may see; for use in queries."""
    return _inboxes_of(None if user.is_admin else user.id)


@lru_cache(maxsize=256)
def _inboxes_of(user_id: int | None) -> ColumnElement[bool]:
    """Return the same condition for the same user, so that queries with it need not be put together each time."""
    if user_id is None:
        return true()
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    shared = select(InboxAccess.inbox_id).where(or_(InboxAccess.user_id == user_id, InboxAccess.team_id.in_(teams)))
    return Inbox.id.in_(shared)


def inbox_ids_of(user: User) -> Select[int]:
    """Return the ids of what a user may see, for `IN (…)` inside a query of a screen: no query of its own."""
    return _inbox_ids_of(None if user.is_admin else user.id)


@lru_cache(maxsize=256)
def _inbox_ids_of(user_id: int | None) -> Select[int]:
    return select(Inbox.id).where(_inboxes_of(user_id))


def visible_inboxes(session: Session, user: User) -> list[Inbox]:
    return list(session.scalars(select(Inbox).where(inboxes_of(user)).order_by(Inbox.name)))


def sees_inbox(session: Session, user: User, inbox_id: int) -> bool:
    return session.scalar(select(Inbox.id).where(Inbox.id == inbox_id, inboxes_of(user))) is not None


def inbox_for(session: Session, user: User, public_id: str | UUID) -> Inbox:
    return _one(session, select(Inbox).where(Inbox.public_id == _uuid(public_id), inboxes_of(user)))


def conversation_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> Conversation:
    query = (
        select(Conversation)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(Conversation.public_id == _uuid(public_id), inboxes_of(user))
    )
    return _one(session, query.with_for_update(of=Conversation) if lock else query)


def message_for(session: Session, user: User, public_id: str | UUID) -> Message:
    query = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(Message.public_id == _uuid(public_id), inboxes_of(user))
    )
    return _one(session, query)


def attachment_for(session: Session, user: User, public_id: str | UUID) -> Attachment:
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(Attachment.public_id == _uuid(public_id), inboxes_of(user))
    )
    return _one(session, query)


def contact_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> Contact:
    """A contact is visible when one of their conversations is."""
    query = select(Contact).where(Contact.public_id == _uuid(public_id))
    if not user.is_admin:
        seen = select(Conversation.contact_id).join(Inbox, Inbox.id == Conversation.inbox_id).where(inboxes_of(user))
        query = query.where(Contact.id.in_(seen))
    return _one(session, query.with_for_update(of=Contact) if lock else query)


def case_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> Case:
    """A case is visible when one of its conversations is."""
    query = select(Case).where(Case.public_id == _uuid(public_id))
    if not user.is_admin:
        seen = (
            select(CaseConversation.case_id)
            .join(Conversation, Conversation.id == CaseConversation.conversation_id)
            .join(Inbox, Inbox.id == Conversation.inbox_id)
            .where(inboxes_of(user))
        )
        query = query.where(Case.id.in_(seen))
    return _one(session, query.with_for_update(of=Case) if lock else query)


def regrouping_for(session: Session, user: User, public_id: str | UUID) -> Regrouping:
    """Return what was merged or moved, where the user may see both conversations."""
    seen = select(Conversation.id).join(Inbox, Inbox.id == Conversation.inbox_id).where(inboxes_of(user))
    both = Regrouping.source_id.in_(seen), Regrouping.target_id.in_(seen)
    return _one(session, select(Regrouping).where(Regrouping.public_id == _uuid(public_id), *both))


def link_for(session: Session, user: User, public_id: str | UUID) -> ConversationLink:
    """Return a link between conversations, where the user may see both."""
    seen = select(Conversation.id).join(Inbox, Inbox.id == Conversation.inbox_id).where(inboxes_of(user))
    both = ConversationLink.from_id.in_(seen), ConversationLink.to_id.in_(seen)
    return _one(session, select(ConversationLink).where(ConversationLink.public_id == _uuid(public_id), *both))


def checklist_item_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> ChecklistItem:
    """Return something to do in a conversation or a case that the user may see."""
    query = select(ChecklistItem).where(ChecklistItem.public_id == _uuid(public_id))
    item = _one(session, query)
    if item.conversation_id is not None:
        conversation_for(session, user, session.get_one(Conversation, item.conversation_id).public_id, lock=lock)
    else:
        case_for(session, user, session.get_one(Case, item.case_id).public_id, lock=lock)
    return _one(session, query.execution_options(populate_existing=True))  # what it says once nobody changes it


def ask_for(session: Session, user: User, public_id: str | UUID) -> Ask:
    """An Ask is for who asked it, while they see the conversation."""
    query = (
        select(Ask)
        .join(Conversation, Conversation.id == Ask.conversation_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(Ask.public_id == _uuid(public_id), Ask.user_id == user.id, inboxes_of(user))
    )
    return _one(session, query)


def views_of(user: User) -> ColumnElement[bool]:
    """Return the condition on SavedView that keeps what a user may use: their own, their teams', everybody's."""
    return _views_of(user.id, sees_all_teams=user.role in {Role.SUPERVISOR, Role.ADMIN})


@lru_cache(maxsize=256)
def _views_of(user_id: int, *, sees_all_teams: bool) -> ColumnElement[bool]:
    of_teams = SavedView.scope == ViewScope.TEAM
    if not sees_all_teams:
        teams = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
        of_teams = and_(of_teams, SavedView.team_id.in_(teams))
    own = and_(SavedView.scope == ViewScope.PERSONAL, SavedView.owner_id == user_id)
    return or_(own, of_teams, SavedView.scope == ViewScope.EVERYONE)


def saved_view_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> SavedView:
    query = select(SavedView).where(SavedView.public_id == _uuid(public_id), views_of(user))
    return _one(session, query.with_for_update() if lock else query)


def bulk_action_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> BulkAction:
    """What was done to many conversations is for who did it."""
    query = select(BulkAction).where(BulkAction.public_id == _uuid(public_id), BulkAction.user_id == user.id)
    return _one(session, query.with_for_update() if lock else query)


def delivery_for(session: Session, user: User, public_id: str | UUID) -> Delivery:
    query = (
        select(Delivery)
        .join(Channel, Channel.id == Delivery.channel_id)
        .join(Inbox, Inbox.id == Channel.inbox_id)
        .where(Delivery.public_id == _uuid(public_id), inboxes_of(user))
    )
    return _one(session, query)


def source_of(session: Session, user: User, message: Message) -> Delivery:
    """Return the delivery that brought a message: for those who see its channel, and all else that came in it."""
    delivery = session.get(Delivery, message.delivery_id) if message.delivery_id is not None else None
    if delivery is None:
        raise NotFound(phrase("This message has no source: it did not come through a channel."))
    query = select(Message.id).join(Conversation, Conversation.id == Message.conversation_id)
    others = query.where(Message.delivery_id == delivery.id, Conversation.inbox_id.not_in(inbox_ids_of(user)))
    if session.scalar(others.limit(1)) is not None:
        raise NotFound
    return delivery_for(session, user, delivery.public_id)


def channel_for(session: Session, user: User, public_id: str | UUID) -> Channel:
    """A channel is visible where its inbox is."""
    query = select(Channel).join(Inbox, Inbox.id == Channel.inbox_id)
    return _one(session, query.where(Channel.public_id == _uuid(public_id), inboxes_of(user)))


def watches_of(user: User, kind: type[Alert | AlertRule]) -> ColumnElement[bool]:
    """Return the condition that keeps what a user may see of alerts, or of rules: those over inboxes that are all
    theirs. What watches the whole workspace is for those who see the whole of it.
    """
    if user.is_admin:
        return true()
    mine = inbox_ids_of(user).correlate(None)  # whatever else the query around it reads
    of_channel = select(Channel.inbox_id).where(Channel.id == kind.channel_id).correlate(kind).scalar_subquery()
    others = select(Inbox.id).where(Inbox.id.not_in(mine)).correlate(None)
    return case(
        (kind.inbox_id.is_not(None), kind.inbox_id.in_(mine)),
        (kind.channel_id.is_not(None), of_channel.in_(mine)),
        else_=~others.exists(),
    )


def alert_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> Alert:
    query = select(Alert).where(Alert.public_id == _uuid(public_id), watches_of(user, Alert))
    return _one(session, query.with_for_update() if lock else query)


def alert_rule_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> AlertRule:
    query = select(AlertRule).where(AlertRule.public_id == _uuid(public_id), watches_of(user, AlertRule))
    return _one(session, query.with_for_update() if lock else query)


def users_seeing(session: Session, watched: Alert | AlertRule) -> dict[int, User]:
    """Return the active people who may see an alert or a rule, by id: the same condition, for everybody at once."""
    wanted = _inboxes_watched(watched)
    teams = select(TeamMember.user_id, InboxAccess.inbox_id).join(TeamMember, TeamMember.team_id == InboxAccess.team_id)
    shared = select(InboxAccess.user_id, InboxAccess.inbox_id).where(InboxAccess.user_id.is_not(None))
    pairs = teams.union(shared).subquery()
    of_all = select(func.count()).select_from(wanted.subquery()).scalar_subquery()
    seen = select(pairs.c.user_id).where(pairs.c.inbox_id.in_(wanted)).group_by(pairs.c.user_id)
    seen = seen.having(func.count() == of_all)
    allowed = or_(User.role == Role.ADMIN, User.id.in_(seen))
    query = select(User).where(and_(User.is_active, User.role != Role.BOT, allowed)).order_by(User.id)
    return {user.id: user for user in session.scalars(query)}


def _inboxes_watched(watched: Alert | AlertRule) -> Select[int]:
    query = select(Inbox.id)
    if watched.inbox_id is not None:
        return query.where(Inbox.id == watched.inbox_id)
    if watched.channel_id is not None:
        return query.where(Inbox.id.in_(select(Channel.inbox_id).where(Channel.id == watched.channel_id)))
    return query


def colleagues(session: Session, inbox_id: int) -> Sequence[User]:
    """Return the active people and bots who may see an inbox, by name: those a conversation in it can be given to."""
    teams = select(InboxAccess.team_id).where(InboxAccess.inbox_id == inbox_id, InboxAccess.team_id.is_not(None))
    members = select(TeamMember.user_id).where(TeamMember.team_id.in_(teams))
    direct = select(InboxAccess.user_id).where(InboxAccess.inbox_id == inbox_id, InboxAccess.user_id.is_not(None))
    allowed = or_(User.role == Role.ADMIN, User.id.in_(members), User.id.in_(direct))
    return session.scalars(select(User).where(User.is_active, allowed).order_by(User.name, User.id)).all()


def _one(session: Session, query: Select[Row]) -> Row:
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def _uuid(value: str | UUID) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError:
        raise NotFound from None
