"""Rules matched on one core: pure, no database."""

from __future__ import annotations

import time
from typing import Any

from app.services.rule_vocabulary import Facts
from app.services.rules import match
from bench.mails import SAID

MESSAGES, RULES, ROUNDS = 2_000, 50, 5
WORDS = ("refund", "invoice", "parcel", "broken", "thank", "cancel", "address", "expired", "tent", "review")


FELT = ((), ("anger",), ("anger", "worry"), ("gratitude",))


def run() -> dict[str, Any]:
    """Match every message against every rule; none of the rules stops the run."""
    book = [_rule(number) for number in range(RULES)]
    facts = [_facts(number) for number in range(MESSAGES)]
    best = min(_once(book, facts) for _ in range(ROUNDS))
    return {"messages a second, 50 rules each": round(MESSAGES / best)}


def _once(book: list[dict[str, Any]], facts: list[Facts]) -> float:
    began = time.process_time()
    for fact in facts:
        for conditions in book:
            match(conditions, fact)
    return time.process_time() - began


def _facts(number: int) -> Facts:
    return Facts(
        text=SAID[number % len(SAID)],
        sentiment="negative",
        sentiment_confidence=0.9,
        emotion=FELT[number % len(FELT)],
        mood=-0.1 * (number % 10),
    )


def _rule(number: int) -> dict[str, Any]:
    """Two conditions each: what was felt, and a word, an emotion or a mood."""
    second = (
        {"field": "text", "operator": "contains", "value": WORDS[number % len(WORDS)]},
        {"field": "emotion", "operator": "has_any", "value": "anger, frustration"},
        {"field": "mood", "operator": "at_most", "value": "-0.7"},
    )[number % 3]
    first = {"field": "sentiment", "operator": "is", "value": ("negative", "positive")[number % 2]}
    return {"match": "all", "of": [first, second]}
