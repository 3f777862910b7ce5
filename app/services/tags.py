"""One vocabulary of tags, and putting them on conversations."""

from __future__ import annotations

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid
from app.models import AutomationRule, Conversation, Tag, Tagging, User
from app.services import activities
from app.services.changes import conversation_changed

COLOURS = ("slate", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink")
MAX_NAME = 40  # characters


def create(session: Session, *, name: str, colour: str = "slate") -> Tag:
    """Add a tag. Raises Invalid for a bad name or colour, Conflict if the name is taken."""
    name, colour = _checked(name, colour)
    if _find(session, name):
        raise Conflict(f"There is a tag “{name}” already.")
    tag = Tag(name=name, colour=colour)
    session.add(tag)
    session.flush()  # the caller shows or uses its id
    return tag


def named(session: Session, name: str) -> Tag:
    """Return the tag of a name, made if it is new."""
    return _find(session, name.strip()) or create(session, name=name)


def rename(session: Session, *, tag: Tag, name: str, colour: str) -> None:
    """Change a tag everywhere. Raises Invalid or Conflict."""
    name, colour = _checked(name, colour)
    other = _find(session, name)
    if other and other.id != tag.id:
        raise Conflict(f"There is a tag “{name}” already.")
    tag.name, tag.colour = name, colour


def delete(session: Session, *, tag: Tag) -> None:
    """Remove a tag from the vocabulary and from everything that carries it."""
    session.execute(sql_delete(Tagging).where(Tagging.tag_id == tag.id))
    session.delete(tag)


def put(
    session: Session,
    *,
    conversation: Conversation,
    tag: Tag,
    actor: User | None,
    rule: AutomationRule | None = None,
    reason: str = "",
) -> None:
    """Put a tag on a conversation; once."""
    statement = insert(Tagging).values(tag_id=tag.id, conversation_id=conversation.id)
    if not session.execute(statement.on_conflict_do_nothing().returning(Tagging.id)).first():
        return
    data = {"tag": tag.name, "reason": reason}
    activities.record(session, verb="tag.put", conversation=conversation, actor=actor, rule=rule, data=data)
    conversation_changed(session, conversation)


def take(session: Session, *, conversation: Conversation, tag: Tag, actor: User | None) -> None:
    """Take a tag off a conversation."""
    worn = (Tagging.tag_id == tag.id) & (Tagging.conversation_id == conversation.id)
    if not session.execute(sql_delete(Tagging).where(worn).returning(Tagging.id)).first():
        return
    activities.record(session, verb="tag.taken", conversation=conversation, actor=actor, data={"tag": tag.name})
    conversation_changed(session, conversation)


def _find(session: Session, name: str) -> Tag | None:
    return session.scalars(select(Tag).where(func.lower(Tag.name) == name.lower())).one_or_none()


def _checked(name: str, colour: str) -> tuple[str, str]:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Invalid(f"A tag needs a name of 1 to {MAX_NAME} characters.", field="name")
    if colour not in COLOURS:
        raise Invalid("Choose one of the colours offered.", field="colour")
    return name, colour
