"""Whose things a webhook call brought, where a provider knows one address for all channels of an app.

    a call at one channel's address ──► that channel's own, and what names nobody or nobody known
                                   └──► each other channel of the same kind and app: what names its account

A channel that a person paused still gets its things: the call is one for all, and cannot be refused for one. What names
the account of a channel that was removed is left out: it was disconnected for good, and is nobody else's to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import unseal
from app.errors import NotFound
from app.models import Channel, ChannelState
from app.services import ingest
from app.services.public_channels import MAX_TOKEN, PublicChannel, opened
from connectors.base import RawDelivery
from connectors.home import NOBODY, ONLY
from connectors.registry import connector_for

Homes = Mapping[str, int | None]  # account: the channel that it is, None for one that was removed


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one channel is to keep of a call."""

    channel_id: int
    deliveries: tuple[RawDelivery, ...]


def strangers(channel: PublicChannel, deliveries: Sequence[RawDelivery]) -> frozenset[str]:
    """Return the accounts, other than the channel's own, that a call at its address names."""
    connector = connector_for(channel.kind)
    home = connector.home(channel.settings)
    if not home.is_shared:
        return frozenset()
    named = {account for one in deliveries for account in connector.addressed(one)}
    return frozenset(named - {"", home.account})


def homes(session: Session, *, channel: PublicChannel, accounts: frozenset[str]) -> Homes:
    """Find the channels of the same kind and app that accounts belong to; a running one before a paused one."""
    connector = connector_for(channel.kind)
    app = connector.home(channel.settings).app
    found: dict[str, int | None] = {}
    query = select(Channel).where(Channel.kind == channel.kind, Channel.id != channel.id)
    order = {ChannelState.ACTIVE: 0, ChannelState.PAUSED: 1, ChannelState.REMOVED: 2}
    for row in sorted(session.scalars(query), key=lambda row: (order[row.state], row.id)):
        home = connector.home(unseal(row.sealed))
        is_removed = row.state is ChannelState.REMOVED  # its secrets are gone: only the account is known
        if home.account in accounts and (is_removed or home.app == app):
            found.setdefault(home.account, None if is_removed else row.id)
    return found


def sort_out(channel: PublicChannel, deliveries: Sequence[RawDelivery], known: Homes) -> list[Parcel]:
    """Return who keeps what, in the order of the channels; the one that was called is always among them.

    The bytes stay whole; `ONLY` says which part is meant.
    """
    kept: dict[int, list[RawDelivery]] = {channel.id: []}
    for delivery in deliveries:
        named = connector_for(channel.kind).addressed(delivery) if known else ()
        shares: dict[int, list[str]] = {}
        for account in named:
            keeper = known.get(account, channel.id)
            if keeper is not None:
                shares.setdefault(keeper, []).append(account or NOBODY)
        is_mixed = len(shares) > 1 or sum(map(len, shares.values())) < len(named)
        if not named:
            shares = {channel.id: []}
        for keeper, accounts in shares.items():
            meta = {**delivery.meta, ONLY: " ".join(accounts)} if is_mixed else delivery.meta
            kept.setdefault(keeper, []).append(replace(delivery, meta=meta))
    return [Parcel(channel_id, tuple(kept[channel_id])) for channel_id in sorted(kept)]


def store(session: Session, *, channel_id: int, deliveries: Sequence[ingest.StoredDelivery]) -> None:
    """Store one channel's part of a call. Raises NotFound if it was removed meanwhile: the provider calls again."""
    row = session.get(Channel, channel_id)
    if row is None or row.state is ChannelState.REMOVED:
        raise NotFound
    ingest.store_batch(session, channel=row, deliveries=deliveries)
    if row.state is ChannelState.ACTIVE:
        row.last_error = ""


def others_of_address(session: Session, *, kind: str, token: str) -> list[PublicChannel]:
    """Return the running channels of a kind that may take a call at the address of one that does not run.

    An app's only address is that of the channel that was connected first: pausing or removing it must not make the
    others deaf. Who of them shares the app, the call's signature tells.
    """
    query = select(Channel).where(Channel.token == token[:MAX_TOKEN].replace("\0", ""), Channel.kind == kind)
    resting = session.scalars(query.where(Channel.state != ChannelState.ACTIVE)).one_or_none()
    if resting is None:
        return []
    active = select(Channel).where(Channel.kind == kind, Channel.state == ChannelState.ACTIVE).order_by(Channel.id)
    found = [opened(session, row) for row in session.scalars(active)]
    return [one for one in found if connector_for(kind).home(one.settings).is_shared]
