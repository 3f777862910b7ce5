"""Which words drove a label.

The heads are linear over means of tokens, so every token's share of a logit is known from the one forward pass. The
stretch of words that stands out most is taken as a candidate; it becomes a reason only if deleting it from the text
makes the label less likely (which `nlp.annotate` tries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nlp.encoder import Cut
from nlp.light import Matrix

MOST_WORDS = 12  # of one reason
MOST_REASONS = 2
WORTH = 0.4  # of the best stretch's weight, for a second one
LOOK_AHEAD = 400  # characters of the original searched for the next word
# Labels that say that there is nothing to see have no reasons.
SILENT = frozenset({"neutral", "none", "other", "ham", "no", "yes", "low", "normal", "oos"})
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of the original text."""

    start: int
    end: int


def candidates(text: str, cut: Cut, shares: Sequence[Matrix], column: int, rivals: Sequence[int]) -> list[Stretch]:
    """Return at most two stretches of `text` that speak most for a label, strongest first.

    `shares` are those of the cut's pieces, [inner tokens, labels]; `column` is the label's, `rivals` the other labels'
    of its task (none where labels do not compete).
    """
    words = [match.span() for match in _WORD.finditer(cut.cleaned)]
    weights = _word_weights(words, cut, shares, column, rivals)
    seen = [place for place, weight in enumerate(weights) if not np.isnan(weight)]
    if not seen:
        return []
    places = _places([cut.cleaned[start:end] for start, end in words], text)
    found = []
    for first, last in _stretches([float(weights[place]) for place in seen]):
        known = [at for place in seen[first : last + 1] if (at := places[place]) is not None]
        if known:
            found.append(Stretch(known[0][0], known[-1][1]))
    return found


def _word_weights(
    words: Sequence[tuple[int, int]], cut: Cut, shares: Sequence[Matrix], column: int, rivals: Sequence[int]
) -> Matrix:
    """Return what each word adds to the label against its rivals; NaN for words that were not encoded."""
    weights = np.full(len(words), np.nan, np.float32)
    word = 0
    for piece, of_piece in zip(cut.pieces, shares, strict=True):
        against = of_piece[:, list(rivals)].mean(1) if rivals else 0.0
        for (begin, _end), weight in zip(piece.offsets, of_piece[:, column] - against, strict=True):
            while word < len(words) and words[word][1] <= begin:
                word += 1
            if word < len(words):
                weights[word] = weight if np.isnan(weights[word]) else weights[word] + weight
    return weights


def _stretches(weights: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Yield the stretches (first, last) whose words stand out most from the mean, at most two."""
    if len(weights) <= MOST_REASONS:
        yield 0, len(weights) - 1
        return
    mean = sum(weights) / len(weights)
    left = [weight - mean for weight in weights]
    strongest = 0.0
    for _ in range(MOST_REASONS):
        first, last, worth = _heaviest(left)
        if worth <= WORTH * strongest or worth <= 0:
            return
        strongest = strongest or worth
        yield first, last
        left[first : last + 1] = [-abs(worth) - 1] * (last - first + 1)


def _heaviest(weights: Sequence[float]) -> tuple[int, int, float]:
    """Return the stretch of at most `MOST_WORDS` words with the greatest sum."""
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    best = (0, 0, weights[0])
    for first in range(len(weights)):
        ends = sums[first + 1 : first + 1 + MOST_WORDS]
        last = int(ends.argmax())
        worth = float(ends[last] - sums[first])
        if worth > best[2]:
            best = (first, first + last, worth)
    return best


def _places(words: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """Return where each cleaned word stands in the original; None for those that were changed (links, emoji)."""
    places: list[tuple[int, int] | None] = []
    reached = 0
    for word in words:
        start = text.find(word, reached, reached + LOOK_AHEAD + len(word))
        places.append((start, start + len(word)) if start >= 0 else None)
        if start >= 0:
            reached = start + len(word)
    return places
