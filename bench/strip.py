"""Milliseconds to part new words from quotes in crafted marker texts of 50 KB, beside 5 KB: linear is ten times."""

from __future__ import annotations

import time
from typing import Any

from connectors._newtext import split_reply

ROUNDS, LARGE = 5, 50_000
CRAFTED = {
    "On, alone on each line": "On \n",
    "quote marks": "> " * 40 + "\n",
    "attributions that never end": "On 1/1/20, 1:1 AM someone <a@b.example> ",
    "header words": "From: a\n",
    "empty lines": "\n",
    "dashes": "-- \n",
    "underscores": "____\n",
}


def run() -> dict[str, Any]:
    """Take the best of several rounds of each text."""
    return {name: _ratio(seed) for name, seed in CRAFTED.items()}


def _ratio(seed: str) -> str:
    large, small = _best(seed, LARGE), _best(seed, LARGE // 10)
    return f"{large * 1000:.1f} ms for 50 KB, {small * 1000:.2f} ms for 5 KB"


def _best(seed: str, size: int) -> float:
    text = (seed * (size // len(seed) + 1))[:size]
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        split_reply(text)
        times.append(time.process_time() - began)
    return min(times)
