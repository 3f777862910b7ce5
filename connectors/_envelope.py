"""Who, when and in which thread: ids, references, dates, reply tokens out of the headers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from connectors._addresses import parse_addresses
from connectors._headers import Headers
from connectors.base import Address

MAX_ID_CHARS = 995  # a line of RFC 5322 without its brackets
MAX_REFERENCES = 200
_MAX_REFERENCE_CHARS = 100_000
_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
_TOKEN = re.compile(r"\+r-([a-z0-9]{26,64})@")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[T ](\d\d?):(\d\d)(?::(\d\d))?[\d.]*\s*(Z|[+-]\d\d:?\d\d)?")
_RECIPIENT_FIELDS = (
    *("to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"),
    *("x-forwarded-to", "resent-to", "apparently-to"),
)
_YEARS = range(1980, 2101)


def addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    """Every address of a field, over all its lines."""
    return tuple(address for value in headers.undecoded(name) for address in parse_addresses(value))


def message_id(headers: Headers) -> str | None:
    """The Message-ID without brackets, or None where it is missing, blank or no id."""
    for value in headers.undecoded("message-id"):
        found = _BRACKETED.search(value)
        words = [found[1]] if found else value.strip("<> \t").split()
        text = _BLANKS.sub("", words[0]) if len(words) == 1 else ""
        if text and len(text) <= MAX_ID_CHARS:
            return text
    return None


def message_ids(headers: Headers, name: str) -> tuple[str, ...]:
    """The ids of References or In-Reply-To: order kept, each once; of very many, the first and the latest."""
    found: dict[str, None] = {}
    for written in headers.undecoded(name):
        value = written[-_MAX_REFERENCE_CHARS:]
        ids = _BRACKETED.findall(value) or [word for word in value.strip("<>").split() if "@" in word]
        found.update(dict.fromkeys(_BLANKS.sub("", one) for one in ids))
    ids = [one for one in found if one and len(one) <= MAX_ID_CHARS]
    return tuple(ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[1 - MAX_REFERENCES :]])


def reply_tokens(headers: Headers, to: tuple[Address, ...], cc: tuple[Address, ...]) -> tuple[str, ...]:
    """Our own tokens in the recipients' plus-addresses, `support+r-TOKEN@acme.example`."""
    known = {"to": to, "cc": cc}
    found: dict[str, None] = {}
    for name in _RECIPIENT_FIELDS:
        if name not in headers or not any(b"+r-" in value.lower() for value in headers.fields[name]):
            continue
        for address in known.get(name) or addresses(headers, name):
            found.update(dict.fromkeys(_TOKEN.findall(address.email)))
    return tuple(found)


def sent_at(headers: Headers) -> datetime | None:
    """When the mail was written, in UTC: Date, else the first server's Received; None where neither makes sense."""
    candidates = headers.undecoded("date")[:3]
    received = headers.undecoded("received")
    candidates += [value.rpartition(";")[2] for value in reversed(received[-3:])]
    for value in candidates:
        moment = _read_date(value.strip()[:200])
        if moment is not None:
            return moment
    return None


def _read_date(value: str) -> datetime | None:
    try:
        parts = parsedate_tz(value)
        if parts is not None and parts[0] in _YEARS:
            offset = parts[9] or 0
            zone = timezone(timedelta(seconds=offset)) if abs(offset) < 86_400 else UTC
            return datetime(*parts[:5], min(parts[5], 59), tzinfo=zone).astimezone(UTC)
        return _read_iso(value)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):  # the standard library on odd dates
        return None


def _read_iso(value: str) -> datetime | None:
    found = _ISO_DATE.search(value)
    if found is None or int(found[1]) not in _YEARS:
        return None
    moment = datetime(
        int(found[1]), int(found[2]), int(found[3]), int(found[4]), int(found[5]), int(found[6] or 0), tzinfo=UTC
    )
    zone = found[7] or "Z"
    if zone == "Z":
        return moment
    digits = zone[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment - shift if zone[0] == "+" else moment + shift
