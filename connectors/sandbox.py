"""A channel made of folders, for demos and for trying things out without a provider.

    FOLDER/in/    *.json (see _sandbox_format.py) and *.eml: each becomes a message and moves to done/ once stored;
                  write to NAME.part and rename, so that nobody reads half a file
    FOLDER/out/   one JSON file a reply, named by its idempotency key; one a like, a hiding …
    FOLDER/media/ the files that messages name by `media_id`; templates.json is what the provider approved
    FOLDER/trouble.json  {"error": "rejected|transient|bad_credentials", "reason": "…"}: its answer while that is there

The same messages may be posted to its webhook address, signed with its secret (_sandbox_calls.py), so that all that
real providers do can be tried without one.

With `drip_seconds` it also tells the stories of _demo.py: some weeks' worth at once when it starts for the first time,
then one message every so many seconds. The cursor, {"position": n}, is the place in the stories.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from connectors import _demo, _sandbox_calls
from connectors._demo_customer import DemoCustomer
from connectors._sandbox_folders import CONTENT_TYPES, Folders, as_json, write
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Received,
    RemoteFile,
    Setting,
    Template,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected
from connectors.phrases import phrase

FIRST_MESSAGES = 54
_FIRST_DAYS = 24.0  # what is shown over time needs some weeks
_THINNING = 2.0  # the further back, the further apart
_KEY = re.compile(r"[A-Za-z0-9._-]{1,150}")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks into the folder, and between signs of life. Tests make it short."""

    look_seconds: float = 0.25
    heartbeat_seconds: float = 25


class SandboxConnector(Defaults):
    """Reads and writes files; tells stories."""

    kind: ClassVar[str] = "sandbox"
    label: ClassVar[str] = phrase("Sandbox")
    family: ClassVar[str] = "other"
    about: ClassVar[str] = phrase("Folders instead of a provider: for trying out, and for the demo.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("email", "phone", "handle", "visitor"),
        idempotent_send=True,
        threads=True,
        subject=True,
        html=True,
        attachments=True,
        push=True,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        reactions=True,
        delivery_states=True,
        read_states=True,
        templates=True,
        actions=("like", "unlike", "hide", "unhide", "delete"),
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
        Setting("webhook_secret", "Secret of webhook calls", "secret", help="Empty: no calls are accepted"),
        Setting(
            "loop",
            "Begin again after the last demo message",
            "boolean",
            default=False,
            help="Off: when every demo message was told, no more come",
        ),
        Setting(
            "customer",
            "One customer who waits for your reply",
            "boolean",
            default=False,
            help="Writes once at the start and answers your first reply; made for the live demo of the first steps",
        ),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()

    def address(self, credentials: Credentials) -> str:  # noqa: ARG002 - part of the protocol
        """Return "": nobody can write to a folder from outside."""
        return ""

    def check(self, credentials: Credentials) -> str:
        """Make the folders and say where they are. Raises BadCredentials."""
        folders = Folders(credentials)
        waiting = sum(1 for _ in folders.waiting())
        return f"Reading {folders.inbox} ({waiting} waiting), writing {folders.outbox}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield files and stories as they come; never ends by itself. Raises Transient, BadCredentials."""
        folders, stories = Folders(credentials), _Stories(credentials, cursor)
        customer = DemoCustomer(credentials, cursor, folders)
        yield from stories.first()
        next_story = time.monotonic() + stories.drip_seconds
        next_sign = time.monotonic()
        while True:
            before = time.monotonic()
            yield from folders.read()
            yield from customer.tell()
            if stories.is_telling and before >= next_story:
                yield stories.next()
                next_story = max(before, next_story + stories.drip_seconds)
            if before >= next_sign:
                yield Batch()
                next_sign = before + self._pace.heartbeat_seconds
            time.sleep(self._pace.look_seconds)

    def fetch_once(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield the files that wait, and the first stories where none was told yet."""
        folders = Folders(credentials)
        yield from _Stories(credentials, cursor).first()
        yield from DemoCustomer(credentials, cursor, folders).tell()
        yield from folders.read()

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature of a posted body, or the secret of a handshake. Raises BadCredentials."""
        _sandbox_calls.verify(str(credentials.get("webhook_secret") or ""), request)

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:  # noqa: ARG002
        """Return one delivery a message; a handshake is answered with its challenge. Raises Malformed."""
        return _sandbox_calls.receive(request, received_at)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Turn one file into one message. Raises Malformed."""
        if delivery.meta.get("content_type") == CONTENT_TYPES[".eml"]:
            from connectors._mime import parse_mail

            return [parse_mail(delivery.raw)]
        from connectors._sandbox_format import read_message

        return [read_message(delivery.raw)]

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Write one file; the same key writes the same file once. Raises Transient, BadCredentials, Rejected."""
        if not _KEY.fullmatch(message.idempotency_key):
            raise Rejected("The key of the reply does not fit into a file name.")
        folders = Folders(credentials)
        folders.raise_trouble()
        path = folders.outbox / f"{message.idempotency_key}.json"
        if not path.exists():
            write(path, json.dumps(as_json(message), ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        return Receipt(f"sandbox-{message.idempotency_key}", f"written to {path.name}")

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Return a file of media/, or fetch one by its address. Raises Transient, Rejected, BadCredentials."""
        folders = Folders(credentials)
        folders.raise_trouble()
        return _sandbox_calls.download(folders, file, may_reach)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Write one file for what was done; twice is once. Raises Transient, BadCredentials, Rejected."""
        name = sha256(f"{action.kind} {action.target}".encode("utf-8", "replace")).hexdigest()[:32]
        folders = Folders(credentials)
        folders.raise_trouble()
        path = folders.outbox / f"action-{name}.json"
        write(path, json.dumps(asdict(action), ensure_ascii=False, indent=1).encode("utf-8", "replace"))

    def templates(self, credentials: Credentials) -> tuple[Template, ...]:
        """Return what templates.json holds. Raises Transient, BadCredentials, Rejected."""
        folders = Folders(credentials)
        folders.raise_trouble()
        return _sandbox_calls.templates(folders)


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
        return RawDelivery(raw, sent_at, external_id=message["id"], meta={"content_type": CONTENT_TYPES[".json"]})


def _integer(credentials: Credentials, key: str, otherwise: int) -> int:
    value = credentials.get(key)
    try:
        return otherwise if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        raise BadCredentials(phrase("{key} is not a number.", key=key)) from None


def _now() -> datetime:
    return datetime.now(UTC)
