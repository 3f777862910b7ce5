"""Through which channel a reply reaches the customer.

The conversation's own channel, if it can send. A channel that only reaches people while they are connected hands over
to one that keeps (mail) once the visitor is gone and an address is known; so does one that cannot send at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import Channel, ChannelState, Contact, ContactIdentity, Conversation, Direction, Message
from app.services.visitors import CHAT_EMAIL
from connectors.base import Capabilities
from connectors.registry import connector_for

CONNECTED_SECONDS = 60
MAIL_ADDRESS = "email"


@dataclass(frozen=True, slots=True)
class Route:
    """`address` is the customer's on that channel; `explanation` says so to the agent where it is not obvious."""

    channel: Channel
    address: str
    name: str
    explanation: str = ""

    @property
    def capabilities(self) -> Capabilities:
        return connector_for(self.channel.kind).capabilities

    def check(self, text: str, attachment_bytes: int) -> None:
        """Raise Invalid when the channel cannot carry this."""
        limits = self.capabilities
        if len(text) > limits.max_text:
            raise Invalid(f"This channel takes at most {limits.max_text:,} characters.", field="text")
        if attachment_bytes and not limits.attachments:
            raise Invalid("This channel takes no files.", field="uploads")
        if attachment_bytes > limits.max_attachment_bytes:
            limit = limits.max_attachment_bytes // 1_000_000
            raise Invalid(f"The files are larger than the {limit} MB this channel takes.", field="uploads")


def of(session: Session, conversation: Conversation) -> Route:
    """Find the way to the customer. Raises Invalid saying what is missing."""
    channel = session.get_one(Channel, conversation.channel_id)
    limits = connector_for(channel.kind).capabilities
    identities = _identities(session, conversation)
    own = _own_identity(session, conversation, identities, limits)
    can_send = limits.send and channel.state is not ChannelState.REMOVED
    if can_send and own and (not limits.live_only or _is_here(own)):
        return Route(channel, own.address, own.name, _held_back(channel))
    by_mail = _by_mail(session, conversation, identities)
    if by_mail:
        return by_mail
    if can_send and own:
        return Route(channel, own.address, own.name, "The visitor is not connected and sees this when they come back.")
    address, _ = _mail_address(session, conversation, identities)
    raise Invalid(
        f"To answer {address}, this inbox needs a mail channel: an admin connects one in the settings."
        if address
        else "There is no way to reach this customer: add an e-mail address to the contact."
    )


def _held_back(channel: Channel) -> str:
    paused = channel.state is ChannelState.PAUSED
    return f"{channel.name} is paused: replies wait here until an admin resumes it in the settings." if paused else ""


def _identities(session: Session, conversation: Conversation) -> list[ContactIdentity]:
    query = select(ContactIdentity).where(ContactIdentity.contact_id == conversation.contact_id)
    return list(session.scalars(query.order_by(ContactIdentity.verified.desc(), ContactIdentity.id)))


def _own_identity(
    session: Session, conversation: Conversation, identities: list[ContactIdentity], limits: Capabilities
) -> ContactIdentity | None:
    """Return the address the customer last wrote from on this channel, else any that fits it."""
    query = (
        select(Message.sender)
        .where(Message.conversation_id == conversation.id, Message.direction == Direction.INBOUND)
        .where(Message.channel_id == conversation.channel_id)
    )
    last = session.scalars(query.order_by(Message.id.desc()).limit(1)).first()
    fitting = [identity for identity in identities if identity.kind in limits.reaches]
    return next((identity for identity in fitting if identity.address == last), fitting[0] if fitting else None)


def _is_here(identity: ContactIdentity) -> bool:
    return identity.seen_at is not None and identity.seen_at > now() - timedelta(seconds=CONNECTED_SECONDS)


def _by_mail(session: Session, conversation: Conversation, identities: list[ContactIdentity]) -> Route | None:
    address, name = _mail_address(session, conversation, identities)
    if not address:
        return None
    active = select(Channel).where(Channel.inbox_id == conversation.inbox_id, Channel.state == ChannelState.ACTIVE)
    found = [channel for channel in session.scalars(active.order_by(Channel.id)) if _carries_mail(channel)]
    found.sort(key=lambda channel: not connector_for(channel.kind).capabilities.cc)  # mail before a folder
    return Route(found[0], address, name, f"Goes by mail to {address}.") if found else None


def _carries_mail(channel: Channel) -> bool:
    limits = connector_for(channel.kind).capabilities
    return limits.send and not limits.live_only and MAIL_ADDRESS in limits.reaches


def _mail_address(session: Session, conversation: Conversation, identities: list[ContactIdentity]) -> tuple[str, str]:
    """Return where mail finds the customer, and under which name; the address they left in a chat comes first."""
    held = next((identity for identity in identities if identity.kind == MAIL_ADDRESS), None)
    typed = str(session.get_one(Contact, conversation.contact_id).custom.get(CHAT_EMAIL) or "")
    return (typed, "") if typed else (held.address, held.name) if held else ("", "")
