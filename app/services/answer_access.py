"""The door to what people keep for answering: canned responses and macros, their own or shared with them.

Beside access.py, and by the same rule: what is not yours looks like what is not there.
"""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from app.errors import Forbidden, NotFound
from app.models import CannedResponse, Conversation, Inbox, Macro, MacroRun, Role, TeamMember, User
from app.phrases import phrase
from app.services.access import inbox_ids_of, inboxes_of

Row = TypeVar("Row")
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMIN})


def check_may_write(user: User, *, owner_id: int | None) -> None:
    """Raise Forbidden where somebody changes what is shared and is no supervisor, or what is another's own."""
    if owner_id is None and user.role not in SUPERVISORS:
        raise Forbidden(phrase("What is shared is changed by supervisors and admins. Keep it for yourself instead."))
    if owner_id is not None and owner_id != user.id:
        raise Forbidden(phrase("This is somebody's own."))


def canned_responses_of(user: User) -> ColumnElement[bool]:
    """Return the condition on CannedResponse that keeps what is a user's own or shared with them."""
    shared: ColumnElement[bool] = CannedResponse.owner_id.is_(None)
    if user.role not in SUPERVISORS:
        of_inbox = or_(CannedResponse.inbox_id.is_(None), CannedResponse.inbox_id.in_(inbox_ids_of(user)))
        of_team = or_(CannedResponse.team_id.is_(None), CannedResponse.team_id.in_(_teams_of(user)))
        shared = and_(shared, of_inbox, of_team)
    return or_(CannedResponse.owner_id == user.id, shared)


def canned_response_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> CannedResponse:
    query = select(CannedResponse).where(CannedResponse.public_id == _uuid(public_id), canned_responses_of(user))
    return _one(session, query.with_for_update() if lock else query)


def macros_of(user: User) -> ColumnElement[bool]:
    """Return the condition on Macro that keeps what a user may run: their own, their teams', everybody's."""
    shared: ColumnElement[bool] = Macro.owner_id.is_(None)
    if user.role not in SUPERVISORS:
        shared = and_(shared, or_(Macro.team_id.is_(None), Macro.team_id.in_(_teams_of(user))))
    return or_(Macro.owner_id == user.id, shared)


def macro_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> Macro:
    query = select(Macro).where(Macro.public_id == _uuid(public_id), macros_of(user))
    return _one(session, query.with_for_update() if lock else query)


def macro_run_for(session: Session, user: User, public_id: str | UUID, *, lock: bool = False) -> MacroRun:
    """What a macro did is for who ran it, while they see the conversation."""
    query = (
        select(MacroRun)
        .join(Conversation, Conversation.id == MacroRun.conversation_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(MacroRun.public_id == _uuid(public_id), MacroRun.user_id == user.id, inboxes_of(user))
    )
    return _one(session, query.with_for_update(of=MacroRun) if lock else query)


def _teams_of(user: User) -> Select[int]:
    return select(TeamMember.team_id).where(TeamMember.user_id == user.id)


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
