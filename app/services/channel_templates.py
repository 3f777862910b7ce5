"""The templates that a channel's provider approved, fetched every hour and when somebody asks.

A settings page calls `ask` for an admin's button; Channel.templates_at, templates_error and `is_syncing` tell how it
went. What may be filled in says services/answering.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.errors import Invalid
from app.events import ChannelChanged, TemplateWanted
from app.models import Channel, ChannelState, ChannelTemplate, Inbox
from app.phrases import phrase
from app.services.arrivals import plain
from connectors.base import Credentials, Template
from connectors.registry import connector_for, kinds

EVERY = timedelta(hours=1)
CLAIM = timedelta(minutes=3)
MOST_TEMPLATES = 2_000


def ask(session: Session, *, channel: Channel) -> None:
    """Have the templates fetched now. Raises Invalid where the kind has none, or the channel is not active."""
    if not connector_for(channel.kind).capabilities.templates:
        raise Invalid(phrase("This kind of channel has no templates."))
    if not channel.is_active:
        raise Invalid(phrase("Resume the channel first: nothing is fetched while it is paused."))
    channel.templates_claimed_until = now() + CLAIM
    outbox.record(session, TemplateWanted(channel_id=channel.id))


def is_syncing(channel: Channel) -> bool:
    """Say whether the templates are being fetched, or are about to."""
    return channel.templates_claimed_until is not None and channel.templates_claimed_until > now()


def hand_out(session: Session) -> int:
    """Have the templates fetched of channels where that was an hour ago; return how many."""
    having = [kind for kind in kinds() if connector_for(kind).capabilities.templates]
    moment = now()
    query = select(Channel).where(
        Channel.kind.in_(having),
        Channel.state == ChannelState.ACTIVE,
        or_(Channel.templates_at.is_(None), Channel.templates_at <= moment - EVERY),
        or_(Channel.templates_claimed_until.is_(None), Channel.templates_claimed_until <= moment),
    )
    due = session.scalars(query.order_by(Channel.id).with_for_update(skip_locked=True, key_share=True)).all()
    for channel in due:
        channel.templates_claimed_until = moment + CLAIM
    outbox.record_all(session, [TemplateWanted(channel_id=channel.id) for channel in due])
    return len(due)


def credentials_of(session: Session, *, channel_id: int) -> tuple[str, Credentials] | None:
    """Return kind and credentials of an active channel."""
    channel = session.get(Channel, channel_id)
    return (channel.kind, unseal(channel.sealed)) if channel is not None and channel.is_active else None


def record(session: Session, *, channel_id: int, templates: Sequence[Template]) -> None:
    """Keep what the provider has now; what it no longer has is forgotten."""
    channel = session.get_one(Channel, channel_id, with_for_update=True)
    moment = now()
    rows = {(row["name"], row["language"]): row for row in map(_row, templates[:MOST_TEMPLATES])}
    gone = delete(ChannelTemplate).where(ChannelTemplate.channel_id == channel_id)
    if rows:
        gone = gone.where(tuple_(ChannelTemplate.name, ChannelTemplate.language).not_in(sorted(rows)))
    session.execute(gone)
    if rows:
        values = [
            row | {"public_id": uuid7(), "channel_id": channel_id, "synced_at": moment}
            for _, row in sorted(rows.items())
        ]
        statement = insert(ChannelTemplate).values(values)
        newest = {"text": statement.excluded.text, "synced_at": statement.excluded.synced_at}
        session.execute(statement.on_conflict_do_update(index_elements=["channel_id", "name", "language"], set_=newest))
    _done(session, channel, "")


def record_failed(session: Session, *, channel_id: int, reason: str) -> None:
    """Say why it did not work; it is tried again in an hour. The templates that are known stay."""
    _done(session, session.get_one(Channel, channel_id, with_for_update=True), reason)


def _row(template: Template) -> dict[str, str]:
    return {
        "name": plain(template.name, 500),
        "language": plain(template.language, 50),
        "text": plain(template.text, 10_000),
    }


def _done(session: Session, channel: Channel, error: str) -> None:
    channel.templates_at, channel.templates_error = now(), plain(error, 500)
    channel.templates_claimed_until = None
    inbox = session.get_one(Inbox, channel.inbox_id)
    outbox.record(session, ChannelChanged(channel_id=channel.id, inbox=str(inbox.public_id)))
