"""A parsed message on its way to the timeline, made safe for the database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.orm import Session

from app import blobs
from connectors.base import InboundAttachment, InboundMessage

MAX_SHORT, MAX_ID, MAX_TEXT, MAX_HTML = 1_000, 500, 200_000, 2_000_000  # characters; the raw bytes stay whole
MAX_REFERENCES = 50
CHANGES = frozenset(("edit", "delete", "reaction", "status"))  # kinds that happen to a message said before


def plain(value: str, limit: int) -> str:
    """Cut, and remove what PostgreSQL cannot hold: NUL and lone surrogates."""
    return value[:limit].replace("\0", "").encode("utf-8", "replace").decode()


def web_address(url: str) -> str:
    """Return an address that may become a link; "" for any other (javascript:, data:)."""
    cleaned = plain(url, 2_000).strip()
    return cleaned if cleaned.lower().startswith(("https://", "http://")) else ""


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    filename: str
    content_type: str
    size: int
    blob_sha256: str
    is_inline: bool = False
    content_id: str | None = None

    @classmethod
    def of(cls, item: InboundAttachment) -> StoredAttachment:
        """Name and describe a file; its bytes are written before any transaction opens (ingest.keep_files)."""
        return cls(
            filename=plain(item.filename, 255) or "file",
            content_type=plain(item.content_type, 255),
            size=len(item.data),
            blob_sha256=blobs.name_of(item.data),
            is_inline=item.is_inline,
            content_id=plain(item.content_id, MAX_ID) if item.content_id else None,
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message of one delivery, its attachments already on disk. `received_at`: when the channel took it."""

    delivery_id: int
    channel_id: int
    inbox_id: int
    received_at: datetime
    message: InboundMessage
    attachments: tuple[StoredAttachment, ...] = ()

    @property
    def external_id(self) -> str:
        return plain(self.message.external_id, MAX_ID)

    @property
    def is_change(self) -> bool:
        return self.message.kind in CHANGES

    @property
    def target(self) -> str:
        """Return the id of the message that a change is about."""
        return plain(self.message.target or "", MAX_ID)

    @property
    def fingerprint(self) -> str:
        """Return the MD5 of sender and words as they are stored: PostgreSQL computes the same."""
        words = f"{self.sender_key[1]}\n{plain(self.message.text, MAX_TEXT)}"
        return hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()

    def renamed(self) -> Arrival:
        """Return this arrival under an id that no other words share."""
        own = f"{self.external_id[: MAX_ID - 40]}#{self.fingerprint}"
        return replace(self, message=replace(self.message, external_id=own))

    @property
    def references(self) -> list[str]:
        """Return the ids this one answers, nearest first, without itself."""
        nearest = [self.message.in_reply_to] if self.message.in_reply_to else []
        ids = [plain(id_, MAX_ID) for id_ in [*nearest, *reversed(self.message.references)] if id_]
        return [id_ for id_ in dict.fromkeys(ids) if id_ and id_ != self.external_id][:MAX_REFERENCES]

    @property
    def thread_name(self) -> str | None:
        """Return by what name the conversation of a thread is found; of a public one everybody has their own."""
        key = self.message.thread_key
        if not key:
            return None
        return plain(f"{self.sender_key[1]} in {key}" if self.message.is_public else key, MAX_ID)

    @property
    def sender_key(self) -> tuple[str, str]:
        return (self.message.sender.kind, plain(self.message.sender.address, 320))


def lock_keys(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Queue up behind whoever is putting the same people or threads on the timeline; released at commit."""
    names = set()
    for arrival in arrivals:
        names.add(f"person:{arrival.sender_key}")
        names.update(f"person:{(also.kind, also.address)}" for also in arrival.message.also)
        nearest_and_root = (*arrival.references[:1], *arrival.references[-1:])
        names.update(f"thread:{arrival.inbox_id}:{id_}" for id_ in (arrival.external_id, *nearest_and_root))
        if arrival.thread_name and not arrival.is_change:
            names.add(f"channel:{arrival.channel_id}:{arrival.thread_name}")
        id_ = arrival.target if arrival.is_change else arrival.external_id
        if id_:  # else it is about all that was sent to this person
            names.add(_message_name(arrival.channel_id, id_))
    keys = sorted(_key(name) for name in names)
    if keys:
        statement = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key ORDER BY key")
        session.execute(statement.bindparams(bindparam("keys", type_=ARRAY(BigInteger))), {"keys": keys})


def lock_message(session: Session, channel_id: int, external_id: str) -> None:
    """Queue up behind whoever is putting this message, or changes of it, on the timeline; before any row is locked."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(_message_name(channel_id, external_id))})


def _message_name(channel_id: int, external_id: str) -> str:
    return f"message:{channel_id}:{external_id}"


def _key(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
