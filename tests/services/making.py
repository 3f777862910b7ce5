"""Arrivals made by hand, for tests of the services."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.models import Channel, Conversation, Message
from app.services import ingest
from app.services.arrivals import Arrival
from connectors.base import Address, Identity, InboundMessage, RawDelivery
from tests.pipeline import make_workspace

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = count(1)


class House:
    """A workspace, and letters that arrive in it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        made = make_workspace(session, folder=folder)
        self.team, self.agents, self.admin = made["team"], made["agents"], made["admin"]
        self.inbox, self.channel = made["inbox"], made["channel"]

    def by_mail(self, address: str = "support@acme.example") -> House:
        """Make its channel one of mail."""
        self.channel.kind, self.channel.address = "mail", address
        self.session.flush()
        return self

    def arrive(self, *said: InboundMessage, channel: Channel | None = None) -> list[Message]:
        """Store and ingest one batch; return its new messages."""
        channel = channel or self.channel
        raw = [RawDelivery(raw=f"raw {next(_numbers)}".encode(), received_at=NOON) for _ in said]
        kept = [ingest.keep(one) for one in raw]
        ids = ingest.store_batch(self.session, channel=channel, deliveries=kept)
        arrivals = [
            Arrival(delivery_id=id_, channel_id=channel.id, inbox_id=channel.inbox_id, received_at=NOON, message=one)
            for id_, one in zip(ids, said, strict=True)
        ]
        new = ingest.ingest_messages(self.session, deliveries=ids, arrivals=arrivals)
        return [self.session.get_one(Message, id_) for id_ in new]

    def one(self, said: InboundMessage) -> tuple[Conversation, Message]:
        (message,) = self.arrive(said)
        return self.session.get_one(Conversation, message.conversation_id), message


def letter(sender: str = "mia@example.com", **more: Any) -> InboundMessage:
    """A mail; `to` and `cc` may be plain addresses."""
    number = next(_numbers)
    for field in ("to", "cc"):
        more[field] = tuple(Address(address) for address in more.get(field, ()))
    values = {"external_id": f"m{number}@example.com", "subject": "Question", "text": f"Hello {number}", **more}
    return InboundMessage(sender=Identity("email", sender, sender.split("@", maxsplit=1)[0].title()), **values)
