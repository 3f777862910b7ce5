"""What a rule can ask and do, and whether it matches: pure, without a database.

A rule's conditions are {"match": "all" | "any", "of": [{"field", "operator", "value"}]}. A prediction that was
abstained is None in the facts, and no condition on it matches: nothing acts on a guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.errors import Invalid

FieldType = Literal["text", "choice", "number", "flag"]
MAX_CONDITIONS, MAX_ACTIONS, MAX_VALUE = 20, 10, 500


@dataclass(frozen=True, slots=True)
class Field:
    """`source` tells a form where the choices come from: a list here, or "inboxes", "channels", "kinds", "intents"."""

    label: str
    type: FieldType
    choices: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one inbound message when rules run. Names are those of FIELDS.

    `words` says what people call the values that only machines read: {"refund_return": "Refund or return"}.
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
    intent: str | None = None
    intent_confidence: float | None = None
    mood: float | None = None
    first: bool = False  # the first message of its conversation
    automatic: bool = False
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)


FIELDS: dict[str, Field] = {
    "text": Field("Message text", "text"),
    "subject": Field("Subject", "text"),
    "sender": Field("Sender's address", "text"),
    "contact": Field("Contact's name", "text"),
    "sentiment": Field("Sentiment", "choice", ("negative", "neutral", "positive")),
    "sentiment_confidence": Field("Confidence of the sentiment (0 to 1)", "number"),
    "intent": Field("Intent", "choice", source="intents"),
    "intent_confidence": Field("Confidence of the intent (0 to 1)", "number"),
    "mood": Field("Mood of the conversation (-1 to 1)", "number"),
    "language": Field("Language (two letters)", "text"),
    "inbox": Field("Inbox", "choice", source="inboxes"),
    "channel": Field("Channel", "choice", source="channels"),
    "kind": Field("Kind of channel", "choice", source="kinds"),
    "first": Field("First message of the conversation", "flag"),
    "automatic": Field("Sent automatically (list, bounce, out of office)", "flag"),
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


def match(conditions: Mapping[str, Any], facts: Facts) -> str | None:
    """Return why the conditions hold, in words for the timeline, or None when they do not."""
    said = []
    any_of = conditions.get("match") == "any"
    for condition in conditions.get("of", ()):
        reason = _holds(condition, facts)
        if reason is None and not any_of:
            return None
        if reason is not None:
            said.append(reason)
            if any_of:
                break
    if not conditions.get("of"):
        return "applies to every message"
    return " and ".join(said) or None


def validate(conditions: Mapping[str, Any], actions: Sequence[Mapping[str, Any]]) -> None:
    """Check that a rule can be run. Raises Invalid naming what is wrong."""
    if conditions.get("match") not in {"all", "any"}:
        raise Invalid("Choose whether all or any of the conditions must hold.", field="match")
    listed = conditions.get("of", ())
    if not isinstance(listed, list) or len(listed) > MAX_CONDITIONS:
        raise Invalid(f"A rule takes at most {MAX_CONDITIONS} conditions.", field="conditions")
    for condition in listed:
        _validate_condition(condition)
    if not actions or len(actions) > MAX_ACTIONS:
        raise Invalid(f"A rule needs 1 to {MAX_ACTIONS} actions.", field="actions")
    for action in actions:
        _validate_action(action)


def _validate_condition(condition: Mapping[str, Any]) -> None:
    field = FIELDS.get(str(condition.get("field")))
    if field is None:
        raise Invalid("Choose what the condition looks at.", field="conditions")
    if condition.get("operator") not in OPERATORS[field.type]:
        raise Invalid(f"“{field.label}” cannot be compared like that.", field="conditions")
    value = str(condition.get("value", "")).strip()
    if not value or len(value) > MAX_VALUE:
        raise Invalid(f"“{field.label}” needs a value of at most {MAX_VALUE} characters.", field="conditions")
    if field.type == "number" and _number(value) is None:
        raise Invalid(f"“{field.label}” needs a number.", field="conditions")
    if field.choices and value not in field.choices:
        raise Invalid(f"“{field.label}” is one of: {', '.join(field.choices)}.", field="conditions")


def _validate_action(action: Mapping[str, Any]) -> None:
    field = ACTIONS.get(str(action.get("do")))
    if field is None:
        raise Invalid("Choose what the rule does.", field="actions")
    value = str(action.get("value", "")).strip()
    if not value or len(value) > MAX_VALUE:
        raise Invalid(f"“{field.label}” needs a value.", field="actions")
    if field.choices and value not in field.choices:
        raise Invalid(f"“{field.label}” is one of: {', '.join(field.choices)}.", field="actions")


def _holds(condition: Mapping[str, Any], facts: Facts) -> str | None:
    name, operator, wanted = condition["field"], condition["operator"], str(condition["value"])
    actual = getattr(facts, name)
    if actual is None:
        return None
    asked = FIELDS[name]
    if asked.type == "number":
        return _number_holds(asked, operator, float(actual), _number(wanted))
    if asked.type == "flag":
        return asked.label.lower() if actual is (wanted in {"yes", "true", "1"}) else None
    if not TEXT_TESTS[operator](str(actual).casefold(), wanted.casefold()):
        return None
    return f"{asked.label.lower()} {_found(asked, operator, str(actual), wanted, facts)}{_sureness(name, facts)}"


def _found(asked: Field, operator: str, actual: str, wanted: str, facts: Facts) -> str:
    """Say what was found, as people call it: what the value is, or the one word of several that stood there."""
    if asked.type == "choice":
        return f"is “{facts.words.get(actual, actual)}”"
    if operator == "contains_any":
        return f"contains “{_first_of(actual.casefold(), wanted)}”"
    return f"{OPERATORS[asked.type][operator]} “{wanted}”"


def _number_holds(field: Field, operator: str, actual: float, wanted: float | None) -> str | None:
    if wanted is None or not (actual >= wanted if operator == "at_least" else actual <= wanted):
        return None
    return f"{field.label.split(' (')[0].lower()} {actual:.2f} {OPERATORS['number'][operator]} {wanted:g}"


def _first_of(actual: str, wanted: str) -> str | None:
    """Return the first of several words, with commas between, that is part of a text in lower case."""
    parts = (part.strip() for part in wanted.split(","))
    return next((part for part in parts if part and part.casefold() in actual), None)


TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda actual, wanted: wanted in actual,
    "contains_any": lambda actual, wanted: _first_of(actual, wanted) is not None,
    "lacks": lambda actual, wanted: wanted not in actual,
    "is": lambda actual, wanted: actual.strip() == wanted.strip(),
    "is_not": lambda actual, wanted: actual.strip() != wanted.strip(),
    "starts_with": lambda actual, wanted: actual.lstrip().startswith(wanted),
    "ends_with": lambda actual, wanted: actual.rstrip().endswith(wanted),
}


def _sureness(name: str, facts: Facts) -> str:
    sure = getattr(facts, f"{name}_confidence", None)
    return f" ({sure:.0%} sure)" if sure is not None else ""


def _number(value: str) -> float | None:
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return None
