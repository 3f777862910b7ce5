"""The rows of a FETCH answer as imaplib hands them over: read quickly where they look as usual, else patiently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')

Body = tuple[bytes, datetime | None]  # the mail, and when the server stored it


def read_sizes(rows: Sequence[Any]) -> dict[int, int]:
    """Size in bytes by UID, ascending."""
    found = [(_UID.search(row), _SIZE.search(row)) for row in rows if isinstance(row, bytes)]
    return dict(sorted((int(uid[1]), int(size[1])) for uid, size in found if uid and size))


def read_bodies(rows: Sequence[Any], wanted: set[int]) -> dict[int, Body]:
    """Bodies by UID; a wanted one that the rows do not hold is left out. Raises ValueError and its like for no IMAP."""
    found = _read_literals(rows)
    return found if wanted <= found.keys() else {**_read_oddly(rows), **found}


def _read_literals(rows: Sequence[Any]) -> dict[int, Body]:
    """Read rows as nearly every server writes them: (attributes, literal) followed by what closes the row."""
    found: dict[int, Body] = {}
    for position, row in enumerate(rows):
        if isinstance(row, tuple):
            closing = rows[position + 1] if position + 1 < len(rows) else b""
            around = row[0] + (closing if isinstance(closing, bytes) else b"")
            uid = _UID.search(around)
            if uid:
                found[int(uid[1])] = (row[1], _stored_at(around))
    return found


def _stored_at(attributes: bytes) -> datetime | None:
    written = _DATE.search(attributes)
    with suppress(ValueError):
        text = written[1].decode("ascii", "replace").strip() if written else ""
        return datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    return None


def _read_oddly(rows: Sequence[Any]) -> dict[int, Body]:
    """Read what is not a literal: a short or empty mail may come as a quoted string (RFC 3501, 4.3)."""
    from imapclient.response_parser import parse_fetch_response

    answers = parse_fetch_response(list(rows), normalise_times=False)
    return {
        uid: (answer[key], answer.get(b"INTERNALDATE"))
        for uid, answer in answers.items()
        for key in answer
        if key.startswith(b"BODY[]") and isinstance(answer[key], bytes)
    }
