"""The line (or lines) that say who wrote what follows: "On … wrote:", in any language and wrapped anywhere.

A block of up to five lines is an attribution if it names a writer's verb ("schrieb", "写道") or an address, together
with a date, and ends in a colon; above quoted lines less is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors import _quotewords as words

MAX_LINE = 500  # characters
_MAX_WRAP = 4  # lines above the last one
_MAX_BLOCK = 800
_SHORT_OPENER = 20  # "On Tue," alone on a line
_LONGEST_NAME = 60
_COLONS = (":", "：")


def may_end_attribution(line: str) -> bool:
    """A cheap look: could an attribution end with this line?"""
    if line[-1] in ":：" or line.endswith((":*", ":_", ": *")):
        return True
    return "@" in line and (line[-1] == ">" or names_writer(line[-24:]))


def attribution_start(
    bare: Sequence[str], is_free: Callable[[int], bool], index: int, *, above_quote: bool
) -> int | None:
    """The first line of the attribution that ends at `index`, or None if this is no attribution.

    `is_free` says whether a line is neither quoted nor signature; `above_quote` that quoted lines follow.
    """
    whole = _whole_line(bare, is_free, index)
    if whole is not None and _is_attribution(_block(bare, whole, index), above_quote=above_quote, opened=whole < index):
        return whole
    weak = strong = None
    for row in range(index, max(index - _MAX_WRAP, 0) - 1, -1):
        if not bare[row] or not is_free(row) or len(bare[row]) > MAX_LINE:
            break
        folded = bare[row].casefold().lstrip("*_ ")
        if words.STRONG_OPENER.match(folded) and has_date(_block(bare, row, row + 1)):
            strong = row
            break
        if weak is None and words.WEAK_OPENER.match(folded):
            weak = row
    before = index - 1 if index > 0 and is_free(index - 1) else None
    dated_before = before if before is not None and _has_date_above(bare[before], bare[index]) else None
    for start in (strong, weak, dated_before, index, before):
        if start is not None and bare[start]:
            opened = start in {strong, weak}
            if _is_attribution(_block(bare, start, index), above_quote=above_quote, opened=opened):
                return start
    return None


def _whole_line(bare: Sequence[str], is_free: Callable[[int], bool], index: int) -> int | None:
    """Where an attribution begins that has date, address and verb on its last line; a name may be left above it."""
    line = bare[index].casefold()
    above = index - 1
    has_above = above >= 0 and bool(bare[above]) and is_free(above)
    if has_above and len(bare[above]) <= _SHORT_OPENER and words.STRONG_OPENER.match(bare[above].casefold()):
        return None
    if not words.DATE.search(line) or not names_writer(line):
        return None
    if line[0] == "<" and has_above and len(bare[above]) <= _LONGEST_NAME and not (above and bare[above - 1]):
        return above
    return index if "@" in line or has_time(line) else None


def words_before(line: str) -> str:
    """`Yes, do. On Tue, Mar 4, 2025 at 3:14 PM Tom wrote:`: the words in front of an attribution on its line."""
    opener = words.INNER_OPENER.search(line)
    head = line[: opener.start()] if opener else ""
    if "@" in head or words.STRONG_OPENER.match(head.casefold()) or names_writer(head):
        return ""
    return head.rstrip("-_=*~ \t")


def is_groupwise_rule(line: str) -> bool:
    """`>>> Tom <tom@acme.example> 3/4/2025 3:14 PM >>>`: what follows is quoted without marks."""
    return line.startswith(">>> ") and line.endswith(" >>>") and len(line) <= MAX_LINE and has_date(line.casefold())


def has_date(text: str) -> bool:
    """Say whether case-folded text holds a date or a time of day."""
    return bool(words.DATE.search(text) or words.TIME.search(text))


def has_time(text: str) -> bool:
    return words.TIME.search(text) is not None


def names_writer(text: str) -> bool:
    """Say whether a verb of writing stands in the text."""
    return words.VERB.search(text.casefold()) is not None


def _block(bare: Sequence[str], start: int, end: int) -> str:
    return " ".join(bare[start : end + 1])[-_MAX_BLOCK:].casefold()


def _has_date_above(first: str, second: str) -> bool:
    """Say whether the date of an attribution stands on the first of two lines, not on the second."""
    return 0 < len(first) < 200 and has_date(first.casefold()) and not has_date(second.casefold())


def _is_attribution(block: str, *, above_quote: bool, opened: bool) -> bool:
    """Judge a candidate: who wrote, when, and with what right does it end here?"""
    block = block.rstrip("*_ ")
    has_address, is_dated, has_verb = "@" in block, has_date(block), names_writer(block)
    ends = block.endswith(_COLONS) or (opened and has_address and names_writer(block[-24:]))
    if above_quote:
        has_verb = has_verb or words.QUOTING.match(block) is not None
        return len(block) < 400 and (has_verb or (has_address and (is_dated or ends)))
    if not ends or not is_dated:
        return False
    if has_verb and not words.OWN_WORDS_VERB.search(block):
        return has_address or opened or has_time(block)
    return has_address and opened
