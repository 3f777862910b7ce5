"""What a claimed reply leaves with: its words and files, to whom, from whom, and where it belongs at the provider."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import shorten

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import unseal
from app.markdown import letter
from app.models import Attachment, Channel, Contact, Conversation, Direction, Inbox, Message, User
from app.services import local_people, private_threads, public_files, signatures, threads
from app.services.automatic_mail import AUTOMATIC
from app.services.replies import public_key
from connectors._read_marks import QUOTE_TOKEN
from connectors.base import Address, Credentials, OutboundMessage, Template
from connectors.registry import connector_for

MAX_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A reply that this worker alone may send now; `files` are (name, type, blob, public address, content id).

    Their bytes are read outside.
    """

    message_id: int
    channel_id: int
    kind: str
    credentials: Credentials
    outbound: OutboundMessage
    files: tuple[tuple[str, str, str, str, str], ...]


def claim_of(session: Session, conversation: Conversation, message: Message, channel: Channel) -> Claim:
    """Gather all that a claimed reply leaves with."""
    files = session.scalars(select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.id))
    author = session.get(User, message.author_id) if message.author_id else None
    inbox = session.get_one(Inbox, conversation.inbox_id)
    is_letter = connector_for(channel.kind).capabilities.subject and message.template is None
    signature = ""
    if is_letter:
        contact = session.get_one(Contact, conversation.contact_id)
        signature = signatures.of_letter(
            inbox=inbox,
            conversation=conversation,
            contact=contact,
            author=author,
            sender=message.sender or channel.address,
        )
    answered = session.get(Message, message.answers_id) if message.answers_id else None
    known = _thread(session, conversation, channel)
    credentials = unseal(channel.sealed)
    threads.foretell(session, conversation, channel.kind, credentials, public_key(message.public_id))
    outbound = OutboundMessage(
        idempotency_key=public_key(message.public_id),
        to=_addresses(message, "to"),
        cc=_addresses(message, "cc"),
        bcc=_addresses(message, "bcc"),
        sender=_sender(message, author.name if author else inbox.name),
        recipient=local_people.bare(channel, message.recipients["to"][0]["email"]),
        subject=_reply_subject(conversation.subject or _first_words(session, conversation)),
        text=signatures.below(message.text, signature),
        html=letter(message.html or "", signature) if message.markdown is not None else None,
        reply_token=conversation.reply_token,
        from_name=author.name if author else inbox.name,
        in_reply_to=known[-1] if known else None,
        references=known,
        automatic=message.auto == AUTOMATIC,
        thread_key=_thread_key(session, conversation, message, answered),
        answers=answered.external_id if answered else None,
        quote_token=str(answered.custom.get(QUOTE_TOKEN) or "") if answered else "",
        is_public=message.is_public,
        template=_template(message),
    )
    return Claim(
        message_id=message.id,
        channel_id=channel.id,
        kind=channel.kind,
        credentials=credentials,
        outbound=outbound,
        files=tuple(
            (file.filename, file.content_type, file.blob_sha256, public_files.url_of(file), file.content_id or "")
            for file in files
        ),
    )


def _thread_key(session: Session, conversation: Conversation, message: Message, answered: Message | None) -> str | None:
    """Return the provider's name of the thread that a reply goes into, None where a private one has none yet.

    A private reply to a public message moves the conversation: what the customer writes there will come back here.
    """
    if conversation.channel_id != message.channel_id:
        return None  # it goes by another channel, whose threads have other names
    if answered is not None and answered.is_public == message.is_public and answered.thread_key:
        return answered.thread_key
    if message.is_public:
        return None
    if answered is not None and answered.is_public:
        private_threads.remember(
            session, conversation=conversation, channel_id=message.channel_id, recipient=answered.sender
        )
    return private_threads.key_of(
        session,
        conversation=conversation,
        channel_id=message.channel_id,
        recipient=answered.sender if answered else message.recipients["to"][0]["email"],
    )


def _template(message: Message) -> Template | None:
    kept = message.template
    return Template(kept["name"], kept["language"], kept["text"], tuple(kept["values"])) if kept else None


def _addresses(message: Message, field: str) -> tuple[Address, ...]:
    return tuple(Address(a["email"], a.get("name", "")) for a in message.recipients.get(field, ()))


def _sender(message: Message, writer: str) -> Address | None:
    """Return the address that was chosen instead of the channel's own, under its own name or that of who writes."""
    kept = _addresses(message, "from")
    return Address(kept[0].email, kept[0].name or writer) if kept else None


def _reply_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") or not subject else f"Re: {subject}"


def _first_words(session: Session, conversation: Conversation) -> str:
    """Return how the customer began: it names a conversation without a subject, a chat's, in their mail program."""
    query = select(Message.text).where(
        Message.conversation_id == conversation.id, Message.direction == Direction.INBOUND, Message.text != ""
    )
    said = session.scalars(query.order_by(Message.id).limit(1)).first() or ""
    return shorten(said[:500], 70, placeholder="…")


def _thread(session: Session, conversation: Conversation, channel: Channel) -> tuple[str, ...]:
    """Return the ids of the newest messages on this channel, oldest first: ids of another mean nothing to it."""
    query = (
        select(Message.external_id)
        .where(Message.conversation_id == conversation.id, Message.external_id.is_not(None))
        .where(Message.channel_id == channel.id)
        .order_by(Message.id.desc())
        .limit(MAX_REFERENCES)
    )
    return tuple(reversed([external_id for external_id in session.scalars(query) if external_id]))
