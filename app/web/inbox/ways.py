"""How a reply would reach the customer, and what the channel allows: what the composer shows, and keeps to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.queries import composer_view
from app.queries.composer_view import ComposerRow, SaidRow, TemplateRow
from app.queries.conversation_view import ConversationView
from app.queries.timeline import MessageRow
from app.services import delivery_route
from app.web.inbox.looks import channel_label
from connectors.base import Capabilities

ALL_KINDS = Capabilities()
PLACEHOLDER = re.compile(r"\{\{ ?(\d{1,2}) ?\}\}")


@dataclass(frozen=True, slots=True)
class Blank:
    """A part of a template's text: words, or a place for the value with this number."""

    words: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class OfferedTemplate:
    id: str
    name: str
    language: str
    text: str

    @property
    def parts(self) -> list[Blank]:
        """Return the text cut at its places for values."""
        cut = PLACEHOLDER.split(self.text)
        return [Blank("", int(part)) if at % 2 else Blank(part) for at, part in enumerate(cut) if part]

    @property
    def words(self) -> str:
        """What a search looks at, in lower case."""
        return f"{self.name} {self.language} {self.text}".lower()

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the values it needs, ascending."""
        return sorted({part.number for part in self.parts if part.number})


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply would reach the customer, or why it cannot."""

    can_send: bool
    explanation: str = ""
    to: str = ""
    kind: str = ""
    can: Capabilities = ALL_KINDS
    closes_at: datetime | None = None  # the end of the reply window; None where there is none
    is_closed: bool = False
    answered: SaidRow | None = None  # the message that the reply would name as the one it answers
    templates: tuple[OfferedTemplate, ...] = ()

    @property
    def label(self) -> str:
        return channel_label(self.kind)

    @property
    def writes(self) -> bool:
        """An agent's own words can leave."""
        return self.can_send and not self.is_closed

    @property
    def is_public(self) -> bool:
        """Everybody could read the reply, unless it is made private."""
        return self.can.public and self.answered is not None and self.answered.is_public

    @property
    def private_reply(self) -> bool:
        return self.can.private_reply

    @property
    def accept(self) -> str:
        """Return what the file field takes, as HTML says it."""
        return ",".join(self.can.media_types)

    @property
    def hours(self) -> int:
        return round((self.can.reply_window_seconds or 0) / 3600)

    @property
    def left(self) -> timedelta:
        return max(self.closes_at - now(), timedelta()) if self.closes_at else timedelta()

    def answers_one(self, row: MessageRow) -> bool:
        """Tell whether a reply can name this message as the one it answers."""
        return self.can_send and _asks(self.can) and row.channel_kind == self.kind and row.is_at_provider


def find(session: Session, seen: ConversationView, *, answers: str = "") -> Way:
    """Find the way to the customer; `answers` is the public id of the message that an agent picked to answer."""
    try:
        route = delivery_route.of(session, seen.conversation)
    except Invalid as missing:
        return Way(can_send=False, explanation=missing.reason)
    can = route.capabilities
    told = _told(session, seen, route.channel.id, answers) if _asks(can) else ComposerRow(None, None, ())
    closes_at = _closes_at(can, told)
    return Way(
        can_send=True,
        explanation=route.explanation,
        to=route.address if can.cc else "",
        kind=route.channel.kind,
        can=can,
        closes_at=closes_at,
        is_closed=closes_at is not None and closes_at <= now(),
        answered=told.chosen or (told.newest if told.newest and told.newest.is_public else None),
        templates=tuple(_offered(one) for one in told.templates) if can.templates else (),
    )


def _asks(can: Capabilities) -> bool:
    """Tell whether what the customer said last, or the channel's templates, matter to the composer: not to mail."""
    return not can.cc and not can.live_only


def _told(session: Session, seen: ConversationView, channel_id: int, answers: str) -> ComposerRow:
    return composer_view.find(session, conversation_id=seen.conversation.id, channel_id=channel_id, chosen=answers)


def _offered(row: TemplateRow) -> OfferedTemplate:
    return OfferedTemplate(row.id, row.name, row.language, row.text)


def _closes_at(can: Capabilities, told: ComposerRow) -> datetime | None:
    """Return when answering freely ends: so long after the customer's last message."""
    if can.reply_window_seconds is None or told.newest is None or told.newest.at is None:
        return None
    return told.newest.at + timedelta(seconds=can.reply_window_seconds)
