"""What a message counts as, in SQL: the one definition behind the counts, what is counted live, and the drill-down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from app.models import Conversation, Correction, Message, Prediction, Status
from app.queries._json import AnySelect
from app.queries.demo_left_out import is_no_demo

ABSTAINED = "abstained"  # the label of what must not be used; never hidden, counted on its own
POLARITIES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
COLUMNS = (
    "task",
    "hour",
    "label",
    "channel_id",
    "inbox_id",
    "team_id",
    "assignee_id",
    "intent",
    "language",
    "model_version",
    "is_latest",
)
HOURLY = tuple(name for name in COLUMNS if name not in {"team_id", "assignee_id", "intent"})
DAILY = tuple("day" if name == "hour" else name for name in HOURLY)


def truth(told: type[Prediction] = Prediction, corrected: type[Correction] = Correction) -> ColumnElement[str]:
    """Return the label that holds for a prediction: a person's word, else the model's, ABSTAINED where neither holds.

    Of several emotions the strongest. For queries that outer-join Correction by `is_corrected()`.
    """
    said = case((told.abstained, ABSTAINED), else_=told.label)
    return func.coalesce(corrected.labels[0].astext, said)


def polarity() -> ColumnElement[float]:
    """Return the sentiment in [-1, 1] that holds: the model's score, or that of the other label a person put there."""
    said = Correction.labels[0].astext
    is_other = (said != Prediction.label, case(POLARITIES, value=said, else_=0.0))
    scored = case((truth() == ABSTAINED, 0.0), is_other, else_=func.coalesce(Prediction.score, 0.0))
    return case((Prediction.task == "sentiment", scored), else_=0.0)


def is_corrected(told: type[Prediction] = Prediction, corrected: type[Correction] = Correction) -> ColumnElement[bool]:
    """Return the condition that joins a prediction's message with what a person said of it, in force."""
    return and_(
        corrected.message_id == told.message_id,
        corrected.task == told.task,
        corrected.undone_at.is_(None),
    )


def is_no_spam() -> ColumnElement[bool]:
    """Return the condition on Conversation that leaves spam out of what is counted: nobody we serve wrote it."""
    return Conversation.status != Status.SPAM


def hour_of_message() -> ColumnElement[Any]:
    """Return the hour a message is counted in: when it arrived, in full hours of UTC."""
    return func.date_trunc("hour", Message.created_at, "UTC")


def facts(*conditions: ColumnElement[bool]) -> AnySelect:
    """Return one row a prediction: COLUMNS, score, message_id, conversation_id.

    `conditions` must keep or drop whole messages, or all predictions of a version: intent and is_latest look at a
    message's other predictions. Demo conversations and spam are left out.
    """
    by_version = [Prediction.message_id, Prediction.model_version]
    of_intent = case((Prediction.task == "intent", func.nullif(truth(), ABSTAINED)))
    newest = func.max(Prediction.id).over(partition_by=[Prediction.message_id, Prediction.task])
    return (
        select(
            Prediction.task.label("task"),
            hour_of_message().label("hour"),
            truth().label("label"),
            Message.channel_id.label("channel_id"),
            Conversation.inbox_id.label("inbox_id"),
            Prediction.team_id.label("team_id"),
            Prediction.assignee_id.label("assignee_id"),
            func.max(of_intent).over(partition_by=by_version).label("intent"),
            Message.language.label("language"),
            Prediction.model_version.label("model_version"),
            (Prediction.id == newest).label("is_latest"),
            polarity().label("score"),
            Prediction.message_id.label("message_id"),
            Message.conversation_id.label("conversation_id"),
        )
        .join(Message, Message.id == Prediction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Correction, is_corrected())
        .where(is_no_demo(Message.channel_id), is_no_spam(), *conditions)
    )
