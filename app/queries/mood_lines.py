"""How the mood of a conversation went, as each model that read it sees it: a part of the conversation's query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, case, select

from app.models import Conversation, ConversationMood, Direction, Message, Prediction, PredictionModel
from app.queries._json import json_list, json_object, moment

MOST_LINES, MOST_SCORES = 4, 60


@dataclass(frozen=True, slots=True)
class MoodLine:
    """How the mood went, as one model version sees it; `scores` of the newest messages in [-1, 1], oldest first."""

    version: str
    model: str
    is_shown: bool
    mood: float
    start: float
    lowest: float
    lowest_at: datetime | None
    slope: float | None  # of the shown line, a message
    scores: tuple[float, ...]


@cache
def of_conversation() -> ColumnElement[Any]:
    """Return the line of every model version, the one shown first; older ones stay to compare with."""
    is_shown = ConversationMood.model_version == Conversation.mood_version
    line = json_object(
        version=ConversationMood.model_version,
        model=PredictionModel.model_id,
        is_shown=is_shown,
        mood=ConversationMood.mood,
        start=ConversationMood.start,
        lowest=ConversationMood.lowest,
        lowest_at=ConversationMood.lowest_at,
        slope=case((is_shown, Conversation.mood_slope)),
        scores=_scores(),
    )
    lines = (
        select(line.label("line"), is_shown.label("is_shown"), PredictionModel.taken_up_at)
        .join(PredictionModel, PredictionModel.version == ConversationMood.model_version)
        .where(ConversationMood.conversation_id == Conversation.id, ConversationMood.mood.is_not(None))
        .order_by(is_shown.desc(), PredictionModel.taken_up_at.desc())
        .limit(MOST_LINES)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line)).scalar_subquery()


def _scores() -> ColumnElement[Any]:
    told = (
        select(Prediction.score, Message.id)
        .join(Message, Message.id == Prediction.message_id)
        .where(Message.conversation_id == Conversation.id, Message.direction == Direction.INBOUND)
        .where(Prediction.task == "sentiment", Prediction.score.is_not(None), Prediction.abstained.is_(False))
        .where(Prediction.model_version == ConversationMood.model_version)
        .order_by(Message.id.desc())
        .limit(MOST_SCORES)
        .correlate(Conversation, ConversationMood)
        .subquery()
    )
    return select(json_list(told.c.score, order=told.c.id)).scalar_subquery()


def read(line: dict[str, Any]) -> MoodLine:
    """Read a line that travelled as JSON."""
    return MoodLine(**{**line, "lowest_at": moment(line["lowest_at"]), "scores": tuple(line["scores"])})
