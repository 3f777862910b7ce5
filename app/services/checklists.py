"""What is to be done in a conversation or a case, item by item; and lists that are put in ready-made.

The object (conversation or case) is locked by the caller. Everybody who sees it is told of each change.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import Case, ChecklistItem, ChecklistTemplate, Conversation, Status, User
from app.models.checklist import MOST, MOST_TEMPLATES
from app.phrases import phrase
from app.services import activities, cases
from app.services.changes import conversation_changed

Place = Conversation | Case
LONGEST, LONGEST_NAME = 300, 80  # characters


def add(session: Session, *, actor: User, place: Place, texts: Sequence[str]) -> list[ChecklistItem]:
    """Put items at the end, one for each text that says something. Raises Invalid for none, too many, or too long."""
    said = _said(texts)
    there, last = session.execute(
        select(func.count(), func.coalesce(func.max(ChecklistItem.position), 0)).where(_of(place))
    ).one()
    if there + len(said) > MOST:
        raise Invalid(phrase("A checklist has at most {most} items.", most=MOST), field="text")
    items = [ChecklistItem(text=text, position=last + at, **_object(place)) for at, text in enumerate(said, start=1)]
    session.add_all(items)
    session.flush()
    told = f"“{said[0]}”" if len(said) == 1 else f"{len(said)} items"
    _tell(session, place, actor, "checklist.added", {"items": told})
    return items


def check(session: Session, *, actor: User, place: Place, item: ChecklistItem, is_done: bool) -> None:
    """Check an item off, or open it again; what is so already stays as it is, with who did it first."""
    if (item.done_at is not None) is is_done:
        return
    item.done_at, item.done_by_id = (now(), actor.id) if is_done else (None, None)
    _tell(session, place, actor, "checklist.done" if is_done else "checklist.reopened", {"item": item.text})


def rename(session: Session, *, actor: User, place: Place, item: ChecklistItem, text: str) -> None:
    """Say an item in other words. Raises Invalid."""
    (item.text,) = _said([text])
    _tell(session, place, actor)


def move(session: Session, *, actor: User, place: Place, item: ChecklistItem, by: int) -> None:
    """Put an item one place up (-1) or down (1); at the end nothing happens."""
    items = list(session.scalars(select(ChecklistItem).where(_of(place)).order_by(*_order())))
    at = items.index(item)
    to = min(max(at + (1 if by > 0 else -1), 0), len(items) - 1)
    items.insert(to, items.pop(at))
    for position, one in enumerate(items, start=1):
        one.position = position
    _tell(session, place, actor)


def remove(session: Session, *, actor: User, place: Place, item: ChecklistItem) -> None:
    """Take an item off the list."""
    _tell(session, place, actor, "checklist.removed", {"item": item.text})
    session.delete(item)
    session.flush()


def put_in(session: Session, *, actor: User, place: Place, template: ChecklistTemplate) -> list[ChecklistItem]:
    """Add the items of a template. Raises Invalid where they do not fit any more."""
    return add(session, actor=actor, place=place, texts=template.items)


def open_items(session: Session, place: Place) -> int:
    """Count what is still to be done."""
    return session.scalar(select(func.count()).where(_of(place), ChecklistItem.done_at.is_(None))) or 0


def unfinished(session: Session, place: Place) -> list[str]:
    """Return the words of what is still to be done, in order."""
    query = select(ChecklistItem.text).where(_of(place), ChecklistItem.done_at.is_(None))
    return list(session.scalars(query.order_by(*_order())))


def unfinished_among(session: Session, conversations: Select[int]) -> int:
    """Count the conversations, of those whose ids a query finds, that would be resolved with something to be done."""
    ids = conversations.order_by(None).subquery()
    of = ChecklistItem.conversation_id == Conversation.id, ChecklistItem.done_at.is_(None)
    closing = Conversation.status.not_in((Status.RESOLVED, Status.SPAM))
    query = select(func.count()).select_from(Conversation)
    query = query.where(Conversation.id.in_(select(next(iter(ids.c)))), closing, exists().where(*of))
    return session.scalar(query) or 0


def all_done(which: Select[int]) -> Select[int]:
    """Leave out, of the conversations that a query finds, those with something to be done."""
    of = ChecklistItem.conversation_id == Conversation.id, ChecklistItem.done_at.is_(None)
    return which.where(~exists().where(*of))


def save_template(session: Session, *, template: ChecklistTemplate | None, name: str, items: str) -> ChecklistTemplate:
    """Keep a template, a line each item. Raises Invalid, Conflict where the name is taken."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(phrase("A checklist needs a name of 1 to {most} characters.", most=LONGEST_NAME), field="name")
    try:
        said = _said(items.splitlines())
    except Invalid as wrong:
        raise Invalid(wrong.reason, field="items") from None
    if len(said) > MOST:
        raise Invalid(phrase("A checklist has at most {most} items.", most=MOST), field="items")
    if template is None:
        if (session.scalar(select(func.count(ChecklistTemplate.id))) or 0) >= MOST_TEMPLATES:
            raise Invalid(phrase("There are {most} checklists: delete one first.", most=MOST_TEMPLATES))
        template = ChecklistTemplate()
    try:
        with session.begin_nested():
            template.name, template.items = name, said
            session.add(template)
    except IntegrityError:
        raise Conflict(phrase("There is a checklist “{name}” already.", name=name)) from None
    return template


def _of(place: Place) -> ColumnElement[bool]:
    column = ChecklistItem.conversation_id if isinstance(place, Conversation) else ChecklistItem.case_id
    return column == place.id


def _object(place: Place) -> dict[str, int]:
    return {"conversation_id" if isinstance(place, Conversation) else "case_id": place.id}


def _order() -> tuple[ColumnElement[int], ColumnElement[int]]:
    return ChecklistItem.position.expression, ChecklistItem.id.expression


def _said(texts: Sequence[str]) -> list[str]:
    said = [words for text in texts if (words := " ".join(text.replace("\0", "").split()))]
    if not said:
        raise Invalid(phrase("Say what is to be done."), field="text")
    if max(map(len, said)) > LONGEST:
        raise Invalid(phrase("An item has at most {most} characters.", most=LONGEST), field="text")
    return said


def _tell(session: Session, place: Place, actor: User, verb: str = "", data: dict[str, str] | None = None) -> None:
    if isinstance(place, Case):
        if verb:
            activities.record(session, verb=verb, case=place, actor=actor, data=data)
        cases.changed(session, place)
        return
    if verb:
        activities.record(session, verb=verb, conversation=place, actor=actor, data=data)
    conversation_changed(session, place)
    if place.merged_into_id is not None:  # it is shown there
        conversation_changed(session, session.get_one(Conversation, place.merged_into_id))
