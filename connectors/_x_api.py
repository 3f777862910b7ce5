"""X's API v2 through tweepy: signed in as the account (OAuth 2.0, or 1.0a by keys), its refusals as our errors.

Which limits: docs.x.com/x-api/fundamentals/rate-limits; which errors: …/fundamentals/response-codes-and-errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors._json_api import FIRST_ERROR, FORBIDDEN, SERVER_ERROR, TIMED_OUT, TOO_MANY, UNAUTHORIZED
from connectors._payload import line, mapping, objects, whole
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    import requests  # noqa: TID251 - tweepy's answers
    import tweepy

API_URL = "https://api.twitter.com"  # what tweepy asks and signs; api.x.com is the same
MEDIA_URL = "https://ton.twitter.com"  # pictures of direct messages
PAYMENT_REQUIRED = 402
LONGEST_WAIT_SECONDS = 86_400.0  # some limits are for a day
USUAL_WAIT_SECONDS = 60.0
RENEWAL_SECONDS = 30.0
CAPPED_WAIT_SECONDS = 3_600.0  # what was paid for is used up: somebody has to act first
# a refusal with one of these types is about the app and its keys, not about one message
ABOUT_THE_APP = ("client-forbidden", "oauth1-permissions", "unsupported-authentication", "client-disconnected")
LIMITS = ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit")
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


class Forbidden(Rejected):
    """X knows us and does not let us do this."""


class NotEnrolled(BadCredentials):
    """The app or its keys have no access to this part of the API."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said, and for how many seconds it will say no more of this (0: at once)."""

    data: Mapping[str, Any]
    rest_seconds: float = 0.0


def setting(credentials: Credentials, key: str) -> str:
    """Return a setting's text. Raises BadCredentials for one that no header could carry."""
    value = str(credentials.get(key) or "").strip()
    if not value.isascii() or not value.isprintable():
        raise BadCredentials(
            phrase("The setting {key} holds characters that are not part of it: copy it again.", key=key)
        )
    return value


def account_of(credentials: Credentials) -> str:
    """Return the account's id: of the sign-in, or with which its access token begins; "" where neither tells."""
    known = str(credentials.get("user_id") or "") if credentials.get("user_token") else ""
    name = known or str(credentials.get("access_token") or "").strip().partition("-")[0]
    return name if name.isascii() and name.isdigit() and len(name) < 20 else ""


def moved_hosts(credentials: Credentials) -> dict[str, str]:
    """Return where X's hosts are: elsewhere, if the settings say so (a gateway, a test)."""
    base = setting(credentials, "api_url").rstrip("/") or API_URL
    return {} if base == API_URL else {API_URL: base, MEDIA_URL: base}


def client_for(credentials: Credentials) -> tweepy.Client:
    """Return tweepy's client. Raises BadCredentials where a key is missing, Transient where a token just ended."""
    token = user_token(credentials)
    keys = {} if token else _keys(credentials)
    import requests  # noqa: TID251 - the type of tweepy's answers
    import tweepy

    from connectors._sdk_http import session

    if token:
        from connectors._x_user_client import UserClient

        client: tweepy.Client = UserClient(token, return_type=requests.Response)
    else:
        client = tweepy.Client(**keys, return_type=requests.Response)
    client.session = session(moved_hosts(credentials))
    return client


def user_token(credentials: Credentials) -> str:
    """Return the access token of a sign-in (OAuth 2.0), "" without one. Raises Transient for one that has ended."""
    token, ends_at = setting(credentials, "user_token"), whole(credentials.get("user_token_ends_at"))
    if token and ends_at and ends_at <= _now().timestamp():
        raise Transient("The sign-in at X is being renewed.", retry_after_seconds=RENEWAL_SECONDS)
    return token


def media_request(credentials: Credentials, url: str) -> tuple[str, dict[str, str]]:
    """Return where a file is and the headers to ask with: those of direct messages are shown to the account only."""
    if not url.startswith(f"{MEDIA_URL}/"):
        return url, {}
    from connectors._sdk_http import moved_to, written

    if token := user_token(credentials):
        return moved_to(url, moved_hosts(credentials)), {"authorization": f"Bearer {token}"}
    import requests  # noqa: TID251 - tweepy's signature is made for its requests
    import tweepy

    auth = tweepy.OAuth1UserHandler(**_keys(credentials))
    signed = requests.Request("GET", url, auth=auth.apply_auth()).prepare()
    return moved_to(url, moved_hosts(credentials)), {"authorization": written(signed.headers["Authorization"])}


def asked(call: Callable[[], requests.Response]) -> Answer:
    """Make one call through tweepy. Raises Transient, BadCredentials or Rejected."""
    import requests  # noqa: TID251 - its errors
    import tweepy

    try:
        response = call()
        body = mapping(response.json())
    except tweepy.HTTPException as error:
        raise refusal(error.response.status_code, error.response.headers, _json(error.response)) from None
    except (tweepy.TweepyException, requests.RequestException) as error:
        raise Transient(phrase("X could not be asked: {name}.", name=type(error).__name__)) from None
    except (ValueError, AttributeError, TypeError):  # tweepy reads the answer of a proxy's error page
        raise Transient("X answered something that is not its own.") from None
    if body.get("errors") and "data" not in body and "meta" not in body:
        raise Rejected(phrase("X refused this: {said}.", said=said_by(body) or phrase("it does not say why")))
    return Answer(body, _rest_seconds(response.headers))


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ConnectorError:
    """Return our error for an answer that is not a good one."""
    said = said_by(body) or f"status {status}"
    about = line(mapping(body).get("type"), 200).rpartition("/")[2]
    if status == FORBIDDEN and about in ABOUT_THE_APP:
        return NotEnrolled(f"X does not let this app do that: {said}.")
    if status in {UNAUTHORIZED, PAYMENT_REQUIRED}:
        return BadCredentials(phrase("X does not accept this channel's keys: {said}.", said=said))
    if status in {TOO_MANY, TIMED_OUT} or status >= SERVER_ERROR or status < FIRST_ERROR:
        wait = retry_after(headers) if status == TOO_MANY else None
        wait = max(wait or 0.0, CAPPED_WAIT_SECONDS) if about == "usage-capped" else wait
        return Transient(phrase("X cannot take this now: {said}.", said=said), retry_after_seconds=wait)
    return (Forbidden if status == FORBIDDEN else Rejected)(phrase("{name} refused this: {said}.", name="X", said=said))


def _keys(credentials: Credentials) -> dict[str, str]:
    keys = {key: setting(credentials, key) for key in KEYS}
    if missing := [key for key, value in keys.items() if not value]:
        raise BadCredentials(
            phrase("The keys of the app and of the account are needed: {value} is missing.", value=", ".join(missing))
        )
    return keys


def said_by(body: Any) -> str:
    """Return X's own words for an error, without their full stop."""
    top = mapping(body)
    first = next(iter(objects(top.get("errors"))), {})
    words = top.get("detail") or first.get("detail") or first.get("message") or top.get("title") or top.get("error")
    return line(words, 300).rstrip(".")


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds until the limit that was met is lifted."""
    reset = [at for name in LIMITS if (at := _reset_seconds(headers, name)) is not None]
    asked_for = whole(headers.get("retry-after"))
    if reset:
        return max(reset)
    return min(float(asked_for), LONGEST_WAIT_SECONDS) if asked_for else USUAL_WAIT_SECONDS


def _reset_seconds(headers: Mapping[str, str], name: str) -> float | None:
    """Return when one of the limits is lifted, None where it still leaves calls or is not told of."""
    left, reset = whole(headers.get(f"{name}-remaining")), whole(headers.get(f"{name}-reset"))
    if reset is None or left:
        return None
    return min(max(reset - _now().timestamp(), 1.0), LONGEST_WAIT_SECONDS)


def _rest_seconds(headers: Mapping[str, str]) -> float:
    if whole(headers.get("x-rate-limit-remaining")) != 0:
        return 0.0
    return _reset_seconds(headers, "x-rate-limit") or 0.0


def _json(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
