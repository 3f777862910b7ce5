"""Bodies of multipart/form-data (RFC 7578), for providers that take files this way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a form, under the form's own name for it."""

    field: str
    filename: str
    content_type: str
    data: bytes


def multipart(fields: Mapping[str, str], files: Iterable[Part]) -> tuple[bytes, str]:
    """Return a body and its content type."""
    boundary = secrets.token_hex(16)
    pieces = [_head(boundary, name) + value.encode() for name, value in fields.items()]
    pieces += [_head(boundary, part.field, part.filename, part.content_type) + part.data for part in files]
    end = f"--{boundary}--\r\n".encode()
    return b"".join([*(piece + b"\r\n" for piece in pieces), end]), f"multipart/form-data; boundary={boundary}"


def _head(boundary: str, field: str, filename: str = "", content_type: str = "") -> bytes:
    named = f'; filename="{_quoted(filename)}"' if filename else ""
    typed = f"Content-Type: {_plain(content_type)}\r\n" if content_type else ""
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(field)}"{named}\r\n{typed}\r\n'.encode()


def _quoted(name: str) -> str:
    """Escape the three characters that would end a name, as browsers do (WHATWG)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _plain(content_type: str) -> str:
    return "".join(character for character in content_type if character.isprintable())
