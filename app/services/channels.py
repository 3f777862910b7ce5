"""Connected sources: connect, test, edit, pause, resume, remove. Settings are sealed; secrets never come back out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import crypto, outbox
from app.clock import now
from app.db import assert_no_transaction
from app.errors import Conflict, Invalid
from app.events import ChannelChanged
from app.models import Channel, ChannelState, Inbox, User
from app.phrases import phrase
from app.services import channel_settings, network_guard
from app.services.teams import clean_name
from connectors.errors import ConnectorError

CHECK_SECONDS = 15.0
TOO_SLOW = phrase("No answer within {seconds} seconds. Check the server's name and port.", seconds=round(CHECK_SECONDS))


def check(kind: str, credentials: Mapping[str, Any]) -> str:
    """Connect once and say in a sentence what was found. Raises Invalid with what to do. No transaction may be open.

    Takes at most CHECK_SECONDS: the answer of a slower server is not waited for.
    """
    assert_no_transaction()
    connector = channel_settings.find_connector(kind)
    check_places(kind, credentials)
    pool = ThreadPoolExecutor(1, thread_name_prefix="channel-check")
    try:
        return pool.submit(connector.check, dict(credentials)).result(timeout=CHECK_SECONDS)
    except OutOfTime:
        raise Invalid(TOO_SLOW) from None
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def check_places(kind: str, credentials: Mapping[str, Any]) -> None:
    """Refuse servers that a channel may not connect to. Raises Invalid. No transaction may be open."""
    for key, host in channel_settings.places(kind, credentials):
        network_guard.check_host(host, field=channel_settings.field_of(key))


def connect(session: Session, *, inbox: Inbox, kind: str, name: str, credentials: Mapping[str, Any]) -> Channel:
    """Make an active channel; the poller picks it up. Raises Invalid, Conflict if it is connected already."""
    channel = Channel(
        inbox_id=inbox.id,
        kind=kind,
        name=clean_name(name),
        token=crypto.new_token(),
        address=_free_address(session, kind, credentials, None),
        sealed=crypto.seal(credentials),
    )
    session.add(channel)
    session.flush()
    _changed(session, channel)
    return channel


def edit(session: Session, *, channel: Channel, inbox: Inbox, name: str, credentials: Mapping[str, Any]) -> None:
    """Change a channel; conversations that exist stay in their inbox. Raises Invalid, Conflict."""
    _refuse_removed(channel)
    channel.name = clean_name(name)
    channel.address = _free_address(session, channel.kind, credentials, channel)
    channel.sealed = crypto.seal(credentials)
    channel.inbox_id = inbox.id
    _changed(session, channel)


def pause(session: Session, *, channel: Channel, actor: User | None) -> None:
    """Stop fetching and sending; what waits is kept."""
    _refuse_removed(channel)
    channel.state = ChannelState.PAUSED
    by_whom = phrase("Paused by {name}.", name=actor.name) if actor else phrase("Paused from the command line.")
    channel.state_reason = str(by_whom)
    _changed(session, channel)


def pause_for(session: Session, *, channel_id: int, reason: str, used: Mapping[str, Any] | None = None) -> None:
    """Pause because the provider does not accept us; the reason is shown on the channel's page.

    `used` are the credentials that were refused: where others were kept meanwhile, those have yet to be tried.
    """
    channel = session.get_one(Channel, channel_id, with_for_update=True)
    if channel.state is not ChannelState.ACTIVE or (used is not None and crypto.unseal(channel.sealed) != dict(used)):
        return
    channel.state, channel.state_reason = ChannelState.PAUSED, reason[:500]
    channel.last_error, channel.last_error_at = reason[:500], now()
    channel.leased_by = channel.leased_until = None
    _changed(session, channel)


def resume(session: Session, *, channel: Channel) -> None:
    """Go on where the channel stopped; old trouble is forgotten."""
    _refuse_removed(channel)
    channel.state = ChannelState.ACTIVE
    channel.state_reason = channel.last_error = ""
    channel.last_error_at = None
    _changed(session, channel)


def remove(session: Session, *, channel: Channel) -> None:
    """Disconnect for good: its secrets are destroyed, its conversations and deliveries stay."""
    if channel.state is ChannelState.REMOVED:
        return
    channel.state = ChannelState.REMOVED
    channel.state_reason = ""
    channel.sealed = crypto.seal(channel_settings.without_secrets(channel.kind, crypto.unseal(channel.sealed)))
    _changed(session, channel)


def reseal_batch(session: Session, *, after_id: int, limit: int = 100) -> tuple[int, int] | None:
    """Seal the next channels with the newest key; return how many and the last id, None when there is no more."""
    query = select(Channel).where(Channel.id > after_id).order_by(Channel.id).limit(limit).with_for_update()
    rows = session.scalars(query).all()
    for channel in rows:
        channel.sealed = crypto.reseal(channel.sealed)
    return (len(rows), rows[-1].id) if rows else None


def _free_address(session: Session, kind: str, credentials: Mapping[str, Any], own: Channel | None) -> str:
    """Return the channel's public address. Raises Conflict if another channel fetches from it already."""
    connector = channel_settings.find_connector(kind)
    address = connector.address(credentials)
    taken = select(Channel.name).where(
        Channel.kind == kind, Channel.address == address, Channel.state != ChannelState.REMOVED
    )
    if own is not None:
        taken = taken.where(Channel.id != own.id)
    other = session.scalar(taken.limit(1)) if address and connector.capabilities.pull else None
    if other is not None:
        raise Conflict(phrase("{address} is connected already, as “{other}”.", address=address, other=other))
    return address


def _refuse_removed(channel: Channel) -> None:
    if channel.state is ChannelState.REMOVED:
        raise Conflict(phrase("This channel was removed. Connect it again as a new one."))


def _changed(session: Session, channel: Channel) -> None:
    session.flush()
    inbox = session.get_one(Inbox, channel.inbox_id)
    outbox.record(session, ChannelChanged(channel_id=channel.id, inbox=str(inbox.public_id)))
