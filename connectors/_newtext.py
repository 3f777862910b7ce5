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
from connectors._htmltext import CUT, SIGNED
from connectors._signature import signature_start

_MAX_LINES = 4_000
_MAX_CHECKS = 300
_MAX_ATTRIBUTION = 500  # characters of one line
_MAX_WRAP = 4  # an attribution is at most this many lines longer than its last one
_MAX_FIELDS = 16  # lines of a header block looked at
_INVISIBLE = dict.fromkeys([0xFEFF, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
_RULE_SIGNS = "-_=*~#+—–─━ \t"
_COLONS = (":", "：")

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
        self.kinds = [TEXT] * count
        self.checks = 0
        self.cut = count  # where an unmarked original begins
        self.cut_body = count  # where its own words begin
        self.is_forward = False

    def split(self, *, is_reply: bool) -> SplitText:
        self._mark_lines()
        self._find_boundaries()
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
            if not bare or self.kinds[index] != TEXT:
                continue
            cut = self._cut_at(index, bare)
            if cut:
                self.cut, self.cut_body = cut
                self.kinds[self.cut :] = [QUOTED] * (len(self.kinds) - self.cut)
                return

    def _cut_at(self, index: int, bare: str) -> tuple[int, int] | None:
        """Where an unmarked original begins, and its body, if this line opens one."""
        if bare == CUT:
            return index, self._after_fields(index + 1)
        if bare[0] in _RULE_SIGNS and self._is_separator(index, bare):
            return index, self._after_fields(index + 1)
        if any(colon in bare[:42] for colon in _COLONS) and self._is_header_block(index):
            return index, self._after_fields(index)
        return self._attribution_at(index, bare)

    # ------------------------------------------------------------ separators and header blocks

    def _is_separator(self, index: int, bare: str) -> bool:
        """`-----Original Message-----`, or a rule right above a header block."""
        phrase = bare.strip("<>" + _RULE_SIGNS).casefold() if len(bare) < 200 else "-"
        ruled = len(bare) >= 2 and bare[1] in _RULE_SIGNS
        if not phrase:
            return len(bare) >= 5 and self._is_header_block(self._next(index))
        if not ruled or not self._may_check():
            return False
        if words.REPLY_ABOVE.search(phrase):
            return True
        if words.FORWARDED.match(phrase):
            self.is_forward = True
            return True
        closed = bare[-1] in _RULE_SIGNS or bare[0] == "-"
        if words.ORIGINAL.match(phrase) and closed and len(phrase) < 80:
            return True
        return bare.startswith("---") and bare.endswith("---") and self._field(self._next(index)) is not None

    def _is_header_block(self, index: int) -> bool:
        """From, Sent, To, Subject in any language and order, as mail programs write them over an original."""
        if self._field(index) in {None, "other", "cc"} or not self._may_check():
            return False
        kinds, has_address, strangers = set(), False, 0
        for row in range(index, min(index + _MAX_FIELDS, len(self.bare))):
            kind = self._field(row)
            if kind is None and self.bare[row]:
                strangers += 1
            if strangers > 2 or (not self.bare[row] and self._field(self._next(row)) is None):
                break
            if kind is not None:
                kinds.add(kind)
                has_address = has_address or (kind in {"from", "to"} and "@" in self.bare[row])
        if "from" not in kinds:
            return {"date", "to", "subject"} <= kinds and has_address
        others = kinds & {"date", "to"}
        return bool(others) and ("subject" in kinds or has_address)

    def _field(self, index: int) -> str | None:
        """The kind of header field that a line is, if any."""
        if index >= len(self.bare):
            return None
        name, colon, _ = self.bare[index][:42].replace("：", ":").partition(":")
        if not colon:
            return None
        return words.FIELD_KINDS.get("".join(name.split()).strip("*_").replace("-", "").casefold())

    def _after_fields(self, index: int) -> int:
        """The first line behind a header block (or behind nothing, where there is none)."""
        row, last = index, index
        while row < min(index + _MAX_FIELDS, len(self.bare)):
            if self._field(row) is not None:
                last = row + 1
            elif not self.bare[row] and last > index and self._field(self._next(row)) is None:
                break
            row += 1
        return last

    def _next(self, index: int) -> int:
        """The next line that is not blank, at most three blank lines further."""
        for row in range(index + 1, min(index + 5, len(self.bare))):
            if self.bare[row]:
                return row
        return len(self.bare)

    # ------------------------------------------------------------ attributions: "On … wrote:"

    def _attribution_at(self, index: int, bare: str) -> tuple[int, int] | None:
        """Mark an attribution above ">" lines as quoted; return the cut where it stands above an unmarked original."""
        following = self._next(index)
        above_quote = following < len(self.kinds) and self.kinds[following] == QUOTED
        ends = bare[-1] in ":：>" or bare.endswith((":*", ":_", ": *"))
        if len(bare) > _MAX_ATTRIBUTION or not (ends or above_quote) or not self._may_check():
            return None
        if words.FORWARD_START.match(bare.casefold().strip(_RULE_SIGNS)):
            self.is_forward = True
            return index, self._after_fields(following)
        start = self._attribution_start(index, above_quote=above_quote)
        if start is None:
            return None
        if above_quote:
            self.kinds[start : index + 1] = [QUOTED] * (index + 1 - start)
            return None
        return (start, following) if following < len(self.bare) or start > 0 else None

    def _attribution_start(self, index: int, *, above_quote: bool) -> int | None:
        """The first line of the attribution that ends at `index`, or None if this is no attribution."""
        weak = strong = None
        for row in range(index, max(index - _MAX_WRAP, -1) - 1, -1):
            if row < 0 or not self.bare[row] or self.kinds[row] != TEXT or len(self.bare[row]) > _MAX_ATTRIBUTION:
                break
            folded = self.bare[row].casefold().lstrip("*_ ")
            if words.STRONG_OPENER.match(folded) and _has_date(self._block(row, row + 1)):
                strong = row
                break
            if weak is None and row == index - len(range(row, index)) and words.WEAK_OPENER.match(folded):
                weak = row
        for start in (strong, weak, index, index - 1):
            if start is not None and start >= 0 and self.bare[start]:
                block = self._block(start, index)
                if _is_attribution(block, above_quote=above_quote, opened=start in {strong, weak}):
                    return start
        return None

    def _block(self, start: int, end: int) -> str:
        return " ".join(self.bare[start : end + 1])[-800:].casefold()

    def _may_check(self) -> bool:
        self.checks += 1
        return self.checks <= _MAX_CHECKS

    # ------------------------------------------------------------ what is left

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
        return index == last + 2 and len(self.lines[last]) >= 65 and len(orphan) < 40 and orphan[0].islower()

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
            if found != kind or (gap and not self.bare[index]):
                gap = bool(out)
                continue
            if gap and out[-1].strip():
                out.append("")
            gap = False
            out.append(self.lines[index].rstrip().lstrip(SIGNED + CUT))
        if self.kinds and len(self.lines) > len(self.kinds) and self.kinds[-1] == kind:
            out += self.lines[len(self.kinds) :]
        return "\n".join(out).strip("\n").rstrip()


def _bare(line: str) -> str:
    """A line for comparing: no blanks at its ends, no invisible direction marks."""
    return line.strip() if line.isascii() else line.translate(_INVISIBLE).strip()


def _has_date(block: str) -> bool:
    return bool(words.DATE.search(block) or words.TIME.search(block))


def _is_attribution(block: str, *, above_quote: bool, opened: bool) -> bool:
    """Judge a candidate: who wrote, when, and with what right does it end here?"""
    block = block.rstrip("*_ ")
    ends_with_colon = block.endswith(_COLONS)
    has_address, has_date = "@" in block, _has_date(block)
    has_verb = bool(words.VERB.search(block) or words.QUOTING.match(block))
    if above_quote:
        return (has_verb or (has_address and has_date) or (has_address and ends_with_colon)) and len(block) < 400
    if not ends_with_colon or not has_date:
        return False
    if has_verb and not words.OWN_WORDS_VERB.search(block):
        return has_address or opened or bool(words.TIME.search(block))
    return has_address and opened
