"""Where the signature of a stretch of text begins. Careful: a word kept too much is better than a word lost.

A signature is what follows a delimiter line, a line that a phone or an app adds, a disclaimer, or, below a closing
("Kind regards"), the block with telephone numbers and addresses. "Thanks, Anna" stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors import _quotewords as words

_LOOK_BACK = 60  # lines with words, from the end of the stretch
_MAX_LOOSE = 15  # lines below a delimiter that is not exactly "-- "
_MAX_CHARS = 110
_APP_NAME = re.compile(r"(?:my |mein\w* |mi |mon |il mio )?[A-Z0-9][\w.+-]*(?: [\w.+-]+){0,2}")
_CLAUSE_END = re.compile(r"[,;!(<]|\.(?=\s)")


def signature_start(lines: Sequence[str], bare: Sequence[str], start: int, end: int) -> int:
    """The index of the first line of the signature in lines[start:end], or `end` where there is none."""
    for _ in range(4):  # a disclaimer below an app's line below a delimiter
        rows = _rows(bare, start, end)
        found = min(_delimiter(lines, bare, rows, end), _app_line(bare, rows, end), _disclaimer(bare, rows, start, end))
        if found == end:
            break
        end = found
    return min(end, _contact_block(bare, _rows(bare, start, end), end))


def _rows(bare: Sequence[str], start: int, end: int) -> list[int]:
    """The last lines with words, in order."""
    rows: list[int] = []
    for index in range(end - 1, max(start, end - 4 * _LOOK_BACK) - 1, -1):
        if bare[index]:
            rows.append(index)
            if len(rows) == _LOOK_BACK:
                break
    return rows[::-1]


def _delimiter(lines: Sequence[str], bare: Sequence[str], rows: list[int], end: int) -> int:
    for place, index in enumerate(rows):
        if bare[index][0] not in "-_—–" or len(bare[index]) > 80:
            continue
        if lines[index].rstrip("\r") == "-- ":
            return index
        if _is_delimiter(bare, index, rows[place + 1 :]):
            return index
    return end


def _is_delimiter(bare: Sequence[str], index: int, below: list[int]) -> bool:
    """Judge a line of dashes that is not exactly "-- ". A long rule may stand in a table or between two thoughts."""
    line = bare[index]
    if len(below) > _MAX_LOOSE or any(len(bare[row]) > 400 for row in below):
        return False
    if line in {"--", "—", "–", "- --", "-- --"}:
        return bool(below) or len(line) == 2
    if (
        not below
        or line.strip("-_—–")
        or len(line) < 2
        or (line[0] != "_" and (len(line) < 3 or (index and bare[index - 1])))
    ):
        return False
    names = any(words.CONTACT.search(bare[row].casefold()) for row in below)
    is_tight = len(line) < 4 and below[0] == index + 1
    return names or is_tight or not any(bare[row].endswith((".", "!", "?", "。")) for row in below)


def _app_line(bare: Sequence[str], rows: list[int], end: int) -> int:
    """`Sent from my iPhone` and its kin, if hardly anything follows."""
    for index in rows[-5:]:
        line = bare[index].strip("*_<>[]()-–— ")
        if len(line) <= _MAX_CHARS and _is_app_line(line):
            return index
    return end


def _is_app_line(line: str) -> bool:
    folded = line.casefold()
    if words.ADVERT.match(folded) or ("outlook" in folded and "//aka.ms/" in folded):
        return True
    found = words.SENT_FROM.match(folded)
    if found is None:
        return words.SENT_FROM_END.search(folded) is not None and words.DEVICE.search(folded) is not None
    named = _CLAUSE_END.split(folded, maxsplit=1)[0]
    if words.DEVICE.search(named):
        return True
    rest = line[-len(folded) + found.end() :] if len(folded) > found.end() else ""  # an unknown program: a short name
    return _APP_NAME.fullmatch(rest.strip()) is not None or not rest


def _disclaimer(bare: Sequence[str], rows: list[int], start: int, end: int) -> int:
    for index in rows[-30:]:
        opens = index == start or not bare[index - 1] or bare[index - 1].strip("*_-= ") == ""
        if not opens:
            continue
        paragraph = " ".join(bare[index : min(index + 6, end)])[:400].casefold()
        if words.DISCLAIMER.match(paragraph) or words.ADVERT.match(paragraph):
            return index
    return end


def _contact_block(bare: Sequence[str], rows: list[int], end: int) -> int:
    """Below a closing and a name: lines with numbers, addresses, links."""
    closing = next(
        (place for place in range(len(rows) - 1, max(len(rows) - 13, -1), -1) if _is_closing(bare[rows[place]])), None
    )
    if closing is None:
        return end
    below = rows[closing + 1 :]
    contacts = [row for row in below if words.CONTACT.search(bare[row].casefold())]
    short = all(len(bare[row]) <= 100 for row in below)
    if len(below) < 3 or len(contacts) < 2 or not short:
        return end
    return below[1]  # the name stays with the closing


def _is_closing(line: str) -> bool:
    return len(line) <= 60 and words.CLOSING.match(line.casefold()) is not None
