"""Whether a rule matches, and why: pure, without a database. What rules are made of stands in rule_vocabulary.py.

A rule's conditions are {"match": "all" | "any", "of": [{"field", "operator", "value"}]}. A prediction that was
abstained is None in the facts, and no condition on it matches, whichever way round: nothing acts on a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

from app.errors import Invalid
from app.phrases import Phrase, phrase
from app.services.labels import EMOTIONS
from app.services.rule_vocabulary import ACTIONS, FIELDS, NAMES, OPERATORS, VALUE_WORDS, Facts, Field, FieldType

MAX_CONDITIONS, MAX_ACTIONS, MAX_VALUE = 20, 10, 500
YES = frozenset({"yes", "true", "1"})


def match(conditions: Mapping[str, Any], facts: Facts) -> Phrase | None:
    """Return why the conditions hold, in words for the timeline, or None when they do not."""
    said: list[Phrase] = []
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
        return phrase("applies to every message")
    return _all_of(said) if said else None


def validate(conditions: Mapping[str, Any], actions: Sequence[Mapping[str, Any]]) -> None:
    """Check that a rule can be run. Raises Invalid naming what is wrong."""
    if conditions.get("match") not in {"all", "any"}:
        raise Invalid(phrase("Choose whether all or any of the conditions must hold."), field="match")
    listed = conditions.get("of", ())
    if not isinstance(listed, list) or len(listed) > MAX_CONDITIONS:
        raise Invalid(phrase("A rule takes at most {most} conditions.", most=MAX_CONDITIONS), field="conditions")
    for condition in listed:
        _validate_condition(condition)
    if not actions or len(actions) > MAX_ACTIONS:
        raise Invalid(phrase("A rule needs 1 to {most} actions.", most=MAX_ACTIONS), field="actions")
    for action in actions:
        _validate_action(action)


@lru_cache(maxsize=512)
def labels_in(value: str) -> tuple[str, ...]:
    """Return the labels of a condition's value: "anger, worry" is two."""
    return tuple(part for part in (part.strip() for part in value.split(",")) if part)


def _validate_condition(condition: Mapping[str, Any]) -> None:
    field = FIELDS.get(str(condition.get("field")))
    if field is None:
        raise Invalid(phrase("Choose what the condition looks at."), field="conditions")
    if condition.get("operator") not in OPERATORS[field.type]:
        raise Invalid(phrase("“{field}” cannot be compared like that.", field=field.label), field="conditions")
    value = str(condition.get("value", "")).strip()
    if not value or len(value) > MAX_VALUE:
        raise Invalid(
            phrase("“{field}” needs a value of at most {most} characters.", field=field.label, most=MAX_VALUE),
            field="conditions",
        )
    if field.type == "number":
        _validate_number(field, _number(value))
    wanted = labels_in(value) if field.type == "labels" else (value,)
    if not wanted or (field.choices and not set(wanted) <= set(field.choices)):
        raise _no_choice(field, "conditions")


def _validate_number(field: Field, number: float | None) -> None:
    if number is None:
        raise Invalid(phrase("“{field}” needs a number.", field=field.label), field="conditions")
    if field.low is not None and field.high is not None and not field.low <= number <= field.high:
        low, high = f"{field.low:g}", f"{field.high:g}"
        raise Invalid(
            phrase("“{field}” needs a number from {low} to {high}.", field=field.label, low=low, high=high),
            field="conditions",
        )


def _validate_action(action: Mapping[str, Any]) -> None:
    field = ACTIONS.get(str(action.get("do")))
    if field is None:
        raise Invalid(phrase("Choose what the rule does."), field="actions")
    value = str(action.get("value", "")).strip()
    if not value or len(value) > MAX_VALUE:
        raise Invalid(phrase("“{action}” needs a value.", action=field.label), field="actions")
    if field.choices and value not in field.choices:
        raise _no_choice(field, "actions")


def _no_choice(field: Field, part: str) -> Invalid:
    choices = ", ".join(field.choices)
    return Invalid(phrase("“{field}” is one of: {choices}.", field=field.label, choices=choices), field=part)


def _all_of(said: Sequence[Phrase]) -> Phrase:
    return reduce(lambda one, other: phrase("{one} and {other}", one=one, other=other), said)


def _holds(condition: Mapping[str, Any], facts: Facts) -> Phrase | None:
    name = condition["field"]
    actual = getattr(facts, name)
    if actual is None:
        return None
    test = HOLDS[FIELDS[name].type]
    reason = test(NAMES[name], condition["operator"], actual, str(condition["value"]), facts)
    return _with_sureness(reason, name, facts) if reason is not None else None


def _text_holds(name: Phrase, operator: str, actual: str, wanted: str, _: Facts) -> Phrase | None:
    """Compare as people read: upper and lower case are one."""
    folded = _folded(actual)
    if not TEXT_TESTS[operator](folded, wanted.casefold()):
        return None
    if operator == "contains_any":
        operator, wanted = "contains", str(_first_of(folded, wanted))
    return phrase("{field} {operator} “{value}”", field=name, operator=OPERATORS["text"][operator], value=wanted)


def _choice_holds(name: Phrase, operator: str, actual: str, wanted: str, facts: Facts) -> Phrase | None:
    """Compare labels and ids, and say what the value is, as people call it."""
    if (actual == wanted) is not (operator == "is"):
        return None
    return phrase("{field} is “{value}”", field=name, value=_called(actual, facts))


def _labels_hold(name: Phrase, operator: str, actual: Sequence[str], wanted: str, facts: Facts) -> Phrase | None:
    labels = labels_in(wanted)
    found = [label for label in labels if label in actual]
    if not LABEL_TESTS[operator](len(found), len(labels)):
        return None
    if not found:
        return phrase("{field} has none of what was asked", field=name)
    called = _all_of([phrase("“{word}”", word=_called(label, facts)) for label in found])
    return phrase("{field} has {values}", field=name, values=called)


def _called(value: str, facts: Facts) -> str:
    """Return what people call a value that only machines read."""
    return facts.words.get(value) or VALUE_WORDS.get(value) or EMOTION_WORDS.get(value, value)


def _number_holds(name: Phrase, operator: str, actual: float, wanted: str, _: Facts) -> Phrase | None:
    limit = _number(wanted)
    if limit is None or not (actual >= limit if operator == "at_least" else actual <= limit):
        return None
    said = OPERATORS["number"][operator]
    number, asked = f"{actual:.2f}", f"{limit:g}"
    return phrase("{field} {number} {operator} {limit}", field=name, number=number, operator=said, limit=asked)


def _flag_holds(name: Phrase, _: str, actual: object, wanted: str, __: Facts) -> Phrase | None:
    if actual is not (wanted in YES):
        return None
    return name if actual else phrase("not: {field}", field=name)


@lru_cache(maxsize=4)  # all rules ask about the same few texts, one message after the other
def _folded(text: str) -> str:
    return text.casefold()


def _first_of(actual: str, wanted: str) -> str | None:
    """Return the first of several words, with commas between, that is part of a text in lower case."""
    parts = (part.strip() for part in wanted.split(","))
    return next((part for part in parts if part and part.casefold() in actual), None)


HOLDS: Mapping[FieldType, Callable[[Phrase, str, Any, str, Facts], Phrase | None]] = {
    "text": _text_holds,
    "choice": _choice_holds,
    "labels": _labels_hold,
    "number": _number_holds,
    "flag": _flag_holds,
}
TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda actual, wanted: wanted in actual,
    "contains_any": lambda actual, wanted: _first_of(actual, wanted) is not None,
    "lacks": lambda actual, wanted: wanted not in actual,
    "is": lambda actual, wanted: actual.strip() == wanted.strip(),
    "is_not": lambda actual, wanted: actual.strip() != wanted.strip(),
    "starts_with": lambda actual, wanted: actual.lstrip().startswith(wanted),
    "ends_with": lambda actual, wanted: actual.rstrip().endswith(wanted),
}
EMOTION_WORDS = dict(EMOTIONS)
CONFIDENCES = {name: f"{name}_confidence" for name in FIELDS if f"{name}_confidence" in FIELDS}
LABEL_TESTS: Mapping[str, Callable[[int, int], bool]] = {  # how many of the asked labels are there
    "has_any": lambda found, _: found > 0,
    "has_all": lambda found, asked: found == asked,
    "has_none": lambda found, _: found == 0,
}


def _with_sureness(reason: Phrase, name: str, facts: Facts) -> Phrase:
    sure = getattr(facts, CONFIDENCES[name]) if name in CONFIDENCES else None
    return phrase("{reason} ({share} sure)", reason=reason, share=f"{sure:.0%}") if sure is not None else reason


@lru_cache(maxsize=512)
def _number(value: str) -> float | None:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
