"""Replies and notes: what we write.

queued ──► sending ──► sent      while queued for the first time it can be taken back (taking_back): then it never was
▲           ├──────► failed      refused for good, or tried too often; a person retries or discards
└── retry ──┴──────► uncertain   a worker died while sending on a channel without idempotency; a person decides

What is sent later is no message until then (scheduled_replies).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import blobs, outbox
from app.clock import now
from app.db import assert_no_transaction
from app.errors import Conflict, Invalid
from app.events import MessageEvent, NoteWritten, ReplyQueued
from app.models import (
    Attachment,
    Conversation,
    Direction,
    Message,
    SendState,
    Status,
    User,
    Visibility,
)
from app.phrases import phrase
from app.services import activities, automatic_mail, followers, mentions, message_changes, recipients, search_index
from app.services.answering import AS_USUAL, Answer, Wish
from app.services.arrivals import StoredAttachment, plain
from app.services.automatic_mail import AUTOMATIC
from app.services.changes import conversation_changed, message_event
from app.services.outgoing import Checked, Outgoing, check, words
from app.services.recipients import Recipients
from app.services.timeline import count, preview

AT_ONCE = timedelta()
IN_SPAM = phrase("This conversation is marked as spam. Take it out of spam before you answer.")
UNFINISHED = {SendState.FAILED, SendState.UNCERTAIN}


def store_upload(filename: str, content_type: str, data: bytes, *, content_id: str | None = None) -> StoredAttachment:
    """Keep an uploaded file's bytes. No transaction may be open. `content_id`: formatted text may show it there."""
    assert_no_transaction()
    return StoredAttachment(
        filename=plain(filename, 255) or "file",
        content_type=plain(content_type, 255) or "application/octet-stream",
        size=len(data),
        blob_sha256=blobs.put(data),
        content_id=content_id,
    )


def queue_reply(
    session: Session,
    *,
    conversation: Conversation,
    author: User | None,
    text: str,
    client_key: str,
    uploads: Sequence[StoredAttachment] = (),
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    sender: str = "",
    wish: Wish = AS_USUAL,
    automatic: bool = False,
    wait: timedelta = AT_ONCE,
    is_markdown: bool = False,
) -> Message:
    """Write a reply and have it sent; the same client_key twice is one reply.

    `sender` is one of the channel's addresses, "" for the one that the customer wrote to. `wish` says which message is
    answered, whether privately, and from which template (its text is then the reply's).
    `automatic`: nobody wrote it, so that the breaker of automatic_mail holds; what has no `author` always is.
    `wait`: how long it can be taken back (taking_back) before it leaves; not in a live chat.
    `is_markdown`: the text is formatted, and its pictures are uploads with a content id, where the channel takes that.

    Raises Invalid when there is nothing to send, it is too long for the channel, or no channel can carry it, and
    Conflict where an automatic reply may not be sent.
    """
    if conversation.status is Status.SPAM:
        raise Invalid(IN_SPAM, field="text")
    automatic = automatic or author is None
    wanted = Recipients(tuple(cc), tuple(bcc), sender)
    outgoing = Outgoing(text, client_key, uploads, wanted, wish, is_markdown)
    ready = check(session, conversation=conversation, outgoing=outgoing)
    if automatic:
        _ask_breaker(session, ready.answer)
    values = {
        **_values(conversation, ready),
        "author_id": author.id if author else None,
        "auto": AUTOMATIC if automatic else "none",
        "send_after": now() + wait if wait and not ready.route.capabilities.live_only else None,
        "waited_since": conversation.waiting_since if author else None,
        "client_key": client_key,
    }
    message = _write(session, conversation, _placed(uploads, ready), values)
    if message is None:
        return _written_before(session, conversation, client_key)
    if author is None:
        outbox.record(session, _move(session, ReplyQueued, conversation, message))
        return message  # the customer still waits for somebody
    conversation.waiting_since = None
    conversation.assignee_id = conversation.assignee_id or author.id
    if conversation.status in {Status.RESOLVED, Status.SNOOZED}:
        conversation.status, conversation.snoozed_until = Status.OPEN, None
    outbox.record(session, _move(session, ReplyQueued, conversation, message))
    return message


def write_note(
    session: Session,
    *,
    conversation: Conversation,
    author: User,
    text: str,
    client_key: str,
    uploads: Sequence[StoredAttachment] = (),
    thread: Message | None = None,
    chosen: Collection[str] = (),
) -> Message:
    """Write a private note; it never leaves the house. The same client_key twice is one note.

    Its author follows the conversation from now on, and whom it mentions. `thread`: the note that it answers;
    `chosen`: the public ids of those whom the author picked, where several have one name.
    """
    text = words(text, uploads, client_key)
    values = {"channel_id": conversation.channel_id, "author_id": author.id, "visibility": Visibility.PRIVATE}
    values |= {"thread_id": thread.id if thread else None}
    message = _write(session, conversation, uploads, {"text": text, "client_key": client_key, **values})
    if message is None:
        return _written_before(session, conversation, client_key)
    mentions.record(session, conversation=conversation, note=message, author=author, chosen=chosen)
    followers.add(session, conversation=conversation, user_ids=[author.id])
    outbox.record(session, _move(session, NoteWritten, conversation, message))
    return message


def retry(session: Session, *, message: Message, actor: User) -> None:
    """Queue a failed or uncertain reply again. Raises Conflict if it is neither."""
    conversation = _locked(session, message)
    if message.send_state not in UNFINISHED:
        raise Conflict(phrase("This reply is not waiting for a decision any more."))
    message.send_state, message.send_error, message.send_attempts = SendState.QUEUED, "", 0
    message.send_after = message.claimed_until = None
    message_changes.forget_failures(session, message=message)
    activities.record(session, verb="reply.retried", conversation=conversation, actor=actor)
    outbox.record(session, message_event(session, ReplyQueued, conversation, message))


def discard(session: Session, *, message: Message, actor: User) -> None:
    """Give up a failed or uncertain reply: it becomes a note that says so. Raises Conflict if it is neither."""
    conversation = _locked(session, message)
    if message.send_state not in UNFINISHED:
        raise Conflict(phrase("This reply is not waiting for a decision any more."))
    message.visibility, message.send_state = Visibility.PRIVATE, None
    activities.record(session, verb="reply.discarded", conversation=conversation, actor=actor)
    conversation_changed(session, conversation)


def _ask_breaker(session: Session, answer: Answer) -> None:
    if answer.answered is None or not automatic_mail.may_answer(session, message=answer.answered):
        raise Conflict(phrase("An automatic reply may not be sent here now."))


def _values(conversation: Conversation, ready: Checked) -> dict[str, Any]:
    """Return what a reply's row holds of what was asked for."""
    route, answer = ready.route, ready.answer
    sender = recipients.chosen(route, ready.recipients.sender)
    return {
        "text": ready.text,
        "markdown": ready.source if ready.layout else None,
        "html": ready.layout.html if ready.layout else None,
        "channel_id": route.channel.id,
        "is_public": answer.is_public,
        "answers_id": answer.answered.id if answer.answered else None,
        "template": answer.template,
        "subject": conversation.subject,
        "recipients": recipients.stored(route, ready.recipients, sender),
        "send_state": SendState.QUEUED,
        "sender": sender.email if sender else route.channel.address,
    }


def _placed(uploads: Sequence[StoredAttachment], ready: Checked) -> list[StoredAttachment]:
    """Return the files as they are stored: those that stand among the words keep the id that says where."""
    shown = ready.layout.pictures if ready.layout else frozenset()
    return [
        replace(file, is_inline=True) if file.content_id in shown else replace(file, content_id=None)
        for file in uploads
    ]


def _write(
    session: Session, conversation: Conversation, uploads: Sequence[StoredAttachment], values: dict[str, Any]
) -> Message | None:
    row = {
        "public_id": uuid7(),
        "conversation_id": conversation.id,
        "contact_id": conversation.contact_id,
        "direction": Direction.OUTBOUND,
        **values,
    }
    statement = upsert(Message).values(row)
    key = [Message.conversation_id, Message.client_key]
    unless_there = statement.on_conflict_do_nothing(index_elements=key, index_where=Message.client_key.is_not(None))
    message = session.scalars(unless_there.returning(Message)).one_or_none()
    if message is not None and uploads:
        session.execute(insert(Attachment), [_attachment(message, upload) for upload in uploads])
    if message is not None:
        search_index.messages(session, [message], {message.id: [upload.filename for upload in uploads]})
    return message


def _attachment(message: Message, upload: StoredAttachment) -> dict[str, Any]:
    return {
        "public_id": uuid7(),
        "message_id": message.id,
        "filename": upload.filename,
        "content_type": upload.content_type,
        "size": upload.size,
        "blob_sha256": upload.blob_sha256,
        "is_inline": upload.is_inline,
        "content_id": upload.content_id,
    }


def _move(session: Session, kind: type[MessageEvent], conversation: Conversation, message: Message) -> MessageEvent:
    conversation.last_message_id = message.id
    conversation.last_message_at = now()
    conversation.messages += 1
    if kind is ReplyQueued:
        conversation.preview = preview(message.text) or conversation.preview
        count(session, [(message, now().date())])
    return message_event(session, kind, conversation, message)


def _written_before(session: Session, conversation: Conversation, client_key: str) -> Message:
    query = select(Message).where(Message.conversation_id == conversation.id, Message.client_key == client_key)
    return session.scalars(query).one()


def _locked(session: Session, message: Message) -> Conversation:
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    session.refresh(message, with_for_update=True)
    return conversation


def public_key(value: UUID | str) -> str:
    """Return the idempotency key of a message: lower-case hex, safe inside a Message-ID."""
    return str(value).replace("-", "")
