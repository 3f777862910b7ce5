"""The new words of a mail, apart from what it quotes and from the signature.

Every line becomes one of three kinds. Linear by construction: a fixed number of passes over the lines, each line looks
at a fixed number of neighbours, the costly patterns see at most `_MAX_CHECKS` short stretches, and lines beyond
`_MAX_LINES` follow the last one looked at. (Every public library hangs on 10 KB of crafted markers.)

What is done, in order:
    1. lines with a quote mark (">") are quoted
    2. the first line that opens an unmarked original (a header block, "-----Original Message-----", "On … wrote:"
       with no ">" after it) makes everything below it quoted; an attribution above ">" lines is quoted with them,
       so answers below or between quotes stay text
    3. in each stretch that is left, the signature is cut from its end
    4. a forward without own words is text after all: its content is what the sender wants to say
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors import _quotewords as words
from connectors._attribution import MAX_LINE, attribution_start, is_groupwise_rule, may_end_attribution, words_before
from connectors._htmltext import CUT, INSET, MARKS, RULE, SIGNED
from connectors._originals import RULE_SIGNS, Originals
from connectors._signature import signature_start

_MAX_LINES = 4_000
_MAX_CHECKS = 350
_INVISIBLE = dict.fromkeys([0xFEFF, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])

TEXT, QUOTED, SIGNATURE = range(3)


@dataclass(frozen=True, slots=True)
class SplitText:
    """The three parts, each without blank lines at its ends."""

    text: str
    quoted: str = ""
    signature: str = ""


def split_reply(text: str, *, is_reply: bool = False) -> SplitText:
    """Separate new words, quoted text and signature of a plain-text body.

    `is_reply`: the mail says that it answers another one; then an original without own words above it is no forward.
    """
    return split_lines(text.split("\n"), is_reply=is_reply)


def split_lines(lines: Sequence[str], *, is_reply: bool = False) -> SplitText:
    """Like split_reply, for lines that may carry the marks of `connectors._htmltext`."""
    return _Splitter(lines).split(is_reply=is_reply)


class _Splitter:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        count = min(len(lines), _MAX_LINES)
        self.bare = [_bare(line) for line in lines[:count]]
        self.inset = {row for row, bare in enumerate(self.bare) if bare[:1] == INSET}
        for row in self.inset:
            self.bare[row] = self.bare[row][1:].strip()
        self.kinds = [TEXT] * count
        self.originals = Originals(self.bare, self._may_check)
        self.checks = 0
        self.cut = count  # where an unmarked original begins
        self.cut_body = count  # where its own words begin
        self.is_forward = False
        self.heads: dict[int, str] = {}  # new words on the line of an attribution, before it

    def split(self, *, is_reply: bool) -> SplitText:
        self._mark_lines()
        self._find_boundaries()
        self._close_insets()
        self._join_quotes()
        self._mark_signatures()
        if self.cut_body < len(self.kinds) and (self.is_forward or not is_reply) and not self._has(TEXT):
            self.kinds[self.cut_body :] = [TEXT] * (len(self.kinds) - self.cut_body)
        elif not self._has(TEXT) and not self._has(QUOTED):  # somebody wrote inside the signature's frame
            self.kinds = [
                TEXT if line.startswith(SIGNED) else kind for line, kind in zip(self.lines, self.kinds, strict=False)
            ]
        return SplitText(self._collect(TEXT), self._collect(QUOTED), self._collect(SIGNATURE))

    def _has(self, kind: int) -> bool:
        return any(found == kind and bare for found, bare in zip(self.kinds, self.bare, strict=True))

    def _mark_lines(self) -> None:
        for index, bare in enumerate(self.bare):
            if bare[:1] in {">", "＞"}:
                self.kinds[index] = QUOTED
            elif bare[:1] == SIGNED:
                self.kinds[index] = SIGNATURE

    def _find_boundaries(self) -> None:
        for index, bare in enumerate(self.bare):
            if not bare or (self.kinds[index] != TEXT and not is_groupwise_rule(bare)):
                continue
            cut = self._cut_at(index, bare) if self.kinds[index] == TEXT else (index, index + 1)
            if cut:
                self.cut, self.cut_body = cut
                self.kinds[self.cut :] = [QUOTED] * (len(self.kinds) - self.cut)
                return

    def _cut_at(self, index: int, bare: str) -> tuple[int, int] | None:
        """Where an unmarked original begins, and its body, if this line opens one."""
        originals = self.originals
        if bare == CUT or (bare == RULE and originals.is_headed(index)):
            return index, originals.after_fields(index + 1)
        if bare[0] in RULE_SIGNS:
            separator = originals.separator(index)
            if separator:
                self.is_forward = separator == "forward"
                return index, originals.after_fields(index + 1)
        if (":" in bare[:42] or "：" in bare[:42]) and originals.is_header_block(index):
            return index, originals.after_fields(index)
        if "@" in bare and (originals.is_letter_head(index) or originals.is_one_line_block(index)):
            return index, index + 1
        return self._attribution_at(index, bare)

    def _attribution_at(self, index: int, bare: str) -> tuple[int, int] | None:
        """Mark an attribution above ">" lines as quoted; return the cut where it stands above an unmarked original."""
        following = self.originals.next_row(index)
        above_quote = following < len(self.kinds) and (self.kinds[following] == QUOTED or following in self.inset)
        if len(bare) > MAX_LINE or not (above_quote or may_end_attribution(bare)) or not self._may_check():
            return None
        if words.FORWARD_START.match(bare.casefold().strip(RULE_SIGNS)):
            self.is_forward = True
            return index, self.originals.after_fields(following)
        start = attribution_start(self.bare, self._is_text, index, above_quote=above_quote)
        if start is None:
            return None
        if start == index:
            self.heads[index] = words_before(bare)
        if above_quote:
            self._quote_with_attribution(start, index, following)
            return None
        return (start, following) if following < len(self.bare) or start > 0 else None

    def _quote_with_attribution(self, start: int, end: int, following: int) -> None:
        """The attribution belongs to the quote below it, and tells that what is set off there is one."""
        self.kinds[start : end + 1] = [QUOTED] * (end + 1 - start)
        while following in self.inset:
            self.kinds[following] = QUOTED
            following += 1

    def _is_text(self, row: int) -> bool:
        return self.kinds[row] == TEXT

    def _may_check(self) -> bool:
        self.checks += 1
        return self.checks <= _MAX_CHECKS

    def _close_insets(self) -> None:
        """What is set off at the very end, with nothing quoted elsewhere, is a quote without attribution."""
        if not self.inset or QUOTED in self.kinds:
            return
        row = len(self.kinds) - 1
        while row >= 0 and (row in self.inset or not self.bare[row]):
            self.kinds[row] = QUOTED
            row -= 1

    def _join_quotes(self) -> None:
        """Blank lines, and line ends that a mail program wrapped, between two quoted lines are quoted too."""
        last = -1
        for index in range(min(self.cut, len(self.kinds))):
            if self.kinds[index] != QUOTED:
                continue
            between = range(last + 1, index)
            blank = not any(self.bare[row] for row in between)
            if last >= 0 and between and (blank or self._is_wrapped(last, index)):
                self.kinds[last + 1 : index] = [QUOTED] * len(between)
            last = index

    def _is_wrapped(self, last: int, index: int) -> bool:
        orphan = self.bare[last + 1]
        if index != last + 2 or not orphan:
            return False
        is_link = "://" in orphan or (orphan[-1] in ")>" and " " not in orphan)
        return is_link or (len(self.lines[last]) >= 65 and len(orphan) < 40 and orphan[0].islower())

    def _mark_signatures(self) -> None:
        start = 0
        for index in range(len(self.kinds) + 1):
            if index < len(self.kinds) and self.kinds[index] == TEXT:
                continue
            if index > start:
                cut = signature_start(self.lines, self.bare, start, index)
                self.kinds[cut:index] = [SIGNATURE] * (index - cut)
            start = index + 1

    def _collect(self, kind: int) -> str:
        """The lines of one kind; a gap between two stretches becomes a blank line."""
        out: list[str] = []
        gap = False
        for index, found in enumerate(self.kinds):
            if kind == TEXT and self.heads.get(index):
                out.append(self.heads[index])
            if found != kind or self.bare[index] == RULE or (gap and not self.bare[index]):
                gap = bool(out)
                continue
            if gap and out[-1].strip():
                out.append("")
            gap = False
            line = self.lines[index].rstrip().lstrip(MARKS)
            head = self.heads.get(index, "")
            out.append(line.lstrip().removeprefix(head).lstrip() if head else line)
        if self.kinds and len(self.lines) > len(self.kinds) and self.kinds[-1] == kind:
            out += self.lines[len(self.kinds) :]
        return "\n".join(out).strip("\n").rstrip()


def _bare(line: str) -> str:
    """A line for comparing: no blanks at its ends, no invisible direction marks."""
    return line.strip() if line.isascii() else line.translate(_INVISIBLE).strip()
