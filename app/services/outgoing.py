"""What a person wants to send, checked against the way it would take: now, or at a later time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.markdown import Formatted, formatted
from app.models import Conversation
from app.phrases import phrase
from app.services import answering, delivery_route, liquid_texts, recipients
from app.services.answering import AS_USUAL, Answer, Wish
from app.services.arrivals import MAX_TEXT, StoredAttachment, plain
from app.services.delivery_route import Route
from app.services.recipients import JUST_THE_CUSTOMER, Recipients


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`wish` says which message is answered, whether privately, and from which template (its text is the reply's).

    `is_markdown`: where the channel takes formatted text, that is what its marks mean.
    """

    text: str
    client_key: str
    uploads: Sequence[StoredAttachment] = ()
    recipients: Recipients = JUST_THE_CUSTOMER
    wish: Wish = AS_USUAL
    is_markdown: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What it comes to: plain words in order, the way they go, what they answer.

    `source` is what was typed, `layout` its formatted form, None where it is plain.
    """

    text: str
    source: str
    layout: Formatted | None
    route: Route
    answer: Answer
    recipients: Recipients


def check(
    session: Session, *, conversation: Conversation, outgoing: Outgoing, leaves_at: datetime | None = None
) -> Checked:
    """Say what a reply comes to that leaves at a time, None for now.

    Raises Invalid when there is nothing to send, a gap of a canned response is not filled, it is too long for the
    channel, or no channel can carry it then.
    """
    route = delivery_route.of(session, conversation)
    answer = answering.decide(session, conversation=conversation, route=route, text=outgoing.text, wish=outgoing.wish)
    text = words(answer.text, outgoing.uploads, outgoing.client_key)
    liquid_texts.refuse_gaps(text)
    route.check(
        text,
        outgoing.uploads,
        is_template=answer.template is not None,
        answers_public=answer.answered is not None and answer.answered.is_public,
        is_public=answer.is_public,
        leaves_at=leaves_at,
    )
    wants = outgoing.is_markdown and route.capabilities.html and answer.template is None
    layout = formatted(text, [file.content_id for file in outgoing.uploads if file.content_id]) if wants else None
    told = recipients.check(outgoing.recipients, route)
    return Checked(layout.words if layout else text, text, layout, route, answer, told)


def words(text: str, uploads: Sequence[StoredAttachment], client_key: str) -> str:
    """Put what was typed in order. Raises Invalid where there is nothing to send."""
    text = plain(text.replace("\r\n", "\n"), MAX_TEXT).strip()
    if not text and not uploads:
        raise Invalid(phrase("Write something, or attach a file."), field="text")
    if not client_key or len(client_key) > 100:
        raise Invalid(phrase("The form is out of date: load the page again."), field="client_key")
    return text
