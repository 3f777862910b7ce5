"""Where teams work: what an inbox is called, who may see it, and who gets what comes in."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import Channel, Conversation, Inbox, InboxAccess, Team, TeamMember, User
from app.phrases import phrase
from app.services import signatures
from app.services.teams import clean_name, tell_access_changed


def create(session: Session, *, name: str, team: Team | None = None) -> Inbox:
    """Make an inbox; its team, if any, may see it. Raises Invalid."""
    inbox = Inbox(team_id=team.id if team else None)
    _save(session, inbox, clean_name(name))
    if team:
        share(session, inbox=inbox, users=(), teams=(team,))
    return inbox


def edit(session: Session, *, inbox: Inbox, name: str, team: Team | None, auto_assign: bool, signature: str) -> None:
    """Change how an inbox works. Raises Invalid."""
    inbox.team_id = team.id if team else None
    inbox.auto_assign = auto_assign
    inbox.signature = signatures.clean(signature)
    _save(session, inbox, clean_name(name))


def share(session: Session, *, inbox: Inbox, users: Iterable[User], teams: Iterable[Team]) -> None:
    """Let exactly these users and teams see an inbox (admins see all)."""
    before = _who_sees(session, inbox)
    session.execute(sql_delete(InboxAccess).where(InboxAccess.inbox_id == inbox.id))
    session.add_all(InboxAccess(inbox_id=inbox.id, user_id=user_id) for user_id in sorted({user.id for user in users}))
    session.add_all(InboxAccess(inbox_id=inbox.id, team_id=team_id) for team_id in sorted({team.id for team in teams}))
    session.flush()
    tell_access_changed(session, before ^ _who_sees(session, inbox))


def delete(session: Session, *, inbox: Inbox) -> None:
    """Remove an inbox that never had a channel. Raises Conflict: messages are not deleted with a click."""
    used = select(Channel.id).where(Channel.inbox_id == inbox.id).limit(1)
    talked = select(Conversation.id).where(Conversation.inbox_id == inbox.id).limit(1)
    if session.scalar(used) is not None or session.scalar(talked) is not None:
        raise Conflict(
            phrase("This inbox has channels or conversations: it can be renamed, and unshared, but not deleted.")
        )
    tell_access_changed(session, _who_sees(session, inbox))
    session.delete(inbox)
    session.flush()


def _save(session: Session, inbox: Inbox, name: str) -> None:
    try:
        with session.begin_nested():
            inbox.name = name
            session.add(inbox)
    except IntegrityError:
        raise Invalid(phrase("There is an inbox with this name already."), field="name") from None


def _who_sees(session: Session, inbox: Inbox) -> set[int]:
    """Return the ids of users to whom the inbox is shared, themselves or through a team."""
    directly = select(InboxAccess.user_id).where(InboxAccess.inbox_id == inbox.id, InboxAccess.user_id.is_not(None))
    by_team = select(TeamMember.user_id).join(InboxAccess, InboxAccess.team_id == TeamMember.team_id)
    rows = directly.union(by_team.where(InboxAccess.inbox_id == inbox.id))
    return {user_id for user_id in session.scalars(rows) if user_id is not None}
