"""Calls to a Matrix homeserver over the one HTTP client, and its errors as ours.

spec.matrix.org/latest/client-server-api: "Standard error response", "Rate limiting", "Transaction identifiers".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connectors import _http
from connectors._json_api import FORBIDDEN, TOO_MANY, UNAUTHORIZED, JsonApi, Query, Reply, retry_after, words_of
from connectors._payload import at, line, mapping
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

CLIENT = "_matrix/client/v3"
MOST_BYTES = 24 * 1024 * 1024
LOST = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_SUSPENDED", "M_USER_LOCKED"})


class TooMuch(Transient):
    """An answer was longer than we read."""


@dataclass(frozen=True, slots=True)
class Homeserver:
    """One account at one homeserver."""

    url: str
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}", "accept": "application/json"}

    def call(
        self, method: str, path: str, body: Any = None, *, query: Query | None = None, seconds: float = 15.0
    ) -> Any:
        """Call with JSON and return the JSON. Raises Transient, BadCredentials or Rejected."""
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self.put_bytes(method, path, raw, "application/json", query=query, seconds=seconds)

    def put_bytes(
        self,
        method: str,
        path: str,
        raw: bytes,
        content_type: str,
        *,
        query: Query | None = None,
        seconds: float = 60.0,
    ) -> Any:
        """Call with bytes and return the JSON. Raises Transient, BadCredentials or Rejected."""
        url = f"{self.url}/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {**self.headers, "content-type": content_type} if raw else self.headers
        answer = _http.request(
            method, url, headers=headers, body=raw, may_reach=_http.reachable, seconds=seconds, most_bytes=MOST_BYTES
        )
        if len(answer.body) >= MOST_BYTES:
            raise TooMuch("The homeserver's answer is too long.")
        reply = Reply(answer.status, _json(answer.body), answer.headers)
        if not reply.is_good:
            raise refusal(reply)
        if not isinstance(reply.data, dict):
            raise Transient("The homeserver did not answer in JSON: is this its address?")
        return reply.data


def homeserver(credentials: Credentials) -> Homeserver:
    """Return the account of a channel. Raises BadCredentials where something is missing."""
    url, token = credentials.get("homeserver"), credentials.get("access_token")
    url = url.strip().rstrip("/") if isinstance(url, str) else ""
    token = token.strip() if isinstance(token, str) else ""
    if not url or not token or not token.isascii() or not token.isprintable():
        raise BadCredentials("The channel needs the homeserver's address and an access token.")
    return Homeserver(url, token)


def refusal(reply: Reply) -> ConnectorError:
    """Return our error for one of the homeserver's."""
    code = line(at(reply.data, "errcode"), 100)
    said = line(at(reply.data, "error"), 300).rstrip(".") or words_of(reply.data)
    if code in LOST or reply.status == UNAUTHORIZED:
        return BadCredentials(
            phrase("The homeserver does not accept this account: {said}.", said=said or code or reply.status)
        )
    if reply.status == TOO_MANY or code == "M_LIMIT_EXCEEDED":
        return Transient("The homeserver asks for a pause.", retry_after_seconds=_pause(reply))
    if reply.status == FORBIDDEN:
        return Rejected(phrase("The account may not do this in the room: {said}.", said=said or code))
    return JsonApi("The homeserver", "").refusal(reply, said or code)


def _pause(reply: Reply) -> float | None:
    """Return how long to wait, in seconds: by the header, or as it was said before version 1.10."""
    milliseconds = mapping(reply.data).get("retry_after_ms")
    told = retry_after(reply)
    if told is None and isinstance(milliseconds, int) and milliseconds >= 0:
        return min(milliseconds / 1000, 3600.0)
    return told


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
