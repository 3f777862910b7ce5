"""Files of replies that a provider fetches by itself: each at an address that nobody can guess, for a while.

The address is <BASE_URL>/files/TOKEN/NAME; the token names the attachment and until when, signed by this installation.
There is one only where the world reaches us by https: providers take no other.
"""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.config import settings
from app.crypto import is_signed, sign
from app.errors import NotFound
from app.models import Attachment, Direction, Message, SendState
from app.phrases import phrase

PURPOSE = "public file"
LIFETIME = timedelta(days=7)  # a queue at the provider, a phone that is off
SHOWN_STATES = (SendState.SENDING, SendState.SENT, SendState.UNCERTAIN)
LONGEST_TOKEN = 200
NEEDS_ADDRESS = phrase(
    "This channel's provider fetches files from a public https address, which this installation does not have: an"
    " administrator sets BASE_URL to one."
)


def are_offered() -> bool:
    """Say whether providers can fetch files here."""
    return settings().base_url.startswith("https://")


def url_of(attachment: Attachment) -> str:
    """Return where a provider may fetch an attachment for LIFETIME, "" where it can fetch none."""
    if not are_offered():
        return ""
    named = f"{attachment.public_id}.{int((now() + LIFETIME).timestamp())}"
    return f"{settings().base_url}/files/{named}.{sign(PURPOSE, named)}/{name_of(attachment.content_type)}"


def name_of(content_type: str) -> str:
    """Return a name that says no more than the type: some providers look at how an address ends."""
    return "file" + (mimetypes.guess_extension(content_type.partition(";")[0].strip().lower()) or "")


def find(session: Session, token: str) -> Attachment:
    """Return the attachment that a token opens. Raises NotFound for a forged or old one, and for what was no reply."""
    named, _, signature = token[:LONGEST_TOKEN].rpartition(".")
    public_id, _, until = named.partition(".")
    if not signature.isascii() or not is_signed(PURPOSE, named, signature):
        raise NotFound("There is no such file.")
    if datetime.fromtimestamp(int(until), UTC) < now():
        raise NotFound("This address has expired.")
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(
            Attachment.public_id == UUID(public_id),
            Message.direction == Direction.OUTBOUND,
            Message.deleted_at.is_(None),
            Message.send_state.in_(SHOWN_STATES),
        )
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("There is no such file.")
    return found
