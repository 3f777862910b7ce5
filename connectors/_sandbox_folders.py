"""The folders of a sandbox channel: what waits in them, and what is written to them."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from connectors._payload import at, line, whole
from connectors.base import Batch, Credentials, OutboundMessage, RawDelivery
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

BATCH_FILES = 50
BATCH_BYTES = 8_000_000
MAX_BYTES = 64_000_000
CONTENT_TYPES = {".json": "application/json", ".eml": "message/rfc822"}


class Folders:
    """The folders of one channel; media/, templates.json and trouble.json need not be there."""

    def __init__(self, credentials: Credentials) -> None:
        named = str(credentials.get("folder") or "").strip()
        if not named or "\0" in named:
            raise BadCredentials("The sandbox needs a folder.")
        base = Path(named)
        self.inbox, self.done, self.outbox = base / "in", base / "done", base / "out"
        self.media, self.templates, self.trouble = base / "media", base / "templates.json", base / "trouble.json"
        try:
            for folder in (self.inbox, self.done, self.outbox):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadCredentials(
                phrase("The folder {named} cannot be used: {strerror}.", named=named, strerror=error.strerror)
            ) from error

    def raise_trouble(self) -> None:
        """Raise what trouble.json asks for, as a provider would refuse. Raises Transient, BadCredentials, Rejected."""
        try:
            said = load_json(self.trouble.read_bytes())
        except (OSError, Malformed):
            return
        reason = line(at(said, "reason")) or "The provider refuses."
        if at(said, "error") == "transient":
            raise Transient(reason, retry_after_seconds=whole(at(said, "retry_after_seconds")))
        raise {"bad_credentials": BadCredentials}.get(line(at(said, "error")), Rejected)(reason)

    def waiting(self) -> Iterator[Path]:
        """Files to read, in name order; what is being written (*.part) and what is hidden is left alone."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.inbox) if entry.is_file(follow_symlinks=False))
        except OSError as error:
            raise Transient(
                phrase("The folder {inbox} cannot be read: {strerror}.", inbox=self.inbox, strerror=error.strerror)
            ) from error
        wanted = (name for name in names if Path(name).suffix in CONTENT_TYPES and not name.startswith("."))
        return (self.inbox / name for name in wanted)

    def read(self) -> Iterator[Batch]:
        """Yield what waits, in bounded batches, and put each file aside once it is stored."""
        group: list[tuple[Path, RawDelivery]] = []
        for path in self.waiting():
            delivery = _delivery(path)
            if delivery is None:
                continue
            total = sum(len(other.raw) for _, other in group) + len(delivery.raw)
            if group and (len(group) >= BATCH_FILES or total > BATCH_BYTES):
                yield from self._hand_out(group)
                group = []
            group.append((path, delivery))
        if group:
            yield from self._hand_out(group)

    def _hand_out(self, group: list[tuple[Path, RawDelivery]]) -> Iterator[Batch]:
        yield Batch(tuple(delivery for _, delivery in group))
        for path, _ in group:
            try:
                path.replace(self.done / path.name)
            except OSError as error:
                raise Transient(
                    phrase(
                        "{name} cannot be moved to {done}: {strerror}.",
                        name=path.name,
                        done=self.done,
                        strerror=error.strerror,
                    )
                ) from error


def as_json(message: OutboundMessage) -> dict[str, object]:
    """Everything a reply holds, as plain JSON."""
    return {
        "key": message.idempotency_key,
        "to": [{"email": one.email, "name": one.name} for one in message.to],
        "cc": [{"email": one.email, "name": one.name} for one in message.cc],
        "recipient": message.recipient,
        "from_name": message.from_name,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "reply_token": message.reply_token,
        "automatic": message.automatic,
        "thread": message.thread_key,
        "answers": message.answers,
        "is_public": message.is_public,
        "template": asdict(message.template) if message.template else None,
        "attachments": [
            {"filename": one.filename, "content_type": one.content_type, "base64": b64encode(one.data).decode("ascii")}
            for one in message.attachments
        ],
        "sent_at": _now().isoformat(),
    }


def write(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Transient(
            phrase("{name} cannot be written: {strerror}.", name=path.name, strerror=error.strerror)
        ) from error


def _delivery(path: Path) -> RawDelivery | None:
    """Read one file; None when somebody took it away meanwhile."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Transient(
            phrase("{name} cannot be read: {strerror}.", name=path.name, strerror=error.strerror)
        ) from error
    name = sha256(path.name.encode("utf-8", "surrogateescape") + b"\0" + raw).hexdigest()
    meta = {"file": path.name.encode("utf-8", "replace").decode(), "content_type": CONTENT_TYPES[path.suffix]}
    return RawDelivery(raw, _now(), external_id=f"file-{name}", meta=meta)


def _now() -> datetime:
    return datetime.now(UTC)
