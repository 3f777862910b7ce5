"""Threads of notes: a note, and the notes that answer it. They are resolved, and begin again with the next answer.

All of them are notes: private messages, which no sender ever picks up.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Conversation, Message, NoteThread, User
from app.phrases import phrase
from app.services import replies
from app.services.changes import conversation_changed

NO_NOTE = phrase("Only a note can be answered with a note.")


def answer(
    session: Session,
    *,
    conversation: Conversation,
    note: Message,
    author: User,
    text: str,
    client_key: str,
    chosen: Collection[str] = (),
) -> Message:
    """Write a note under a note; one under an answer joins its thread. The same client_key twice is one.

    The conversation is locked. Raises Invalid for what is no note, or without words.
    """
    begun = _begun(session, note)
    session.execute(delete(NoteThread).where(NoteThread.message_id == begun.id))
    return replies.write_note(
        session,
        conversation=conversation,
        author=author,
        text=text,
        client_key=client_key,
        thread=begun,
        chosen=chosen,
    )


def resolve(session: Session, *, conversation: Conversation, note: Message, actor: User) -> None:
    """Say that a thread is settled; the conversation is locked. Raises Invalid for what is no note."""
    row = insert(NoteThread).values(message_id=_begun(session, note).id, resolved_by_id=actor.id)
    session.execute(row.on_conflict_do_nothing(index_elements=[NoteThread.message_id]))
    conversation_changed(session, conversation)


def reopen(session: Session, *, conversation: Conversation, note: Message) -> None:
    """Take it back that a thread is settled; the conversation is locked. Raises Invalid for what is no note."""
    session.execute(delete(NoteThread).where(NoteThread.message_id == _begun(session, note).id))
    conversation_changed(session, conversation)


def _begun(session: Session, note: Message) -> Message:
    """Return the note that a thread began with."""
    if not note.is_note:
        raise Invalid(NO_NOTE, field="text")
    return session.get_one(Message, note.thread_id) if note.thread_id is not None else note
