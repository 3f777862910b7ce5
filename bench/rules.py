"""Rules matched on one core: pure, no database."""

from __future__ import annotations

import time
from typing import Any

from app.services.rules import Facts, match
from bench.mails import SAID

MESSAGES, RULES, ROUNDS = 2_000, 50, 5
WORDS = ("refund", "invoice", "parcel", "broken", "thank", "cancel", "address", "expired", "tent", "review")


def run() -> dict[str, Any]:
    """Match every message against every rule; none of the rules stops the run."""
    book = [_rule(number) for number in range(RULES)]
    facts = [Facts(text=SAID[n % len(SAID)], sentiment="negative", sentiment_confidence=0.9) for n in range(MESSAGES)]
    best = min(_once(book, facts) for _ in range(ROUNDS))
    return {"messages a second, 50 rules each": round(MESSAGES / best)}


def _once(book: list[dict[str, Any]], facts: list[Facts]) -> float:
    began = time.process_time()
    for fact in facts:
        for conditions in book:
            match(conditions, fact)
    return time.process_time() - began


def _rule(number: int) -> dict[str, Any]:
    return {
        "match": "all",
        "of": [
            {"field": "sentiment", "operator": "is", "value": ("negative", "positive")[number % 2]},
            {"field": "text", "operator": "contains", "value": WORDS[number % len(WORDS)]},
        ],
    }
