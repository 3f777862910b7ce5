"""The bytes of a delivery as text that a person can read: never run, every unseen character written out."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from app.phrases import phrase

LARGEST_READ = 1_000_000  # bytes that are looked at
LONGEST_SHOWN = 200_000  # characters of each part
MOST_FIELDS = 1_000  # of a form
DEEPEST = 50  # levels of JSON that are looked into
HIDDEN = phrase("(hidden: a secret of the channel)")
SECRET_NAMES = ("token", "secret", "password", "authorization", "response_url", "responseurl", "api_key", "apikey")
HEADER = re.compile(r"[!-9;-~]{1,100}:")  # the start of a mail header's line
LINE_END = re.compile(r"\r\n?")
KEPT_CONTROLS = frozenset("\n\t")
UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))  # Unicode categories: controls, bidi marks, strange breaks


@dataclass(frozen=True, slots=True)
class Source:
    """`headers` is "" for what is no mail; `is_cut`: there is more than is shown; `hides`: a secret was taken out."""

    kind: str
    headers: str
    body: str
    is_cut: bool
    hides: bool = False


def readable(data: bytes, *, size: int) -> Source:
    """Return what a delivery holds.

    Args:
        data: its bytes, or the first LARGEST_READ of them.
        size: how many bytes it has in all.

    """
    told = _json(data) if size <= len(data) else None
    if told is not None:
        shown = json.dumps(told, indent=2, ensure_ascii=False)
        return Source("JSON", "", _visible(shown[:LONGEST_SHOWN]), len(shown) > LONGEST_SHOWN, HIDDEN in shown)
    text = LINE_END.sub("\n", data.decode("utf-8", "backslashreplace"))
    is_cut = size > len(data)
    if HEADER.match(text):
        headers, _, body = text.partition("\n\n")
        is_cut = is_cut or max(len(headers), len(body)) > LONGEST_SHOWN
        return Source("Mail", _visible(headers[:LONGEST_SHOWN]), _visible(body[:LONGEST_SHOWN]), is_cut)
    fields = _form(text) if not is_cut else ""
    if fields:
        return Source("Form", "", _visible(fields[:LONGEST_SHOWN]), len(fields) > LONGEST_SHOWN, HIDDEN in fields)
    return Source("Text", "", _visible(text[:LONGEST_SHOWN]), is_cut or len(text) > LONGEST_SHOWN)


def _json(data: bytes) -> Any:
    """Return the object or list that these bytes are, without secrets; None for all else."""
    if data.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        return _without_secrets(json.loads(data), DEEPEST)
    except (ValueError, RecursionError):
        return None


def _form(text: str) -> str:
    """Return the fields of a form as it is posted, one a line, without secrets; "" for all else."""
    if "=" not in text or any(map(str.isspace, text)):
        return ""
    try:
        fields = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return "\n".join(f"{name} = {HIDDEN if _is_secret(name, value) else value}" for name, value in fields)


def _without_secrets(value: Any, depth: int) -> Any:
    if not depth and isinstance(value, (dict, list)):
        return "(deeper than is shown)"
    if isinstance(value, dict):
        return {
            name: HIDDEN if _is_secret(name, one) else _without_secrets(one, depth - 1) for name, one in value.items()
        }
    return [_without_secrets(one, depth - 1) for one in value] if isinstance(value, list) else value


def _is_secret(name: str, value: Any) -> bool:
    """Tell whether a value lets its holder act as the channel: providers put some into what they send."""
    return isinstance(value, str) and bool(value) and any(word in name.lower() for word in SECRET_NAMES)


def _visible(text: str) -> str:
    """Write out what a browser would not draw, or would use to turn the order of words."""
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if character in KEPT_CONTROLS or unicodedata.category(character) not in UNSEEN:
        return character
    return f"\\u{ord(character):04x}"
