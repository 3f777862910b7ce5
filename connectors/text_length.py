"""How long a provider counts a text, where it does not simply count characters."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINK = re.compile(r"https?://[^\s]+")
JOINER = "\u200d"
_SILENT = frozenset({JOINER, "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))})  # parts of an emoji


@dataclass(frozen=True, slots=True)
class Counting:
    """A link counts `link_length`, a character outside the ranges `single` twice, joined emoji as one."""

    link_length: int
    single: tuple[tuple[int, int], ...]


def length_of(text: str, counting: Counting | None) -> int:
    """Return how long a text is: in characters, or as `counting` says."""
    if counting is None:
        return len(text)
    rest, links = _LINK.subn("", text)
    total, is_joined = links * counting.link_length, False
    for character in rest:
        if character not in _SILENT and not is_joined:
            total += 1 if any(low <= ord(character) <= high for low, high in counting.single) else 2
        is_joined = character == JOINER
    return total
