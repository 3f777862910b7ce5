"""Precision and recall by kind on the counted corpus; speed on ordinary text, and on the slowest hostile million."""

from __future__ import annotations

import json
import time
from typing import Any

from app.personal_data import mask
from tests.personal_data.corpus import FOLDER, lines, scores
from tests.personal_data.hostile_texts import TEXTS

ORDINARY = FOLDER.parent / "seed" / "threads.json"
SIZE, MESSAGES = 1_000_000, 2_000


def run() -> dict[str, Any]:
    """Count, then time: one text of a million characters, and the same as messages of 500."""
    corpus = lines("positives.tsv") + lines("negatives.tsv")
    counted = {
        str(kind): f"precision {score.precision:.3f}, recall {score.recall:.3f}, of {score.right + score.missed}"
        for kind, score in scores(corpus).items()
    }
    words = json.dumps(json.loads(ORDINARY.read_text()), ensure_ascii=False)
    text = (words * (SIZE // len(words) + 1))[:SIZE]
    short = [text[place : place + 500] for place in range(0, SIZE, 500)][:MESSAGES]
    slowest = max((_seconds([hostile]), name) for name, hostile in TEXTS.items())
    return counted | {
        "one text of 1 MB": f"{SIZE / _seconds([text]) / 1e6:.2f} MB/s",
        "messages of 500 characters": f"{SIZE / _seconds(short) / 1e6:.2f} MB/s",
        "slowest hostile text of 1 MB": f"{slowest[0]:.1f} s ({slowest[1]})",
    }


def _seconds(texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        mask(text)
    return time.process_time() - began
