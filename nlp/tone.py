"""How an agent's draft sounds, and what it must not carry: hints with their places, for a person to judge.

Rules find what has a form (words for colleagues only, blame, coldness); the model (nlp/tone_model.py) adds
sentences that no phrase list knows. A hint is an offer: nothing here stops a reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from nlp import tone_phrases as phrases
from nlp.sentences import CHARACTERS_READ, Sentence, split

TONES = ("angry", "blaming", "cold")
KINDS = ("secret", "internal", "language", *TONES)  # the most serious first
SHORT = 12  # words of a draft that can be cold by saying nothing more
LEAST_WORDS = 5  # before the language of a draft is judged
SHINGLE = 4  # words in a row that must be the same as in a note
COPIED = 0.6  # share of a sentence's shingles that stand in a note
MOST_HINTS = 20
MOST_JUDGED, JUDGED_CHARACTERS = 32, 240  # sentences that the model reads, and how much of each

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SHOUTING = re.compile(r"(?:(?<![\w-])[A-Z']{2,}[,;:]?[ \t]{1,2}(?:[IA][ \t])?){2,40}[A-Z']{2,}(?![\w-])")
_GREETING = re.compile(
    r"\s{0,9}(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|bonjour|hola)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Characters `start` to `end` of the draft sound like `kind`; `detail` says more ("card", "note", "de").

    A hint about the whole draft (its language) reaches from its first character to its last.
    """

    kind: str
    start: int
    end: int
    detail: str = ""


Judge = Callable[[Sequence[str]], Sequence[str]]
Detect = Callable[[str], str]
Secrets = Callable[[str], Iterable[tuple[int, int, str]]]


def check(
    draft: str,
    *,
    customer_language: str = "",
    notes: Sequence[str] = (),
    said_openly: Sequence[str] = (),
    judge: Judge | None = None,
    detect: Detect | None = None,
    secrets: Secrets | None = None,
) -> list[Hint]:
    """Return what a draft should be looked at for, most serious first, at most 20 hints; [] for a good one.

    `customer_language` is ISO 639-1, "" or "und" when unknown; `detect` says the language of a text in the same codes.
    `notes` are the conversation's private notes, `said_openly` its public messages: words that stand in both are no
    secret. `secrets` gives (start, end, what) of card numbers, passwords and the like. `judge` says of each sentence
    "angry", "blaming", "cold" or "" (nlp.tone_model). What is not given is not looked for. Reads 20,000 characters.
    """
    text = draft[:CHARACTERS_READ].replace("’", "'")
    sentences = [sentence for sentence in split(text) if not sentence.text.startswith(">")]
    found = [Hint("secret", *place) for place in secrets(text)] if secrets else []
    found += _internal(text, sentences, notes, said_openly)
    found += _language(text, customer_language, detect)
    judged = _judged(sentences, judge)
    found += [*_angry(text), *_blaming(sentences), *(hint for hint in judged if hint.kind != "cold")]
    if not any(hint.kind == "angry" for hint in found) and not _is_warm(text):
        found += [*_cold(text, sentences), *(hint for hint in judged if hint.kind == "cold")]
    return sorted(_without_overlaps(found), key=lambda hint: (KINDS.index(hint.kind), hint.start))[:MOST_HINTS]


def _without_overlaps(found: Sequence[Hint]) -> Iterator[Hint]:
    """Yield each kind once a place; the order of `found` decides."""
    told: list[Hint] = []
    for hint in found:
        if not any(other.kind == hint.kind and hint.start < other.end and other.start < hint.end for other in told):
            told.append(hint)
            yield hint


# ---------------------------------------------------------------- for colleagues only
def _internal(text: str, sentences: Sequence[Sentence], notes: Sequence[str], openly: Sequence[str]) -> list[Hint]:
    found = [Hint("internal", place.start(), place.end(), "words") for place in phrases.INTERNAL.finditer(text)]
    first = text.lstrip()[:40]
    mention = phrases.MENTION.match(first)
    if mention:
        start = len(text) - len(text.lstrip())
        found.append(Hint("internal", start, start + mention.end(), "mention"))
    secret = set().union(*map(_shingles, notes)) - set().union(*map(_shingles, openly))
    for sentence in sentences if secret else ():
        own = _shingles(sentence.text)
        if len(own) > 1 and len(own & secret) >= COPIED * len(own):
            found.append(Hint("internal", sentence.start, sentence.end, "note"))
    return found


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text[:CHARACTERS_READ])]
    return {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}


# ---------------------------------------------------------------- language
def _language(text: str, customer: str, detect: Detect | None) -> list[Hint]:
    if detect is None or customer in {"", "und"}:
        return []
    if len(_WORD.findall(text[:2_000])) < LEAST_WORDS:
        return []
    said = detect(text)
    return [Hint("language", 0, len(text), said)] if said not in {customer, "und", ""} else []


# ---------------------------------------------------------------- tone
def _angry(text: str) -> Iterator[Hint]:
    for pattern, detail in ((phrases.ANGRY, "words"), (_SHOUTING, "shouting")):
        for place in pattern.finditer(text):
            yield Hint("angry", place.start(), place.end(), detail)


def _blaming(sentences: Sequence[Sentence]) -> Iterator[Hint]:
    for sentence in sentences:
        if phrases.NOT_BLAMING.search(sentence.text):
            continue
        for place in phrases.BLAMING.finditer(sentence.text):
            yield Hint("blaming", sentence.start + place.start(), sentence.start + place.end())


def _cold(text: str, sentences: Sequence[Sentence]) -> Iterator[Hint]:
    places = list(phrases.COLD.finditer(text))
    yield from (Hint("cold", place.start(), place.end()) for place in places)
    is_terse = sentences and sentences[0].text.strip(".! ").lower() in phrases.TERSE
    if is_terse and not places and len(_WORD.findall(text[:2_000])) <= SHORT:
        yield Hint("cold", sentences[0].start, sentences[-1].end, "short")


def _is_warm(text: str) -> bool:
    return bool(phrases.WARM.search(text) or _GREETING.match(text))


def _judged(sentences: Sequence[Sentence], judge: Judge | None) -> list[Hint]:
    """Return what the model is sure of, among sentences without a kind word."""
    plain = [one for one in sentences if not phrases.WARM.search(one.text) and not phrases.NOT_BLAMING.search(one.text)]
    if judge is None or not plain:
        return []
    plain = plain[:MOST_JUDGED]
    judged = zip(plain, judge([one.text[:JUDGED_CHARACTERS] for one in plain]), strict=True)
    return [Hint(kind, sentence.start, sentence.end, "model") for sentence, kind in judged if kind]
