"""Where an original begins that is not marked line by line: rules with words in them, blocks of header fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors import _quotewords as words
from connectors._attribution import has_date, has_time, names_writer

RULE_SIGNS = "-_=*~#+—–─━ \t"
_ONE_LINE = 600  # characters of a header block without line breaks
_LONGEST_MOMENT = 40
_MAX_FIELDS = 16  # lines of a header block looked at


def field_kind(name: str) -> str | None:
    """The kind of header field that a name stands for, in any language."""
    return words.FIELD_KINDS.get("".join(name.split()).strip("*_|").replace("-", "").casefold())


class Originals:
    """Looks at the lines of one mail; `may_check` says whether another costly look is allowed."""

    def __init__(self, bare: Sequence[str], may_check: Callable[[], bool]) -> None:
        self.bare = bare
        self.may_check = may_check

    def next_row(self, index: int) -> int:
        """The next line that is not blank, at most three blank lines further; the end where there is none."""
        for row in range(index + 1, min(index + 5, len(self.bare))):
            if self.bare[row]:
                return row
        return len(self.bare)

    def separator(self, index: int) -> str | None:
        """Say "forward" or "original" where a line like `-----Original Message-----` opens one."""
        line = self.bare[index]
        phrase = line.strip("<>" + RULE_SIGNS).casefold() if len(line) < 200 else "-"
        if not phrase:
            return "original" if len(line) >= 5 and self.is_headed(index) else None
        if len(line) < 2 or line[1] not in RULE_SIGNS or not self.may_check():
            return None
        if words.FORWARDED.match(phrase):
            return "forward"
        return "original" if self._names_original(index, line, phrase) else None

    def _names_original(self, index: int, line: str, phrase: str) -> bool:
        if words.REPLY_ABOVE.search(phrase) or (names_writer(phrase) and has_date(phrase) and has_time(phrase)):
            return True
        is_closed = line[-1] in RULE_SIGNS or line[0] == "-"
        if words.ORIGINAL.match(phrase) and is_closed and len(phrase) < 80:
            return True
        return line.startswith("---") and line.endswith("---") and self.field(self.next_row(index)) is not None

    def is_headed(self, index: int) -> bool:
        """Say whether a ruled line stands over a header block, be it in a single line."""
        following = self.next_row(index)
        return self.is_header_block(following) or (self.field(following) == "from" and "@" in self.bare[following])

    def is_header_block(self, index: int) -> bool:
        """From, Sent, To, Subject in any language and order, as mail programs write them over an original.

        "From: Berlin, To: Paris, Date: Monday" is a journey: an address, a subject or a time of sending is wanted.
        """
        if self.field(index) in {None, "other", "cc"} or not self.may_check():
            return False
        kinds, has_address = self._fields_from(index)
        when_and_whom = kinds & {"date", "to"}
        if "from" not in kinds:
            return len(when_and_whom) == 2 and has_address
        if len(when_and_whom) == 2 and self._is_sent(index):
            return True
        return bool(when_and_whom) and ("subject" in kinds or has_address)

    def is_one_line_block(self, index: int) -> bool:
        """`From: Tom <tom@acme.example> Sent: … To: … Subject: …`, the line breaks lost."""
        line = self.bare[index]
        if "@" not in line or self.field(index) != "from":
            return False
        before_colons = [piece.split()[-1:] for piece in line[:_ONE_LINE].replace("：", ":").split(":")[:-1]]
        kinds = {field_kind(piece[0]) for piece in before_colons if piece}
        return {"date", "to", "subject"} <= kinds

    def is_letter_head(self, index: int) -> bool:
        """Lotus Notes: the writer's address, a line with the moment, then `To`, `cc`, `Subject` each on its line."""
        rows = self.bare[index + 1 : index + 6]
        if "@" not in self.bare[index] or not rows or len(rows[0]) > _LONGEST_MOMENT:
            return False
        if not (has_date(rows[0].casefold()) and has_time(rows[0].casefold())):
            return False
        return any(field_kind(row) == "to" for row in rows[1:4] if row and ":" not in row)

    def _fields_from(self, index: int) -> tuple[set[str], bool]:
        """The kinds of the fields that follow each other here, and whether From or To holds an address."""
        kinds: set[str] = set()
        has_address, strangers = False, 0
        for row in range(index, min(index + _MAX_FIELDS, len(self.bare))):
            kind = self.field(row)
            strangers += kind is None and bool(self.bare[row])
            if strangers > 2 or (not self.bare[row] and self.field(self.next_row(row)) is None):
                break
            if kind is not None:
                kinds.add(kind)
                has_address = has_address or (kind in {"from", "to"} and "@" in self.bare[row])
        return kinds, has_address

    def _is_sent(self, index: int) -> bool:
        return any(self._is_sent_line(row) for row in range(index, min(index + 6, len(self.bare))))

    def _is_sent_line(self, index: int) -> bool:
        """`Sent:` with date and time, in words that nobody uses for the date of a journey."""
        line = self.bare[index].casefold()
        name = line.replace("：", ":").partition(":")[0].strip("*_ ")
        return self.field(index) == "date" and name not in words.PLAIN_DATES and has_time(line) and has_date(line)

    def field(self, index: int) -> str | None:
        """The kind of header field that a line is, if any."""
        if index >= len(self.bare):
            return None
        name, colon, _ = self.bare[index][:42].replace("：", ":").partition(":")
        if not colon:
            return None
        return field_kind(name)

    def after_fields(self, index: int) -> int:
        """The first line behind a header block (or `index`, where there is none)."""
        last = index
        for row in range(index, min(index + _MAX_FIELDS, len(self.bare))):
            if self.field(row) is not None:
                last = row + 1
            elif not self.bare[row] and last > index and self.field(self.next_row(row)) is None:
                break
        return last
