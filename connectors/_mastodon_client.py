"""Mastodon.py on the one HTTP client, its errors as ours, and each answer's JSON exactly as the server gave it.

Mastodon.py adds a null for every field that it knows and the server left out, so what is stored is taken from the
answer itself. The library opens a token that is the name of a file, so the token is handed to it only once it is made.
Limits of calls: docs.joinmastodon.org/api/rate-limits (300 in five minutes, X-RateLimit-Reset).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from connectors._payload import mapping
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import clean_line
from connectors.web_address import split

if TYPE_CHECKING:
    from mastodon import Mastodon
    from requests import Response  # noqa: TID251 - the type Mastodon.py speaks with

NAME = "Mastodon"
DEFAULT_SERVER = "https://mastodon.social"
SECONDS = 20.0
NEW_ENOUGH = "4.0.0"  # told, because the library never stops asking a server that hides its version
FORBIDDEN, SERVER_ERROR = 403, 500
SIGN_IN_WORDS = ("scope", "login", "token", "credentials")  # in a 403: about the account, not about one post


class Server:
    """One signed-in account. `client` is Mastodon.py; `said` is the JSON of its last answer."""

    def __init__(self, credentials: Credentials) -> None:
        """Take the settings `api_url` and `access_token`. Raises BadCredentials where they cannot be right."""
        from connectors._sdk_http import session

        self.url = server_url(credentials)
        self.token = access_token(credentials)
        self.client = _library(self.url, self.token)
        self.said: Any = None
        self.client.session = session(seconds=SECONDS)
        self.client.session.hooks["response"].append(self._heard)

    def _heard(self, response: Response, *_: Any, **__: Any) -> None:
        self.said = _json(response.content)

    def retry_after(self) -> float | None:
        """Return the seconds until the server counts calls afresh, None where it does not say."""
        resets_at = cast("float | None", self.client.ratelimit_reset)
        if resets_at is None:
            return None
        return min(max(resets_at - _now().timestamp(), 1.0), 3600.0)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what the library raises inside into Transient, BadCredentials or Rejected."""
        from mastodon.errors import MastodonError, MastodonRatelimitError

        try:
            yield
        except MastodonRatelimitError:
            raise Transient(
                phrase("{name} cannot take this now: too many calls.", name=NAME),
                retry_after_seconds=self.retry_after(),
            ) from None
        except MastodonError as error:
            raise _ours(error) from None
        except ValueError as error:
            raise Rejected(
                phrase("{name} refused this: {said}.", name=NAME, said=clean_line(str(error), 200))
            ) from None


def server_url(credentials: Credentials) -> str:
    """Return the server's address without a slash at its end. Raises BadCredentials."""
    given = str(credentials.get("api_url") or DEFAULT_SERVER).strip().rstrip("/")
    address = given if "://" in given else f"https://{given}"
    try:
        split(address)
    except Rejected:
        raise BadCredentials("The server is no web address: write it as https://mastodon.social.") from None
    return address


def access_token(credentials: Credentials) -> str:
    """Return the token. Raises BadCredentials where it is missing or no token at all."""
    token = str(credentials.get("access_token") or "").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadCredentials("The access token is missing: copy it from Preferences, Development on your server.")
    return token


def _library(url: str, token: str) -> Mastodon:
    from mastodon import Mastodon

    client = Mastodon(
        api_base_url=url,
        ratelimit_method="throw",
        request_timeout=SECONDS,
        user_agent="Tributary",
        mastodon_version=NEW_ENOUGH,
    )
    client.access_token, client.mastodon_major = token, 4
    return client


def streaming_client(server: Server) -> Mastodon:
    """Return a client whose connection stays open, which the guarded one cannot; it reads no proxy and no .netrc."""
    client = _library(server.url, server.token)
    client.session.trust_env = False
    return client


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return None


def _ours(error: Exception) -> ConnectorError:
    """Say a library's error as ours; what the guarded client raised lies behind the library's own."""
    from mastodon.errors import MastodonIOError, MastodonUnauthorizedError

    if isinstance(error.__context__, ConnectorError):
        return error.__context__
    status = next((part for part in error.args if isinstance(part, int)), None)
    said = clean_line(str(error.args[-1] or ""), 300).rstrip(".") if error.args else ""
    if isinstance(error, MastodonUnauthorizedError):
        return BadCredentials(
            phrase("{name} does not accept this channel's credentials: {said}.", name=NAME, said=said)
        )
    if status is None or status >= SERVER_ERROR or isinstance(error, MastodonIOError):
        reason = f"status {status}" if status else "no answer that could be understood"
        return Transient(phrase("{name} cannot take this now: {reason}.", name=NAME, reason=reason))
    if status == FORBIDDEN and any(word in said.lower() for word in SIGN_IN_WORDS):
        return BadCredentials(
            phrase("{name} does not accept this channel's credentials: {said}.", name=NAME, said=said)
        )
    return Rejected(phrase("{name} refused this: {said}.", name=NAME, said=said or f"status {status}"))


def dumped(value: Mapping[str, Any] | Any) -> bytes:
    """Return the bytes that are stored of one object of an answer."""
    return json.dumps(mapping(value), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _now() -> datetime:
    return datetime.now(UTC)
