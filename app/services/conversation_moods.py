"""Keep what a conversation's row says of it (mood, latest answers) up to what the models said of its messages.

A mood is of one model version: answers of another move nothing until the whole conversation has been read again
(app/services/rescoring.py). The conversations handed in, and their contacts, are locked by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app import outbox
from app.events import MoodChanged
from app.models import Contact, Conversation, ConversationMood, Message, Prediction, Visibility
from app.models.base import Json
from app.queries._json import AnySelect
from app.services import moods, truths
from app.services.changes import inbox_of
from app.services.conversations import wake_where_mood_fell
from app.services.labels import NO_EMOTION
from app.services.moods import CONVERSATIONS_OF_CONTACT, Line, Place, Score, step_of

LATEST_TASKS = ("sentiment", "emotion", "intent", "urgency")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one public message for one task, sure enough to be used."""

    place: Place
    at: datetime
    task: str
    label: str
    score: float | None
    confidence: float
    version: str


def move(session: Session, conversations: Mapping[int, Conversation], news: Mapping[int, Sequence[Answer]]) -> None:
    """Go on with the answers about messages nobody had annotated before, by conversation id, in order of arrival.

    All may become a conversation's latest; into its line go those of the version that it is of.
    """
    lines = _lines(session, conversations)
    before = {id_: step_of(conversation.mood) for id_, conversation in conversations.items()}
    for id_, answers in news.items():
        conversation = conversations[id_]
        _take_latest(conversation, answers)
        scores = [
            Score(answer.place, answer.at, answer.score)
            for answer in answers
            if answer.score is not None and answer.task == "sentiment" and answer.version == conversation.mood_version
        ]
        if scores:
            _take_scores(session, conversation, lines.get(id_), scores)
    tell_steps(session, conversations.values(), before)
    move_contacts(session, {conversations[id_].contact_id for id_ in news})


def redraw(session: Session, conversation: Conversation, *, version: str) -> None:
    """Draw mood and latest answers anew from the stored answers of one model version, and show those."""
    conversation.mood_version = version
    scores = _stored_scores(session, conversation.id, version)
    line = moods.drawn(scores)
    row = session.get(ConversationMood, (conversation.id, version)) or _new_line(session, conversation)
    _keep(row, line)
    _show(conversation, line)
    conversation.latest_answers = {}
    _show_latest(conversation)
    _take_latest(conversation, _stored_latest(session, conversation.id, version))


def tell_steps(session: Session, conversations: Iterable[Conversation], before: Mapping[int, moods.MoodStep]) -> None:
    """Record `mood.changed` for each conversation whose mood left the step it was on; wake those it fell in."""
    moved = [row for row in conversations if step_of(row.mood) is not before[row.id]]
    outbox.record_all(session, [_changed(session, row, before[row.id]) for row in moved])
    fell = [row for row in moved if moods.is_lower(step_of(row.mood), before[row.id])]
    wake_where_mood_fell(session, fell)


def _changed(session: Session, conversation: Conversation, was: moods.MoodStep) -> MoodChanged:
    conversation.version += 1
    return MoodChanged(
        conversation_id=conversation.id,
        conversation=str(conversation.public_id),
        inbox=inbox_of(session, conversation),
        version=conversation.version,
        was=was.value,
        mood=step_of(conversation.mood).value,
    )


def move_contacts(session: Session, contact_ids: Iterable[int]) -> None:
    """Set the mood of these people from their newest conversations."""
    ids = sorted(set(contact_ids))
    newest = (
        select(Conversation.mood, Conversation.last_message_at, Conversation.id)
        .where(Conversation.contact_id == Contact.id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(CONVERSATIONS_OF_CONTACT)
        .lateral()
    )
    query = select(Contact, newest.c.mood).join(newest, true()).where(Contact.id.in_(ids))
    found: dict[int, tuple[Contact, list[float | None]]] = {}
    query = query.order_by(Contact.id, newest.c.last_message_at.desc(), newest.c.id.desc())
    for contact, mood in session.execute(query):
        found.setdefault(contact.id, (contact, []))[1].append(mood)
    for contact, known in found.values():
        contact.mood = moods.of_contact(known)


def _lines(session: Session, conversations: Mapping[int, Conversation]) -> dict[int, ConversationMood]:
    """Return the rows of the lines that are shown, by conversation id."""
    query = select(ConversationMood).where(ConversationMood.conversation_id.in_(conversations))
    shown = {(id_, conversation.mood_version) for id_, conversation in conversations.items()}
    rows = session.scalars(query)
    return {row.conversation_id: row for row in rows if (row.conversation_id, row.model_version) in shown}


def _take_scores(
    session: Session, conversation: Conversation, row: ConversationMood | None, scores: Sequence[Score]
) -> None:
    """Go on with the line; draw it anew from what is stored where a score belongs before its end."""
    line = _line_of(row) if row else None
    if line is not None and line.takes(scores[0].place):
        line = moods.drawn(scores, line)
    else:
        line = moods.drawn(_stored_scores(session, conversation.id, conversation.mood_version))
    _keep(row or _new_line(session, conversation), line)
    _show(conversation, line)


def _new_line(session: Session, conversation: Conversation) -> ConversationMood:
    row = ConversationMood(conversation_id=conversation.id, model_version=conversation.mood_version)
    session.add(row)
    return row


def _line_of(row: ConversationMood) -> Line:
    return Line(
        scores=row.scores,
        last=Place.of(row.place_delivery, row.place_message) if row.place_message is not None else None,
        mood=row.mood,
        start=row.start,
        lowest=row.lowest,
        lowest_message_id=row.lowest_message_id,
        lowest_at=row.lowest_at,
        line_sum=row.line_sum,
        weighted_sum=row.weighted_sum,
    )


def _keep(row: ConversationMood, line: Line) -> None:
    row.scores = line.scores
    row.place_message = line.last.message_id if line.last else None
    row.place_delivery = None if line.last is None or line.last.has_no_delivery else line.last.delivery_id
    row.mood, row.start, row.lowest = line.mood, line.start, line.lowest
    row.lowest_message_id, row.lowest_at = line.lowest_message_id, line.lowest_at
    row.line_sum, row.weighted_sum = line.line_sum, line.weighted_sum


def _show(conversation: Conversation, line: Line) -> None:
    conversation.mood = line.mood
    conversation.mood_start = line.start
    conversation.mood_lowest = line.lowest
    conversation.mood_slope = line.slope
    conversation.has_recovered = line.has_recovered


def _take_latest(conversation: Conversation, answers: Iterable[Answer]) -> None:
    latest = dict(conversation.latest_answers)
    for answer in answers:
        known = latest.get(answer.task)
        if answer.task in LATEST_TASKS and (known is None or Place(*known["place"]) <= answer.place):
            latest[answer.task] = _told(answer)
    if latest != conversation.latest_answers:
        conversation.latest_answers = latest
        _show_latest(conversation)


def _told(answer: Answer) -> Json:
    place = answer.place
    return {
        "label": answer.label,
        "confidence": answer.confidence,
        "place": [place.has_no_delivery, place.delivery_id, place.message_id],
    }


def _show_latest(conversation: Conversation) -> None:
    told = {task: conversation.latest_answers.get(task, {}) for task in LATEST_TASKS}
    conversation.sentiment = told["sentiment"].get("label")
    conversation.confidence = told["sentiment"].get("confidence")
    conversation.intent = told["intent"].get("label")
    conversation.urgency = told["urgency"].get("label")
    emotion = told["emotion"].get("label")
    conversation.emotion = None if emotion == NO_EMOTION else emotion


def _truths(conversation_id: int, version: str | None) -> AnySelect:
    """Return what holds of a conversation's public messages: people's word before the model's, no abstentions."""
    of_message = Message.delivery_id, Message.id, Message.created_at
    said = Prediction.task, truths.label(), truths.score(), Prediction.confidence
    query = select(*of_message, *said).join(Message, Message.id == Prediction.message_id)
    return query.where(
        Message.conversation_id == conversation_id,
        Message.visibility == Visibility.PUBLIC,
        Prediction.model_version == version,
        ~truths.abstained(),
    )


def _stored_scores(session: Session, conversation_id: int, version: str | None) -> list[Score]:
    query = _truths(conversation_id, version).where(Prediction.task == "sentiment", truths.score().is_not(None))
    rows = session.execute(query.order_by(Message.delivery_id.asc().nulls_last(), Message.id))
    return [Score(Place.of(delivery_id, id_), at, score) for delivery_id, id_, at, _, _, score, _ in rows]


def _stored_latest(session: Session, conversation_id: int, version: str) -> list[Answer]:
    query = _truths(conversation_id, version).where(Prediction.task.in_(LATEST_TASKS))
    newest = Prediction.task, Message.delivery_id.desc().nulls_first(), Message.id.desc()
    rows = session.execute(query.ext(distinct_on(Prediction.task)).order_by(*newest))
    return [
        Answer(Place.of(delivery_id, id_), at, task, label, score, confidence, version)
        for delivery_id, id_, at, task, label, score, confidence in rows
    ]
