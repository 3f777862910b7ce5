"""What a kind of channel answers to what it cannot do: every connector inherits this and says what it can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from connectors.base import (
    Action,
    Batch,
    Credentials,
    Cursor,
    Identity,
    InboundAttachment,
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
from connectors.errors import BadCredentials, Rejected
from connectors.home import Home

KEPT_HEADERS = ("content-type",)


class Defaults:
    """Nothing is fetched, no call is accepted, nothing leaves. A call that was verified is one delivery."""

    entry: ClassVar[tuple[Setting, ...]] = ()
    entry_title: ClassVar[str] = ""

    def address(self, credentials: Credentials) -> str:
        """Return "": a channel without an address of its own."""
        return ""

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield nothing."""
        return iter(())

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Refuse. Raises BadCredentials."""
        raise BadCredentials("Nothing is called on this kind of channel.")

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take the whole body as one delivery; its hash tells duplicates."""
        meta = {name.replace("-", "_"): request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        return Received((RawDelivery(request.body, received_at, meta=meta),))

    def home(self, credentials: Credentials) -> Home:
        """Return nothing: what comes to a channel's webhook address is that channel's."""
        return Home()

    def addressed(self, delivery: RawDelivery) -> tuple[str, ...]:
        """Return none."""
        return ()

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Refuse. Raises Rejected."""
        raise Rejected("Nothing can be sent through this kind of channel.")

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Refuse. Raises Rejected."""
        raise Rejected("This kind of channel keeps no files at its provider.")

    def act(self, credentials: Credentials, action: Action) -> None:
        """Refuse. Raises Rejected."""
        raise Rejected("This kind of channel does not offer that.")

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:
        """Return None: messages say all there is to know."""
        return None

    def templates(self, credentials: Credentials) -> tuple[Template, ...]:
        """Return none."""
        return ()
