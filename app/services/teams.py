"""Users who share work."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Invalid
from app.events import AccessChanged
from app.models import Role, Team, TeamMember, User
from app.phrases import phrase

LONGEST_NAME = 60


def create(session: Session, *, name: str) -> Team:
    """Make an empty team. Raises Invalid."""
    team = Team(name=clean_name(name))
    try:
        with session.begin_nested():
            session.add(team)
    except IntegrityError:
        raise Invalid(phrase("There is a team with this name already."), field="name") from None
    return team


def rename(session: Session, *, team: Team, name: str) -> None:
    """Give a team another name. Raises Invalid."""
    try:
        with session.begin_nested():
            team.name = clean_name(name)
    except IntegrityError:
        raise Invalid(phrase("There is a team with this name already."), field="name") from None


def set_members(session: Session, *, team: Team, users: Iterable[User]) -> None:
    """Make exactly these users the team; who stays keeps their place in the line for work. Raises Invalid for bots."""
    wanted = {user.id: user for user in users}
    if any(user.role is Role.BOT for user in wanted.values()):
        raise Invalid(phrase("Bots work through the API and are in no team."), field="members")
    before = set(session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team.id)))
    gone = before - set(wanted)
    session.execute(sql_delete(TeamMember).where(TeamMember.team_id == team.id, TeamMember.user_id.in_(gone)))
    session.add_all(TeamMember(team_id=team.id, user_id=user_id) for user_id in sorted(set(wanted) - before))
    session.flush()
    tell_access_changed(session, gone ^ (set(wanted) - before))


def delete(session: Session, *, team: Team) -> None:
    """Dissolve a team; its conversations stay, without a team."""
    members = session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team.id)).all()
    tell_access_changed(session, members)
    session.delete(team)
    session.flush()


def tell_access_changed(session: Session, user_ids: Iterable[int]) -> None:
    """Let open sockets of these users check again which rooms they may be in."""
    changed = select(User.id, User.public_id).where(User.id.in_(set(user_ids))).order_by(User.id)
    outbox.record_all(
        session, [AccessChanged(user_id=row.id, user=str(row.public_id)) for row in session.execute(changed)]
    )


def clean_name(text: str) -> str:
    """Return a name with its blanks put in order. Raises Invalid."""
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise Invalid(phrase("Give it a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST_NAME), field="name")
    return name
