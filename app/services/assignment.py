"""Round robin among the people who are online and take work: whoever got work longest ago is next."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Channel, Conversation, Inbox, Message, Status, Team, TeamMember, User
from app.services import conversations, presence
from app.services.access import colleagues


def assign_waiting(session: Session, conversation: Conversation) -> None:
    """Give a conversation that nobody has to the next of its team; if nobody is there it waits for `sweep`."""
    demo_of_id = session.get_one(Channel, conversation.channel_id).demo_of_id
    if demo_of_id is not None:
        _give_demo(session, conversation, demo_of_id)
        return
    inbox = session.get_one(Inbox, conversation.inbox_id)
    team_id = conversation.team_id or inbox.team_id
    if not inbox.auto_assign or team_id is None or not _needs_somebody(session, conversation):
        return
    member = _next_member(session, team_id, conversation.inbox_id)
    if member is None:
        return
    member.last_assigned_at = now()
    user = session.get_one(User, member.user_id)
    reason = f"next in line of {session.get_one(Team, team_id).name}"
    conversations.assign(session, conversation=conversation, actor=None, assignee=user, reason=reason)


def _give_demo(session: Session, conversation: Conversation, user_id: int) -> None:
    """Give a demo conversation to who asked for it: it is no work for colleagues."""
    if _needs_somebody(session, conversation):
        user = session.get_one(User, user_id)
        conversations.assign(session, conversation=conversation, actor=None, assignee=user, reason="their own demo")


def sweep(session: Session, *, limit: int = 50) -> int:
    """Hand out what has waited for somebody to come online, oldest first; return how many were given."""
    if not presence.accepting_user_ids(session):
        return 0
    query = (
        select(Conversation)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None))
        .where(Conversation.waiting_since.is_not(None), Inbox.auto_assign)
        .order_by(Conversation.id)
        .limit(limit)
        .with_for_update(of=Conversation, skip_locked=True)
    )
    waiting = session.scalars(query).all()
    for conversation in waiting:
        assign_waiting(session, conversation)
    return sum(conversation.assignee_id is not None for conversation in waiting)


def _needs_somebody(session: Session, conversation: Conversation) -> bool:
    if conversation.assignee_id is not None or conversation.status is not Status.OPEN:
        return False
    newest = session.get(Message, conversation.last_message_id) if conversation.last_message_id else None
    return newest is not None and newest.auto in {"none", "calendar"} and newest.annotated_at is not None


def _next_member(session: Session, team_id: int, inbox_id: int) -> TeamMember | None:
    able = presence.accepting_user_ids(session) & {user.id for user in colleagues(session, inbox_id)}
    if not able:
        return None
    query = (
        select(TeamMember)
        .where(TeamMember.team_id == team_id, TeamMember.user_id.in_(able))
        .order_by(TeamMember.last_assigned_at.asc().nulls_first(), TeamMember.user_id)
        .limit(1)
        .with_for_update()
    )
    return session.scalars(query).first()
