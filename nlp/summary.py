"""The few sentences of a long conversation that say most of it: extractive, so nothing in a summary is made up.

What counts: how central a sentence is among the others (embeddings), where it stands, whether it asks or promises
something, and how strongly its message was felt. Maximal marginal relevance keeps the chosen ones from saying the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.phrases import any_of
from nlp.questions import is_asking
from nlp.sentences import split

MOST_SENTENCES = 6
MOST_CANDIDATES = 96  # sentences that are embedded: a third of a second on one core
MOST_OF_A_MESSAGE = 6  # candidates
FEWEST_WORDS, ENOUGH_WORDS, MANY_WORDS = 4, 8, 40
CHARACTERS_OF_A_MESSAGE = 4_000
MOST_CHOSEN_OF_A_MESSAGE = 2
CENTRAL = 0.6  # weight of being like the others, against all that is known without a model
RELEVANCE = 0.6  # against novelty, in maximal marginal relevance
SAME_SIDE = 0.05  # what a sentence loses for each one chosen already of the same side

_WORD = re.compile(r"[^\W\d_]{2,}")
_FORMAL = any_of(
    "hi|hello|hey|dear|regards|cheers|sincerely|yours|thanks|ok|okay",
    "good (?:morning|day|afternoon|evening)",
    "(?:kind|best|warm) regards",
    "(?:many thanks|thank you)",
    "have a (?:nice|good|great)",
    "no problem|you(?:'re| are) welcome|sent from my|let me know if",
)
_OUTCOME = any_of(
    "refund(?:ed)?|replac(?:e|ed|ement)|resolved|fixed|solved|confirmed|cancel(?:led|ed)?|sent|shipped|agreed",
    "will (?:be|send|call|come|get)",
    "by (?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|deadline|since",
    "invoice|order (?:no|number)",
    "because|problem|broken|error|does(?:n't| not) work|still (?:not|no|waiting)",
)

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Said:
    """One message, oldest first: `strength` in 0..1 is how strongly it was felt (0 where nobody knows)."""

    id: int
    text: str
    is_customer: bool
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Characters `start` to `end` of the text of message `id`."""

    id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    excerpt: Excerpt
    text: str
    worth: float  # what can be said of it without a model
    is_customer: bool


def summarise(messages: Sequence[Said], *, embed: Embed, most: int = MOST_SENTENCES) -> list[Excerpt]:
    """Return at most `most` sentences in the order they were said; [] where nobody said a whole sentence.

    `embed` gives a unit vector a text ((), where it can say nothing) and is called once, with at most 96 sentences. Any
    number of messages: of thousands, a spread over all of them is read, the first and the last ones always.
    """
    candidates = _chosen_to_read(list(_candidates(_spread(messages))))
    if not candidates:
        return []
    points = _matrix(embed([candidate.text for candidate in candidates]))
    likeness = points @ points.T
    others = likeness.sum(1) - np.diag(likeness)
    central = CENTRAL * others / max(1, len(candidates) - 1)
    worth = np.array([candidate.worth for candidate in candidates], np.float32) + central
    chosen = _most_relevant(candidates, worth, likeness, most)
    return [candidates[at].excerpt for at in sorted(chosen)]


def _spread(messages: Sequence[Said]) -> list[tuple[float, Said]]:
    """Return (position 0..1, message): the first and last twelve, and an even spread between, at most 200."""
    total = len(messages)
    if total > 200:
        middle = np.linspace(12, total - 13, 176).astype(int).tolist()
        picked = sorted({*range(12), *middle, *range(total - 12, total)})
    else:
        picked = list(range(total))
    return [(at / max(1, total - 1), messages[at]) for at in picked]


def _candidates(messages: Sequence[tuple[float, Said]]) -> Iterator[_Candidate]:
    is_opening = True  # nothing of the customer's has been found yet
    for position, message in messages:
        own: list[_Candidate] = []
        for number, sentence in enumerate(split(message.text[:CHARACTERS_OF_A_MESSAGE])):
            words = len(_WORD.findall(sentence.text))
            if _says_nothing(sentence.text, words):
                continue
            worth = _worth(sentence.text, words, number, message, position)
            worth += 0.25 if is_opening and message.is_customer and not own else 0.0
            excerpt = Excerpt(message.id, sentence.start, sentence.end)
            own.append(_Candidate(excerpt, sentence.text, worth, message.is_customer))
        is_opening = is_opening and not (own and message.is_customer)
        best = sorted(own, key=lambda one: -one.worth)[:MOST_OF_A_MESSAGE]
        yield from sorted(best, key=lambda one: one.excerpt.start)


def _says_nothing(text: str, words: int) -> bool:
    return words < FEWEST_WORDS or text.startswith(">") or (words < ENOUGH_WORDS and bool(_FORMAL.match(text)))


def _worth(text: str, words: int, number: int, message: Said, position: float) -> float:
    worth = 0.12 * (1 - min(number, 4) / 4)  # what matters is said first
    worth += 0.15 * position  # the newest is what the agent needs
    worth += 0.15 if message.is_customer and is_asking(text) else 0.0
    if _OUTCOME.search(text):
        worth += 0.15 if message.is_customer else 0.25  # what we did, or promised
    worth += 0.1 if any(character.isdigit() for character in text) else 0.0
    worth += 0.15 * message.strength
    return worth - (0.1 if words < ENOUGH_WORDS or words > MANY_WORDS else 0.0)


def _chosen_to_read(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the best of each stretch of the conversation, so that no part of a long one goes unread."""
    if len(candidates) <= MOST_CANDIDATES:
        return list(candidates)
    stretches = np.array_split(np.arange(len(candidates)), MOST_CANDIDATES // 4)
    best = [at for stretch in stretches for at in sorted(stretch.tolist(), key=lambda at: -candidates[at].worth)[:4]]
    return [candidates[at] for at in sorted(best)]


def _most_relevant(candidates: Sequence[_Candidate], worth: Matrix, likeness: Matrix, most: int) -> list[int]:
    """Choose by maximal marginal relevance; both sides are heard, and no message has more than two sentences."""
    chosen: list[int] = []
    nearest = np.zeros(len(worth), np.float32)
    is_customer = np.array([candidate.is_customer for candidate in candidates])
    message = np.array([candidate.excerpt.id for candidate in candidates])
    open_ = np.ones(len(worth), bool)
    while len(chosen) < most and open_.any():
        same_side = np.where(is_customer, is_customer[chosen].sum(), (~is_customer[chosen]).sum())
        gain = RELEVANCE * worth - (1 - RELEVANCE) * nearest - SAME_SIDE * same_side
        best = int(np.where(open_, gain, -np.inf).argmax())
        chosen.append(best)
        nearest = np.maximum(nearest, likeness[best])
        open_[best] = False
        if (message[chosen] == message[best]).sum() == MOST_CHOSEN_OF_A_MESSAGE:
            open_ &= message != message[best]
    return chosen


def _matrix(points: Sequence[Sequence[float]]) -> Matrix:
    size = max((len(point) for point in points), default=0)
    return np.array([list(point) or [0.0] * size for point in points], np.float32)
