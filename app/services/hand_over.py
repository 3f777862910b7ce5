"""Hand a conversation over: who has it, and a note that tells them why, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Conversation, Message, User
from app.models.user import Team
from app.phrases import phrase
from app.queries import hand_over_choice
from app.queries._json import InboxIds
from app.queries.hand_over_choice import Workload
from app.services import conversations, followers, mentions, presence, replies
from app.services.mentions import Mentionable

REASON = "handed over with a note"
NOBODY = phrase("This inbox is not shared with them: choose somebody else.")


@dataclass(frozen=True, slots=True)
class Target:
    """To whom it can go; of a team `is_here` says that somebody of it is, `open` counts what its members have."""

    id: str
    name: str
    is_team: bool
    is_here: bool
    is_accepting: bool
    open: int


def targets(session: Session, *, conversation: Conversation, inbox_ids: InboxIds) -> list[Target]:
    """Return the people and teams that a conversation can go to, people first; three queries and its inbox's people.

    `inbox_ids`: those of who asks; only their conversations are counted.
    """
    known = mentions.mentionables(session, conversation=conversation)
    everybody = set[int]().union(*(one.user_ids for one in known))
    here = presence.online_user_ids(session)
    loads = hand_over_choice.workloads(session, user_ids=everybody, inbox_ids=inbox_ids)
    return [_target(one, here, loads) for one in known]


def _target(one: Mentionable, here: set[int], loads: dict[int, Workload]) -> Target:
    there = one.user_ids & here
    takes = any(loads[id_].is_accepting for id_ in there or one.user_ids)
    total = sum(loads[id_].open for id_ in one.user_ids)
    return Target(str(one.public_id), one.name, one.is_team, bool(there), takes, total)


def hand_over(
    session: Session,
    *,
    conversation: Conversation,
    actor: User,
    to: str,
    note: str,
    client_key: str,
    keeps_following: bool = False,
) -> Message:
    """Give a conversation to `to` (the public id of a user or team) with a note that mentions them.

    A team gets it with nobody in it assigned. The conversation is locked. Raises Invalid without a note, or where the
    chosen one may not see the conversation.
    """
    if not note.strip():
        raise Invalid(phrase("Write a note: what do they need to know?"), field="note")
    target = next(
        (one for one in mentions.mentionables(session, conversation=conversation) if str(one.public_id) == to), None
    )
    if target is None:
        raise Invalid(NOBODY, field="to")
    _give(session, conversation, actor, target)
    written = replies.write_note(
        session,
        conversation=conversation,
        author=actor,
        text=f"@{target.name} {note.strip()}",
        client_key=client_key,
        chosen=(to,),
    )
    if keeps_following:
        followers.follow(session, conversation=conversation, user=actor)
    else:
        followers.unfollow(session, conversation=conversation, user=actor)
    return written


def _give(session: Session, conversation: Conversation, actor: User, target: Mentionable) -> None:
    if target.is_team:
        team = session.get_one(Team, target.id)
        conversations.assign(session, conversation=conversation, actor=actor, assignee=None, reason=REASON)
        conversations.set_team(session, conversation=conversation, actor=actor, team=team, reason=REASON)
    else:
        user = session.get_one(User, target.id)
        conversations.assign(session, conversation=conversation, actor=actor, assignee=user, reason=REASON)
