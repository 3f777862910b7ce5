"""What a webhook says of an event: public ids, labels with their confidence, moods, states, and masked words.

No names of people, no addresses, no subjects. A body is {"type", "timestamp", "data"}; it says what is so when it is
sent first, and every later attempt says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.config import settings
from app.events import (
    AlertRaised,
    CaseChanged,
    ContactChanged,
    ConversationEvent,
    Event,
    MessageAnnotated,
    MessageEvent,
    MoodChanged,
    WebhookTested,
)
from app.models import (
    Alert,
    Case,
    Channel,
    Contact,
    Conversation,
    Inbox,
    Message,
    Prediction,
    Tag,
    Tagging,
    Team,
    User,
)
from app.models.base import Json
from app.personal_data import mask
from app.services import privacy

MAX_TEXT = 10_000  # characters


def body_of(session: Session, *, event: Event, at: datetime) -> Json | None:
    """Return what to send about an event that happened at `at`; None where its object is gone."""
    data = _data(session, event)
    return None if data is None else {"type": event.wire_name(), "timestamp": _moment(at), "data": data}


def _data(session: Session, event: Event) -> Json | None:
    match event:
        case MessageEvent():
            return _of_message(session, event)
        case ConversationEvent():
            return _of_conversation(session, event)
        case CaseChanged():
            case = session.get(Case, event.case_id)
            return {"case": _case(session, case, event.conversations)} if case else None
        case ContactChanged():
            contact = session.get(Contact, event.contact_id)
            return {"contact": _contact(contact), "conversations": event.conversations} if contact else None
        case AlertRaised():
            alert = session.get(Alert, event.alert_id)
            return {"alert": _alert(session, alert)} if alert else None
    assert isinstance(event, WebhookTested)
    return {"message": "This is a test: if you can read it and its signature fits, the webhook works."}


def _of_conversation(session: Session, event: ConversationEvent) -> Json | None:
    conversation = session.get(Conversation, event.conversation_id)
    if conversation is None:
        return None
    steps = {"was": event.was, "mood": event.mood} if isinstance(event, MoodChanged) else {}
    return {**steps, "conversation": _conversation(session, conversation)}


def _of_message(session: Session, event: MessageEvent) -> Json | None:
    message = session.get(Message, event.message_id)
    conversation = session.get(Conversation, event.conversation_id)
    if message is None or conversation is None:
        return None
    told: Json = {"conversation": _conversation(session, conversation), "message": _message(session, message)}
    if isinstance(event, MessageAnnotated):
        told["predictions"] = _predictions(session, message)
    return told


def _message(session: Session, message: Message) -> Json:
    region = privacy.find(session).region
    return {
        "id": str(message.public_id),
        "direction": message.direction.value,
        "language": message.language,
        "automatic": message.auto,
        "send_state": message.send_state and message.send_state.value,
        "created_at": _moment(message.created_at),
        # masked before it is cut: nothing is cut in half
        "text": mask(message.text[: 2 * MAX_TEXT], region=region)[:MAX_TEXT],
    }


def _predictions(session: Session, message: Message) -> list[Json]:
    """Return the newest answer of each task; `score` is in [-1, 1] for sentiment and 0..1 for urgency."""
    newest = (
        select(Prediction)
        .where(Prediction.message_id == message.id)
        .ext(distinct_on(Prediction.task))
        .order_by(Prediction.task, Prediction.id.desc())
    )
    return [
        {
            "task": said.task,
            "label": said.label,
            "labels": [{"label": label, "confidence": sure} for label, sure in said.labels],
            "confidence": said.confidence,
            "score": said.score,
            "abstained": said.abstained,
            "abstain_reason": said.abstain_reason,
            "model": {"id": said.model_id, "version": said.model_version, "workspace_version": said.head_version},
        }
        for said in session.scalars(newest)
    ]


def _conversation(session: Session, conversation: Conversation) -> Json:
    channel, inbox, contact, assignee, team = _around(session, conversation)
    return {
        "id": str(conversation.public_id),
        "number": conversation.number,
        "version": conversation.version,
        "url": f"{settings().base_url}/inbox/c/{conversation.public_id}",
        "status": conversation.status.value,
        "priority": conversation.priority.value,
        "inbox": str(inbox),
        "channel": {"id": str(channel[0]), "kind": channel[1]},
        "contact": str(contact),
        "assignee": _id(assignee),
        "team": _id(team),
        "tags": _tags(session, conversation),
        "language": conversation.language,
        "sentiment": conversation.sentiment,
        "emotion": conversation.emotion,
        "intent": conversation.intent,
        "urgency": conversation.urgency,
        "mood": conversation.mood,
        "mood_start": conversation.mood_start,
        "mood_lowest": conversation.mood_lowest,
        "mood_slope": conversation.mood_slope,
        "has_recovered": conversation.has_recovered,
        "model_version": conversation.mood_version,
        "waiting_since": _moment(conversation.waiting_since),
        "last_message_at": _moment(conversation.last_message_at),
    }


def _around(session: Session, conversation: Conversation) -> Sequence[Any]:
    """Return (channel id and kind, inbox, contact, assignee, team) of a conversation: public ids."""
    query = (
        select(Channel.public_id, Channel.kind, Inbox.public_id, Contact.public_id, User.public_id, Team.public_id)
        .select_from(Conversation)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(User, User.id == Conversation.assignee_id)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .where(Conversation.id == conversation.id)
    )
    row = session.execute(query).one()
    return (row[0], row[1]), *row[2:]


def _tags(session: Session, conversation: Conversation) -> list[str]:
    query = select(Tag.name).join(Tagging, Tagging.tag_id == Tag.id).order_by(func.lower(Tag.name))
    return list(session.scalars(query.where(Tagging.conversation_id == conversation.id)))


def _case(session: Session, case: Case, conversations: list[str]) -> Json:
    contact = session.get_one(Contact, case.contact_id)
    owner = session.get(User, case.owner_id) if case.owner_id else None
    return {
        "id": str(case.public_id),
        "number": case.number,
        "version": case.version,
        "type": case.type.value,
        "status": case.status.value,
        "priority": case.priority.value,
        "contact": str(contact.public_id),
        "owner": _id(owner.public_id if owner else None),
        "due_at": _moment(case.due_at),
        "closed_at": _moment(case.closed_at),
        "conversations": conversations,
    }


def _contact(contact: Contact) -> Json:
    return {
        "id": str(contact.public_id),
        "version": contact.version,
        "mood": contact.mood,
        "last_message_at": _moment(contact.last_message_at),
    }


def _alert(session: Session, alert: Alert) -> Json:
    """Shares are in 0..1, net sentiment is in [-1, 1]; terms are single words and pairs of them."""
    channel = session.get(Channel, alert.channel_id) if alert.channel_id else None
    inbox = session.get(Inbox, alert.inbox_id) if alert.inbox_id else None
    return {
        "id": str(alert.public_id),
        "version": alert.version,
        "url": f"{settings().base_url}/alerts/{alert.public_id}",
        "name": alert.name,
        "metric": alert.metric.value,
        "label": alert.label,
        "kind": alert.kind.value,
        "threshold": alert.threshold,
        "window_minutes": alert.window_minutes,
        "channel": _id(channel.public_id if channel else None),
        "inbox": _id(inbox.public_id if inbox else None),
        "intent": alert.intent,
        "language": alert.language,
        "value": alert.value,
        "usual": alert.expected,
        "messages": alert.messages,
        "terms": alert.cause.get("terms", []),
        "intents": alert.cause.get("intents", []),
        "opened_at": _moment(alert.opened_at),
        "closed_at": _moment(alert.closed_at),
    }


def _id(public_id: UUID | None) -> str | None:
    return str(public_id) if public_id else None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
