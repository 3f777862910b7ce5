"""What can be done to many conversations at once: how each is done to one, what it changes, and how that is undone.

`seen` is what a verb changes, as it is in one conversation: compared before and after, and again before it is undone.
Words in it that begin with "_" are restored, but not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import Conversation, ConversationRead, Priority, Status, Tag, Tagging, Team, User
from app.phrases import Phrase, phrase
from app.services import access, conversations, tags

Seen = dict[str, Any]
Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """`do` may raise Invalid: then the conversation is left alone. `restore` puts back what `seen` told before."""

    words: Phrase  # {name} is what was chosen
    do: Callable[[Session, Conversation, User, Value], None]
    seen: Callable[[Session, Conversation, User, Value], Seen]
    restore: Callable[[Session, Conversation, User, Seen, Value], None]

    def deed(self, name: str) -> Phrase:
        """Say what was done with what was chosen."""
        return Phrase(self.words.template, values={"name": name})


def _assign(session: Session, row: Conversation, actor: User, value: Value) -> None:
    wanted = value["id"]
    if wanted is not None and wanted not in {one.id for one in access.colleagues(session, row.inbox_id)}:
        raise Invalid(phrase("This inbox is not shared with that colleague."))
    assignee = session.get(User, wanted) if wanted else None
    conversations.assign(session, conversation=row, actor=actor, assignee=assignee)


def _assignee(_: Session, row: Conversation, __: User, ___: Value) -> Seen:
    return {"id": row.assignee_id}


def _assign_back(session: Session, row: Conversation, actor: User, before: Seen, _: Value) -> None:
    _assign(session, row, actor, before)


def _give(session: Session, row: Conversation, actor: User, value: Value) -> None:
    team = session.get(Team, value["id"]) if value["id"] else None
    conversations.set_team(session, conversation=row, actor=actor, team=team)


def _team(_: Session, row: Conversation, __: User, ___: Value) -> Seen:
    return {"id": row.team_id}


def _give_back(session: Session, row: Conversation, actor: User, before: Seen, _: Value) -> None:
    _give(session, row, actor, before)


def _set_status(session: Session, row: Conversation, actor: User, value: Value) -> None:
    until = datetime.fromisoformat(value["until"]) if value.get("until") else None
    conversations.set_status(session, conversation=row, actor=actor, status=Status(value["status"]), until=until)


def _status(_: Session, row: Conversation, __: User, ___: Value) -> Seen:
    told = row.snoozed_until.isoformat() if row.snoozed_until else None
    waiting = row.waiting_since.isoformat() if row.waiting_since else None
    return {"status": row.status.value, "until": told, "_waiting": waiting}


def _status_back(session: Session, row: Conversation, actor: User, before: Seen, _: Value) -> None:
    """A snooze that has ended meanwhile is open."""
    until = before["until"]
    is_over = until is not None and datetime.fromisoformat(until) <= now()
    _set_status(session, row, actor, {"status": Status.OPEN.value} if is_over else before)
    row.waiting_since = datetime.fromisoformat(before["_waiting"]) if before["_waiting"] else None


def _set_priority(session: Session, row: Conversation, actor: User, value: Value) -> None:
    conversations.set_priority(session, conversation=row, actor=actor, priority=Priority(value["priority"]))


def _priority(_: Session, row: Conversation, __: User, ___: Value) -> Seen:
    return {"priority": row.priority.value}


def _priority_back(session: Session, row: Conversation, actor: User, before: Seen, _: Value) -> None:
    _set_priority(session, row, actor, before)


def _put_tag(session: Session, row: Conversation, actor: User, value: Value) -> None:
    tags.put(session, conversation=row, tag=_tag(session, value), actor=actor)


def _take_tag(session: Session, row: Conversation, actor: User, value: Value) -> None:
    tags.take(session, conversation=row, tag=_tag(session, value), actor=actor)


def _tag(session: Session, value: Value) -> Tag:
    tag = session.get(Tag, value["id"])
    if tag is None:
        raise Invalid(phrase("There is no such tag any more."))
    return tag


def _wears(session: Session, row: Conversation, _: User, value: Value) -> Seen:
    worn = select(Tagging.id).where(Tagging.conversation_id == row.id, Tagging.tag_id == value["id"])
    return {"worn": session.scalar(worn) is not None}


def _tag_back(session: Session, row: Conversation, actor: User, before: Seen, value: Value) -> None:
    (_put_tag if before["worn"] else _take_tag)(session, row, actor, value)


def _read(session: Session, row: Conversation, actor: User, _: Value) -> None:
    conversations.mark_read(session, conversation=row, user=actor)


def _seen_to(session: Session, row: Conversation, actor: User, _: Value) -> Seen:
    return {"message": session.scalar(select(ConversationRead.message_id).where(*_reading(row, actor)))}


def _reading(row: Conversation, actor: User) -> tuple[Any, ...]:
    return ConversationRead.conversation_id == row.id, ConversationRead.user_id == actor.id


def _unread(session: Session, row: Conversation, actor: User, before: Seen, _: Value) -> None:
    if before["message"] is None:
        session.execute(delete(ConversationRead).where(*_reading(row, actor)))
    else:
        values = {"message_id": before["message"]}
        session.execute(update(ConversationRead).where(*_reading(row, actor)).values(values))


VERBS: Mapping[str, Verb] = {
    "assign": Verb(phrase("assigned to {name}"), _assign, _assignee, _assign_back),
    "team": Verb(phrase("given to {name}"), _give, _team, _give_back),
    "status": Verb(phrase("set to {name}"), _set_status, _status, _status_back),
    "priority": Verb(phrase("set to {name} priority"), _set_priority, _priority, _priority_back),
    "tag_put": Verb(phrase("tagged {name}"), _put_tag, _wears, _tag_back),
    "tag_take": Verb(phrase("freed of the tag {name}"), _take_tag, _wears, _tag_back),
    "read": Verb(phrase("marked as read"), _read, _seen_to, _unread),
}


def same(one: Seen, other: Seen) -> bool:
    """Compare what two moments told, without what only restoring needs."""
    return {k: v for k, v in one.items() if k[0] != "_"} == {k: v for k, v in other.items() if k[0] != "_"}
