"""Which suggestions come first, and why: pure arithmetic over what the search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

from app.services.suggestion_search import PastReply, TextFound

MOST = 5
MOST_REPLIES = 3
WEIGHT_OF_MERIT = 0.3
FEW = 4  # uses from which on how they ended counts in full
CANNED, ARTICLE, REPLY = "canned", "article", "reply"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`uses`: how many similar questions it answered; `ended_well`: how many of those conversations ended well."""

    source: str
    id: int
    likeness: float
    uses: int
    ended_well: int

    @property
    def score(self) -> float:
        """Return likeness, moved by how often it worked; a few uses move it a little."""
        merit = (self.ended_well + 1) / (self.uses + 2) - 0.5
        return self.likeness + WEIGHT_OF_MERIT * merit * min(1.0, self.uses / FEW) + 0.02 * log1p(self.uses)

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "id": self.id,
            "likeness": round(self.likeness, 3),
            "uses": self.uses,
            "ended_well": self.ended_well,
        }


def ranked(
    texts: Sequence[TextFound], replies: Sequence[PastReply], groups: Sequence[Sequence[int]]
) -> list[Suggestion]:
    """Return at most five suggestions, best first.

    `groups` are places in `replies` that say the same: each becomes one suggestion, told in the words that ended well
    for the most similar question. What never ended well is not suggested.
    """
    written = [_of_text(text) for text in texts]
    said = [found for group in groups if (found := _of_group([replies[at] for at in group]))]
    best = sorted(said, key=lambda one: -one.score)[:MOST_REPLIES]
    return sorted([*written, *best], key=lambda one: -one.score)[:MOST]


def _of_text(text: TextFound) -> Suggestion:
    source, id_ = (CANNED, text.canned_response_id) if text.canned_response_id else (ARTICLE, text.kb_article_id)
    assert id_ is not None
    return Suggestion(source, id_, text.likeness, text.uses, text.ended_well)


def _of_group(group: Sequence[PastReply]) -> Suggestion | None:
    worked = [reply for reply in group if reply.ended_well]
    if not worked:
        return None
    best = max(worked, key=lambda reply: reply.likeness)
    return Suggestion(REPLY, best.id, best.likeness, len(group), len(worked))
