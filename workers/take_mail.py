"""Takes one mail from a mail server's pipe: python -m workers take-mail CHANNEL < mail

CHANNEL is the channel's token, id or name. The exit status is one of sysexits.h, which mail servers know: 0 once the
mail is stored, 75 where trying again will help (the server keeps it), 67 and 65 where it will not (the sender is told).
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import unseal
from app.db import reading, transaction
from app.errors import AppError
from app.log import get_logger
from app.models import Channel, ChannelState
from app.services import ingest
from connectors.errors import Malformed
from connectors.registry import connector_for

EX_OK, EX_DATAERR, EX_NOUSER, EX_UNAVAILABLE, EX_TEMPFAIL = (
    os.EX_OK,
    os.EX_DATAERR,
    os.EX_NOUSER,
    os.EX_UNAVAILABLE,
    os.EX_TEMPFAIL,
)
MOST_BYTES = 64_000_000


def run(name: str) -> int:
    """Store what stands on the standard input; return the exit status, with a sentence on the standard error."""
    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        status, sentence = take(name, raw)
    except (AppError, SQLAlchemyError, OSError) as error:
        get_logger().warning("take_mail.later", error=type(error).__name__)
        status, sentence = EX_TEMPFAIL, "The mail cannot be stored now: try again later."
    if sentence:
        sys.stderr.write(f"{sentence}\n")
    return status


def take(name: str, raw: bytes) -> tuple[int, str]:
    """Store one mail; return exit status and sentence. Raises what a later attempt may not meet."""
    if len(raw) > MOST_BYTES:
        return EX_DATAERR, f"The mail is larger than {MOST_BYTES // 1_000_000} MB."
    with reading() as session:
        channel = _channel(session, name)
        session.expunge_all()
    if channel is None:
        return EX_NOUSER, f"There is no channel {name!r}, or more than one."
    if channel.state is ChannelState.PAUSED:
        return EX_TEMPFAIL, "The channel is paused: try again later."
    hook = getattr(connector_for(channel.kind), "piped", None)
    if hook is None:
        return EX_UNAVAILABLE, "This kind of channel takes no mail from a pipe."
    try:
        kept = ingest.keep(hook(unseal(channel.sealed), raw, now()))
    except Malformed as error:
        return EX_DATAERR, error.reason
    with transaction() as session:
        ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=[kept])
    return EX_OK, ""


def _channel(session: Session, name: str) -> Channel | None:
    """Find the one channel that is meant and not removed."""
    name = name.strip().replace("\0", "")[:200]
    meant = [Channel.token == name, Channel.name == name]
    with suppress(ValueError):
        meant.append(Channel.public_id == UUID(name))
    query = select(Channel).where(or_(*meant), Channel.state != ChannelState.REMOVED).limit(2)
    found = session.scalars(query).all()
    return found[0] if len(found) == 1 else None
