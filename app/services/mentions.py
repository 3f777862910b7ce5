"""Mentions in notes: an @ and the name of a user or a team that may see the conversation.

What is written is plain text; where it names somebody is stored beside it, so that a renamed user is still right. Of
several of one name the one is meant whom the writer picked (`chosen`, public ids), else the first: people before teams.
Nobody else can be mentioned: their name after an @ stays text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Conversation, MentionedUser, Message, NoteMention, Role, Team, TeamMember, User
from app.services import followers
from app.services.access import colleagues

MOST = 50  # mentions of one note
MOST_SIGNS = 1000  # how many @ of one note are looked at


@dataclass(frozen=True, slots=True)
class Mentionable:
    """A user, or a team with those of its members who may see the conversation."""

    id: int
    public_id: UUID
    name: str
    is_team: bool
    user_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a text names somebody: from `start` on, `length` characters with the @."""

    start: int
    length: int
    who: Mentionable


def mentionables(session: Session, *, conversation: Conversation) -> list[Mentionable]:
    """Return whom a note in a conversation can mention: people by name, then teams."""
    people = {one.id: one for one in colleagues(session, conversation.inbox_id) if one.role is not Role.BOT}
    found = [Mentionable(one.id, one.public_id, one.name, False, frozenset({one.id})) for one in people.values()]
    query = select(Team, TeamMember.user_id).join(TeamMember, TeamMember.team_id == Team.id)
    members: dict[Team, set[int]] = {}
    for team, user_id in session.execute(query.where(TeamMember.user_id.in_(people)).order_by(Team.name)):
        members.setdefault(team, set()).add(user_id)
    return found + [
        Mentionable(team.id, team.public_id, team.name, True, frozenset(ids)) for team, ids in members.items()
    ]


def spans(text: str, known: Sequence[Mentionable], chosen: Collection[str] = ()) -> list[Span]:
    """Find where a text names somebody known, the longest name first; at most MOST, in order."""
    longest_first = sorted((one for one in known if one.name.strip()), key=lambda one: -len(one.name))
    found: list[Span] = []
    for at in _signs(text):
        if found and at < found[-1].start + found[-1].length:
            continue
        named = _named(text, at + 1, longest_first)
        picked = [one for one in named if str(one.public_id) in chosen] or named[:1]
        found += [Span(at, len(one.name) + 1, one) for one in picked[:1]]
        if len(found) >= MOST:
            break
    return found


def record(
    session: Session, *, conversation: Conversation, note: Message, author: User, chosen: Collection[str] = ()
) -> set[int]:
    """Store whom a new note mentions; they follow from now on. Returns the ids of the users who are told.

    The conversation is locked.
    """
    if "@" not in note.text:
        return set()
    found = spans(note.text, mentionables(session, conversation=conversation), chosen)
    if not found:
        return set()
    session.execute(insert(NoteMention), [_row(note, span) for span in found])
    told = set().union(*(span.who.user_ids for span in found)) - {author.id}
    if told:
        rows = [{"user_id": one, "message_id": note.id} for one in sorted(told)]
        session.execute(upsert(MentionedUser).values(rows).on_conflict_do_nothing())
        followers.add(session, conversation=conversation, user_ids=told, anew=True)
    return told


def see(session: Session, *, conversation: Conversation, user: User) -> bool:
    """Remember that a user has seen where they are mentioned in a conversation; tell whether they had not."""
    here = select(Message.id).where(Message.conversation_id == conversation.id)
    unseen = MentionedUser.user_id == user.id, MentionedUser.seen_at.is_(None), MentionedUser.message_id.in_(here)
    mine = update(MentionedUser).where(*unseen).values(seen_at=now()).returning(MentionedUser.message_id)
    return bool(session.scalars(mine.execution_options(synchronize_session=False)).all())


def _signs(text: str) -> Iterator[int]:
    """Yield where an @ begins a word: one within an address does not."""
    at = -1
    for _ in range(MOST_SIGNS):
        at = text.find("@", at + 1)
        if at < 0:
            return
        if at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "._-+@"):
            yield at


def _named(text: str, at: int, longest_first: Sequence[Mentionable]) -> list[Mentionable]:
    """Return those of the longest name that stands at a place, and ends there."""
    found: list[Mentionable] = []
    for one in longest_first:
        if found and len(one.name) < len(found[0].name):
            break
        end = at + len(one.name)
        if text[at:end].casefold() == one.name.casefold() and not text[end : end + 1].isalnum():
            found.append(one)
    return found


def _row(note: Message, span: Span) -> dict[str, int | None]:
    who = span.who
    named = {"user_id": None if who.is_team else who.id, "team_id": who.id if who.is_team else None}
    return {"message_id": note.id, "start": span.start, "length": span.length, **named}
