"""What a filter of conversations can ask: names, words for people, kinds of values. Pure.

Names, operators and shapes are those of rules where both ask the same (app/services/rule_vocabulary.py; a test compares
them). Here they are about a conversation as it is now, and as it was; there about one message as it comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    "How it stands",
    "What was understood",
    "Who and what",
    "When",
    "How it was before",
)
STATUSES, PRIORITIES = ("open", "pending", "snoozed", "resolved", "spam"), ("low", "normal", "high", "urgent")
SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = ("anger", "frustration", "disappointment", "worry", "confusion", "gratitude", "joy")
MOST_DAYS, MOST_MINUTES = 3650, 525_600

FIELDS: dict[str, Field] = {
    "status": Field("Status", "choice", STATUSES, group=WORK),
    "priority": Field("Priority", "choice", PRIORITIES, group=WORK),
    "assignee": Field("Assignee", "choice", source="people", group=WORK, beside=(ME, NOBODY)),
    "team": Field("Team", "choice", source="teams", group=WORK, beside=(NOBODY,)),
    "tag": Field("Tag", "labels", source="tags", group=WORK),
    "inbox": Field("Inbox", "choice", source="inboxes", group=WORK),
    "kind": Field("Kind of channel", "choice", source="kinds", group=WORK),
    "unread": Field("Unread by whoever looks", "flag", group=WORK),
    "followed": Field("Followed by whoever looks", "flag", group=WORK),
    "mentioned": Field("Mentions whoever looks", "flag", group=WORK),
    "case": Field("Has a case", "flag", group=WORK),
    "sentiment": Field("Sentiment", "choice", SENTIMENTS, group=UNDERSTOOD),
    "emotion": Field("Emotion", "choice", EMOTIONS, group=UNDERSTOOD),
    "intent": Field("Intent", "choice", source="intents", group=UNDERSTOOD),
    "urgency": Field("Urgency", "choice", ("low", "normal", "high"), group=UNDERSTOOD),
    "sentiment_confidence": Field("Confidence of the sentiment", "number", group=UNDERSTOOD, low=0, high=1),
    "mood": Field("Mood", "number", group=UNDERSTOOD, low=-1, high=1),
    "mood_fell": Field("Mood fell since the start by", "number", group=UNDERSTOOD, low=0, high=2),
    "recovered": Field("Mood fell and recovered", "flag", group=UNDERSTOOD),
    "language": Field("Language", "choice", source="languages", group=UNDERSTOOD),
    "search": Field("Search", "text", group=WRITTEN),
    "subject": Field("Subject", "text", group=WRITTEN),
    "contact": Field("Contact's name", "text", group=WRITTEN),
    "custom": Field("Contact's own field", "custom", group=WRITTEN),
    "attachment": Field("Has a file", "flag", group=WRITTEN),
    "messages": Field("Number of messages", "number", group=WRITTEN, low=0, high=1_000_000),
    "waiting": Field("Waiting for an answer", "number", group=WHEN, low=0, high=MOST_MINUTES, unit="minutes"),
    "last_message": Field("Last message", "date", group=WHEN),
    "created": Field("Begun", "date", group=WHEN),
    "was_assigned": Field("Was assigned to", "past", source="people", group=BEFORE, beside=(ME,)),
    "was_team": Field("Was with the team", "past", source="teams", group=BEFORE),
    "had_status": Field("Had the status", "past", STATUSES[1:], group=BEFORE),
    "had_priority": Field("Had the priority", "past", PRIORITIES, group=BEFORE),
}
OPERATORS: dict[FieldType, dict[str, str]] = {
    "text": {"contains": "contains", "lacks": "does not contain", "is": "is exactly"},
    "choice": {"is": "is", "is_not": "is not"},
    "labels": {"has_any": "has any of", "has_all": "has all of", "has_none": "has none of"},
    "number": {"at_least": "is at least", "at_most": "is at most"},
    "flag": {"is": "is"},
    "date": {
        "in_last": "in the last … days",
        "not_in_last": "longer ago than … days",
        "after": "on or after",
        "before": "before",
    },
    "past": {"was": "at some time, not now", "ever": "at some time, or now", "never": "never, and not now"},
    "custom": {"is": "name = value", "contains": "name = part of the value", "has": "has the field"},
}
MATCHES = {"all": "all of these", "any": "any of these"}
