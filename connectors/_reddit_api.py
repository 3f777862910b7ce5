"""Reddit's API through praw: signed in as the account, its refusals as our errors.

www.reddit.com/dev/api, github.com/reddit-archive/reddit/wiki/OAuth2, support.reddithelp.com (Reddit Data API Wiki: 100
calls a minute, told by x-ratelimit-*), praw.readthedocs.io.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors._json_api import FORBIDDEN, SERVER_ERROR, TIMED_OUT, TOO_MANY, UNAUTHORIZED
from connectors._payload import at, items, line, mapping, whole
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    import praw

API_URL, SIGN_IN_URL = "https://oauth.reddit.com", "https://www.reddit.com"
CALM_SECONDS = 12.0  # praw itself waits up to ten seconds, to spread calls evenly
LONGEST_WAIT_SECONDS = 3_600.0
NANOSECONDS = 1_000_000_000
FIRST_REDIRECT = 300  # a community that does not exist leads to a search
PASSING = {"RATELIMIT", "QUOTA_FILLED"}  # error names of www.reddit.com/dev/api
ABOUT_US = {"USER_REQUIRED", "WRONG_PASSWORD", "INVALID_GRANT"}
WAIT = re.compile(r"(\d{1,6}) (millisecond|second|minute|hour)")
UNITS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0}


class _Once:
    """Says to praw, in the place of its strategy, that a call is made once."""

    def sleep(self) -> None:
        """Wait for nothing."""

    def should_retry_on_failure(self) -> bool:
        return False


class _Twice(_Once):
    """… or twice: three times and the pauses between could take longer than a fetch may be silent."""

    def should_retry_on_failure(self) -> bool:
        return True

    def consume_available_retry(self) -> _Once:
        return _Once()


class Forbidden(Rejected):
    """Reddit knows us and does not let us do this."""


def setting(credentials: Credentials, key: str, otherwise: str = "") -> str:
    """Return a setting's text. Raises BadCredentials for one that no header could carry."""
    value = str(credentials.get(key) or "").strip()
    if not value.isascii() or not value.isprintable():
        raise BadCredentials(
            phrase("The setting {key} holds characters that are not part of it: copy it again.", key=key)
        )
    return value or otherwise


def reddit_for(credentials: Credentials) -> praw.Reddit:
    """Return praw's client. Raises BadCredentials where a key is missing."""
    app, secret, token = (setting(credentials, key) for key in ("client_id", "client_secret", "refresh_token"))
    username, password = setting(credentials, "username"), str(credentials.get("password") or "")
    if not app or not secret:
        raise BadCredentials("The app's id and secret are needed, from reddit.com/prefs/apps.")
    if not token and not (username and password):
        raise BadCredentials("Either a refresh token or the account's name and password are needed.")
    import praw

    from connectors._sdk_http import session

    return praw.Reddit(
        # all of it is said: what is not, praw looks for in its environment and in a praw.ini
        client_id=app,
        client_secret=secret,
        refresh_token=token or None,
        username=None if token else username,
        password=None if token else password,
        redirect_uri=None,
        user_agent=f"server:tributary:1 (by /u/{username or 'unknown'})",
        oauth_url=setting(credentials, "api_url", API_URL),
        reddit_url=setting(credentials, "sign_in_url", SIGN_IN_URL),
        check_for_updates=False,
        check_for_async=False,
        ratelimit_seconds=0,
        requestor_kwargs={"session": session()},
    )


def asked(reddit: praw.Reddit, path: str, **params: str | int) -> Any:
    """GET and return the JSON. Raises Transient, BadCredentials or Rejected."""
    return _call(reddit, "GET", path, params, None)


def posted(reddit: praw.Reddit, path: str, **data: str | int) -> Any:
    """POST a form and return the JSON. Raises Transient, BadCredentials or Rejected."""
    answer = _call(reddit, "POST", path, {}, data)
    if problems := items(at(answer, "json", "errors")):
        raise problem([line(part) for part in items(problems[0])])
    return answer


def rest_seconds(reddit: praw.Reddit) -> float:
    """Return how long Reddit takes no more calls: praw would sleep through it without a sign of life."""
    core: Any = reddit._core  # noqa: SLF001 - praw shows how many calls are left, but not until when
    until = core.rate_limiter.next_request_timestamp_ns
    return 0.0 if until is None else max((until - time.monotonic_ns()) / NANOSECONDS, 0.0)


def problem(parts: list[str]) -> ConnectorError:
    """Return our error for one of Reddit's: its name, its words, the field."""
    name, said = [*parts, "", ""][:2]
    words = said.rstrip(".") or name or "it does not say why"
    if name in PASSING:
        return Transient(phrase("Reddit asks us to wait: {words}.", words=words), retry_after_seconds=wait_in(words))
    if name in ABOUT_US:
        return BadCredentials(phrase("Reddit does not accept this account: {words}.", words=words))
    return Rejected(phrase("{name} refused this: {said}.", name="Reddit", said=words))


def wait_in(words: str) -> float:
    """Return the seconds of "Take a break for 9 minutes before trying again"."""
    found = WAIT.search(words[:500])
    return min(int(found[1]) * UNITS[found[2]] + 1, LONGEST_WAIT_SECONDS) if found else 60.0


def refusal(status: int, headers: Mapping[str, str], said: str) -> ConnectorError:
    """Return our error for an answer that is not a good one."""
    words = said or f"status {status}"
    if status == UNAUTHORIZED:
        return BadCredentials(phrase("Reddit does not accept this channel's keys: {words}.", words=words))
    if status == TOO_MANY:
        asked_for = whole(headers.get("retry-after")) or whole(headers.get("x-ratelimit-reset")) or 60
        return Transient(
            phrase("Reddit asks us to wait: {words}.", words=words),
            retry_after_seconds=min(asked_for, LONGEST_WAIT_SECONDS),
        )
    if status == TIMED_OUT or status >= SERVER_ERROR or status < FIRST_REDIRECT:
        return Transient(phrase("Reddit cannot take this now: {words}.", words=words))
    return (Forbidden if status == FORBIDDEN else Rejected)(
        phrase("{name} refused this: {said}.", name="Reddit", said=words)
    )


def _call(reddit: praw.Reddit, method: str, path: str, params: Any, data: Any) -> Any:
    import praw.exceptions
    import prawcore

    if (rest := rest_seconds(reddit)) > CALM_SECONDS:
        raise Transient("Reddit takes no more calls for now.", retry_after_seconds=rest)
    core: Any = reddit._core  # noqa: SLF001 - praw calls again after a 502, also for what has perhaps been posted
    core._retry_strategy_class = _Twice if method == "GET" else _Once  # noqa: SLF001
    try:
        return reddit.request(method=method, path=path, params=params, data=data)
    except praw.exceptions.RedditAPIException as error:
        first = error.items[0]
        raise problem([first.error_type, first.message or "", first.field or ""]) from None
    except prawcore.RequestException as error:
        cause = error.original_exception
        raise (
            cause
            if isinstance(cause, ConnectorError)
            else Transient(phrase("No connection: {name}.", name=type(cause).__name__))
        ) from None
    except prawcore.OAuthException as error:
        raise BadCredentials(
            phrase("Reddit does not accept this channel's keys: {value}.", value=line(error.error, 100))
        ) from None
    except prawcore.ResponseException as error:
        raise refusal(error.response.status_code, error.response.headers, _said(error.response)) from None
    except (prawcore.PrawcoreException, praw.exceptions.PRAWException) as error:
        raise BadCredentials(
            phrase("Reddit cannot be asked with these settings: {value}.", value=line(str(error), 200))
        ) from None
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ):  # praw reads the answer of a proxy's error page
        raise Transient("Reddit answered something that is not its own.") from None


def _said(response: Any) -> str:
    try:
        body = mapping(response.json())
    except ValueError:
        return ""
    return line(body.get("explanation") or body.get("message") or body.get("reason"), 300).rstrip(".")
