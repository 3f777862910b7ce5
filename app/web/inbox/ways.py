"""How a reply would reach the customer, and what the channel allows: what the composer shows, and keeps to."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.queries import composer_view
from app.queries.conversation_view import ConversationView
from app.queries.timeline import MessageRow
from app.services import answering, delivery_route, public_files, recipients, signatures
from app.services.delivery_route import Route
from app.services.recipients import Sender
from app.web.inbox.looks import channel_label
from app.web.session import current_user
from connectors.base import Capabilities

ALL_KINDS = Capabilities()
NEVER_BEGAN = datetime.min.replace(tzinfo=UTC)
LONGEST_EXCERPT = 200  # characters
_PLACE = re.compile(r"\{\{ ?(\d{1,2}) ?\}\}")


@dataclass(frozen=True, slots=True)
class Said:
    """A customer's message that a reply would name as the one it answers; `text` is how it begins."""

    id: str
    text: str
    is_public: bool


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
        cut = _PLACE.split(self.text)
        return [Blank("", int(part)) if at % 2 else Blank(part) for at, part in enumerate(cut) if part]

    @property
    def outline(self) -> str:
        """Return the text with dots where values go."""
        return _PLACE.sub("…", self.text)

    @property
    def words(self) -> str:
        """What a search looks at, in lower case."""
        return f"{self.name} {self.language} {self.text}".lower()

    @property
    def numbers(self) -> range:
        """Return the numbers of the values it needs; also of those that its text leaves out."""
        return range(1, answering.blanks(self.text) + 1)


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply would reach the customer, or why it cannot."""

    can_send: bool
    explanation: str = ""
    to: str = ""
    kind: str = ""
    can: Capabilities = ALL_KINDS
    file_note: str = ""  # why it takes no files here, though its kind does
    closes_at: datetime | None = None  # the end of the reply window; None where there is none
    is_closed: bool = False
    is_personal: bool = False  # the usual window is over: only what a person writes may leave
    window: str = ""  # how long it is: "24 hours"
    answered: Said | None = None
    is_public: bool = False  # everybody could read the reply, unless it is made private
    templates: tuple[OfferedTemplate, ...] = ()
    longest: int = 0  # characters of a private reply
    longest_public: int = 0
    everybody: tuple[str, ...] = ()  # who else got the customer's last message
    senders: tuple[Sender, ...] = ()  # the addresses to choose from, none where there is no choice
    sender: str = ""  # the usual one
    signatures: tuple[tuple[str, str], ...] = ()  # (address it leaves with, what then stands below the words)

    @property
    def longest_now(self) -> int:
        return self.longest_public if self.is_public else self.longest

    @property
    def counting(self) -> str:
        """Return how public texts are counted, for the page's own counting: "" for in characters."""
        rule = self.can.public_counting
        return json.dumps({"link": rule.link_length, "single": rule.single}) if rule else ""

    @property
    def label(self) -> str:
        return channel_label(self.kind)

    @property
    def writes(self) -> bool:
        """An agent's own words can leave."""
        return self.can_send and not self.is_closed

    @property
    def private_reply(self) -> bool:
        return self.can.private_reply

    @property
    def accept(self) -> str:
        """Return what the file field takes, as HTML says it."""
        return ",".join(self.can.media_types)

    @property
    def ended_at(self) -> datetime | None:
        """Return when the window ended, None where it never began: the customer did not write in private yet."""
        return self.closes_at if self.is_closed and self.closes_at != NEVER_BEGAN else None

    @property
    def left(self) -> timedelta:
        return max(self.closes_at - now(), timedelta()) if self.closes_at else timedelta()

    def answers_one(self, row: MessageRow) -> bool:
        """Tell whether a reply can name this message as the one it answers: on mail, threads are enough."""
        can = self.can_send and not self.can.cc and not self.can.live_only and (row.is_public or not self.is_closed)
        return can and row.channel_kind == self.kind and row.is_at_provider


def find(session: Session, seen: ConversationView, said: Sequence[MessageRow], *, answers: str = "") -> Way:
    """Find the way to the customer.

    Args:
        session: to read with.
        seen: the conversation.
        said: the messages shown, oldest first.
        answers: the public id of the message that an agent picked to answer, "" for none.

    """
    try:
        route = delivery_route.of(session, seen.conversation)
    except Invalid as missing:
        return Way(can_send=False, explanation=missing.reason)
    can = route.capabilities
    file_note = public_files.NEEDS_ADDRESS if can.public_files and not public_files.are_offered() else ""
    if file_note:
        can = replace(can, attachments=False)
    here = [one for one in said if one.conversation_id == seen.conversation.public_id and _fits(one, route)]
    chosen = next((one for one in here if str(one.public_id) == answers), None)
    answered = chosen or (here[-1] if here and route.is_public and here[-1].is_public else None)
    is_public = can.public and (chosen.is_public if chosen else route.is_public)
    is_closed = route.is_closed and not is_public
    return Way(
        can_send=True,
        explanation=route.explanation,
        to=route.address if can.cc else "",
        kind=route.channel.kind,
        can=can,
        file_note=file_note,
        closes_at=None if is_public else route.window_ends_at,
        is_closed=is_closed,
        is_personal=route.is_personal and not is_public,
        window=delivery_route.window_words(route.window_seconds or 0),
        answered=_said(answered) if answered else None,
        is_public=is_public,
        templates=_templates(session, route) if can.templates and not is_public else (),
        longest=route.longest(is_public=False),
        longest_public=route.longest(is_public=True),
        everybody=recipients.everybody(route),
        senders=tuple(recipients.senders(route.channel)),
        sender=recipients.usual(route),
        signatures=_signatures(seen, route),
    )


def _signatures(seen: ConversationView, route: Route) -> tuple[tuple[str, str], ...]:
    """Return what is appended to a mail when it leaves, for each address that it may leave with; none for none."""
    if not route.capabilities.subject or not seen.inbox.signature:
        return ()
    of_letter = partial(
        signatures.of_letter,
        inbox=seen.inbox,
        conversation=seen.conversation,
        contact=seen.contact,
        author=current_user(),
    )
    addresses = [one.email for one in recipients.senders(route.channel)] or [route.channel.address]
    return tuple((one, of_letter(sender=one)) for one in addresses)


def _fits(row: MessageRow, route: Route) -> bool:
    return row.is_inbound and row.is_at_provider and row.channel_kind == route.channel.kind and not row.deleted_at


def _said(row: MessageRow) -> Said:
    return Said(str(row.public_id), row.text[:LONGEST_EXCERPT], row.is_public)


def _templates(session: Session, route: Route) -> tuple[OfferedTemplate, ...]:
    rows = composer_view.templates(session, channel_id=route.channel.id)
    return tuple(OfferedTemplate(str(row.id), row.name, row.language, row.text) for row in rows)
