"""What the product believes, without ids and times: equal snapshots mean equal states."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import (
    Activity,
    Case,
    CaseConversation,
    Contact,
    ContactIdentity,
    Conversation,
    DailyCount,
    Delivery,
    Message,
    Prediction,
    Tag,
    Tagging,
)


def snapshot(session: Session) -> dict[str, Any]:
    return {
        "conversations": sorted((_conversation(session, c) for c in session.scalars(select(Conversation))), key=str),
        "contacts": sorted(
            [c.name, sorted(session.scalars(select(ContactIdentity.address).filter_by(contact_id=c.id)))]
            for c in session.scalars(select(Contact))
        ),
        "deliveries": sorted([d.state.value, d.reason, d.blob_sha256] for d in session.scalars(select(Delivery))),
        "counts": sorted([str(c.day), c.direction.value, c.messages] for c in session.scalars(select(DailyCount))),
    }


def _conversation(session: Session, row: Conversation) -> dict[str, Any]:
    messages = session.scalars(select(Message).filter_by(conversation_id=row.id).order_by(Message.external_id)).all()
    verbs = select(Activity.verb, func.count()).filter_by(conversation_id=row.id).group_by(Activity.verb)
    tags = select(Tag.name).join(Tagging, Tagging.tag_id == Tag.id).where(Tagging.conversation_id == row.id)
    opened = select(Case.title, Case.type, Case.priority).join(CaseConversation)
    return {
        "subject": row.subject,
        "status": row.status.value,
        "priority": row.priority.value,
        "has_assignee": row.assignee_id is not None,
        "messages": row.messages,
        "mood": round(row.mood, 6) if row.mood is not None else None,
        "tags": sorted(session.scalars(tags)),
        "cases": sorted(map(str, session.execute(opened.where(CaseConversation.conversation_id == row.id)))),
        "activities": sorted(map(str, session.execute(verbs))),
        "timeline": [_message(session, message) for message in messages],
    }


def _message(session: Session, row: Message) -> list[Any]:
    said = select(Prediction.task, Prediction.label, Prediction.model_version).filter_by(message_id=row.id)
    return [
        row.external_id if row.is_inbound else "",
        row.text,
        row.direction.value,
        row.send_state.value if row.send_state else None,
        row.annotated_at is not None,
        row.routed_at is not None,
        sorted(map(str, session.execute(said))),
    ]
