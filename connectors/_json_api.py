"""Calls to a provider's JSON API over the one HTTP client, and its refusals as our errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from connectors import _http
from connectors._payload import mapping
from connectors.base import MayReach
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

UNAUTHORIZED, FORBIDDEN, TOO_MANY, SERVER_ERROR, TIMED_OUT = 401, 403, 429, 500, 408
FIRST_ERROR = 400
FORM = "application/x-www-form-urlencoded"
Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer: `data` is its JSON, None where it was none."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.status < FIRST_ERROR


@dataclass(frozen=True, slots=True)
class JsonApi:
    """One provider. `explain` turns a refusal into our error, or returns None where the status alone says enough."""

    name: str  # "WhatsApp": begins the sentences people read
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    explain: Callable[[Reply], ConnectorError | None] = lambda _reply: None
    may_reach: MayReach = _http.reachable
    seconds: float = _http.SECONDS  # of one call

    def get(self, path: str, **query: str | int) -> Any:
        """GET and return the JSON. Raises Transient, BadCredentials or Rejected."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, form: Query | None = None) -> Any:
        """POST JSON, or a form, and return the JSON. Raises Transient, BadCredentials or Rejected."""
        if form is not None:
            return self.call("POST", path, body=urlencode(form).encode(), content_type=FORM)
        return self.call("POST", path, body=json.dumps(body if body is not None else {}).encode())

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes = b"",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call and return the JSON. Raises Transient, BadCredentials or Rejected."""
        url = f"{self.base_url.rstrip('/')}/{path.lstrip('/')}" + (f"?{urlencode(query)}" if query else "")
        sent = {"accept": "application/json", **self.headers, **(headers or {})}
        if body:
            sent["content-type"] = content_type
        answer = _http.request(method, url, headers=sent, body=body, may_reach=self.may_reach, seconds=self.seconds)
        reply = Reply(answer.status, _json(answer.body), answer.headers)
        if reply.is_good:
            return reply.data
        raise self.explain(reply) or self.refusal(reply)

    def refusal(self, reply: Reply, said: str = "") -> ConnectorError:
        """Return our error for a refusal; `said` are the provider's words, found in the JSON where not given."""
        said = said or words_of(reply.data) or f"status {reply.status}"
        if reply.status in {UNAUTHORIZED, FORBIDDEN}:
            return BadCredentials(
                phrase("{name} does not accept this channel's credentials: {said}.", name=self.name, said=said)
            )
        if reply.status in {TOO_MANY, TIMED_OUT} or reply.status >= SERVER_ERROR:
            return Transient(
                phrase("{name} cannot take this now: {said}.", name=self.name, said=said),
                retry_after_seconds=retry_after(reply),
            )
        return Rejected(phrase("{name} refused this: {said}.", name=self.name, said=said))


def segment(value: str) -> str:
    """Return an id as one part of a path: what a stranger wrote never leads elsewhere. Raises Rejected for "..".

    Nothing can be done for dots: whoever takes paths apart reads them escaped like bare.
    """
    if value in {".", ".."}:
        raise Rejected("This is no id.")
    return quote(value, safe="")


def words_of(data: Any) -> str:
    """Return the sentence of a JSON error in one of the usual places, one line without its full stop."""
    top = mapping(data)
    inner = mapping(top.get("error"))
    places = (inner.get("message"), top.get("message"), top.get("description"), top.get("detail"), top.get("error"))
    found = next((place for place in places if isinstance(place, str) and place.strip()), "")
    return " ".join(found.split())[:300].rstrip(".")


def retry_after(reply: Reply) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most an hour; None where it says nothing."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(min(int(said[:9]), 3600))
    try:
        until = parsedate_to_datetime(said)
        now = parsedate_to_datetime(reply.headers.get("date", ""))
        return min(max((until - now).total_seconds(), 0.0), 3600.0)
    except (TypeError, ValueError):
        return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return None
