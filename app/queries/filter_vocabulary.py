"""What a filter of conversations can ask: names, words for people, kinds of values. Pure.

Names, operators and shapes are those of rules where both ask the same (app/services/rule_vocabulary.py; a test compares
them). Here they are about a conversation as it is now, and as it was; there about one message as it comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.phrases import phrase, phrase_in

FieldType = Literal["text", "choice", "labels", "number", "flag", "date", "past", "custom"]
ME, NOBODY = "me", "none"  # values beside ids


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`source` tells a form where the choices come from: `choices`, or "inboxes", "kinds", "people" …

    `low` and `high` bound a number, `unit` says what is counted. `beside` are values that a list of ids has besides.
    """

    label: str
    type: FieldType
    choices: tuple[str, ...] = ()
    source: str = ""
    group: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    beside: tuple[str, ...] = ()

    @property
    def takes_id(self) -> bool:
        return self.source in {"inboxes", "people", "teams", "tags"}


WORK, UNDERSTOOD, WRITTEN, WHEN, BEFORE = (
    phrase("How it stands"),
    phrase("What was understood"),
    phrase("Who and what"),
    phrase("When"),
    phrase("How it was before"),
)
STATUSES, PRIORITIES = ("open", "pending", "snoozed", "resolved", "spam"), ("low", "normal", "high", "urgent")
SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = ("anger", "frustration", "disappointment", "worry", "confusion", "gratitude", "joy")
MOST_DAYS, MOST_MINUTES = 3650, 525_600

FIELDS: dict[str, Field] = {
    "status": Field(phrase("Status"), "choice", STATUSES, group=WORK),
    "priority": Field(phrase("Priority"), "choice", PRIORITIES, group=WORK),
    "assignee": Field(phrase("Assignee"), "choice", source="people", group=WORK, beside=(ME, NOBODY)),
    "team": Field(phrase("Team"), "choice", source="teams", group=WORK, beside=(NOBODY,)),
    "tag": Field(phrase("Tag"), "labels", source="tags", group=WORK),
    "inbox": Field(phrase("Inbox"), "choice", source="inboxes", group=WORK),
    "kind": Field(phrase("Kind of channel"), "choice", source="kinds", group=WORK),
    "unread": Field(phrase("Unread by whoever looks"), "flag", group=WORK),
    "followed": Field(phrase("Followed by whoever looks"), "flag", group=WORK),
    "mentioned": Field(phrase("Mentions whoever looks"), "flag", group=WORK),
    "case": Field(phrase("Has a case"), "flag", group=WORK),
    "sentiment": Field(phrase("Sentiment"), "choice", SENTIMENTS, group=UNDERSTOOD),
    "emotion": Field(phrase("Emotion"), "choice", EMOTIONS, group=UNDERSTOOD),
    "intent": Field(phrase("Intent"), "choice", source="intents", group=UNDERSTOOD),
    "urgency": Field(phrase("Urgency"), "choice", ("low", "normal", "high"), group=UNDERSTOOD),
    "sentiment_confidence": Field(phrase("Confidence of the sentiment"), "number", group=UNDERSTOOD, low=0, high=1),
    "mood": Field(phrase("Mood"), "number", group=UNDERSTOOD, low=-1, high=1),
    "mood_fell": Field(phrase("Mood fell since the start by"), "number", group=UNDERSTOOD, low=0, high=2),
    "recovered": Field(phrase("Mood fell and recovered"), "flag", group=UNDERSTOOD),
    "language": Field(phrase("Language"), "choice", source="languages", group=UNDERSTOOD),
    "search": Field(phrase("Search"), "text", group=WRITTEN),
    "subject": Field(phrase("Subject"), "text", group=WRITTEN),
    "contact": Field(phrase("Contact's name"), "text", group=WRITTEN),
    "custom": Field(phrase("Contact's own field"), "custom", group=WRITTEN),
    "attachment": Field(phrase("Has a file"), "flag", group=WRITTEN),
    "messages": Field(phrase("Number of messages"), "number", group=WRITTEN, low=0, high=1_000_000),
    "waiting": Field(
        phrase("Waiting for an answer"), "number", group=WHEN, low=0, high=MOST_MINUTES, unit=phrase("minutes")
    ),
    "last_message": Field(phrase("Last message"), "date", group=WHEN),
    "created": Field(phrase("Begun"), "date", group=WHEN),
    "was_assigned": Field(phrase("Was assigned to"), "past", source="people", group=BEFORE, beside=(ME,)),
    "was_team": Field(phrase("Was with the team"), "past", source="teams", group=BEFORE),
    "had_status": Field(phrase("Had the status"), "past", STATUSES[1:], group=BEFORE),
    "had_priority": Field(phrase("Had the priority"), "past", PRIORITIES, group=BEFORE),
}
OPERATORS: dict[FieldType, dict[str, str]] = {
    "text": {
        "contains": phrase_in("condition", "contains"),
        "lacks": phrase_in("condition", "does not contain"),
        "is": phrase_in("condition", "is exactly"),
    },
    "choice": {"is": phrase_in("condition", "is"), "is_not": phrase_in("condition", "is not")},
    "labels": {
        "has_any": phrase_in("condition", "has any of"),
        "has_all": phrase_in("condition", "has all of"),
        "has_none": phrase_in("condition", "has none of"),
    },
    "number": {"at_least": phrase_in("condition", "is at least"), "at_most": phrase_in("condition", "is at most")},
    "flag": {"is": phrase_in("condition", "is")},
    "date": {
        "in_last": phrase_in("condition", "in the last … days"),
        "not_in_last": phrase_in("condition", "longer ago than … days"),
        "after": phrase_in("condition", "on or after"),
        "before": phrase_in("condition", "before"),
    },
    "past": {
        "was": phrase_in("condition", "at some time, not now"),
        "ever": phrase_in("condition", "at some time, or now"),
        "never": phrase_in("condition", "never, and not now"),
    },
    "custom": {
        "is": phrase_in("condition", "name = value"),
        "contains": phrase_in("condition", "name = part of the value"),
        "has": phrase_in("condition", "has the field"),
    },
}
MATCHES = {"all": phrase_in("condition", "all of these"), "any": phrase_in("condition", "any of these")}
