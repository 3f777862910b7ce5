"""The protocol every connector keeps, and the frozen values that cross its boundary.

A connector knows no database, no Flask and no other connector. It is stateless: credentials and cursor come in,
values go out. Times are aware UTC datetimes. Who keeps the promises: tests/connectors/test_contract.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

Auto = Literal["none", "auto_reply", "bounce", "list", "calendar"]
IdentityKind = Literal["email", "phone", "handle", "visitor"]
SettingKind = Literal["text", "secret", "integer", "boolean", "choice", "lines"]
Credentials = Mapping[str, Any]
Cursor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a channel's settings form. `secret` values are write-only on screen; all are sealed at rest."""

    key: str
    label: str
    kind: SettingKind = "text"
    required: bool = False
    default: str | int | bool | None = None
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of channel can do, as data; the composer and the pipeline enforce it."""

    push: bool = False  # bytes come to us (HTTP, socket)
    pull: bool = False  # we go and fetch them
    send: bool = False  # replies can leave through it
    reaches: tuple[IdentityKind, ...] = ()  # the kinds of address a reply can go to
    live_only: bool = False  # a reply reaches the customer only while they are connected
    idempotent_send: bool = False  # sending the same idempotency_key twice delivers once
    threads: bool = False  # the provider tells which messages belong together
    subject: bool = False
    html: bool = False
    cc: bool = False
    typing: bool = False
    attachments: bool = False
    max_text: int = 100_000  # characters
    max_attachment_bytes: int = 25_000_000  # all attachments of one message together
    reply_window_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """Exactly what arrived. `external_id` is the provider's id; None means: the hash of the bytes tells duplicates."""

    raw: bytes
    received_at: datetime
    external_id: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)  # e.g. folder, uid, content_type, remote_address


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to store and the cursor to keep in the same transaction. An empty batch is a heartbeat."""

    deliveries: tuple[RawDelivery, ...] = ()
    cursor: Cursor | None = None  # None: leave the stored cursor as it is


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address as written in a header; `email` is lower case."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """One address of a person on one kind of channel. `verified`: the channel itself vouches for it."""

    kind: IdentityKind
    address: str
    name: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class InboundAttachment:
    filename: str
    content_type: str
    data: bytes
    is_inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing a customer said.

    `text` holds only the new words; `quoted` and `signature` what was cut from them; `html` is raw and untrusted.
    `external_id` is never empty (a synthetic one is made from the content). `tokens` are reply tokens found in the
    recipients; `thread_key` is the channel's own name of the conversation, where it has one.
    """

    external_id: str
    sender: Identity
    subject: str = ""
    text: str = ""
    quoted: str = ""
    signature: str = ""
    html: str | None = None
    attachments: tuple[InboundAttachment, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    thread_key: str | None = None
    auto: Auto = "none"
    sent_at: datetime | None = None
    also: tuple[Identity, ...] = ()  # further identities of the same sender (an e-mail left in a chat)
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboundAttachment:
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A reply on its way out. `idempotency_key` is stable over retries; ids carry no angle brackets."""

    idempotency_key: str
    to: tuple[Address, ...]
    text: str
    recipient: str = ""  # the identity's address on channels other than mail
    subject: str = ""
    html: str | None = None
    cc: tuple[Address, ...] = ()
    attachments: tuple[OutboundAttachment, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    reply_token: str | None = None
    from_name: str = ""
    automatic: bool = False  # nobody wrote it: carries the headers that stop mail loops


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took it; `external_id` is what later messages will refer to."""

    external_id: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A webhook call as it arrived; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    remote_address: str = ""


class Connector(Protocol):
    """The code that speaks one kind of channel. Instances are cheap and hold no state."""

    kind: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[tuple[Setting, ...]]

    def address(self, credentials: Credentials) -> str:
        """Say the channel's own public address (support@acme.example), or "" where it has none."""

    def check(self, credentials: Credentials) -> str:
        """Sign in once and say in one sentence what was found. Raises BadCredentials or Transient."""

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new, then wait for more (a generator that ends only by an error, or when there is no
        waiting to be done). What is yielded has been stored once the generator is resumed: acknowledge then.
        Yields an empty batch at least every 30 seconds. Raises Transient, BadCredentials.
        """

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature on the raw body, in constant time. Raises BadCredentials."""

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Turn bytes into values: pure and total. Raises Malformed and nothing else."""

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Hand one message to the provider. Raises Transient, BadCredentials or Rejected."""
