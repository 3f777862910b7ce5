"""Reads what a form sends: multipart/form-data, urlencoded or JSON bytes become values and files.

Total and bounded: every part is cut out by `bytes.split`, so time and memory grow with the size of the body only.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any
from urllib.parse import parse_qsl

from connectors.errors import Malformed

MAX_PARTS = 200
MAX_HEADER_BYTES = 8_000
MAX_KEY_CHARACTERS = 100
MAX_VALUE_CHARACTERS = 100_000
MAX_FILENAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """What was filled in. A key that came several times (a list of ticks) holds its values joined by ", "."""

    values: Mapping[str, str] = field(default_factory=dict)
    files: tuple[SubmittedFile, ...] = ()


def read_submission(raw: bytes, content_type: str) -> Submission:
    """Return the values and files of a request body. Raises Malformed."""
    media_type, _, _ = content_type.partition(";")
    match media_type.strip().lower():
        case "application/json":
            return _read_json(raw)
        case "application/x-www-form-urlencoded":
            return Submission(values=_joined(_pairs(raw)))
        case "multipart/form-data":
            return _read_multipart(raw, content_type)
    raise Malformed(f"A form sends JSON, multipart or urlencoded data, not {media_type[:60]!r}.")


def clean_text(text: str, limit: int = MAX_VALUE_CHARACTERS) -> str:
    """Return text that any database can hold: no NUL, no lone surrogates, line ends as "\\n", at most `limit` long."""
    text = text[:limit].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8").strip()


def clean_line(text: str, limit: int = 500) -> str:
    """Return one line of cleaned text: runs of white space and control characters become one space."""
    printable = "".join(character if character.isprintable() else " " for character in text[:limit])
    return " ".join(clean_text(printable).split())


def load_json(raw: bytes) -> Any:
    """Return the JSON value in a body. Raises Malformed."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None


def _pairs(raw: bytes) -> Iterable[tuple[str, str]]:
    try:
        text = raw.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_PARTS)
    except ValueError:
        raise Malformed(f"The body is not urlencoded, or has more than {MAX_PARTS} fields.") from None


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    gathered: dict[str, list[str]] = {}
    for key, value in pairs:
        name = clean_line(key, MAX_KEY_CHARACTERS)
        if name:
            gathered.setdefault(name, []).append(clean_text(value))
    return {key: ", ".join(value for value in values if value) for key, values in gathered.items()}


def _read_json(raw: bytes) -> Submission:
    body = load_json(raw)
    if not isinstance(body, dict):
        raise Malformed("The JSON body is not an object.")
    files = body.pop("files", [])
    custom = body.pop("custom", {})
    if not isinstance(files, list) or not isinstance(custom, dict):
        raise Malformed('"files" must be a list and "custom" an object.')
    entries = [*custom.items(), *body.items()]
    if len(entries) + len(files) > MAX_PARTS:
        raise Malformed(f"The JSON body has more than {MAX_PARTS} fields.")
    return Submission(
        values=_joined((key, _scalar(value)) for key, value in entries),
        files=tuple(_json_file(entry) for entry in files),
    )


def _scalar(value: Any) -> str:
    """Say a JSON value as text: what a person would have typed, or JSON again where it has an inner structure."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(entry, str) for entry in value):
            return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _json_file(entry: Any) -> SubmittedFile:
    if not isinstance(entry, dict) or not isinstance(entry.get("data"), str):
        raise Malformed('A file is {"filename", "content_type", "data"} with its bytes in base64.')
    try:
        data = base64.b64decode(entry["data"], validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("The data of a file is not base64.") from None
    return _file(str(entry.get("filename") or ""), str(entry.get("content_type") or ""), data)


def _file(filename: str, content_type: str, data: bytes) -> SubmittedFile:
    name = clean_line(filename.replace("\\", "/").rpartition("/")[2], MAX_FILENAME_CHARACTERS)
    kind = clean_line(content_type, 100).partition(";")[0].strip().lower()
    return SubmittedFile(name.strip(". ") or "file", kind or "application/octet-stream", data)


def _read_multipart(raw: bytes, content_type: str) -> Submission:
    boundary = _header(content_type).get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= 200:
        raise Malformed("The multipart body has no boundary.")
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode("utf-8", "replace"), MAX_PARTS + 2)
    if len(pieces) < 2 or len(pieces) > MAX_PARTS + 2:
        raise Malformed(f"The multipart body has no parts, or more than {MAX_PARTS}.")
    if not pieces[-1].startswith(b"--"):
        raise Malformed("The multipart body was cut off.")
    values: list[tuple[str, str]] = []
    files: list[SubmittedFile] = []
    for piece in pieces[1:-1]:
        _read_part(piece, values, files)
    return Submission(values=_joined(values), files=tuple(files))


def _read_part(piece: bytes, values: list[tuple[str, str]], files: list[SubmittedFile]) -> None:
    head, _, data = piece.partition(
        b"\r\n\r\n"
    )  # without a blank line it is a part with headers and no body (RFC 2046)
    if len(head) > MAX_HEADER_BYTES:
        raise Malformed("A part of the multipart body has too long headers.")
    headers = dict(_header_line(line) for line in head.split(b"\r\n") if line.strip())
    if "content-disposition" not in headers:
        raise Malformed("A part of the multipart body does not say which field it is.")
    disposition = _header(headers["content-disposition"])
    name, filename = disposition.get_param("name"), disposition.get_param("filename")
    if filename is None:
        values.append((_text(name), data.decode("utf-8", "replace")))
    elif filename or data:  # an empty file field is a part with an empty name
        files.append(_file(_text(filename), headers.get("content-type", ""), data))


def _header_line(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("utf-8", "replace").partition(":")
    return name.strip().lower(), value.strip()


def _header(value: str) -> Message:
    message = Message()
    message["content-type"] = " ".join(value[:MAX_HEADER_BYTES].split())
    return message


def _text(value: object) -> str:
    """Undo what browsers escape in names (WHATWG: only these three)."""
    text = collapse_rfc2231_value(value) if isinstance(value, (str, tuple)) else ""
    return text.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")
