"""One vocabulary of tags, and putting them on conversations."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Text, cast, func, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid
from app.events import TagChanged
from app.models import AutomationRule, Conversation, Inbox, Macro, SavedView, Tag, Tagging, User
from app.models.base import Json
from app.phrases import Phrase, phrase, phrase_in
from app.services import activities
from app.services.changes import conversation_changed

COLOUR_WORDS: Mapping[str, Phrase] = {
    "slate": phrase_in("colour", "slate"),
    "red": phrase_in("colour", "red"),
    "orange": phrase_in("colour", "orange"),
    "amber": phrase_in("colour", "amber"),
    "green": phrase_in("colour", "green"),
    "teal": phrase_in("colour", "teal"),
    "blue": phrase_in("colour", "blue"),
    "violet": phrase_in("colour", "violet"),
    "pink": phrase_in("colour", "pink"),
}
COLOURS = tuple(COLOUR_WORDS)
MAX_NAME = 40  # characters


def create(session: Session, *, name: str, colour: str = "slate") -> Tag:
    """Add a tag. Raises Invalid for a bad name or colour, Conflict if the name is taken."""
    name, colour = _checked(name, colour)
    if _find(session, name):
        raise Conflict(phrase("There is a tag “{name}” already.", name=name))
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
        raise Conflict(phrase("There is a tag “{name}” already.", name=name))
    if (tag.name, tag.colour) == (name, colour):
        return
    if tag.name != name:
        _rename_in_actions(session, tag.name, name)
    tag.name, tag.colour = name, colour
    _tell(session, tag)


def merge(session: Session, *, tag: Tag, into: Tag) -> None:
    """Let everything that wears one tag wear another, once; what adds or looks for it does so with the other then.

    Both are locked by the caller. Raises Invalid for a tag with itself.
    """
    if tag.id == into.id:
        raise Invalid(phrase("Choose another tag than this one."), field="into")
    for column in (Tagging.conversation_id, Tagging.contact_id, Tagging.case_id):
        worn = select(column).where(Tagging.tag_id == into.id, column.is_not(None))
        theirs = Tagging.tag_id == tag.id, column.is_not(None), column.not_in(worn)
        session.execute(update(Tagging).where(*theirs).values(tag_id=into.id))
    _rename_in_actions(session, tag.name, into.name)
    old, new = str(tag.public_id), str(into.public_id)
    views = select(SavedView).where(cast(SavedView.conditions, Text).contains(old, autoescape=True))
    for view in session.scalars(views.with_for_update()):
        view.conditions = json.loads(json.dumps(view.conditions).replace(old, new))
        view.version += 1
    delete(session, tag=tag)
    session.flush()


def delete(session: Session, *, tag: Tag) -> None:
    """Remove a tag from the vocabulary and from everything that carries it."""
    _tell(session, tag)
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


def _tell(session: Session, tag: Tag) -> None:
    """Let every open list and conversation show it as it is now; it may be worn in any inbox."""
    inboxes = [str(one) for one in session.scalars(select(Inbox.public_id).order_by(Inbox.id))]
    outbox.record(session, TagChanged(tag_id=tag.id, tag=str(tag.public_id), inboxes=inboxes))


def _rename_in_actions(session: Session, old: str, new: str) -> None:
    """Let rules and macros go on with a tag that has another name now: they name it."""
    rules = session.scalars(select(AutomationRule).order_by(AutomationRule.id).with_for_update()).all()
    macros = session.scalars(select(Macro).order_by(Macro.id).with_for_update()).all()
    rows: list[AutomationRule | Macro] = [*rules, *macros]
    for row in rows:
        actions = [_renamed(action, old, new) for action in row.actions]
        if actions != row.actions:
            row.actions = actions
            row.version += 1


def _renamed(action: Json, old: str, new: str) -> Json:
    names_it = action.get("do") in {"add_tag", "take_tag"} and str(action.get("value")).lower() == old.lower()
    return {**action, "value": new} if names_it else action


def _find(session: Session, name: str) -> Tag | None:
    return session.scalars(select(Tag).where(func.lower(Tag.name) == name.lower())).one_or_none()


def _checked(name: str, colour: str) -> tuple[str, str]:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Invalid(phrase("A tag needs a name of 1 to {most} characters.", most=MAX_NAME), field="name")
    if colour not in COLOURS:
        raise Invalid(phrase("Choose one of the colours offered."), field="colour")
    return name, colour
