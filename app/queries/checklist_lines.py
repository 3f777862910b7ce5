"""The checklist of a conversation or a case, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Case, ChecklistItem, ChecklistTemplate, Conversation, User
from app.models.checklist import MOST, MOST_TEMPLATES
from app.queries._json import json_list, json_object, moment

Doer = aliased(User)
Part = aliased(Conversation)


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One item; `done_by` is "" where it is open, or whoever did it is gone."""

    id: str
    text: str
    done_at: datetime | None
    done_by: str

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


@cache
def of_conversation() -> ColumnElement[Any]:
    """Return the JSON of the items of the conversation that the query around it reads, and of what was merged in."""
    merged = select(Part.id).where(or_(Part.id == Conversation.id, Part.merged_into_id == Conversation.id))
    return _lines(ChecklistItem.conversation_id.in_(merged.correlate(Conversation)), Conversation)


def of_case() -> ColumnElement[Any]:
    """Return the JSON of the items of the case that the query around it reads."""
    return _lines(ChecklistItem.case_id == Case.id, Case)


@cache
def progress() -> ColumnElement[Any]:
    """Return [done, all] of the conversation that the query around it reads, or null where it has no checklist."""
    told = func.jsonb_build_array(func.count(ChecklistItem.done_at), func.count())
    query = select(told).where(ChecklistItem.conversation_id == Conversation.id).having(func.count() > 0)
    return query.correlate(Conversation).scalar_subquery()


def read(told: Sequence[dict[str, Any]]) -> tuple[ChecklistLine, ...]:
    return tuple(ChecklistLine(**{**line, "done_at": moment(line["done_at"])}) for line in told)


def templates(session: Session) -> Sequence[ChecklistTemplate]:
    """Read all templates by name."""
    return session.scalars(select(ChecklistTemplate).order_by(ChecklistTemplate.name).limit(MOST_TEMPLATES)).all()


def _lines(of: ColumnElement[bool], outer: type[Conversation | Case]) -> ColumnElement[Any]:
    line = json_object(
        id=ChecklistItem.public_id,
        text=ChecklistItem.text,
        done_at=ChecklistItem.done_at,
        done_by=func.coalesce(Doer.name, ""),
    )
    place = ChecklistItem.conversation_id, ChecklistItem.position, ChecklistItem.id
    lines = (
        select(line.label("line"), func.row_number().over(order_by=place).label("place"))
        .select_from(ChecklistItem)
        .outerjoin(Doer, Doer.id == ChecklistItem.done_by_id)
        .where(of)
        .order_by(*place)
        .limit(2 * MOST)
        .correlate(outer)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.place)).scalar_subquery()
