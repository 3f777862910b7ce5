"""What a rule can ask of a message and what it can do: names, words for people, kinds of values. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.services.labels import EMOTIONS, SENTIMENTS

FieldType = Literal["text", "choice", "labels", "number", "flag"]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`source` tells a form where the choices come from: `choices`, or "inboxes", "channels", "kinds", "intents" …

    `low` and `high` bound a number. A field of type "labels" has several values at once, or none.
    """

    label: str
    type: FieldType
    choices: tuple[str, ...] = ()
    source: str = ""
    group: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one inbound message when rules run. Names are those of FIELDS.

    None: nobody knows, or the model was not sure enough; no condition on it holds. `emotion` is empty for a message
    that was understood and has none. `words` says what people call the values that only machines read.
    """

    channel: str = ""  # public id
    kind: str = ""
    inbox: str = ""  # public id
    subject: str = ""
    text: str = ""
    sender: str = ""
    contact: str = ""
    language: str | None = None
    sentiment: str | None = None
    sentiment_confidence: float | None = None
    emotion: tuple[str, ...] | None = None
    emotion_confidence: float | None = None  # of the strongest
    intent: str | None = None
    intent_confidence: float | None = None
    urgency: str | None = None
    urgency_confidence: float | None = None
    urgency_score: float | None = None
    request: bool | None = None
    request_confidence: float | None = None
    spam: bool | None = None
    spam_confidence: float | None = None
    mood: float | None = None
    mood_fell: float | None = None
    recovered: bool | None = None
    first: bool = False  # the first message of its conversation
    automatic: bool = False
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)


def _labels(choices: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(label for label, _ in choices)


def _sure(of: str) -> Field:
    return Field(f"Confidence of the {of} (0 to 1)", "number", group=HOW_SURE, low=0, high=1)


WORDS, UNDERSTOOD, HOW_SURE, MOOD, WHERE = (
    "What was written",
    "What was understood",
    "How sure the model is",
    "Mood of the conversation",
    "Where it came in",
)
FIELDS: dict[str, Field] = {
    "text": Field("Message text", "text", group=WORDS),
    "subject": Field("Subject", "text", group=WORDS),
    "sender": Field("Sender's address", "text", group=WORDS),
    "contact": Field("Contact's name", "text", group=WORDS),
    "language": Field("Language (two letters)", "text", source="languages", group=WORDS),
    "sentiment": Field("Sentiment", "choice", _labels(SENTIMENTS), group=UNDERSTOOD),
    "emotion": Field("Emotion", "labels", _labels(EMOTIONS), group=UNDERSTOOD),
    "intent": Field("Intent", "choice", source="intents", group=UNDERSTOOD),
    "urgency": Field("Urgency", "choice", ("low", "normal", "high"), group=UNDERSTOOD),
    "urgency_score": Field("Urgency as a number (0 to 1)", "number", group=UNDERSTOOD, low=0, high=1),
    "request": Field("Asks for something", "flag", group=UNDERSTOOD),
    "spam": Field("Looks like spam", "flag", group=UNDERSTOOD),
    "sentiment_confidence": _sure("sentiment"),
    "emotion_confidence": _sure("emotion"),
    "intent_confidence": _sure("intent"),
    "urgency_confidence": _sure("urgency"),
    "request_confidence": _sure("request"),
    "spam_confidence": _sure("spam verdict"),
    "mood": Field("Mood of the conversation (-1 to 1)", "number", group=MOOD, low=-1, high=1),
    "mood_fell": Field("Mood fell since the start by (0 to 2)", "number", group=MOOD, low=0, high=2),
    "recovered": Field("Mood fell and recovered", "flag", group=MOOD),
    "inbox": Field("Inbox", "choice", source="inboxes", group=WHERE),
    "channel": Field("Channel", "choice", source="channels", group=WHERE),
    "kind": Field("Kind of channel", "choice", source="kinds", group=WHERE),
    "first": Field("First message of the conversation", "flag", group=WHERE),
    "automatic": Field("Sent automatically (list, bounce, out of office)", "flag", group=WHERE),
}
OPERATORS: dict[FieldType, dict[str, str]] = {
    "text": {
        "contains": "contains",
        "contains_any": "contains any of (comma between)",
        "lacks": "does not contain",
        "is": "is exactly",
        "is_not": "is not",
        "starts_with": "starts with",
        "ends_with": "ends with",
    },
    "choice": {"is": "is", "is_not": "is not"},
    "labels": {"has_any": "has any of", "has_all": "has all of", "has_none": "has none of"},
    "number": {"at_least": "is at least", "at_most": "is at most"},
    "flag": {"is": "is"},
}
ACTIONS: dict[str, Field] = {
    "assign_user": Field("Assign to", "choice", source="users"),
    "assign_team": Field("Give to team", "choice", source="teams"),
    "set_priority": Field("Set priority", "choice", ("low", "normal", "high", "urgent")),
    "add_tag": Field("Add tag", "text"),
    "open_case": Field("Open a case of type", "choice", ("question", "problem", "complaint", "request")),
}
