"""What people write down by hand: it becomes a delivery like any other, and goes the way of all messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import Channel, ChannelState, Inbox, User
from app.phrases import phrase
from app.services import access, channel_settings, ingest
from app.services.ingest import StoredDelivery
from connectors.base import RawDelivery
from connectors.errors import Malformed
from connectors.registry import connector_for, kinds


def channels(session: Session, user: User) -> Sequence[Channel]:
    """Return the active channels of a user's inboxes on which something can be written down."""
    fitting = [kind for kind in kinds() if connector_for(kind).capabilities.manual_entry]
    query = select(Channel).join(Inbox, Inbox.id == Channel.inbox_id).where(access.inboxes_of(user))
    query = query.where(Channel.kind.in_(fitting), Channel.state == ChannelState.ACTIVE)
    return session.scalars(query.order_by(Channel.name)).all()


def keep(channel: Channel, *, typed: Mapping[str, Any], author: User) -> StoredDelivery:
    """Check what was typed and write it to disk. No transaction may be open. Raises Invalid."""
    connector = connector_for(channel.kind)
    if not connector.capabilities.manual_entry:
        raise Invalid(phrase("Nothing is written down by hand on this kind of channel."))
    said = channel_settings.read_fields(connector.entry, typed) | {"agent": author.name}
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
    delivery = RawDelivery(raw, now(), external_id=f"entry:{uuid4()}", meta={"content_type": "application/json"})
    try:
        connector.parse(delivery)
    except Malformed as error:
        raise Invalid(error.reason) from None
    return ingest.keep(delivery)


def store(session: Session, *, channel: Channel, delivery: StoredDelivery) -> None:
    """Let it go the way of what arrives. Raises Conflict if the channel was paused or removed meanwhile."""
    row = session.get_one(Channel, channel.id, populate_existing=True)
    if row.state is not ChannelState.ACTIVE:
        raise Conflict(phrase("{name} is not active any more: an admin resumes it in the settings.", name=row.name))
    ingest.store_batch(session, channel=row, deliveries=[delivery])
