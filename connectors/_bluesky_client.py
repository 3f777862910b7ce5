"""The atproto library on the one HTTP client: it signs in, renews the session and finds facets; errors become ours.

Answers are taken as the JSON they are: the library's models would refuse a record that a stranger wrote oddly.
docs.bsky.app/docs/advanced-guides/rate-limits: signing in is limited to 30 times in five minutes and 300 a day for one
account, so a session is kept in this process and renewed (com.atproto.server.refreshSession) instead of made anew.
Replies leave from processes that live for one job: they begin with the session that the channel keeps (`kept_session`,
made anew once an hour by the timetable that renews sign-ins).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connectors import _http
from connectors._payload import at, line, mapping
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import clean_line
from connectors.web_address import split

if TYPE_CHECKING:
    from atproto_client import Client
    from atproto_client.exceptions import RequestErrorBase
    from httpx import BaseTransport

NAME = "Bluesky"
DEFAULT_SERVICE = "https://bsky.social"
CHAT = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}  # docs.bsky.app/docs/api/chat-bsky-convo-send-message
SECONDS = 20.0
MOST_BYTES = 8 * 1024 * 1024
OURS = frozenset(("host", "content-length", "accept-encoding", "connection"))
SIGN_IN_ERRORS = frozenset((
    "AuthMissing", "AuthenticationRequired", "ExpiredToken", "InvalidToken", "AccountTakedown", "AccountDeactivated",
    "AuthFactorTokenRequired", "BadTokenScope",
))  # fmt: skip
STALE = frozenset(("ExpiredToken", "InvalidToken", "AuthMissing"))

KEPT = "session"  # the setting: until when it is used (Unix seconds), for which settings, and the session
KEPT_SECONDS = 3600.0  # access tokens live for two hours

_sessions: dict[str, str] = {}
_sessions_lock = threading.Lock()


class Account:
    """One signed-in account. Every call raises Transient, BadCredentials or Rejected."""

    def __init__(self, credentials: Credentials) -> None:
        """Sign in, or go on with the session this process has. Raises BadCredentials or Transient."""
        self._url = service_url(credentials)
        self._handle = line(credentials.get("handle"), 300).lstrip("@")
        self._password = str(credentials.get("app_password") or "").strip()
        if not self._handle or not self._password.isascii() or not self._password:
            raise BadCredentials("The handle or the app password is missing.")
        self._key = _key(credentials)
        self._client = self._signed_in(_sessions.get(self._key) or _kept(credentials)[1])

    @property
    def did(self) -> str:
        return str(self._client._session.did)  # noqa: SLF001 - `me` costs a call and may be None

    @property
    def handle(self) -> str:
        return str(self._client._session.handle)  # noqa: SLF001

    def get(self, name: str, query: Mapping[str, Any] | None = None, *, is_chat: bool = False) -> Mapping[str, Any]:
        """Ask a query of the lexicon and return its JSON."""
        from atproto_client.models.dot_dict import DotDict

        def call() -> Any:
            return self._client.invoke_query(name, params=DotDict(dict(query or {})), headers=CHAT if is_chat else {})

        return self._said(call)

    def post(self, name: str, body: Mapping[str, Any], *, is_chat: bool = False) -> Mapping[str, Any]:
        """Call a procedure of the lexicon and return its JSON."""
        sent = json.dumps(body).encode()
        headers = {"content-type": "application/json", **(CHAT if is_chat else {})}
        return self._said(lambda: self._client.invoke_procedure(name, content=sent, headers=headers))

    def upload(self, data: bytes, content_type: str) -> Mapping[str, Any]:
        """Upload a blob and return the reference that a record names it by."""
        headers = {"content-type": content_type}
        name = "com.atproto.repo.uploadBlob"
        return mapping(
            self._said(lambda: self._client.invoke_procedure(name, content=data, headers=headers)).get("blob")
        )

    def facets(self, text: str) -> list[dict[str, Any]]:
        """Return the links, mentions and hashtags of a text, mentions by the account they name."""
        with telling():
            return [
                json.loads(facet.model_dump_json(by_alias=True, exclude_none=True))
                for facet in self._client.detect_facets(text)
            ]

    def _said(self, call: Any) -> Mapping[str, Any]:
        """Call; a session that has ended is made anew once."""
        from atproto_client.exceptions import RequestErrorBase

        with telling():
            try:
                return mapping(call().content)
            except RequestErrorBase as error:
                if _error_name(error) not in STALE:
                    raise
            with _sessions_lock:
                _sessions.pop(self._key, None)
            self._client = self._signed_in("")
            return mapping(call().content)

    def _signed_in(self, known: str) -> Client:
        """Go on with a known session, or make one."""
        from atproto_client import Client
        from atproto_client.exceptions import AtProtocolError
        from atproto_client.request import Request

        client = Client(self._url, request=Request(transport=_transport(), trust_env=False))
        client.on_session_change(self._keep)
        with telling():
            if known:
                try:
                    client.login(session_string=known, fetch_bsky_profile=False)
                except (AtProtocolError, ValueError):
                    known = ""
            if not known:
                client.login(self._handle, self._password, fetch_bsky_profile=False)
        return client

    def _keep(self, _event: Any, session: Any) -> None:
        with _sessions_lock:
            _sessions[self._key] = session.export()


def kept_session(credentials: Credentials) -> dict[str, str]:
    """Return what a channel keeps so that other processes need not sign in. Raises BadCredentials or Transient."""
    with _sessions_lock:
        _sessions.pop(_key(credentials), None)
    Account({**credentials, KEPT: ""})
    ends_at = datetime.now(UTC).timestamp() + KEPT_SECONDS
    return {KEPT: f"{ends_at:.0f} {_key(credentials)} {_sessions[_key(credentials)]}"}


def ends_at(credentials: Credentials) -> float | None:
    """Return until when the kept session is used (Unix seconds): 0 where there is none, None without a password."""
    try:
        return _kept(credentials)[0] if credentials.get("handle") and credentials.get("app_password") else None
    except BadCredentials:  # the server's address is none
        return None


def _kept(credentials: Credentials) -> tuple[float, str]:
    """Return until when the kept session is used, and it; nothing for one that other settings made."""
    until, _, rest = str(credentials.get(KEPT) or "").partition(" ")
    key, _, session = rest.partition(" ")
    return (float(until), session) if until.isdecimal() and key == _key(credentials) else (0.0, "")


def _key(credentials: Credentials) -> str:
    handle, password = line(credentials.get("handle"), 300).lstrip("@"), str(credentials.get("app_password") or "")
    made_of = f"{service_url(credentials)}\n{handle}\n{password.strip()}"
    return sha256(made_of.encode("utf-8", "replace")).hexdigest()


def service_url(credentials: Credentials) -> str:
    """Return the address of the account's server. Raises BadCredentials."""
    given = str(credentials.get("api_url") or DEFAULT_SERVICE).strip().rstrip("/")
    try:
        split(given)
    except Rejected:
        raise BadCredentials("The server is no web address: write it as https://bsky.social.") from None
    return given


@contextmanager
def telling() -> Iterator[None]:
    """Turn what the library raises inside into our errors."""
    from atproto_client.exceptions import RequestErrorBase
    from atproto_core.exceptions import AtProtocolError

    try:
        yield
    except RequestErrorBase as error:
        raise _ours(error) from None
    except (AtProtocolError, ValueError) as error:  # pydantic's errors are ValueErrors
        raise Transient(
            phrase(
                "{name} gave an answer that could not be understood: {error}.", name=NAME, error=type(error).__name__
            )
        ) from None


def _error_name(error: RequestErrorBase) -> str:
    content = error.response.content if error.response else None
    return line(getattr(content, "error", None) or at(content, "error"))


def _ours(error: RequestErrorBase) -> ConnectorError:
    """Say a refusal as ours: docs.bsky.app/docs/advanced-guides/api-errors, {"error", "message"} and a status."""
    if error.response is None:
        return Transient(phrase("{name} did not answer in time.", name=NAME))
    status, content = error.response.status_code, error.response.content
    name = _error_name(error)
    message = clean_line(
        str(getattr(content, "message", None) or at(content, "message") or name or f"status {status}"), 300
    )
    said = message.rstrip(".")
    if status == 429:
        return Transient(
            phrase("{name} cannot take this now: {said}.", name=NAME, said=said), retry_after_seconds=_wait(error)
        )
    if status >= 500 or status in {408, 409}:
        return Transient(phrase("{name} cannot take this now: {said}.", name=NAME, said=said))
    if status == 401 or name in SIGN_IN_ERRORS:
        return BadCredentials(
            phrase("{name} does not accept this channel's credentials: {said}.", name=NAME, said=said)
        )
    return Rejected(phrase("{name} refused this: {said}.", name=NAME, said=said))


def _wait(error: RequestErrorBase) -> float | None:
    from atproto_client.exceptions import RateLimitExceededError

    if not isinstance(error, RateLimitExceededError):
        return None
    seconds = error.retry_after
    if seconds is None and error.reset_at:
        seconds = (error.reset_at - _now()).total_seconds()
    return None if seconds is None else min(max(seconds, 1.0), 3600.0)


def _transport() -> BaseTransport:
    """Return what httpx sends through: the guarded client instead of sockets of its own."""
    import httpx

    class Door(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = _http.request(
                request.method,
                str(request.url),
                headers={name: value for name, value in request.headers.items() if name not in OURS},
                body=request.read(),
                may_reach=_http.reachable,
                seconds=SECONDS,
                most_bytes=MOST_BYTES,
            )
            kept = {name: value for name, value in answer.headers.items() if name not in OURS}
            return httpx.Response(answer.status, headers=kept, content=answer.body, request=request)

    return Door()


def _now() -> datetime:
    return datetime.now(UTC)
