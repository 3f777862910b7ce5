"""Files that stay with the provider: fetched after the message is on the timeline, each by itself.

waiting ──► fetching ──► fetched      an Attachment of the message
▲             ├────────► failed       refused for good, too large, or tried too often; a person may try again
└── later ────┘

The job (workers/jobs/remote_files.py) claims, downloads outside any transaction, and records.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.errors import Conflict
from app.events import FileOffered, MessageChanged
from app.models import Attachment, Channel, ChannelState, Conversation, FetchState, Message, RemoteFile
from app.phrases import phrase
from app.services.arrivals import StoredAttachment, plain
from app.services.changes import message_event
from app.services.threads import Place
from connectors import base
from connectors.base import Credentials, InboundAttachment

MOST_BYTES = 25 * 1024 * 1024
MOST_FILES = 30  # of one message; the delivery's bytes name the rest
MAX_ATTEMPTS = 8
CLAIM = timedelta(seconds=150)  # longer than the job may take
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 10, 3600
TOO_LARGE = phrase("The file is larger than {most} MB.", most=MOST_BYTES // 1_000_000)
UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}")


@dataclass(frozen=True, slots=True)
class Fetch:
    """A file that this worker alone may fetch now."""

    file_id: int
    kind: str
    credentials: Credentials
    file: base.RemoteFile


def write(session: Session, written: Sequence[tuple[Place, Message]]) -> None:
    """Keep which files belong to new messages, and have them fetched."""
    rows = [
        _row(message, place_in_message, file)
        for place, message in written
        for place_in_message, file in enumerate(place.arrival.message.remote_files[:MOST_FILES])
    ]
    if rows:
        new = session.scalars(insert(RemoteFile).returning(RemoteFile.id), rows)
        outbox.record_all(session, [FileOffered(file_id=id_) for id_ in sorted(new)])


def claim(session: Session, *, file_id: int) -> Fetch | None:
    """Take a file that is due; None where there is nothing to do, or somebody else is at it."""
    if session.get(RemoteFile, file_id) is None:
        return None  # erased with its message
    _, message, row = _locked(session, file_id)
    if not _is_due(row):
        return None
    channel = session.get_one(Channel, message.channel_id)
    if channel.state is ChannelState.PAUSED:
        return None  # fetched when the channel is resumed
    if channel.state is ChannelState.REMOVED or (row.size or 0) > MOST_BYTES or row.attempts >= MAX_ATTEMPTS:
        _give_up(session, row, _hopeless(row, channel))
        return None
    row.state, row.claimed_until = FetchState.FETCHING, now() + CLAIM
    row.attempts += 1
    file = base.RemoteFile(row.filename, row.content_type, row.url, row.media_id, row.size)
    return Fetch(row.id, channel.kind, unseal(channel.sealed), file)


def named(file: base.RemoteFile, fetched: InboundAttachment) -> InboundAttachment:
    """Return a fetched file under the best name and type that are known; its bytes decide nothing here."""
    found = fetched.content_type.partition(";")[0].strip().lower()
    content_type = found if _TYPE.fullmatch(found) else file.content_type or UNKNOWN_TYPE
    name = PurePosixPath((fetched.filename or file.filename).replace("\\", "/")).name.strip(". ") or "file"
    if not PurePosixPath(name).suffix:
        name += mimetypes.guess_extension(content_type) or ""
    return InboundAttachment(name, content_type, fetched.data)


def record_fetched(session: Session, *, file_id: int, stored: StoredAttachment) -> None:
    """Make the file an attachment of its message, once; its bytes are on disk."""
    conversation, message, row = _locked(session, file_id)
    if row.state is FetchState.FETCHED:
        return
    attachment = Attachment(
        public_id=uuid7(),
        message_id=message.id,
        filename=stored.filename,
        content_type=stored.content_type,
        size=stored.size,
        blob_sha256=stored.blob_sha256,
    )
    session.add(attachment)
    session.flush()
    row.state, row.attachment_id = FetchState.FETCHED, attachment.id
    row.reason, row.claimed_until, row.next_try_at = "", None, None
    outbox.record(session, message_event(session, MessageChanged, conversation, message))


def record_failed(session: Session, *, file_id: int, reason: str) -> None:
    """The provider refused it for good; the reason is shown with the message."""
    _, _, row = _locked(session, file_id)
    if row.state is FetchState.FETCHING:
        _give_up(session, row, reason)


def record_transient(session: Session, *, file_id: int, reason: str, retry_after_seconds: float | None) -> None:
    """Try again later, at longer and longer intervals; give up after MAX_ATTEMPTS."""
    _, _, row = _locked(session, file_id)
    if row.state is not FetchState.FETCHING:
        return
    if row.attempts >= MAX_ATTEMPTS:
        _give_up(session, row, f"{reason} Tried {row.attempts} times.")
        return
    doubled = min(FIRST_WAIT_SECONDS * 2.0 ** (row.attempts - 1), LONGEST_WAIT_SECONDS)
    row.next_try_at = now() + timedelta(seconds=max(doubled, retry_after_seconds or 0))
    row.state, row.reason, row.claimed_until = FetchState.WAITING, plain(reason, 500), None


def retry(session: Session, *, message: Message, file: UUID) -> None:
    """Fetch a failed file again, on somebody's wish. Raises Conflict if it has not failed.

    The message comes through services/access.py; `file` is the public id of one of its remote files.
    """
    query = select(RemoteFile).where(RemoteFile.message_id == message.id, RemoteFile.public_id == file)
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None or row.state is not FetchState.FAILED:
        raise Conflict(phrase("This file is not waiting for a decision any more."))
    row.state, row.reason, row.attempts = FetchState.WAITING, "", 0
    row.next_try_at = row.claimed_until = None
    outbox.record(session, FileOffered(file_id=row.id))


def reconcile(session: Session, *, older_than: timedelta, limit: int) -> int:
    """Ask again for files that are due and nobody fetches; return how many."""
    moment = now()
    query = (
        select(RemoteFile)
        .join(Message, Message.id == RemoteFile.message_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            RemoteFile.state.in_((FetchState.WAITING, FetchState.FETCHING)),
            RemoteFile.created_at <= moment - older_than,
            or_(RemoteFile.claimed_until.is_(None), RemoteFile.claimed_until <= moment),
            or_(RemoteFile.next_try_at.is_(None), RemoteFile.next_try_at <= moment),
            Channel.state != ChannelState.PAUSED,
        )
        .order_by(RemoteFile.id)
        .limit(limit)
    )
    lost = session.scalars(query.with_for_update(skip_locked=True, of=RemoteFile)).all()
    for row in lost:
        row.state, row.claimed_until = FetchState.WAITING, moment + timedelta(seconds=30)
    outbox.record_all(session, [FileOffered(file_id=row.id) for row in lost])
    return len(lost)


def _row(message: Message, place: int, file: base.RemoteFile) -> dict[str, object]:
    size = file.size if file.size is not None and 0 <= file.size < 2**62 else None
    return {
        "public_id": uuid7(),
        "message_id": message.id,
        "place": place,
        "filename": plain(file.filename, 255),
        "content_type": plain(file.content_type, 255),
        "url": plain(file.url, 4_000),
        "media_id": plain(file.media_id, 1_000),
        "size": size,
        "state": FetchState.WAITING,
    }


def _is_due(row: RemoteFile) -> bool:
    if row.next_try_at is not None and row.next_try_at > now():
        return False
    is_free = row.claimed_until is None or row.claimed_until <= now()
    return row.state is FetchState.WAITING or (row.state is FetchState.FETCHING and is_free)


def _hopeless(row: RemoteFile, channel: Channel) -> str:
    if channel.state is ChannelState.REMOVED:
        return phrase("The channel it came by has been removed.")
    return (
        TOO_LARGE
        if (row.size or 0) > MOST_BYTES
        else phrase("Fetching it broke off {count} times.", count=row.attempts)
    )


def _give_up(session: Session, row: RemoteFile, reason: str) -> None:
    row.state, row.reason = FetchState.FAILED, plain(reason, 500)
    row.claimed_until = row.next_try_at = None
    message = session.get_one(Message, row.message_id)
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    outbox.record(session, message_event(session, MessageChanged, conversation, message))


def _locked(session: Session, file_id: int) -> tuple[Conversation, Message, RemoteFile]:
    message = session.get_one(Message, session.get_one(RemoteFile, file_id).message_id)
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    row = session.get_one(RemoteFile, file_id, with_for_update=True, populate_existing=True)
    return conversation, message, row
