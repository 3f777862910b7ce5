"""A message that an admin sends through a channel to see that it arrives: an ordinary reply, on the ordinary way."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import new_token
from app.errors import Conflict, Invalid
from app.models import Channel, Contact, ContactIdentity, Conversation, User
from app.phrases import phrase
from app.services import channel_settings, replies
from app.services.users import clean_email

SUBJECT = "Test message"
LONGEST_ADDRESS = 320
FIELD = "address"


def kinds(channel: Channel) -> tuple[str, ...]:
    """Return the kinds of address that a test can go to through a channel, none where it cannot send one."""
    can = channel_settings.find_connector(channel.kind).capabilities
    return can.reaches if can.send and not can.live_only else ()


def send(session: Session, *, channel: Channel, author: User, kind: str, address: str) -> Conversation:
    """Open a conversation with this address and queue a reply in it; return it, for that is where one sees it leave.

    Raises Invalid where the channel cannot send there, Conflict where the address belongs to somebody who would be
    answered elsewhere.
    """
    if kind not in kinds(channel):
        raise Invalid(phrase("This channel cannot send a test message."), field=FIELD)
    if not channel.is_active:
        raise Invalid(phrase("The channel is paused: resume it, then send the test."), field=FIELD)
    wanted = _clean(kind, address)
    conversation = _conversation(session, channel, _contact_id(session, kind, wanted))
    text = f"This is a test message from {author.name}: it shows that “{channel.name}” can send. No answer is needed."
    reply = replies.queue_reply(
        session, conversation=conversation, author=author, text=text, client_key=f"test-{uuid4().hex}"
    )
    if reply.channel_id != channel.id or reply.recipients["to"][0]["email"] != wanted:
        raise Conflict(
            phrase("This address belongs to a contact who is answered at another one: type an address of your own.")
        )
    return conversation


def _clean(kind: str, address: str) -> str:
    if kind == "email":
        return clean_email(address)
    cleaned = "".join(address.split())
    if kind == "phone":
        cleaned = f"+{cleaned.translate(dict.fromkeys(map(ord, '+-/().'))).removeprefix('00')}"
        if not cleaned[1:].isascii() or not cleaned[1:].isdigit() or not 6 <= len(cleaned) <= 17:
            raise Invalid(phrase("Write the number with its country, like +49 151 23456789."), field=FIELD)
    if not cleaned or len(cleaned) > LONGEST_ADDRESS or not cleaned.isprintable():
        raise Invalid(phrase("Write the address as the provider writes it."), field=FIELD)
    return cleaned


def _contact_id(session: Session, kind: str, address: str) -> int:
    held = select(ContactIdentity.contact_id).where(ContactIdentity.kind == kind, ContactIdentity.address == address)
    known = session.scalars(held).one_or_none()
    if known is not None:
        return known
    contact = Contact(name="")
    session.add(contact)
    session.flush()
    row = insert(ContactIdentity).values(contact_id=contact.id, kind=kind, address=address)
    if session.scalar(row.on_conflict_do_nothing().returning(ContactIdentity.id)) is None:
        raise Conflict(phrase("Somebody wrote from this address just now: send the test again."))
    return contact.id


def _conversation(session: Session, channel: Channel, contact_id: int) -> Conversation:
    conversation = Conversation(
        inbox_id=channel.inbox_id,
        channel_id=channel.id,
        contact_id=contact_id,
        subject=SUBJECT,
        reply_token=new_token(),
        last_message_at=now(),
    )
    session.add(conversation)
    session.flush()
    return conversation
