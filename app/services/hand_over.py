"""Hand a conversation over: who has it, and a note that tells them why, in one transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Conversation, Message, User
from app.models.user import Team
from app.services import conversations, followers, mentions, replies
from app.services.mentions import Mentionable

REASON = "handed over with a note"
NOBODY = "This inbox is not shared with them: choose somebody else."


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
        raise Invalid("Write a note: what do they need to know?", field="note")
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
