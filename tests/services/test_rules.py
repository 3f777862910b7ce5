"""Rules match facts, say why, and refuse what cannot be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.languages import translated
from app.models import WorkspaceIntent
from app.phrases import kept, phrase, read_kept
from app.services import predictions, routing
from app.services.rule_vocabulary import FIELDS, OPERATORS, Facts
from app.services.rules import match, validate
from app.services.urgency import pressure
from nlp.tasks import LABELS
from tests.annotations import Said, felt
from tests.services.making import House, letter

FACTS = Facts(
    text="My kettle arrived BROKEN, I want a refund",
    subject="Order 12",
    sender="mia@example.com",
    sentiment="negative",
    sentiment_confidence=0.91,
    emotion=("anger", "worry"),
    emotion_confidence=0.8,
    urgency="high",
    urgency_score=0.77,
    request=True,
    spam=False,
    mood=-0.6,
    mood_fell=0.9,
    recovered=False,
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
        ("emotion", "has_any", "joy, anger", True),
        ("emotion", "has_any", "joy, gratitude", False),
        ("emotion", "has_all", "anger,worry", True),
        ("emotion", "has_all", "anger, joy", False),
        ("emotion", "has_none", "joy", True),
        ("emotion", "has_none", "joy, worry", False),
        ("emotion_confidence", "at_least", "0.8", True),
        ("urgency", "is", "high", True),
        ("urgency", "is_not", "low", True),
        ("urgency_score", "at_least", "0.8", False),
        ("request", "is", "yes", True),
        ("request", "is", "no", False),
        ("spam", "is", "no", True),
        ("mood_fell", "at_least", "0.5", True),
        ("recovered", "is", "yes", False),
    ],
)
def test_a_condition_holds_or_not(field: str, operator: str, value: str, holds: bool) -> None:
    assert (match(condition(field, operator, value), FACTS) is not None) is holds


@pytest.mark.parametrize("operator", ["is", "is_not"])
def test_nothing_acts_on_an_abstained_prediction(operator: str) -> None:
    assert match(condition("intent", operator, "refund_request"), FACTS) is None


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("emotion", "has_any", "anger"),
        ("emotion", "has_none", "anger"),
        ("urgency", "is_not", "low"),
        ("request", "is", "no"),
        ("spam", "is", "no"),
        ("mood", "at_most", "1"),
        ("mood_fell", "at_least", "0"),
        ("recovered", "is", "no"),
        ("spam_confidence", "at_most", "1"),
    ],
)
def test_what_nobody_knows_fits_no_condition_either_way_round(field: str, operator: str, value: str) -> None:
    assert match(condition(field, operator, value), Facts()) is None


def test_a_message_without_emotion_is_known_to_have_none() -> None:
    assert match(condition("emotion", "has_none", "anger, joy"), Facts(emotion=()))
    assert match(condition("emotion", "has_any", "anger, joy"), Facts(emotion=())) is None


@pytest.mark.parametrize(
    ("field", "operator", "value", "said"),
    [
        ("emotion", "has_any", "joy, worry, anger", "emotion has “Worry” and “Anger” (80% sure)"),
        ("emotion", "has_none", "joy", "emotion has none of what was asked (80% sure)"),
        ("urgency", "is", "high", "urgency is “high”"),
        ("urgency_score", "at_least", "0.7", "urgency as a number 0.77 is at least 0.7"),
        ("request", "is", "yes", "asks for something"),
        ("spam", "is", "no", "not: looks like spam"),
        ("mood_fell", "at_least", "0.5", "mood fell since the start by 0.90 is at least 0.5"),
    ],
)
def test_the_reason_says_what_was_understood(field: str, operator: str, value: str, said: str) -> None:
    assert match(condition(field, operator, value), FACTS) == said


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
        (condition("emotion", "is", "anger"), TAG),
        (condition("emotion", "has_any", "anger, hunger"), TAG),
        (condition("emotion", "has_any", " , "), TAG),
        (condition("mood", "at_least", "-1.5"), TAG),
        (condition("mood", "at_least", "nan"), TAG),
        (condition("mood_fell", "at_least", "3"), TAG),
        (condition("spam_confidence", "at_least", "80"), TAG),
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


def test_labels_are_those_of_the_models() -> None:
    for name, task in {"sentiment": "sentiment", "emotion": "emotion", "urgency": "urgency"}.items():
        assert FIELDS[name].choices == LABELS[task]


@pytest.mark.parametrize(
    ("start", "mood", "fell"), [(0.5, -0.4, 0.9), (-0.4, 0.5, 0.0), (None, 0.1, None), (0.5, None, None)]
)
def test_how_far_a_mood_fell(start: float | None, mood: float | None, fell: float | None) -> None:
    found = pressure(urgency=None, score=None, mood=mood, mood_start=start, has_recovered=False)
    assert found.mood_fell == pytest.approx(fell)
    assert found.recovered is (None if mood is None else False)


def test_what_was_understood_of_a_message_becomes_facts(session: Session, tmp_path: Path) -> None:
    house = House(session, tmp_path)
    conversation, first = house.one(letter(text="All is well.", external_id="m1@example.com"))
    predictions.record(session, annotations={first.id: felt(0.8)})
    session.add(WorkspaceIntent(slug="warranty", title="Warranty claim"))
    answer = letter(text="It broke! Send somebody now.", external_id="m2@example.com", in_reply_to="m1@example.com")
    (second,) = house.arrive(answer)
    assert second.conversation_id == conversation.id
    said = felt(
        -0.9,
        Said("emotion", "anger", labels=(("anger", 0.8), ("worry", 0.6)), confidence=0.8),
        Said("intent", "warranty", confidence=0.7),
        Said("urgency", "high", 0.91, 0.9),
        Said("request", "yes", confidence=0.95),
        Said("spam", "ham", confidence=0.4, abstain_reason="confidence"),
    )
    predictions.record(session, annotations={second.id: said})
    facts = routing.facts_of(session, conversation, second)
    assert (facts.emotion, facts.intent, facts.urgency, facts.urgency_score) == (
        ("anger", "worry"),
        "warranty",
        "high",
        0.91,
    )
    assert (facts.request, facts.spam, facts.recovered) == (True, None, False)
    assert facts.mood_fell is not None
    assert facts.mood_fell > 0.5
    assert match(condition("intent", "is", "warranty"), facts) == "intent is “Warranty claim” (70% sure)"
    calm = routing.facts_of(session, conversation, first)
    assert (calm.emotion, calm.urgency, calm.request) == (None, None, None)


def test_why_a_rule_applied_is_kept_as_it_was_made_and_read_in_any_language() -> None:
    two = {
        "match": "all",
        "of": [*condition("sentiment", "is", "negative")["of"], *condition("text", "contains", "refund")["of"]],
    }
    said = match(two, FACTS)
    assert said is not None
    assert said == "sentiment is “negative” (91% sure) and message text contains “refund”"
    again = read_kept(json.loads(json.dumps(kept(said))))
    assert again == said
    assert again is not None
    assert translated(again, "de") == "Sentiment ist „negativ“ (zu 91% sicher) und Nachrichtentext enthält „refund“"


@pytest.mark.parametrize(
    "stored", [None, "words", {}, {"template": 1, "values": {}}, {"values": []}, [kept(phrase("a"))]]
)
def test_what_was_not_kept_like_that_is_no_phrase(stored: object) -> None:
    assert read_kept(stored) is None
