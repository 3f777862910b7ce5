"""Through which channel a reply reaches the customer.

The conversation's own channel, if it can send. A channel that only reaches people while they are connected hands over
to one that keeps (mail) once the visitor is gone and an address is known; so does one that cannot send at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import unseal
from app.errors import Invalid
from app.models import Channel, ChannelState, Contact, ContactIdentity, Conversation, Direction, Message
from app.phrases import counted, phrase
from app.services import public_files
from app.services.arrivals import StoredAttachment
from app.services.visitors import CHAT_EMAIL
from connectors.base import Capabilities
from connectors.registry import connector_for
from connectors.text_length import length_of

CONNECTED_SECONDS = 60
MAIL_ADDRESS = "email"


@dataclass(frozen=True, slots=True)
class Route:
    """`address` is the customer's on that channel; `explanation` says so to the agent where it is not obvious.

    `heard_at` is when the customer last wrote here in private, None where they never did; `is_public` says that their
    newest message is public: such a one may be answered at any time. `heard` is the newest thing said on this channel.
    """

    channel: Channel
    address: str
    name: str
    explanation: str = ""
    heard_at: datetime | None = None
    is_public: bool = False
    heard: Message | None = None

    @property
    def capabilities(self) -> Capabilities:
        return connector_for(self.channel.kind).capabilities

    @property
    def window_ends_at(self) -> datetime | None:
        """Return until when free words may be sent; None for always, as in answer to a public message."""
        return None if self.is_public else self._window_ends_at()

    def _window_ends_at(self) -> datetime | None:
        """Return until when free words may be sent in private, None for always. Where nobody wrote, it never began."""
        seconds = self.window_seconds
        if seconds is None:
            return None
        return self.heard_at + timedelta(seconds=seconds) if self.heard_at else datetime.min.replace(tzinfo=UTC)

    @property
    def window_seconds(self) -> float | None:
        """Return how long after the customer's last private message free words may be sent, None for always: longer
        where the channel's own settings say that its provider lets people answer longer.
        """
        limits = self.capabilities
        if limits.human_window_seconds and unseal(self.channel.sealed).get(limits.human_window_setting) is True:
            return limits.human_window_seconds
        return limits.reply_window_seconds

    @property
    def is_personal(self) -> bool:
        """Say whether the usual window is over, and words may be sent only because a person writes them."""
        usual = self.capabilities.reply_window_seconds
        if self.is_public or self.is_closed or usual is None or self.heard_at is None:
            return False
        return self.heard_at + timedelta(seconds=usual) <= now()

    @property
    def is_closed(self) -> bool:
        """Say whether only a template may be sent."""
        return self.window_ends_at is not None and self.window_ends_at <= now()

    def check(
        self,
        text: str,
        files: Sequence[StoredAttachment] = (),
        *,
        is_template: bool = False,
        answers_public: bool = False,
        is_public: bool = False,
        leaves_at: datetime | None = None,
    ) -> None:
        """Raise Invalid when the channel cannot carry this. `answers_public`: it answers a public message; `is_public`:
        everybody will read it; `leaves_at`: not now, but then (its zone is the one that a refusal says times in).
        """
        ends_at = None if is_template or answers_public else self._window_ends_at()
        if ends_at is not None and ends_at <= now():
            raise Invalid(self._closed_words(), field="text")
        if ends_at is not None and leaves_at is not None and ends_at <= leaves_at:
            raise Invalid(self._closing_words(ends_at.astimezone(leaves_at.tzinfo)), field="due")
        self._check_length(text, is_public=is_public)
        if files and is_template:
            raise Invalid(phrase("A template takes no files."), field="uploads")
        if files:
            self.check_files(files)

    def check_files(self, files: Sequence[StoredAttachment]) -> None:
        """Raise Invalid when the channel cannot carry these files in one message."""
        _check_files(files, self.capabilities)

    def longest(self, *, is_public: bool) -> int:
        """Return how long a reply may be: what everybody reads has a limit of its own on some channels."""
        limits = self.capabilities
        if not is_public or limits.max_public_text is None:
            return limits.max_text
        may_more = limits.longer_public_setting and unseal(self.channel.sealed).get(limits.longer_public_setting)
        return limits.longer_public_text if may_more is True and limits.longer_public_text else limits.max_public_text

    def _check_length(self, text: str, *, is_public: bool) -> None:
        longest = self.longest(is_public=is_public)
        counting = self.capabilities.public_counting if is_public else None
        if length_of(text, counting) > longest:
            if is_public and longest != self.capabilities.max_text:
                raise Invalid(
                    phrase("This channel takes public posts of at most {most} characters.", most=longest), field="text"
                )
            raise Invalid(phrase("This channel takes at most {most} characters.", most=longest), field="text")

    def _closing_words(self, ends_at: datetime) -> str:
        return phrase(
            "This channel takes replies for {window} after the customer's last message: until {time}. Choose an earlier"
            " time.",
            window=window_words(self.window_seconds or 0),
            time=f"{ends_at.day} {ends_at:%b %Y, %H:%M %Z}",
        )

    def _closed_words(self) -> str:
        window = window_words(self.window_seconds or 0)
        if self.capabilities.templates:
            return phrase(
                "The customer last wrote more than {window} ago: this channel no longer takes a reply. Choose a"
                " template, or wait until they write.",
                window=window,
            )
        return phrase(
            "The customer last wrote more than {window} ago: this channel no longer takes a reply.", window=window
        )


def window_words(seconds: float) -> str:
    """Say a reply window as people do: "24 hours", "7 days"."""
    days = seconds / 86400
    if days > 2 and days.is_integer():
        return counted("{count} day", "{count} days", int(days))
    hours = seconds / 3600
    return counted("{count} hour", "{count} hours", int(hours)) if hours.is_integer() else f"{hours:g} h"


def _check_files(files: Sequence[StoredAttachment], limits: Capabilities) -> None:
    if limits.public_files and not public_files.are_offered():
        raise Invalid(public_files.NEEDS_ADDRESS, field="uploads")
    if not limits.attachments:
        raise Invalid(phrase("This channel takes no files."), field="uploads")
    if len(files) > limits.max_attachments:
        most = counted(
            "This channel takes at most one file at once.",
            "This channel takes at most {count} files at once.",
            limits.max_attachments,
        )
        raise Invalid(most, field="uploads")
    if sum(file.size for file in files) > limits.max_attachment_bytes:
        limit = limits.max_attachment_bytes / 1_000_000
        raise Invalid(
            phrase("The files are larger than the {limit} MB this channel takes.", limit=f"{limit:g}"), field="uploads"
        )
    for file in files:
        if not takes(limits, file.content_type):
            refused = phrase("This channel does not take files like “{file}”.", file=file.filename)
            raise Invalid(refused, field="uploads")


def takes(limits: Capabilities, content_type: str) -> bool:
    """Say whether files of a media type ("image/png") may be sent: capabilities name types, or "image/*"."""
    bare = content_type.partition(";")[0].strip().lower()
    either = {bare, f"{bare.partition('/')[0]}/*", "*/*"}
    return not limits.media_types or not either.isdisjoint(limits.media_types)


def of(session: Session, conversation: Conversation) -> Route:
    """Find the way to the customer. Raises Invalid saying what is missing."""
    channel = session.get_one(Channel, conversation.channel_id)
    limits = connector_for(channel.kind).capabilities
    identities = _identities(session, conversation)
    own = _own_identity(session, last := _heard(session, conversation), identities, limits)
    heard_at, is_public = _heard_at(session, conversation, last), last is not None and last.is_public
    can_send = limits.send and channel.state is not ChannelState.REMOVED
    if can_send and own and (not limits.live_only or _is_here(own)):
        return Route(channel, own.address, own.name, _held_back(channel), heard_at, is_public, last)
    by_mail = _by_mail(session, conversation, identities)
    if by_mail:
        return by_mail
    if can_send and own:
        away = phrase("The visitor is not connected and sees this when they come back.")
        return Route(channel, own.address, own.name, away, heard_at, is_public, last)
    address, _ = _mail_address(session, conversation, identities)
    raise Invalid(
        phrase(
            "To answer {address}, this inbox needs a mail channel: an admin connects one in the settings.",
            address=address,
        )
        if address
        else phrase("There is no way to reach this customer: add an e-mail address to the contact.")
    )


def _held_back(channel: Channel) -> str:
    if channel.state is not ChannelState.PAUSED:
        return ""
    return phrase(
        "{channel} is paused: replies wait here until an admin resumes it in the settings.", channel=channel.name
    )


def _identities(session: Session, conversation: Conversation) -> list[ContactIdentity]:
    return list(session.scalars(_of_contact(), {"contact": conversation.contact_id}))


@cache
def _of_contact() -> Select[ContactIdentity]:
    theirs = select(ContactIdentity).where(ContactIdentity.contact_id == bindparam("contact"))
    return theirs.order_by(ContactIdentity.verified.desc(), ContactIdentity.id)


def _heard(session: Session, conversation: Conversation, *, in_private: bool = False) -> Message | None:
    """Return the newest thing that was said to us in this conversation on its own channel."""
    place = {"conversation": conversation.id, "channel": conversation.channel_id}
    return session.scalars(_heard_here(in_private=in_private), place).first()


@cache
def _heard_here(*, in_private: bool) -> Select[Message]:
    here = Message.conversation_id == bindparam("conversation"), Message.channel_id == bindparam("channel")
    query = select(Message).where(*here, Message.direction == Direction.INBOUND).order_by(Message.id.desc()).limit(1)
    return query.where(Message.is_public.is_(False)) if in_private else query


def _heard_at(session: Session, conversation: Conversation, last: Message | None) -> datetime | None:
    """Return when the customer last wrote in private."""
    if last is not None and last.is_public:
        last = _heard(session, conversation, in_private=True)
    return last.sent_at or last.created_at if last else None


def _own_identity(
    session: Session, last: Message | None, identities: list[ContactIdentity], limits: Capabilities
) -> ContactIdentity | None:
    """Return the address that was last written from on this channel (in a group perhaps not the contact's own), else
    any that fits it.
    """
    fitting = [identity for identity in identities if identity.kind in limits.reaches]
    if last is not None:
        query = select(ContactIdentity).where(
            ContactIdentity.contact_id == last.contact_id, ContactIdentity.address == last.sender
        )
        is_theirs = last.contact_id in {one.contact_id for one in identities}  # then all are known already
        known = [*fitting, *(() if is_theirs else session.scalars(query))]
        same = [one for one in known if one.address == last.sender and one.kind in limits.reaches]
        fitting = [*same, *fitting]
    return fitting[0] if fitting else None


def _is_here(identity: ContactIdentity) -> bool:
    return identity.seen_at is not None and identity.seen_at > now() - timedelta(seconds=CONNECTED_SECONDS)


def _by_mail(session: Session, conversation: Conversation, identities: list[ContactIdentity]) -> Route | None:
    address, name = _mail_address(session, conversation, identities)
    if not address:
        return None
    active = select(Channel).where(Channel.inbox_id == conversation.inbox_id, Channel.state == ChannelState.ACTIVE)
    found = [channel for channel in session.scalars(active.order_by(Channel.id)) if _carries_mail(channel)]
    found.sort(key=lambda channel: not connector_for(channel.kind).capabilities.cc)  # mail before a folder
    return Route(found[0], address, name, phrase("Goes by mail to {address}.", address=address)) if found else None


def _carries_mail(channel: Channel) -> bool:
    limits = connector_for(channel.kind).capabilities
    return limits.send and not limits.live_only and MAIL_ADDRESS in limits.reaches


def _mail_address(session: Session, conversation: Conversation, identities: list[ContactIdentity]) -> tuple[str, str]:
    """Return where mail finds the customer, and under which name; the address they left in a chat comes first."""
    held = next((identity for identity in identities if identity.kind == MAIL_ADDRESS), None)
    typed = str(session.get_one(Contact, conversation.contact_id).custom.get(CHAT_EMAIL) or "")
    return (typed, "") if typed else (held.address, held.name) if held else ("", "")
