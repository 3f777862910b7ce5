"""Rules match facts, say why, and refuse what cannot be run."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid
from app.services.rules import FIELDS, OPERATORS, Facts, match, validate

FACTS = Facts(
    text="My kettle arrived BROKEN, I want a refund",
    subject="Order 12",
    sender="mia@example.com",
    sentiment="negative",
    sentiment_confidence=0.91,
    mood=-0.6,
    first=True,
)
TAG = [{"do": "add_tag", "value": "x"}]


def condition(field: str, operator: str, value: str) -> dict[str, Any]:
    return {"match": "all", "of": [{"field": field, "operator": operator, "value": value}]}


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        ("text", "contains", "broken", True),
        ("text", "contains", "thanks", False),
        ("text", "contains_any", "thanks, refund", True),
        ("text", "lacks", "thanks", True),
        ("text", "starts_with", "my kettle", True),
        ("sender", "ends_with", "@example.com", True),
        ("subject", "is", "order 12", True),
        ("subject", "is_not", "order 12", False),
        ("sentiment", "is", "negative", True),
        ("sentiment_confidence", "at_least", "0.9", True),
        ("sentiment_confidence", "at_least", "0.95", False),
        ("mood", "at_most", "-0,5", True),
        ("first", "is", "yes", True),
        ("first", "is", "no", False),
        ("automatic", "is", "no", True),
    ],
)
def test_a_condition_holds_or_not(field: str, operator: str, value: str, holds: bool) -> None:
    assert (match(condition(field, operator, value), FACTS) is not None) is holds


@pytest.mark.parametrize("operator", ["is", "is_not"])
def test_nothing_acts_on_an_abstained_prediction(operator: str) -> None:
    assert match(condition("intent", operator, "refund_request"), FACTS) is None


def test_all_and_any() -> None:
    two = [
        {"field": "text", "operator": "contains", "value": "refund"},
        {"field": "text", "operator": "contains", "value": "unicorn"},
    ]
    assert match({"match": "all", "of": two}, FACTS) is None
    assert match({"match": "any", "of": two}, FACTS)
    assert match({"match": "all", "of": []}, FACTS) == "applies to every message"


def test_the_reason_says_how_sure_the_model_was() -> None:
    assert match(condition("sentiment", "is", "negative"), FACTS) == "sentiment is “negative” (91% sure)"


def test_the_reason_calls_values_as_people_do() -> None:
    facts = Facts(
        intent="refund_return", intent_confidence=0.81, inbox="01a2", words={"refund_return": "Refund", "01a2": "Sales"}
    )
    assert match(condition("intent", "is", "refund_return"), facts) == "intent is “Refund” (81% sure)"
    assert match(condition("inbox", "is_not", "77b1"), facts) == "inbox is “Sales”"


def test_the_reason_names_the_one_word_that_stood_in_the_text() -> None:
    asked = condition("text", "contains_any", "urgent, , Right NOW,lawyer")
    assert match(asked, Facts(text="Do it right now, or my lawyer writes")) == "message text contains “Right NOW”"
    assert match(asked, Facts(text="whenever you like")) is None


@pytest.mark.parametrize(
    ("conditions", "actions"),
    [
        ({"match": "some", "of": []}, TAG),
        (condition("shoe_size", "is", "42"), TAG),
        (condition("mood", "contains", "x"), TAG),
        (condition("mood", "at_least", "very"), TAG),
        (condition("sentiment", "is", "grumpy"), TAG),
        (condition("text", "contains", " "), TAG),
        (condition("text", "contains", "x" * 501), TAG),
        (condition("text", "contains", "x"), []),
        (condition("text", "contains", "x"), [{"do": "explode", "value": "now"}]),
        (condition("text", "contains", "x"), [{"do": "set_priority", "value": "extreme"}]),
        ({"match": "all", "of": [{}] * 21}, TAG),
    ],
)
def test_a_rule_that_cannot_be_run_is_refused(conditions: dict[str, Any], actions: list[dict[str, str]]) -> None:
    with pytest.raises(Invalid) as refused:
        validate(conditions, actions)
    assert refused.value.reason


def test_every_field_is_a_fact_and_has_operators() -> None:
    for name, field in FIELDS.items():
        assert hasattr(Facts(), name)
        assert OPERATORS[field.type]
