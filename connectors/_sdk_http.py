"""Lets SDKs that speak through `requests` speak through our one HTTP client instead.

What that client promises holds for them too: an end in time, an end in size, no proxy and no address that may not be
reached. `moved` sends what an SDK asks of a fixed host to another one; what it signed was its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import responses
from io import BytesIO
from typing import Any

from requests import PreparedRequest, Response, Session  # noqa: TID251 - what the SDKs speak; nothing goes out by it
from requests.adapters import BaseAdapter  # noqa: TID251
from requests.structures import CaseInsensitiveDict  # noqa: TID251

from connectors import _http
from connectors.errors import Transient
from connectors.phrases import phrase

SECONDS = 25.0  # of one call, less than the 30 between two signs of life
MOST_BYTES = 16 * 1024 * 1024
OURS = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
STAY: Mapping[str, str] = {}


def session(moved: Mapping[str, str] = STAY, seconds: float = SECONDS) -> Session:
    """Return a session to hand to an SDK. Its calls raise Transient or Rejected where nobody answers properly."""
    made = Session()
    made.trust_env = False
    made.max_redirects = 3
    for prefix in ("https://", "http://"):
        made.mount(prefix, OneClient(moved, seconds))
    return made


def moved_to(url: str, moved: Mapping[str, str]) -> str:
    """Return where an address is asked for: that of the longest prefix that moved."""
    for prefix in sorted(moved, key=len, reverse=True):
        if url == prefix or url.startswith((f"{prefix}/", f"{prefix}?")):
            return moved[prefix].rstrip("/") + url.removeprefix(prefix)
    return url


class OneClient(BaseAdapter):
    """One call of an SDK as one call of ours."""

    def __init__(self, moved: Mapping[str, str], seconds: float) -> None:
        super().__init__()
        self._moved, self._seconds = moved, seconds

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Send a request and return the whole answer. Raises Transient or Rejected."""
        headers = {str(name).lower(): written(value) for name, value in request.headers.items()}
        answer = _http.request(
            request.method or "GET",
            moved_to(request.url or "", self._moved),
            headers={name: value for name, value in headers.items() if name not in OURS},
            body=_bytes(request.body),
            may_reach=_http.reachable,
            seconds=self._seconds,
            most_bytes=MOST_BYTES,
        )
        if len(answer.body) >= MOST_BYTES:
            raise Transient(phrase("The answer was larger than {most_bytes} MB.", most_bytes=MOST_BYTES // 1000000))
        return _as_response(request, answer)

    def close(self) -> None:
        """Nothing is kept open."""


def _as_response(request: PreparedRequest, answer: _http.Answer) -> Response:
    response = Response()
    response.status_code, response.reason = answer.status, responses.get(answer.status, "")
    response.headers = CaseInsensitiveDict(answer.headers)
    response.url, response.request = request.url or "", request
    response.encoding, response.raw = "utf-8", BytesIO(answer.body)
    return response


def _bytes(body: Any) -> bytes:
    if body is None or isinstance(body, (bytes, str)):
        return body.encode() if isinstance(body, str) else body or b""
    return b"".join(body) if not hasattr(body, "read") else bytes(body.read())


def written(value: Any) -> str:
    """Return a header's value as text: SDKs that sign set bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
