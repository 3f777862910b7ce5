"""What the models need to read before they can answer an Ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Ask, AskKind, Conversation, Direction, Message, Prediction, Visibility

MOST_MESSAGES = 5_000
LONGEST_TEXT = 6_000  # characters of each message
MOST_NOTES, MOST_OPEN = 20, 40
QUESTION_MESSAGES = 3  # the newest of the customer's that nobody answered
LONGEST_QUESTION = 2_000


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the conversation, oldest first; `strength` in 0..1 is how strongly it was felt."""

    id: int
    text: str
    is_customer: bool
    is_note: bool
    strength: float


@dataclass(frozen=True, slots=True)
class Asked:
    """An Ask with what its answer is made of."""

    id: int
    kind: AskKind
    user_id: int
    conversation_id: int
    draft: str
    language: str
    told: tuple[Told, ...]

    @property
    def spoken(self) -> list[Told]:
        """Return what customer and agents said to each other."""
        return [told for told in self.told if not told.is_note]

    @property
    def newest_of_customer(self) -> int | None:
        return next((told.id for told in reversed(self.told) if told.is_customer), None)

    @property
    def topic(self) -> str:
        """Return what the customer began with."""
        first = next((told.text for told in self.spoken if told.is_customer and told.text.strip()), "")
        return first[:LONGEST_QUESTION]

    @property
    def customers_words(self) -> str:
        """Return what the customer said since we last answered, or last said at all: what is to be answered now."""
        words: list[str] = []
        for told in reversed(self.spoken):
            if not told.is_customer and words:
                break
            if told.is_customer and told.text.strip():
                words.insert(0, told.text)
            if len(words) == QUESTION_MESSAGES:
                break
        return "\n".join(words)[:LONGEST_QUESTION]


def read(session: Session, *, ask: Ask) -> Asked:
    """Read the newest 5,000 messages of the conversation that was asked about."""
    conversation = session.get_one(Conversation, ask.conversation_id)
    return Asked(
        id=ask.id,
        kind=ask.kind,
        user_id=ask.user_id,
        conversation_id=ask.conversation_id,
        draft=str(ask.question.get("text", "")),
        language=conversation.language or "",
        told=tuple(_told(session, ask.conversation_id, with_strength=ask.kind is AskKind.SUMMARY)),
    )


def _told(session: Session, conversation_id: int, *, with_strength: bool) -> list[Told]:
    query = (
        select(Message.id, func.left(Message.text, LONGEST_TEXT), Message.direction, Message.visibility)
        .where(Message.conversation_id == conversation_id, Message.deleted_at.is_(None))
        .order_by(Message.id.desc())
        .limit(MOST_MESSAGES)
    )
    rows = session.execute(query).all()
    strengths = _strengths(session, conversation_id) if with_strength else {}
    return [
        Told(id_, text, direction is Direction.INBOUND, visibility is Visibility.PRIVATE, strengths.get(id_, 0.0))
        for id_, text, direction, visibility in reversed(rows)
    ]


def _strengths(session: Session, conversation_id: int) -> dict[int, float]:
    """Return how far from neutral each message was, by its id, as far as a model was sure of it."""
    query = (
        select(Prediction.message_id, func.max(func.abs(Prediction.score)))
        .join(Message, Message.id == Prediction.message_id)
        .where(Message.conversation_id == conversation_id, Prediction.task == "sentiment")
        .where(Prediction.abstained.is_(False), Prediction.score.is_not(None))
        .group_by(Prediction.message_id)
    )
    return {id_: min(1.0, float(strength)) for id_, strength in session.execute(query)}


def texts(told: Sequence[Told], *, notes: bool) -> list[str]:
    """Return the newest words for colleagues only, or those that everybody could read."""
    most = MOST_NOTES if notes else MOST_OPEN
    return [one.text for one in told if one.is_note is notes][-most:]
