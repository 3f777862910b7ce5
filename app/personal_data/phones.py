"""Phone numbers: libphonenumber says which digits are one; how they are written and called says what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.personal_data.context import OTHER_NUMBERS, before, is_named, last_end
from app.personal_data.kinds import Kind, Span

GAP = r"[ \u00a0\u2009\u202f\u200b.\-\u2010-\u2013/()]"
NUMBER = re.compile(
    # a plus begins a number also right behind another one
    rf"(?:(?<![0-9A-Za-z_])(?<![0-9][.,:/\-])(?:\+|\(\+|\()?|(?<=[0-9])\+)[0-9](?:{GAP}{{0,3}}[0-9]){{6,16}}(?![0-9A-Za-z_])(?![.,:/\-][0-9])"
)
NAMES = re.compile(
    r"\b(?:(?:tele|cell|mobile |i|smart)?phones?(?: number| no\.?| nr\.?)?|tel\.?|mobile|cell|mob\.?|whatsapp|sms"
    r"|text me|my number|call(?: me| us| back)?|ring me|reach me|dial|fax|handy(?:nummer)?|telefon\w*|rufnummer"
    r"|anrufen|mobil\w*"
    r"|t[ée]l[ée]phone|portable|appele[rz]|tel[ée]fono|m[óo]vil|ll[aá]m\w+|celular|telefone|cellulare|telefoon\w*|kom[óo]rk\w+)"
    r"(?!\w)",
    re.IGNORECASE,
)
DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}[.\-/ ](?:0?[1-9]|1[0-2])[.\-/ ](?:[0-2]?[0-9]|3[01])"
    r"|(?:[0-2]?[0-9]|3[01])[.\-/](?:0?[1-9]|1[0-2]|[12][0-9]|3[01])[.\-/](?:(?:19|20)[0-9]{2}|[0-9]{2}))(?![0-9])"
)
ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")  # of a machine
DIGITS = re.compile(r"[^0-9]+")
ASKED_AT_MOST = 2000  # candidates of one text put to the library; a text with more is a list of numbers, and all count


def find(text: str, region: str) -> Iterator[Span]:
    """Yield the phone numbers of a text; numbers without a country are read as dialled in `region`."""
    asked = 0
    for match in NUMBER.finditer(text):
        written = match[0]
        if DATE.search(written) or ADDRESS.fullmatch(written):
            continue
        international = written.lstrip("(").startswith(("+", "00"))
        named = is_named(text, match.start(), NAMES)
        if not (international or named or _is_written_as_phone(text, match.start(), written, region)):
            continue
        asked += 1
        if asked > ASKED_AT_MOST or _is_valid(written, region) or (named and _looks_dialled(written)):
            yield Span(match.start(), match.end(), Kind.PHONE)


def _is_written_as_phone(text: str, start: int, written: str, region: str) -> bool:
    """Without a name, a national number must be written in groups, as at home, and be called nothing else."""
    if not DIGITS.search(written) or last_end(OTHER_NUMBERS, before(text, start)):
        return False
    if region in {"US", "CA"}:
        return re.fullmatch(r"(?:1[ .\-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ .\-])[0-9]{3}[ .\-][0-9]{4}", written) is not None
    return written.lstrip("(").startswith("0")


def _looks_dialled(written: str) -> bool:
    """A number called a phone's, written as one of another country may be: a leading 0, or groups."""
    digits = DIGITS.sub("", written)
    return len(digits) >= 9 and (digits.startswith("0") or len(DIGITS.findall(written)) >= 2)


def _is_valid(written: str, region: str) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))
