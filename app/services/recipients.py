"""To whom a reply goes besides the customer, and with which address of ours it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Channel, ChannelState, Inbox, Message
from app.phrases import phrase
from app.services.delivery_route import Route
from app.services.users import clean_email
from connectors.registry import connector_for

MOST_COPIES, MOST_SENDERS, LONGEST_NAME = 20, 20, 100
ANSWER_MARK = "+r-"  # what connectors put before the token in an address that answers come back to


@dataclass(frozen=True, slots=True)
class Sender:
    """An address of ours; `name` is what customers see before it, "" for the name of who writes."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """What a form says of a reply's recipients; `sender` is one of the channel's addresses, "" for the usual one."""

    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    sender: str = ""


JUST_THE_CUSTOMER = Recipients()


def typed(text: str, field: str = "cc") -> tuple[str, ...]:
    """Read addresses as people type them, one after the other. Raises Invalid naming the field."""
    try:
        return tuple(dict.fromkeys(clean_email(one) for one in _cut(text) if one.strip()))
    except Invalid as wrong:
        raise Invalid(wrong.reason, field=field) from None


def check(wanted: Recipients, route: Route) -> Recipients:
    """Return the recipients of a reply with nobody named twice. Raises Invalid for what the channel cannot do."""
    if (wanted.cc or wanted.bcc) and not route.capabilities.cc:
        raise Invalid(phrase("This channel has no copies: the reply goes to the customer alone."), field="cc")
    cc = tuple(one for one in dict.fromkeys(wanted.cc) if one != route.address)
    bcc = tuple(one for one in dict.fromkeys(wanted.bcc) if one not in {*cc, route.address})
    if len(cc) + len(bcc) > MOST_COPIES:
        raise Invalid(phrase("At most {most} people can get a copy.", most=MOST_COPIES), field="cc")
    if wanted.sender and wanted.sender not in {one.email for one in senders(route.channel)}:
        raise Invalid(
            phrase("Replies here may not leave with {sender}: choose another address.", sender=wanted.sender),
            field="sender",
        )
    return Recipients(cc, bcc, wanted.sender)


def stored(route: Route, wanted: Recipients, sender: Sender | None) -> dict[str, list[dict[str, str]]]:
    """Return what Message.recipients keeps of a reply."""
    named: dict[str, list[dict[str, str]]] = {
        "to": [{"email": route.address, "name": route.name}],
        "cc": [{"email": one, "name": ""} for one in wanted.cc],
    }
    if wanted.bcc:
        named["bcc"] = [{"email": one, "name": ""} for one in wanted.bcc]
    if sender is not None:
        named["from"] = [{"email": sender.email, "name": sender.name}]
    return named


def senders(channel: Channel) -> list[Sender]:
    """Return the addresses that a reply may leave with, the channel's own first; none where there is no choice."""
    if not connector_for(channel.kind).capabilities.senders or not channel.senders:
        return []
    return [Sender(channel.address), *(Sender(one["email"], one.get("name", "")) for one in channel.senders)]


def chosen(route: Route, wanted: str) -> Sender | None:
    """Return with which address a reply leaves: the one wanted, else the usual one; None for the channel's own."""
    email = wanted or usual(route)
    return next((one for one in senders(route.channel)[1:] if one.email == email), None)


def usual(route: Route) -> str:
    """Return the address of ours that the customer wrote to last, else the channel's own."""
    ours = {one.email for one in senders(route.channel)}
    told = _bare_addresses(route.heard, ("to", "cc")) if route.heard and ours else []
    return next((one for one in told if one in ours), route.channel.address)


def everybody(route: Route) -> tuple[str, ...]:
    """Return who else got the customer's last message: to whom a reply to all goes as a copy."""
    if not route.heard or not route.capabilities.cc:
        return ()
    ours = {route.address, route.channel.address, *(one["email"] for one in route.channel.senders)}
    told = _bare_addresses(route.heard, ("to", "cc"))
    return tuple(one for one in dict.fromkeys(told) if one and one not in ours)[:MOST_COPIES]


def set_senders(session: Session, *, channel: Channel, text: str) -> None:
    """Store further addresses of a channel, one a line: "Acme Sales <sales@acme.example>". Raises Invalid."""
    if not connector_for(channel.kind).capabilities.senders:
        raise Invalid(phrase("Replies leave this channel with its own address alone."), field="senders")
    rows = {sender.email: sender for sender in map(_read_sender, filter(str.strip, text.splitlines()))}
    rows.pop(channel.address, None)
    if len(rows) > MOST_SENDERS:
        raise Invalid(phrase("Give at most {most} addresses.", most=MOST_SENDERS), field="senders")
    elsewhere = select(Channel.address).where(
        Channel.address.in_(rows), Channel.inbox_id != channel.inbox_id, Channel.state != ChannelState.REMOVED
    )
    if other := session.scalars(elsewhere.limit(1)).first():
        raise Invalid(
            phrase("{address} feeds another inbox: answers would arrive there.", address=other), field="senders"
        )
    channel.senders = [{"email": one.email, "name": one.name} for one in rows.values()]
    session.flush()


def choosing(session: Session, inbox: Inbox) -> list[Channel]:
    """Return the channels of an inbox whose replies may leave with one of several addresses."""
    query = select(Channel).where(Channel.inbox_id == inbox.id, Channel.state != ChannelState.REMOVED)
    rows = session.scalars(query.order_by(Channel.name, Channel.id))
    return [channel for channel in rows if connector_for(channel.kind).capabilities.senders]


def in_lines(channel: Channel) -> str:
    """Write a channel's further addresses as `set_senders` reads them."""
    return "\n".join(f"{one['name']} <{one['email']}>" if one.get("name") else one["email"] for one in channel.senders)


def _read_sender(line: str) -> Sender:
    name, bracket, rest = line.strip().rpartition("<")
    try:
        email = clean_email(rest.removesuffix(">") if bracket else rest)
    except Invalid as wrong:
        raise Invalid(
            phrase("“{line}”: {problem}", line=line.strip()[:80], problem=wrong.reason), field="senders"
        ) from None
    name = " ".join(name.strip().strip('"').split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(
            phrase("“{name}…” is too long for a name, or holds signs that cannot be shown.", name=name[:40]),
            field="senders",
        )
    return Sender(email, name)


def _bare_addresses(message: Message, fields: Sequence[str]) -> list[str]:
    """Return recipients in lower case, without our token in them."""
    named: Iterable[Any] = (one for field in fields for one in message.recipients.get(field, ()))
    return [_bare(str(one.get("email", "")).lower()) for one in named]


def _bare(email: str) -> str:
    local, at, domain = email.rpartition("@")
    return f"{local.partition(ANSWER_MARK)[0]}{at}{domain}"


def _cut(text: str) -> list[str]:
    return text.replace(";", ",").replace("\n", ",").split(",")
