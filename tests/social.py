"""A conversation on a channel of any kind, straight in the tables of tests.seed's workspace. The sandbox can do all that
social providers can.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.db import transaction
from app.models import (
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    Direction,
    Inbox,
    Message,
)
from connectors.registry import SANDBOX

_numbers = count(1)


@dataclass
class Social:
    """Ids of what was made; `say` and `answer` add to the conversation."""

    channel_id: int
    contact_id: int
    conversation_id: int
    public_id: str
    sender: str
    messages: list[str] = field(default_factory=list)  # public ids

    @property
    def path(self) -> str:
        return f"/inbox/c/{self.public_id}"

    def say(self, text: str = "", *, minutes: float = 5, **more: Any) -> Message:
        """Write a message of the customer, so many minutes ago."""
        values = {"direction": Direction.INBOUND, "sender": self.sender, "is_verified": True}
        return self._write(text, now() - timedelta(minutes=minutes), values | more)

    def answer(self, text: str = "", *, minutes: float = 1, **more: Any) -> Message:
        """Write a reply of ours."""
        values = {"direction": Direction.OUTBOUND, "send_state": "sent"}
        return self._write(text, now() - timedelta(minutes=minutes), values | more)

    def _write(self, text: str, at: datetime, values: dict[str, Any]) -> Message:
        with transaction() as session:
            message = Message(
                conversation_id=self.conversation_id,
                channel_id=self.channel_id,
                contact_id=self.contact_id,
                text=text,
                **{"external_id": f"post-{next(_numbers)}", "created_at": at, "sent_at": at, **values},
            )
            session.add(message)
            session.flush()
            conversation = session.get_one(Conversation, self.conversation_id)
            conversation.last_message_id, conversation.last_message_at = message.id, now()
            conversation.messages += 1
            self.messages.append(str(message.public_id))
        return message


def social(inbox_id: int, folder: Path, name: str = "Nora Lindgren", *, kind: str = SANDBOX) -> Social:
    """Open a conversation with somebody new on a new channel of this inbox."""
    with transaction() as session:
        inbox = session.get_one(Inbox, inbox_id)
        channel = _channel(session, inbox, folder, kind)
        contact = Contact(name=name)
        session.add(contact)
        session.flush()
        sender = f"u-{next(_numbers)}"
        session.add(
            ContactIdentity(
                contact_id=contact.id,
                kind="handle" if kind == SANDBOX else kind,
                address=sender,
                verified=True,
                handle="@noralind",
                profile_url="https://social.example/@noralind",
                avatar_url="https://social.example/nora.png",
                followers=18422,
            )
        )
        conversation = Conversation(
            inbox_id=inbox.id,
            channel_id=channel.id,
            contact_id=contact.id,
            thread_key=sender,
            reply_token=crypto.new_token(),
            last_message_at=now(),
        )
        session.add(conversation)
        session.flush()
    return Social(channel.id, contact.id, conversation.id, str(conversation.public_id), sender)


def _channel(session: Session, inbox: Inbox, folder: Path, kind: str) -> Channel:
    channel = Channel(
        inbox_id=inbox.id,
        kind=kind,
        name="Social",
        token=crypto.new_token(),
        sealed=crypto.seal({"folder": str(folder)}),
    )
    session.add(channel)
    session.flush()
    return channel
