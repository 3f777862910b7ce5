"""The words of texts as sparse features: single words and neighbours, those that few texts have weighing most.

An embedding knows what a text means; the very words ("top up", "pin") tell apart what means nearly the same. Terms are
kept as 32-bit hashes, never as words: what a workspace taught cannot be read back from its head.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = NDArray[np.float32]
Hashes = NDArray[np.uint32]

MOST_TERMS = 12_000  # of a head
MOST_WORDS = 1_000  # of a text
MANY_TEXTS = 2_000  # from here on a term seen once is left out

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a head looks for: hashes in rising order, and how much each weighs."""

    hashes: Hashes
    rarity: Matrix

    def of(self, text: str) -> tuple[NDArray[np.intp], Matrix]:
        """Return places in `hashes` and values of a text's terms, a vector of unit length; empty where it has none."""
        found, counts = np.unique(_hashes(text), return_counts=True)
        places = np.searchsorted(self.hashes, found)
        known = places < len(self.hashes)
        known[known] = self.hashes[places[known]] == found[known]
        places = places[known]
        values = ((1 + np.log(counts[known])) * self.rarity[places]).astype(np.float32)
        return places, values / max(float(np.linalg.norm(values)), 1e-6)


def sparse(terms: Terms, texts: Sequence[str]) -> csr_array:
    """Return the features of texts, float32 [texts, terms]."""
    from scipy.sparse import csr_array

    parts = [terms.of(text) for text in texts]
    starts = np.cumsum([0, *(len(places) for places, _ in parts)])
    places, values = (np.concatenate(of) for of in zip(*parts, strict=True))
    return csr_array((values, places, starts), shape=(len(texts), len(terms.hashes)))


def terms_in(texts: Sequence[str]) -> Terms:
    """Return the terms to look for, of the texts to learn from: those that most texts have, at most MOST_TERMS."""
    seen = [np.unique(_hashes(text)) for text in texts]
    hashes, counts = np.unique(np.concatenate([*seen, np.zeros(0, np.uint32)]), return_counts=True)
    often = counts >= (2 if len(texts) >= MANY_TEXTS else 1)
    hashes, counts = hashes[often], counts[often]
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_TERMS])
    rarity = np.log((1 + len(texts)) / (1 + counts[kept])) + 1
    return Terms(hashes[kept].astype(np.uint32), rarity.astype(np.float32))


def _hashes(text: str) -> Hashes:
    words = [match[0].casefold() for match in islice(_WORD.finditer(text), MOST_WORDS)]
    pairs: Iterable[str] = (f"{one} {other}" for one, other in pairwise(words))
    return np.array([zlib.crc32(term.encode("utf-8", "replace")) for term in (*words, *pairs)], np.uint32)
