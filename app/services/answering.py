"""What exactly a reply answers, whether everybody may read it, and from which approved template it is made.

A screen builds a `Wish` from its form: `answers` is the public id of a message of the customer that was picked ("" for
their newest one), `in_private` that a public message is to be answered privately, `template` the public id of a
ChannelTemplate with its `values` in order. Services decide what comes of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import ChannelTemplate, Conversation, Direction, Message
from app.phrases import counted, phrase
from app.services.arrivals import plain
from app.services.delivery_route import Route

LONGEST_VALUE = 1_000
MOST_VALUES = 50
_BLANK = re.compile(r"\{\{ ?(\d{1,2}) ?\}\}")


@dataclass(frozen=True, slots=True)
class Wish:
    answers: str = ""
    in_private: bool = False
    template: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`template` is what Message.template keeps; `text` is the reply's own words, or the template's filled in."""

    text: str
    answered: Message | None = None
    is_public: bool = False
    template: dict[str, Any] | None = None


AS_USUAL = Wish()


def decide(session: Session, *, conversation: Conversation, route: Route, text: str, wish: Wish = AS_USUAL) -> Answer:
    """Say what a wish comes to on this route. Raises Invalid saying what is not possible."""
    answered = _answered(session, conversation, route, wish)
    is_public = _is_public(answered, route, wish)
    if not wish.template:
        return Answer(text, answered, is_public)
    if is_public:
        raise Invalid(phrase("A template cannot be sent in public."), field="template")
    row = _template(session, route, wish.template)
    values = _values(row, wish.values)
    kept = {"name": row.name, "language": row.language, "text": row.text, "values": list(values)}
    return Answer(filled(row.text, values), answered, is_public, kept)


def filled(text: str, values: tuple[str, ...]) -> str:
    """Return a template's text with its values in their places; a place without a value stays as it is."""

    def value(found: re.Match[str]) -> str:
        number = int(found[1])
        return values[number - 1] if 0 < number <= len(values) else found[0]

    return _BLANK.sub(value, text)


def blanks(text: str) -> int:
    """Return how many values a template needs: the highest number in it."""
    return max((int(number) for number in _BLANK.findall(text)), default=0)


def _answered(session: Session, conversation: Conversation, route: Route, wish: Wish) -> Message | None:
    query = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.channel_id == route.channel.id,
        Message.direction == Direction.INBOUND,
        Message.external_id.is_not(None),
    )
    if not wish.answers:
        there = query.where(Message.deleted_at.is_(None))
        return session.scalars(there.order_by(Message.id.desc()).limit(1)).first()
    found = session.scalars(query.where(Message.public_id == _id(wish.answers, "answers"))).one_or_none()
    if found is None:
        raise Invalid(phrase("The message that this answers is not in this conversation."), field="answers")
    if found.is_deleted:
        raise Invalid(phrase("The message that this answers was deleted."), field="answers")
    return found


def _is_public(answered: Message | None, route: Route, wish: Wish) -> bool:
    can = route.capabilities
    if answered is None or not answered.is_public or not can.public:
        return False
    if wish.in_private and not can.private_reply:
        raise Invalid(phrase("This channel cannot answer a public message in private."), field="in_private")
    return not wish.in_private


def _template(session: Session, route: Route, public_id: str) -> ChannelTemplate:
    query = select(ChannelTemplate).where(
        ChannelTemplate.channel_id == route.channel.id, ChannelTemplate.public_id == _id(public_id, "template")
    )
    found = session.scalars(query).one_or_none()
    if found is None or not route.capabilities.templates:
        raise Invalid(phrase("This template is not there any more: load the page again."), field="template")
    return found


def _values(row: ChannelTemplate, given: tuple[str, ...]) -> tuple[str, ...]:
    needed = min(blanks(row.text), MOST_VALUES)
    values = tuple(" ".join(plain(value, LONGEST_VALUE).split()) for value in given[:needed])
    if len(values) < needed or not all(values):
        raise Invalid(
            counted("This template needs {count} value.", "This template needs {count} values.", needed), field="values"
        )
    return values


def _id(value: str, field: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Invalid(phrase("The form is out of date: load the page again."), field=field) from None
