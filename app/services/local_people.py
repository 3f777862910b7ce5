"""Customers whom a provider names by ids that mean something on one channel only.

Two Mastodon servers, or two systems behind API channels, both have a customer 42: somebody else. Such ids are kept with
the channel's mark behind them, and told to the provider without it (Capabilities.local_ids).
"""

from __future__ import annotations

from dataclasses import replace

from app.models import Channel
from connectors.base import Identity, InboundMessage, Profile
from connectors.registry import connector_for

LONGEST = 300  # characters, so that the mark has room


def named(channel: Channel, said: InboundMessage) -> InboundMessage:
    """Return a message whose people cannot be taken for those of another channel."""
    if not connector_for(channel.kind).capabilities.local_ids:
        return said
    return replace(
        said, sender=_marked(channel, said.sender), also=tuple(_marked(channel, other) for other in said.also)
    )


def bare(channel: Channel, address: str) -> str:
    """Return an address as the channel's provider knows it."""
    return address.removesuffix(_mark(channel)) if connector_for(channel.kind).capabilities.local_ids else address


def _marked(channel: Channel, person: Identity) -> Identity:
    if person.kind != channel.kind or not person.address:
        return person
    known = person.profile or Profile()
    shown = known if known.handle else replace(known, handle=person.address)  # people see no mark
    return replace(person, address=person.address[:LONGEST] + _mark(channel), profile=shown)


def _mark(channel: Channel) -> str:
    return f"~{channel.public_id.hex[-12:]}"
