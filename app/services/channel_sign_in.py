"""Signing in at a provider for a channel: OAuth 2's authorization code with PKCE (RFC 6749 4.1, RFC 7636).

A connector that can do it has two methods: `sign_in_address(credentials, …)` says where a person signs in, and
`signed_in(credentials, …)` turns the code that comes back into credentials to keep. What has to survive the way there
and back (which channel, who, PKCE's verifier) travels sealed in `state`, good for one person and a quarter of an hour.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.config import settings
from app.db import assert_no_transaction
from app.errors import Invalid, SetupError
from app.models import Channel, ChannelState, Inbox, User
from app.services import channel_settings, channels
from connectors.errors import ConnectorError

GOOD_FOR = timedelta(minutes=15)
MOST_CHARACTERS = 4_000
STALE = "This sign-in is not one that you began here, or it took too long: begin again on the channel's page."


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to sign in, and with whom."""

    provider: str
    address: str


@dataclass(frozen=True, slots=True)
class Return:
    """What came back sealed: for which channel, and the verifier of the code."""

    channel_id: str
    verifier: str


def can_sign_in(kind: str) -> bool:
    """Tell whether channels of a kind can be signed in to at a provider."""
    return hasattr(channel_settings.find_connector(kind), "sign_in_address")


def redirect_address() -> str:
    """Return the address that providers send people back to: it is registered with them."""
    return f"{settings().base_url}/settings/channels/signed-in"


def begin(channel: Channel, user: User) -> Beginning:
    """Say where this person signs in for this channel. Raises Invalid where settings are missing."""
    verifier = crypto.new_token(64)
    sealed = crypto.seal(
        {"sign-in": str(channel.public_id), "user": str(user.public_id), "verifier": verifier, "at": now().timestamp()}
    )
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        provider, address = connector.sign_in_address(
            crypto.unseal(channel.sealed),
            redirect_uri=redirect_address(),
            state=sealed.decode(),
            challenge=challenge,
        )
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    return Beginning(provider, address)


def come_back(state: str, user: User) -> Return:
    """Open what came back. Raises Invalid for a state that is not this person's, or too old."""
    try:
        opened = crypto.unseal(state[:MOST_CHARACTERS].encode())
    except (SetupError, UnicodeEncodeError):
        raise Invalid(STALE) from None
    age = now().timestamp() - float(opened.get("at", 0))
    if opened.get("user") != str(user.public_id) or not 0 <= age <= GOOD_FOR.total_seconds():
        raise Invalid(STALE)
    return Return(str(opened.get("sign-in", "")), str(opened.get("verifier", "")))


def exchange(channel: Channel, *, code: str, verifier: str) -> dict[str, Any]:
    """Ask the provider for what the code stands for; return the channel's credentials with it. Raises Invalid.

    No transaction may be open.
    """
    assert_no_transaction()
    credentials = crypto.unseal(channel.sealed)
    channels.check_places(channel.kind, credentials)
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        gained = connector.signed_in(
            credentials, code=code[:MOST_CHARACTERS], verifier=verifier, redirect_uri=redirect_address()
        )
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    return {**credentials, **gained}


def credentials_of(channel: Channel) -> dict[str, Any]:
    """Return a channel's opened credentials."""
    return crypto.unseal(channel.sealed)


def can_renew(kind: str) -> bool:
    """Tell whether what channels of a kind sign in with can be replaced."""
    return hasattr(channel_settings.find_connector(kind), "renewed")


def keep_renewed(channel: Channel, *, before: dict[str, Any], gained: Mapping[str, Any]) -> None:
    """Keep what came instead, unless somebody changed the settings meanwhile. The row is locked."""
    if channel.state is ChannelState.ACTIVE and credentials_of(channel) == before:
        channel.sealed = crypto.seal({**before, **gained})


def keep(session: Session, *, channel: Channel, credentials: dict[str, Any]) -> None:
    """Keep what was gained; a channel that was paused for want of it goes on when somebody resumes it."""
    inbox = session.get_one(Inbox, channel.inbox_id)
    channels.edit(session, channel=channel, inbox=inbox, name=channel.name, credentials=credentials)
