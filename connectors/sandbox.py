"""A channel made of folders, for demos and for trying things out without a provider.

    FOLDER/in/    *.json (see _sandbox_format.py) and *.eml: each becomes a message and moves to done/ once stored;
                  write to NAME.part and rename, so that nobody reads half a file
    FOLDER/out/   one JSON file a reply, named by its idempotency key

With `drip_seconds` it also tells the stories of _demo.py: some weeks' worth at once when it starts for the first time,
then one message every so many seconds. The cursor, {"position": n}, is the place in the stories.
"""

from __future__ import annotations

import json
import os
import re
import time
from base64 import b64encode
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from connectors import _demo
from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundMessage,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Setting,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected, Transient

FIRST_MESSAGES = 54
_FIRST_DAYS = 24.0  # what is shown over time needs some weeks
_THINNING = 2.0  # the further back, the further apart
_BATCH_FILES = 50
_BATCH_BYTES = 8_000_000
_MAX_BYTES = 64_000_000
_CONTENT_TYPES = {".json": "application/json", ".eml": "message/rfc822"}
_KEY = re.compile(r"[A-Za-z0-9._-]{1,150}")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks into the folder, and between signs of life. Tests make it short."""

    look_seconds: float = 0.25
    heartbeat_seconds: float = 25


class SandboxConnector(Defaults):
    """Reads and writes files; tells stories."""

    kind: ClassVar[str] = "sandbox"
    label: ClassVar[str] = "Sandbox"
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("email", "phone", "handle", "visitor"),
        idempotent_send=True,
        threads=True,
        subject=True,
        html=True,
        attachments=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("folder", "Folder", required=True, help="A folder on the server; it is made if it is not there"),
        Setting(
            "drip_seconds",
            "Seconds between demo messages",
            "integer",
            default=0,
            help="0: no demo messages, only files",
        ),
        Setting("seed", "Seed", "integer", default=1, help="Decides the order of the demo messages"),
        Setting("loop", "Begin again after the last demo message", "boolean", default=False),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()

    def address(self, credentials: Credentials) -> str:  # noqa: ARG002 - part of the protocol
        """Return "": nobody can write to a folder from outside."""
        return ""

    def check(self, credentials: Credentials) -> str:
        """Make the folders and say where they are. Raises BadCredentials."""
        folders = _Folders(credentials)
        waiting = sum(1 for _ in folders.waiting())
        return f"Reading {folders.inbox} ({waiting} waiting), writing {folders.outbox}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield files and stories as they come; never ends by itself. Raises Transient, BadCredentials."""
        folders, stories = _Folders(credentials), _Stories(credentials, cursor)
        yield from stories.first()
        next_story = time.monotonic() + stories.drip_seconds
        next_sign = time.monotonic()
        while True:
            before = time.monotonic()
            yield from folders.read()
            if stories.is_telling and before >= next_story:
                yield stories.next()
                next_story = max(before, next_story + stories.drip_seconds)
            if before >= next_sign:
                yield Batch()
                next_sign = before + self._pace.heartbeat_seconds
            time.sleep(self._pace.look_seconds)

    def fetch_once(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield the files that wait, and the first stories where none was told yet."""
        yield from _Stories(credentials, cursor).first()
        yield from _Folders(credentials).read()

    def verify(self, credentials: Credentials, request: WebRequest) -> None:  # noqa: ARG002 - part of the protocol
        raise BadCredentials("A sandbox takes files, not web requests.")

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Turn one file into one message. Raises Malformed."""
        if delivery.meta.get("content_type") == _CONTENT_TYPES[".eml"]:
            from connectors._mime import parse_mail

            return [parse_mail(delivery.raw)]
        from connectors._sandbox_format import read_message

        return [read_message(delivery.raw)]

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Write one file; the same key writes the same file once. Raises Transient, BadCredentials, Rejected."""
        if not _KEY.fullmatch(message.idempotency_key):
            raise Rejected("The key of the reply does not fit into a file name.")
        path = _Folders(credentials).outbox / f"{message.idempotency_key}.json"
        if not path.exists():
            _write(path, json.dumps(_as_json(message), ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        return Receipt(f"sandbox-{message.idempotency_key}", f"written to {path.name}")


class _Folders:
    """The three folders of one channel."""

    def __init__(self, credentials: Credentials) -> None:
        named = str(credentials.get("folder") or "").strip()
        if not named or "\0" in named:
            raise BadCredentials("The sandbox needs a folder.")
        base = Path(named)
        self.inbox, self.done, self.outbox = base / "in", base / "done", base / "out"
        try:
            for folder in (self.inbox, self.done, self.outbox):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadCredentials(f"The folder {named} cannot be used: {error.strerror}.") from error

    def waiting(self) -> Iterator[Path]:
        """Files to read, in name order; what is being written (*.part) and what is hidden is left alone."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.inbox) if entry.is_file(follow_symlinks=False))
        except OSError as error:
            raise Transient(f"The folder {self.inbox} cannot be read: {error.strerror}.") from error
        wanted = (name for name in names if Path(name).suffix in _CONTENT_TYPES and not name.startswith("."))
        return (self.inbox / name for name in wanted)

    def read(self) -> Iterator[Batch]:
        """Yield what waits, in bounded batches, and put each file aside once it is stored."""
        group: list[tuple[Path, RawDelivery]] = []
        for path in self.waiting():
            delivery = _delivery(path)
            if delivery is None:
                continue
            total = sum(len(other.raw) for _, other in group) + len(delivery.raw)
            if group and (len(group) >= _BATCH_FILES or total > _BATCH_BYTES):
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
                raise Transient(f"{path.name} cannot be moved to {self.done}: {error.strerror}.") from error


class _Stories:
    """The demo of one channel: what was told, what comes next."""

    def __init__(self, credentials: Credentials, cursor: Cursor) -> None:
        self.drip_seconds = max(0, _integer(credentials, "drip_seconds", 0))
        self._seed = _integer(credentials, "seed", 1)
        self._position = int(cursor.get("position", 0))
        self._is_looping = str(credentials.get("loop") or "").lower() in {"true", "1", "yes", "on"}

    @property
    def is_telling(self) -> bool:
        return self.drip_seconds > 0 and (self._is_looping or self._position < _demo.length())

    def first(self) -> Iterator[Batch]:
        """At the very first start: messages of the last weeks, most of them new, lest pages be empty."""
        if not self.is_telling or self._position:
            return
        now = _now()
        span = timedelta(days=_FIRST_DAYS)
        times = [
            now - span * ((FIRST_MESSAGES - number) / FIRST_MESSAGES) ** _THINNING for number in range(FIRST_MESSAGES)
        ]
        deliveries = tuple(self._delivery(number, moment) for number, moment in enumerate(times))
        self._position = FIRST_MESSAGES
        yield Batch(deliveries, {"position": self._position})

    def next(self) -> Batch:
        delivery = self._delivery(self._position, _now())
        self._position += 1
        return Batch((delivery,), {"position": self._position})

    def _delivery(self, position: int, sent_at: datetime) -> RawDelivery:
        message = _demo.message_at(self._seed, position, sent_at)
        raw = json.dumps(message, ensure_ascii=False).encode()
        return RawDelivery(raw, sent_at, external_id=message["id"], meta={"content_type": _CONTENT_TYPES[".json"]})


def _integer(credentials: Credentials, key: str, otherwise: int) -> int:
    value = credentials.get(key)
    try:
        return otherwise if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        raise BadCredentials(f"{key} is not a number.") from None


def _delivery(path: Path) -> RawDelivery | None:
    """Read one file; None when somebody took it away meanwhile."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Transient(f"{path.name} cannot be read: {error.strerror}.") from error
    name = sha256(path.name.encode("utf-8", "surrogateescape") + b"\0" + raw).hexdigest()
    meta = {"file": path.name.encode("utf-8", "replace").decode(), "content_type": _CONTENT_TYPES[path.suffix]}
    return RawDelivery(raw, _now(), external_id=f"file-{name}", meta=meta)


def _as_json(message: OutboundMessage) -> dict[str, object]:
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
        "attachments": [
            {"filename": one.filename, "content_type": one.content_type, "base64": b64encode(one.data).decode("ascii")}
            for one in message.attachments
        ],
        "sent_at": _now().isoformat(),
    }


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Transient(f"{path.name} cannot be written: {error.strerror}.") from error


def _now() -> datetime:
    return datetime.now(UTC)
