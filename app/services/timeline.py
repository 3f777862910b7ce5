"""Write a batch of messages, set-wise, and move what depends on them: the conversation's row and the daily counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.models import Attachment, Conversation, DailyCount, Direction, Message, Status, Visibility
from app.services import activities, reopen_rules, search_index
from app.services.arrivals import MAX_HTML, MAX_SHORT, MAX_TEXT, Arrival, plain, web_address
from app.services.threads import Place
from connectors.base import Address

PREVIEW_CHARACTERS = 160
MAX_RECIPIENTS = 200  # kept on the row; the raw bytes have them all
CLOSED = {Status.RESOLVED, Status.PENDING, Status.SNOOZED}


def write(session: Session, places: Sequence[Place]) -> list[tuple[Place, Message]]:
    """Insert messages and attachments in arrival order; return each with its place."""
    if not places:
        return []
    rows = [_row(place) for place in places]
    messages = session.scalars(insert(Message).returning(Message, sort_by_parameter_order=True), rows).all()
    written = list(zip(places, messages, strict=True))
    _write_attachments(session, written)
    files = {message.id: [item.filename for item in place.arrival.attachments] for place, message in written}
    search_index.messages(session, messages, files)
    rules = reopen_rules.Rules(session)
    for place, message in written:
        _move(session, place, message, rules)
    count(session, [(message, place.arrival.received_at.date()) for place, message in written])
    return written


def count(session: Session, messages: Sequence[tuple[Message, date]]) -> None:
    """Move the daily counts, in one order of rows."""
    moved = Counter((day, message.channel_id, message.direction.value) for message, day in messages)
    for (day, channel_id, direction), by in sorted(moved.items()):
        statement = upsert(DailyCount).values(day=day, channel_id=channel_id, direction=direction, messages=by)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[DailyCount.day, DailyCount.channel_id, DailyCount.direction],
                set_={"messages": DailyCount.messages + statement.excluded.messages},
            )
        )


def forget(session: Session, conversation: Conversation, message: Message) -> None:
    """Take a reply of ours that never left out of the timeline, and out of what was counted."""
    day = DailyCount.day == message.created_at.astimezone(UTC).date()
    ours = (DailyCount.channel_id == message.channel_id, DailyCount.direction == message.direction)
    fewer = update(DailyCount).where(day, *ours, DailyCount.messages > 0)
    session.execute(fewer.values(messages=DailyCount.messages - 1))
    session.delete(message)
    session.flush()
    rest = select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id.desc()).limit(1)
    newest = session.scalars(rest).first()
    said = session.scalars(rest.where(Message.visibility == Visibility.PUBLIC, Message.text != "")).first()
    conversation.messages -= 1
    conversation.preview = preview(said.text) if said else ""
    conversation.last_message_id = newest.id if newest else None
    conversation.last_message_at = newest.created_at if newest else conversation.last_message_at


def preview(text: str) -> str:
    return " ".join(text[: PREVIEW_CHARACTERS * 4].split())[:PREVIEW_CHARACTERS]


def _row(place: Place) -> dict[str, Any]:
    arrival, said = place.arrival, place.arrival.message
    return {
        "public_id": uuid7(),
        "conversation_id": place.conversation.id,
        "channel_id": arrival.channel_id,
        "contact_id": place.contact.id,
        "delivery_id": arrival.delivery_id,
        "direction": Direction.INBOUND,
        "external_id": arrival.external_id,
        "subject": plain(said.subject, MAX_SHORT),
        "text": plain(said.text, MAX_TEXT),
        "quoted": plain(said.quoted, MAX_TEXT),
        "signature": plain(said.signature, MAX_TEXT),
        "html": plain(said.html, MAX_HTML) if said.html is not None else None,
        "sender": arrival.sender_key[1],
        "is_verified": said.sender.verified,
        "recipients": _recipients(said.to, said.cc, said.reply_to),
        "in_reply_to": plain(said.in_reply_to, 500) if said.in_reply_to else None,
        "references": list(reversed(arrival.references)),
        "auto": said.auto,
        "kind": said.kind,
        "is_public": said.is_public,
        "url": web_address(said.url),
        "thread_key": plain(said.thread_key, 500) if said.thread_key else None,
        "custom": {plain(key, 100): plain(value, 5_000) for key, value in said.custom.items()},
        "sent_at": said.sent_at,
        "created_at": arrival.received_at,
    }


def _recipients(*fields: Sequence[Address]) -> dict[str, list[dict[str, str]]]:
    names = ("to", "cc", "reply_to")
    return {
        name: [{"email": plain(a.email, 320), "name": plain(a.name, 200)} for a in addresses[:MAX_RECIPIENTS]]
        for name, addresses in zip(names, fields, strict=True)
        if addresses
    }


def _write_attachments(session: Session, written: Sequence[tuple[Place, Message]]) -> None:
    rows = [
        {
            "public_id": uuid7(),
            "message_id": message.id,
            "filename": item.filename,
            "content_type": item.content_type,
            "size": item.size,
            "blob_sha256": item.blob_sha256,
            "is_inline": item.is_inline,
            "content_id": item.content_id,
        }
        for place, message in written
        for item in place.arrival.attachments
    ]
    if rows:
        session.execute(insert(Attachment), rows)


def _move(session: Session, place: Place, message: Message, rules: reopen_rules.Rules) -> None:
    conversation, arrival = place.conversation, place.arrival
    if arrival.received_at >= conversation.last_message_at:  # else an older one came late
        conversation.last_message_at = arrival.received_at
        conversation.preview = preview(message.text) or preview(message.subject) or _files(arrival)
    conversation.last_message_id = message.id
    conversation.messages += 1
    conversation.version += 1
    if message.auto in {"auto_reply", "bounce"}:
        activities.record(
            session, verb="automatic.received", conversation=conversation, data={"auto": _auto_words(message.auto)}
        )
        return
    if conversation.status is Status.SPAM:
        return
    conversation.waiting_since = conversation.waiting_since or arrival.received_at
    sleeps_on = conversation.status is Status.SNOOZED and conversation.sleeps_through
    if conversation.status in CLOSED and not sleeps_on:
        _open_again(session, place, message, rules)


def _open_again(session: Session, place: Place, message: Message, rules: reopen_rules.Rules) -> None:
    conversation, was = place.conversation, reopen_rules.as_it_is(place.conversation)
    conversation.status, conversation.snoozed_until, conversation.resolved_at = Status.OPEN, None, None
    data = {"contact": place.contact.name or place.arrival.message.sender.address, "by": message.id, **was}
    activities.record(session, verb="conversation.answered_again", conversation=conversation, data=data)
    if was["was"] == Status.RESOLVED.value:
        rules.hand_on(conversation)


def _files(arrival: Arrival) -> str:
    """Name the files of a message without words, or say what kind of message it is."""
    named = [item.filename for item in arrival.attachments]
    named += [item.filename for item in arrival.message.remote_files]
    kind = arrival.message.kind
    return preview(", ".join(filter(None, named))) or ("" if kind == "text" else kind.capitalize())


def _auto_words(auto: str) -> str:
    return {"auto_reply": "an automatic reply", "bounce": "a delivery failure"}.get(auto, auto)
