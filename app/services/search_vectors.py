"""From texts to what PostgreSQL keeps of them: words with their places and weights, written as a tsvector.

The words are cut here, not by PostgreSQL, so that index, search and highlighting agree. Linear and bounded: what does
not fit (a tsvector holds less than a megabyte) is left out at the end of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.folding import spellings
from app.models import Message
from app.personal_data import SENSITIVE, spans

GAP = 10  # places between two texts: no phrase goes across
LAST_PLACE = 16_383  # PostgreSQL's; what stands later is found, but in no phrase
MOST_PLACES = 250  # of one word; PostgreSQL keeps as many
MOST_BYTES, MOST_WORDS = 500_000, 40_000
MOST_RECIPIENTS = 100
BLOCKS = (12, 15, 18, 21)  # ids of messages, by powers of two: the SQL function messages_with counts on them


@dataclass(frozen=True, slots=True)
class Part:
    """A text with its weight, A to D."""

    text: str
    weight: str = "B"


def vector(parts: Iterable[Part], *, region: str, marks: Sequence[str] = ()) -> str:
    """Return the words of texts as PostgreSQL reads a tsvector, without those that screens hide."""
    found: dict[str, list[str]] = {}
    start, size = 1, 0
    for part in parts:
        told = spellings(without_hidden(part.text, region))
        for place, spelled in enumerate(told, start):
            for one in spelled:
                places = found.get(one)
                if places is None:
                    found[one] = places = []
                    size += len(one) * 3
                if len(places) < MOST_PLACES and place <= LAST_PLACE:
                    places.append(f"{place}{part.weight}")
            if size > MOST_BYTES or place > MOST_WORDS:
                return _written(found, marks)
        start += len(told) + GAP
    return _written(found, marks)


def without_hidden(text: str, region: str) -> str:
    """Return a text without the numbers and secrets that screens hide: nothing stands where they were."""
    if not text:
        return text
    kept, at = [], 0
    for span in spans(text, kinds=SENSITIVE, region=region):
        kept.append(text[at : span.start])
        at = span.end
    return " • ".join((*kept, text[at:])) if kept else text


def marks_of(message: Message, *, has_files: bool) -> list[str]:
    """Return the marks of a message (models/search.py says what they are)."""
    marks = [f"~{level}.{message.id >> bits}" for level, bits in enumerate(BLOCKS)]
    marks += [f"~y.{message.created_at:%Y}", f"~m.{message.created_at:%Y-%m}"]
    if has_files:
        marks.append("~has.attachment")
    if message.is_note:
        marks.append("~has.note")
    return marks + sorted({mark for address in _recipients(message.recipients) for mark in _to(address)})


def _recipients(told: dict[str, Any]) -> list[str]:
    fields = [one for name in ("to", "cc", "bcc") for one in told.get(name) or ()]
    return [str(one.get("email") or "").lower() for one in fields[:MOST_RECIPIENTS] if isinstance(one, dict)]


def _to(address: str) -> list[str]:
    """Return the marks under which an address is found: whole, and by what follows the @."""
    domain = address.rpartition("@")[2]
    return [f"~to.{one[:320]}" for one in (address, f"@{domain}" if domain else "") if one]


def _written(found: dict[str, list[str]], marks: Sequence[str]) -> str:
    told = [f"'{word}':{','.join(places)}" if places else f"'{word}'" for word, places in found.items()]
    return " ".join([*told, *(quoted(mark) for mark in marks)])


def quoted(mark: str) -> str:
    """Return a mark as PostgreSQL reads a word in a tsvector or tsquery."""
    doubled = mark.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
