"""What a rule can ask of a message and what it can do: names, words for people, kinds of values. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.phrases import Phrase, phrase, phrase_in
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


def _sure(label: str) -> Field:
    return Field(label, "number", group=HOW_SURE, low=0, high=1)


WORDS, UNDERSTOOD, HOW_SURE, MOOD, WHERE = (
    phrase("What was written"),
    phrase("What was understood"),
    phrase("How sure the model is"),
    phrase("Mood of the conversation"),
    phrase("Where it came in"),
)
FIELDS: dict[str, Field] = {
    "text": Field(phrase("Message text"), "text", group=WORDS),
    "subject": Field(phrase("Subject"), "text", group=WORDS),
    "sender": Field(phrase("Sender's address"), "text", group=WORDS),
    "contact": Field(phrase("Contact's name"), "text", group=WORDS),
    "language": Field(phrase("Language (two letters)"), "text", source="languages", group=WORDS),
    "sentiment": Field(phrase("Sentiment"), "choice", _labels(SENTIMENTS), group=UNDERSTOOD),
    "emotion": Field(phrase("Emotion"), "labels", _labels(EMOTIONS), group=UNDERSTOOD),
    "intent": Field(phrase("Intent"), "choice", source="intents", group=UNDERSTOOD),
    "urgency": Field(phrase("Urgency"), "choice", ("low", "normal", "high"), group=UNDERSTOOD),
    "urgency_score": Field(phrase("Urgency as a number (0 to 1)"), "number", group=UNDERSTOOD, low=0, high=1),
    "request": Field(phrase("Asks for something"), "flag", group=UNDERSTOOD),
    "spam": Field(phrase("Looks like spam"), "flag", group=UNDERSTOOD),
    "sentiment_confidence": _sure(phrase("Confidence of the sentiment (0 to 1)")),
    "emotion_confidence": _sure(phrase("Confidence of the emotion (0 to 1)")),
    "intent_confidence": _sure(phrase("Confidence of the intent (0 to 1)")),
    "urgency_confidence": _sure(phrase("Confidence of the urgency (0 to 1)")),
    "request_confidence": _sure(phrase("Confidence of the request (0 to 1)")),
    "spam_confidence": _sure(phrase("Confidence of the spam verdict (0 to 1)")),
    "mood": Field(phrase("Mood of the conversation (-1 to 1)"), "number", group=MOOD, low=-1, high=1),
    "mood_fell": Field(phrase("Mood fell since the start by (0 to 2)"), "number", group=MOOD, low=0, high=2),
    "recovered": Field(phrase("Mood fell and recovered"), "flag", group=MOOD),
    "inbox": Field(phrase("Inbox"), "choice", source="inboxes", group=WHERE),
    "channel": Field(phrase("Channel"), "choice", source="channels", group=WHERE),
    "kind": Field(phrase("Kind of channel"), "choice", source="kinds", group=WHERE),
    "first": Field(phrase("First message of the conversation"), "flag", group=WHERE),
    "automatic": Field(phrase("Sent automatically (list, bounce, out of office)"), "flag", group=WHERE),
}
NAMES: Mapping[str, Phrase] = {  # of the fields, as they stand in a sentence that says why a rule applied
    "text": phrase_in("why a rule applied", "message text"),
    "subject": phrase_in("why a rule applied", "subject"),
    "sender": phrase_in("why a rule applied", "sender's address"),
    "contact": phrase_in("why a rule applied", "contact's name"),
    "language": phrase_in("why a rule applied", "language"),
    "sentiment": phrase_in("why a rule applied", "sentiment"),
    "emotion": phrase_in("why a rule applied", "emotion"),
    "intent": phrase_in("why a rule applied", "intent"),
    "urgency": phrase_in("why a rule applied", "urgency"),
    "urgency_score": phrase_in("why a rule applied", "urgency as a number"),
    "request": phrase_in("why a rule applied", "asks for something"),
    "spam": phrase_in("why a rule applied", "looks like spam"),
    "sentiment_confidence": phrase_in("why a rule applied", "confidence of the sentiment"),
    "emotion_confidence": phrase_in("why a rule applied", "confidence of the emotion"),
    "intent_confidence": phrase_in("why a rule applied", "confidence of the intent"),
    "urgency_confidence": phrase_in("why a rule applied", "confidence of the urgency"),
    "request_confidence": phrase_in("why a rule applied", "confidence of the request"),
    "spam_confidence": phrase_in("why a rule applied", "confidence of the spam verdict"),
    "mood": phrase_in("why a rule applied", "mood of the conversation"),
    "mood_fell": phrase_in("why a rule applied", "mood fell since the start by"),
    "recovered": phrase_in("why a rule applied", "mood fell and recovered"),
    "inbox": phrase_in("why a rule applied", "inbox"),
    "channel": phrase_in("why a rule applied", "channel"),
    "kind": phrase_in("why a rule applied", "kind of channel"),
    "first": phrase_in("why a rule applied", "first message of the conversation"),
    "automatic": phrase_in("why a rule applied", "sent automatically"),
}
OPERATORS: dict[FieldType, dict[str, str]] = {
    "text": {
        "contains": phrase("contains"),
        "contains_any": phrase("contains any of (comma between)"),
        "lacks": phrase("does not contain"),
        "is": phrase("is exactly"),
        "is_not": phrase("is not"),
        "starts_with": phrase("starts with"),
        "ends_with": phrase("ends with"),
    },
    "choice": {"is": phrase("is"), "is_not": phrase("is not")},
    "labels": {"has_any": phrase("has any of"), "has_all": phrase("has all of"), "has_none": phrase("has none of")},
    "number": {"at_least": phrase("is at least"), "at_most": phrase("is at most")},
    "flag": {"is": phrase("is")},
}
ACTIONS: dict[str, Field] = {
    "assign_user": Field(phrase("Assign to"), "choice", source="users"),
    "assign_team": Field(phrase("Give to team"), "choice", source="teams"),
    "set_priority": Field(phrase("Set priority"), "choice", ("low", "normal", "high", "urgent")),
    "add_tag": Field(phrase("Add tag"), "text"),
    "open_case": Field(phrase("Open a case of type"), "choice", ("question", "problem", "complaint", "request")),
}
VALUE_WORDS: Mapping[str, str] = {  # of choices that only machines read
    "negative": phrase("negative"),
    "neutral": phrase("neutral"),
    "positive": phrase("positive"),
    "low": phrase("low"),
    "normal": phrase("normal"),
    "high": phrase("high"),
    "urgent": phrase("urgent"),
    "question": phrase("question"),
    "problem": phrase("problem"),
    "complaint": phrase("complaint"),
    "request": phrase("request"),
    "yes": phrase("yes"),
    "no": phrase("no"),
}
