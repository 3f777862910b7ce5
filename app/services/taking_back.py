"""Undo send: take a reply back before it leaves, and keep what it was made of until it is written again.

Whoever locks the conversation first decides: the sender that claims the reply, or the person who takes it back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from app.errors import Conflict, Forbidden, NotFound
from app.models import Attachment, Conversation, Direction, Message, SendState, Status, TakenBack, User, Visibility
from app.phrases import phrase
from app.services import timeline
from app.services.arrivals import StoredAttachment
from app.services.changes import conversation_changed

LEFT = phrase("It has left already.")


def take_back(session: Session, *, message: Message, actor: User) -> TakenBack:
    """Undo a reply that no sender has claimed: it is gone, and lies with its writer as it was.

    Raises Conflict when it has left or may have, and Forbidden for anybody but its writer.
    """
    if message.author_id != actor.id:
        raise Forbidden(phrase("Only who wrote a reply can take it back."))
    conversation, found = _locked(session, message)
    if found is None or found.send_state is not SendState.QUEUED or found.send_attempts:
        raise Conflict(LEFT)
    kept = _keep(session, found, actor)
    _wait_again(session, conversation, found)
    timeline.forget(session, conversation, found)
    conversation_changed(session, conversation)
    return kept


def newest(session: Session, *, conversation_id: int, user: User) -> TakenBack | None:
    """Return what a user took back last in a conversation and has not written again."""
    query = select(TakenBack).where(TakenBack.conversation_id == conversation_id, TakenBack.user_id == user.id)
    return session.scalars(query.order_by(TakenBack.id.desc()).limit(1)).first()


def answered(session: Session, taken: TakenBack | None) -> str:
    """Return the public id of the customer's message that a taken-back reply answered, "" where there is none."""
    message = session.get(Message, taken.answers_id) if taken and taken.answers_id else None
    return str(message.public_id) if message else ""


def use(
    session: Session, *, conversation: Conversation, user: User, public_id: str, files: Collection[int]
) -> list[StoredAttachment]:
    """End a taken-back reply, for it is written again; return those of its files that were kept, by their places.

    One that was used before has none: the same form twice is one reply.
    """
    row = session.scalars(_mine(conversation, user, public_id).with_for_update()).one_or_none()
    if row is None:
        return []
    kept = [StoredAttachment(**file) for place, file in enumerate(row.files) if place in files]
    session.delete(row)
    return kept


def file_of(
    session: Session, *, conversation: Conversation, user: User, public_id: str, place: int
) -> StoredAttachment:
    """Return a file of a taken-back reply, by its place, for its writer. Raises NotFound."""
    row = session.scalars(_mine(conversation, user, public_id)).one_or_none()
    if row is None or not 0 <= place < len(row.files):
        raise NotFound
    return StoredAttachment(**row.files[place])


def give_up(session: Session, *, conversation: Conversation, user: User, public_id: str) -> None:
    """Forget a taken-back reply; nothing happens where it is gone."""
    use(session, conversation=conversation, user=user, public_id=public_id, files=())


def _mine(conversation: Conversation, user: User, public_id: str) -> Select[TakenBack]:
    try:
        wanted = UUID(public_id)
    except ValueError:
        wanted = UUID(int=0)
    mine = select(TakenBack).where(TakenBack.conversation_id == conversation.id, TakenBack.user_id == user.id)
    return mine.where(TakenBack.public_id == wanted)


def _locked(session: Session, message: Message) -> tuple[Conversation, Message | None]:
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    query = select(Message).where(Message.id == message.id).with_for_update()
    return conversation, session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def _keep(session: Session, message: Message, actor: User) -> TakenBack:
    files = session.scalars(select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.id))
    answered = session.get(Message, message.answers_id) if message.answers_id else None
    row = TakenBack(
        user_id=actor.id,
        conversation_id=message.conversation_id,
        answers_id=message.answers_id,
        text=message.text if message.markdown is None else message.markdown,
        cc=[copy["email"] for copy in message.recipients.get("cc", ())],
        bcc=[copy["email"] for copy in message.recipients.get("bcc", ())],
        sender=message.sender,
        in_private=answered is not None and answered.is_public and not message.is_public,
        template=message.template,
        files=files_of(files.all()),
    )
    session.add(row)
    session.flush()
    return row


def files_of(files: Sequence[Attachment | StoredAttachment]) -> list[dict[str, Any]]:
    """Return what is kept of files, in order."""
    names = ("filename", "content_type", "size", "blob_sha256", "content_id")
    return [{name: getattr(file, name) for name in names} for file in files]


def _wait_again(session: Session, conversation: Conversation, message: Message) -> None:
    """Let the customer wait as before: on the next reply's account where one of ours waits to leave."""
    if message.waited_since is None:
        return
    query = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.direction == Direction.OUTBOUND,
        Message.visibility == Visibility.PUBLIC,
        Message.author_id.is_not(None),
        Message.id > message.id,
    )
    following = session.scalars(query.order_by(Message.id).limit(1)).first()
    if following is not None:
        following.waited_since = following.waited_since or message.waited_since
        return
    conversation.waiting_since = message.waited_since
    if conversation.status is Status.RESOLVED:
        conversation.status = Status.OPEN
