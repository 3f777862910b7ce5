"""The door that strangers use: a channel found by the token in its public address, with its settings opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import unseal
from app.errors import Conflict, NotFound
from app.models import Channel, Delivery, Inbox
from app.phrases import phrase
from app.services import ingest
from connectors.registry import connector_for

MAX_TOKEN = 100


@dataclass(frozen=True, slots=True)
class PublicChannel:
    """What a public page may work with; `settings` holds a value, or the default, for every setting of the kind."""

    id: int
    kind: str
    token: str
    inbox_id: int
    inbox: str  # public id
    settings: Mapping[str, Any]

    def words(self, key: str) -> str:
        """Return a setting that is text; one of several lines is joined by line ends."""
        value = self.settings.get(key) or ""
        return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def channel_at(session: Session, *, kind: str, token: str) -> PublicChannel:
    """Return the active channel behind a public address. Raises NotFound, also for a paused or removed one."""
    channel = ingest.active_channel(session, kind=kind, token=token[:MAX_TOKEN].replace("\0", ""))
    if channel is None:
        raise NotFound
    return opened(session, channel)


def opened(session: Session, channel: Channel) -> PublicChannel:
    """Return a channel with its settings opened."""
    defaults = {setting.key: setting.default for setting in connector_for(channel.kind).settings}
    given = {key: value for key, value in unseal(channel.sealed).items() if value is not None}
    inbox = session.get_one(Inbox, channel.inbox_id)
    return PublicChannel(
        id=channel.id,
        kind=channel.kind,
        token=channel.token,
        inbox_id=channel.inbox_id,
        inbox=str(inbox.public_id),
        settings=defaults | given,
    )


def store_all(session: Session, *, channel: PublicChannel, deliveries: Sequence[ingest.StoredDelivery]) -> None:
    """Store what one call brought (nothing, too: we heard from the provider). Raises NotFound if it was closed."""
    row = ingest.active_channel(session, kind=channel.kind, token=channel.token)
    if row is None:
        raise NotFound
    ingest.store_batch(session, channel=row, deliveries=deliveries)
    row.last_error = ""


def store(session: Session, *, channel: PublicChannel, delivery: ingest.StoredDelivery, exact: bool = False) -> bool:
    """Store one thing that arrived; False if it arrived before, which its id tells.

    Raises NotFound if the channel was closed meanwhile; with `exact`, Conflict if other bytes came under the same id.
    """
    row = ingest.active_channel(session, kind=channel.kind, token=channel.token)
    if row is None:
        raise NotFound
    if ingest.store_batch(session, channel=row, deliveries=[delivery]):
        return True
    if exact:
        before = select(Delivery.blob_sha256).where(
            Delivery.channel_id == row.id, Delivery.dedupe_key == delivery.dedupe_key
        )
        if session.scalars(before).one() != delivery.blob_sha256:
            raise Conflict(phrase("Something else was sent under this id before: send it with a new one."))
    return False
