"""What goes with messages from one conversation to another, row by row: for app.services.regrouping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import (
    Activity,
    CaseConversation,
    Conversation,
    ConversationRead,
    Draft,
    Message,
    Regrouping,
    Tagging,
    ThreadReference,
)


def message_ids(session: Session, conversation: Conversation) -> list[int]:
    query = select(Message.id).where(Message.conversation_id == conversation.id).order_by(Message.id)
    return list(session.scalars(query))


def move_messages(session: Session, ids: Sequence[int], source: Conversation, target: Conversation) -> int:
    moved = update(Message).where(Message.id.in_(ids), Message.conversation_id == source.id)
    return len(session.scalars(moved.values(conversation_id=target.id).returning(Message.id)).all())


def move_activities(session: Session, source: Conversation, target: Conversation) -> list[int]:
    moved = update(Activity).where(Activity.conversation_id == source.id).values(conversation_id=target.id)
    return sorted(session.scalars(moved.returning(Activity.id)))


def move_drafts(session: Session, source: Conversation, target: Conversation) -> None:
    """Let what is being written in the source go on in the target, but where its writer has begun there, too."""
    theirs = select(Draft.author_id).where(Draft.conversation_id == target.id)
    begun = update(Draft).where(Draft.conversation_id == source.id, Draft.author_id.not_in(theirs))
    session.execute(begun.values(conversation_id=target.id))


def lead_on(session: Session, source: Conversation, target: Conversation) -> list[int]:
    """Let what was merged into the source before lead to the target, too."""
    followers = update(Conversation).where(Conversation.merged_into_id == source.id).values(merged_into_id=target.id)
    return sorted(session.scalars(followers.returning(Conversation.id)))


def move_references(
    session: Session, messages: Iterable[Message], source: Conversation, target: Conversation
) -> list[str]:
    """Let answers to these messages arrive where they are now; return the ids that were moved."""
    names = [message.external_id for message in messages if message.external_id]
    which = ThreadReference.external_id.in_(names), ThreadReference.conversation_id == source.id
    moved = update(ThreadReference).where(*which).values(conversation_id=target.id)
    return sorted(session.scalars(moved.returning(ThreadReference.external_id)))


def share(
    session: Session,
    table: type[Tagging | CaseConversation],
    column: InstrumentedAttribute[int],
    source: Conversation,
    target: Conversation,
) -> list[int]:
    """Put on the target what the source carries; return what it did not carry itself."""
    carried = select(column).where(table.conversation_id == source.id)
    rows = [{column.key: id_, "conversation_id": target.id} for id_ in session.scalars(carried)]
    if not rows:
        return []
    return sorted(session.scalars(insert(table).values(rows).on_conflict_do_nothing().returning(column)))


def stay_read(session: Session, source: Conversation, target: Conversation) -> None:
    """Who had read all of both has read all of what they become."""
    newest = max(source.last_message_id or 0, target.last_message_id or 0)
    both = [one for one in (source, target) if one.last_message_id]
    if not both:
        return
    read = [
        set(
            session.scalars(
                select(ConversationRead.user_id).where(
                    ConversationRead.conversation_id == one.id, ConversationRead.message_id >= one.last_message_id
                )
            )
        )
        for one in both
    ]
    rows = [
        {"user_id": id_, "conversation_id": target.id, "message_id": newest} for id_ in sorted(set.intersection(*read))
    ]
    if rows:
        statement = insert(ConversationRead).values(rows)
        keys = [ConversationRead.user_id, ConversationRead.conversation_id]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"message_id": newest}))


def take_back(session: Session, regrouping: Regrouping, source: Conversation, target: Conversation) -> None:
    session.execute(
        update(Activity)
        .where(Activity.id.in_(regrouping.activity_ids), Activity.conversation_id == target.id)
        .values(conversation_id=source.id)
    )
    session.execute(
        update(ThreadReference)
        .where(ThreadReference.external_id.in_(regrouping.references), ThreadReference.conversation_id == target.id)
        .values(conversation_id=source.id)
    )
    session.execute(delete(Tagging).where(Tagging.tag_id.in_(regrouping.tag_ids), Tagging.conversation_id == target.id))
    session.execute(
        delete(CaseConversation).where(
            CaseConversation.case_id.in_(regrouping.case_ids), CaseConversation.conversation_id == target.id
        )
    )
