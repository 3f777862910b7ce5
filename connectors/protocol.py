"""The protocol every connector keeps; the values that cross its boundary stand in `base`.

A connector knows no database, no Flask and no other connector. It is stateless: credentials and cursor come in,
values go out. Who keeps the promises: tests/connectors/test_contract.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Protocol

from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    Identity,
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
from connectors.home import Home


class Connector(Protocol):
    """The code that speaks one kind of channel. Instances are cheap and hold no state."""

    kind: ClassVar[str]
    label: ClassVar[str]
    family: ClassVar[str]  # under which the chooser shows it: letters, social, messaging, website, feeds or other
    about: ClassVar[str]  # one sentence for the chooser
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[tuple[Setting, ...]]
    entry: ClassVar[tuple[Setting, ...]]  # the form of `capabilities.manual_entry`; typed, it is a delivery's JSON
    entry_title: ClassVar[str]  # "Log a call"

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
        """Check the signature on the raw body, or a handshake's secret, in constant time. Raises BadCredentials."""

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Say what a verified call brought and what to answer. No network. Raises Malformed: answered with 400."""

    def home(self, credentials: Credentials) -> Home:
        """Say whose things come to this channel, where one webhook address may serve several channels."""

    def addressed(self, delivery: RawDelivery) -> tuple[str, ...]:
        """Return whose things a delivery holds (`Home.account`), "" for what names nobody; () where the webhook
        address says it all. Total. `parse` leaves out what the delivery's meta "only" does not name.
        """

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Turn bytes into values: pure and total. Raises Malformed and nothing else."""

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Hand one message to the provider. Raises Transient, BadCredentials or Rejected."""

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a file that a message named, guarded. Raises Transient, BadCredentials or Rejected."""

    def act(self, credentials: Credentials, action: Action) -> None:
        """Do what an agent asked, one of `capabilities.actions`; twice is once. Raises as `send`."""

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:
        """Ask who is behind an identity's address; `thread_key` is a conversation they wrote in. None where the
        provider tells nothing of this person, or not to us. Raises Transient or BadCredentials.
        """

    def templates(self, credentials: Credentials) -> tuple[Template, ...]:
        """Return the templates that the provider approved. Raises Transient or BadCredentials."""
