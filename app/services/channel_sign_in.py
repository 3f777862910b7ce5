"""Signing in at a provider for a channel: OAuth 2's authorization code (RFC 6749 4.1), with PKCE where it is known.

What a kind of channel says and does of it: connectors/sign_in.py. The way there and back is one person's, in one
session of theirs, for one channel and a quarter of an hour: `state` is signed over all of that, and PKCE's verifier is
made from it by a key of ours, so that nothing has to be kept until they are back.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.config import settings
from app.db import assert_no_transaction
from app.errors import Invalid, SetupError
from app.models import Channel, ChannelState, Inbox, User
from app.phrases import phrase
from app.services import channel_settings, channels
from connectors.errors import ConnectorError
from connectors.sign_in import ProviderAccount, SignIn

PURPOSE = "channel sign-in"
GOOD_FOR = timedelta(minutes=15)
MOST_CHARACTERS = 4_000
MOST_ACCOUNTS = 200
MOST_SEALED = 400_000  # characters of a choice
STALE = phrase("This sign-in is not one that you began here, or it took too long: begin again on the channel's page.")
WAITING = phrase("Nobody has signed in at the provider yet.")


@dataclass(frozen=True, slots=True)
class Traveller:
    """Who is on the way: a user, in one session of a browser."""

    user: User
    session_key: str = field(repr=False)

    def sign(self, value: str) -> str:
        return crypto.sign(PURPOSE, self._mine(value))

    def has_signed(self, value: str, signature: str) -> bool:
        return signature.isascii() and crypto.is_signed(PURPOSE, self._mine(value), signature)

    def _mine(self, value: str) -> str:
        return f"{value}\0{self.user.public_id}\0{self.session_key}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to sign in, and with whom."""

    provider: str
    address: str


@dataclass(frozen=True, slots=True)
class Return:
    """What came back: for which channel, and the verifier of the code."""

    channel_id: str
    verifier: str = field(repr=False)


def can_sign_in(kind: str) -> bool:
    """Tell whether channels of a kind can be signed in to at a provider."""
    return hasattr(channel_settings.find_connector(kind), "sign_in_address")


def about(kind: str) -> SignIn:
    """Return what is to be known before a sign-in."""
    known: SignIn = getattr(channel_settings.find_connector(kind), "sign_in", SignIn())
    return known


def begins_with_it(kind: str) -> bool:
    """Tell whether a new channel of a kind may begin with a sign-in, before it can be tried out."""
    return hasattr(channel_settings.find_connector(kind), "sign_in")


def redirect_address() -> str:
    """Return the address that providers send people back to: it is registered with them."""
    return f"{settings().base_url}/settings/channels/signed-in"


def makes_its_own(kind: str) -> bool:
    """Tell whether the application is made by a call, so that nobody has to register anything."""
    return hasattr(channel_settings.find_connector(kind), "register")


def must_register(channel: Channel) -> bool:
    """Tell whether an application has to be made at the provider first, which a call does."""
    connector: Any = channel_settings.find_connector(channel.kind)
    asked = getattr(connector, "is_registered", None)
    return asked is not None and not asked(credentials_of(channel), redirect_uri=redirect_address())


def register(channel: Channel) -> Mapping[str, Any]:
    """Make an application at the provider; return the settings to keep. Raises Invalid. No transaction may be open."""
    credentials = _reachable(channel)
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        made: Mapping[str, Any] = connector.register(credentials, redirect_uri=redirect_address())
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    return made


def keep_registered(channel: Channel, made: Mapping[str, Any]) -> None:
    """Keep what `register` brought. The row is locked."""
    channel.sealed = crypto.seal({**credentials_of(channel), **made})


def begin(channel: Channel, traveller: Traveller) -> Beginning:
    """Say where this person signs in for this channel. Raises Invalid where settings are missing."""
    trip = f"{channel.public_id.hex}.{int(now().timestamp())}.{crypto.new_token(16)}"
    state = f"{trip}.{traveller.sign(trip)}"
    digest = hashlib.sha256(_verifier(state).encode()).digest()
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        provider, address = connector.sign_in_address(
            credentials_of(channel),
            redirect_uri=redirect_address(),
            state=state,
            challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        )
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    return Beginning(provider, address)


def come_back(state: str, traveller: Traveller) -> Return:
    """Check what came back. Raises Invalid for a state of another person or session, or one that is too old."""
    trip, _, signature = state[:MOST_CHARACTERS].rpartition(".")
    if not traveller.has_signed(trip, signature):
        raise Invalid(STALE)
    channel, began_at, _ = trip.split(".")
    if not 0 <= now().timestamp() - int(began_at) <= GOOD_FOR.total_seconds():
        raise Invalid(STALE)
    return Return(str(UUID(hex=channel)), _verifier(state))


def exchange(channel: Channel, *, code: str, verifier: str) -> tuple[ProviderAccount, ...]:
    """Ask the provider for what the code stands for: the accounts that this channel may be. Raises Invalid.

    No transaction may be open.
    """
    credentials = _reachable(channel)
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        gained = connector.signed_in(
            credentials, code=code[:MOST_CHARACTERS], verifier=verifier, redirect_uri=redirect_address()
        )
    except ConnectorError as error:
        raise Invalid(error.reason) from None
    found = (ProviderAccount(gained),) if isinstance(gained, Mapping) else tuple(gained)
    if not found:
        raise Invalid(phrase("The provider gave access to nothing that this channel could be."))
    return _fitting(channel, found[:MOST_ACCOUNTS])


def seal_choice(channel_id: str, traveller: Traveller, accounts: Sequence[ProviderAccount]) -> str:
    """Seal accounts into a form that asks for one of them: for this person, session and channel only."""
    told = [[one.key, one.name, one.detail, dict(one.credentials)] for one in accounts]
    trip = f"{channel_id}.{int(now().timestamp())}"
    return crypto.seal({"choice": trip, "owner": traveller.sign(trip), "accounts": told}).decode()


def open_choice(sealed: str, traveller: Traveller) -> tuple[str, tuple[ProviderAccount, ...]]:
    """Return the channel and its accounts. Raises Invalid for a choice of another person or session, or an old one."""
    try:
        opened = crypto.unseal(sealed[:MOST_SEALED].encode())
        trip, owner, told = str(opened["choice"]), str(opened["owner"]), opened["accounts"]
    except (SetupError, UnicodeEncodeError, KeyError):
        raise Invalid(STALE) from None
    channel_id, _, sealed_at = trip.partition(".")
    if not traveller.has_signed(trip, owner) or now().timestamp() - int(sealed_at) > GOOD_FOR.total_seconds():
        raise Invalid(STALE)
    return channel_id, tuple(ProviderAccount(kept, key, name, detail) for key, name, detail, kept in told)


def keep(session: Session, *, channel: Channel, account: ProviderAccount) -> None:
    """Keep what was gained; a channel that was paused for want of it goes on where it stopped. The row is locked.

    Raises Invalid for another account than the channel's, Conflict if it is connected already.
    """
    _fitting(channel, (account,))
    inbox = session.get_one(Inbox, channel.inbox_id)
    credentials = {**credentials_of(channel), **account.credentials}
    channels.edit(session, channel=channel, inbox=inbox, name=channel.name, credentials=credentials)
    if is_paused_for_trouble(channel):
        channels.resume(session, channel=channel)


def settle(channel: Channel) -> str:
    """Do at the provider what is left to be done; return what went wrong, "" if nothing. No transaction may be open."""
    connector: Any = channel_settings.find_connector(channel.kind)
    step = getattr(connector, "settled", None)
    if step is None:
        return ""
    try:
        step(_reachable(channel))
    except ConnectorError as error:
        return error.reason
    return ""


def credentials_of(channel: Channel) -> dict[str, Any]:
    """Return a channel's opened credentials."""
    return crypto.unseal(channel.sealed)


def can_renew(kind: str) -> bool:
    """Tell whether what channels of a kind sign in with can be replaced."""
    return hasattr(channel_settings.find_connector(kind), "renewed")


def renews_at(channel: Channel) -> float | None:
    """Return when what a channel signed in with must be replaced (Unix seconds), None where nothing tells."""
    connector: Any = channel_settings.find_connector(channel.kind)
    asked = getattr(connector, "renews_at", None)
    due: float | None = asked(credentials_of(channel)) if asked else None
    return due


def tells_when(kind: str) -> bool:
    """Tell whether a kind knows when its sign-ins end; the others are renewed once a day."""
    return hasattr(channel_settings.find_connector(kind), "renews_at")


def is_paused_for_trouble(channel: Channel) -> bool:
    """Tell whether the provider's refusal paused a channel, not a person."""
    return channel.state is ChannelState.PAUSED and channel.state_reason == channel.last_error != ""


def is_waiting(channel: Channel) -> bool:
    """Tell whether a sign-in would set a paused channel going again."""
    return is_paused_for_trouble(channel) and can_sign_in(channel.kind)


def keep_renewed(
    session: Session, channel: Channel, *, before: dict[str, Any], gained: Mapping[str, Any], began: datetime
) -> None:
    """Keep what came instead, unless somebody signed in meanwhile; other settings may have changed. The row is locked.

    A token that was replaced may be refused at once: a channel paused for that since `began` goes on.
    """
    current = credentials_of(channel)
    if channel.state is ChannelState.REMOVED or any(current.get(key) != before.get(key) for key in gained):
        return
    channel.sealed = crypto.seal({**current, **gained})
    if is_paused_for_trouble(channel) and channel.last_error_at is not None and channel.last_error_at >= began:
        channels.resume(session, channel=channel)


def _reachable(channel: Channel) -> dict[str, Any]:
    """Return the credentials once their servers may be called. Raises Invalid. No transaction may be open."""
    assert_no_transaction()
    credentials = credentials_of(channel)
    channels.check_places(channel.kind, credentials)
    return credentials


def _verifier(state: str) -> str:
    """Return PKCE's verifier: 64 letters that only we can make of a state."""
    return crypto.sign(f"{PURPOSE} verifier", state)


def _fitting(channel: Channel, accounts: tuple[ProviderAccount, ...]) -> tuple[ProviderAccount, ...]:
    """Return those that this channel can be: its history is one account's. Raises Invalid where none is left."""
    known = credentials_of(channel)
    fitting = tuple(one for one in accounts if _is_same_account(channel.kind, known, one.credentials))
    if accounts and not fitting:
        raise Invalid(
            phrase(
                "You signed in as {found}, and this channel is {known}: sign in as that, or connect {found} as a new"
                " channel.",
                found=accounts[0].name or phrase("somebody else"),
                known=channel.address or channel.name,
            )
        )
    return fitting


def _is_same_account(kind: str, known: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    for key in about(kind).account_keys:
        ours, theirs = (str(values.get(key) or "").strip().lstrip("@").casefold() for values in (known, found))
        if ours and theirs:
            return ours == theirs
    return True
