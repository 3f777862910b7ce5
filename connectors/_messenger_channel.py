"""What a Facebook page and an Instagram account have in common: both post direct messages and public doings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from connectors._graph import GraphWebhook, fetched, is_envelope, is_taken
from connectors._messenger_parse import Told, messages_of, owners_of, told_in
from connectors.base import Credentials, InboundAttachment, InboundMessage, MayReach, RawDelivery, RemoteFile
from connectors.errors import Malformed
from connectors.submission import load_json


class MessengerChannel(GraphWebhook):
    """`name` begins the sentences people read: "Instagram"."""

    kind: ClassVar[str]
    name: ClassVar[str]

    @staticmethod
    def public_messages(told: Told) -> Iterable[InboundMessage | None]:  # noqa: ARG004 - each kind reads its own
        """Read what a change tells of what happened in public: nothing, where a kind does not say how."""
        return ()

    def addressed(self, delivery: RawDelivery) -> tuple[str, ...]:
        """Return the pages or accounts that a call is about."""
        return owners_of(delivery.raw)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of a webhook call: direct ones, and what happened in public. Raises Malformed."""
        data = load_json(delivery.raw)
        told = told_in(data)
        if not told and not is_envelope(data):
            raise Malformed(f"This is not what {self.name} sends: it holds neither messages nor changes.")
        found = [message for each in told if is_taken(delivery.meta, each.own_id) for message in self._messages(each)]
        kept = [message for message in found if message is not None]
        if found and not kept:
            raise Malformed("It is not said who wrote this.")
        return kept

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002 - the protocol's
        """Fetch a file from where the message said it is; Meta asks for no token there. Raises Transient, Rejected."""
        return fetched(self.name, file, may_reach)

    def _messages(self, told: Told) -> Iterable[InboundMessage | None]:
        if told.field:
            return self.public_messages(told)
        return messages_of(told.value, self.kind, self.name, told.own_id)
