"""Reusable texts with variables. A variable is a known word in double braces; everything else stays as it is typed:
no template language runs on what people wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid
from app.events import SuggestionChanged
from app.models import CannedResponse, Contact, Conversation, Inbox, Team, TeamMember, User

MAX_SHORTCUT, MAX_TITLE, MAX_TEXT = 40, 120, 10_000
VARIABLES = {
    "contact.name": "the customer's name",
    "contact.first_name": "the customer's first name",
    "agent.name": "your name",
    "agent.first_name": "your first name",
    "conversation.number": "the conversation's number",
    "conversation.subject": "its subject",
}
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2}|")
_VARIABLE = re.compile(r"\{\{ {0,3}([a-z_.]{1,40}) {0,3}\}\}")


def save(
    session: Session,
    *,
    canned: CannedResponse | None,
    shortcut: str,
    title: str,
    text: str,
    language: str = "",
    inbox: Inbox | None = None,
    team: Team | None = None,
) -> CannedResponse:
    """Write a canned response, a new one for None, and have the models read it. Raises Invalid, or Conflict where the
    shortcut is taken.
    """
    canned = canned or CannedResponse(version=0)
    canned.shortcut = _free_shortcut(session, canned, shortcut)
    canned.title = _filled(" ".join(title.split()), "title", MAX_TITLE)
    canned.text = _filled(text.replace("\r\n", "\n").replace("\x00", "").strip(), "text", MAX_TEXT)
    if not _LANGUAGE.fullmatch(language):
        raise Invalid("Choose one of the languages offered.", field="language")
    if inbox and team:
        raise Invalid("Choose an inbox or a team, not both.", field="team")
    canned.language, canned.inbox_id, canned.team_id = language, inbox.id if inbox else None, team.id if team else None
    canned.version += 1
    session.add(canned)
    session.flush()  # the event carries its id
    outbox.record(session, SuggestionChanged(suggestion_id=canned.id))
    return canned


def archive(session: Session, *, canned: CannedResponse, is_archived: bool) -> None:
    """Offer it no longer, or again. Raises Conflict where its shortcut has been taken meanwhile."""
    if not is_archived:
        _free_shortcut(session, canned, canned.shortcut)
    canned.is_archived = is_archived


def offered_in(conversation: Conversation, user: User) -> ColumnElement[bool]:
    """Return the condition on CannedResponse that keeps what a user may use in a conversation."""
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user.id)
    return (
        CannedResponse.is_archived.is_(False)
        & or_(CannedResponse.inbox_id.is_(None), CannedResponse.inbox_id == conversation.inbox_id)
        & or_(CannedResponse.team_id.is_(None), CannedResponse.team_id.in_(teams))
    )


def find_by_shortcut(
    session: Session, *, conversation: Conversation, user: User, shortcut: str
) -> CannedResponse | None:
    """Return what a shortcut stands for in a conversation."""
    wanted = func.lower(CannedResponse.shortcut) == shortcut.lower()
    return session.scalars(select(CannedResponse).where(wanted, offered_in(conversation, user))).one_or_none()


def values_for(conversation: Conversation, contact: Contact, user: User) -> dict[str, str]:
    """Return what the variables stand for in a conversation."""
    return {
        "contact.name": contact.name,
        "contact.first_name": _first(contact.name),
        "agent.name": user.name,
        "agent.first_name": _first(user.name),
        "conversation.number": str(conversation.number),
        "conversation.subject": conversation.subject,
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables replaced, once: what a value holds is not looked at. Unknown ones stay."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _first(name: str) -> str:
    words = name.split()
    return words[0] if words and "@" not in words[0] else ""


def _free_shortcut(session: Session, canned: CannedResponse, shortcut: str) -> str:
    shortcut = shortcut.strip().lstrip("/").lower()
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid(f"A shortcut has 1 to {MAX_SHORTCUT} letters, digits, - or _.", field="shortcut")
    query = select(CannedResponse.id).where(func.lower(CannedResponse.shortcut) == shortcut)
    taken = session.scalar(query.where(CannedResponse.is_archived.is_(False)))
    if taken is not None and taken != canned.id:
        raise Conflict(f"/{shortcut} is taken already.")
    return shortcut


def _filled(words: str, field: str, most: int) -> str:
    if not words or len(words) > most:
        raise Invalid(f"Write 1 to {most} characters.", field=field)
    return words
