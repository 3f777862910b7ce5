"""What the Graph API's refusals mean: its error object as one of our errors.

Sources (developers.facebook.com): docs/graph-api/guides/error-handling; docs/graph-api/overview/rate-limiting (codes 4,
17, 32, 613, 80000 to 80014, the header X-Business-Use-Case-Usage with its minutes until access is regained);
documentation/business-messaging/whatsapp/support/error-codes; docs/messenger-platform/error-codes.
A person reads the words; `code` decides, as Meta asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors._json_api import Reply, retry_after
from connectors._payload import at, items, line, mapping, whole
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

SIGNED_OUT = frozenset({0, 102, 190, 463, 467})  # no session, a token expired or revoked
NOT_ALLOWED = frozenset({3, 10, *range(200, 300)})  # the app or token lacks a permission
BUSY = frozenset({1, 2, 131000, 131016, 131057, 133004})  # temporarily unavailable
RATE_SECONDS: Mapping[int, float] = {
    4: 300.0,  # the app's calls of a rolling hour
    17: 300.0,  # the user's
    32: 300.0,  # the page's
    613: 60.0,  # calls of one kind
    80007: 300.0,  # the WhatsApp business account's
    130429: 5.0,  # messages a second
    131048: 3600.0,  # too many messages were blocked or reported: a person should look at the number's quality
    131056: 60.0,  # messages to one person: one in six seconds, with bursts paid back
    133016: 3600.0,
}
BUSINESS_USE_CASES = range(80000, 80015)
WINDOW_CLOSED = frozenset({131047, 470})
WINDOW_SUBCODES = frozenset({2018278, 2534022, 2018065})  # with code 10 or 100: outside the allowed window
PERSON_SUBCODES = frozenset({1545041, 2018108, 2018001, 2534014, 2534001})  # this one person cannot be written to
WORDS: Mapping[int, str] = {
    131026: "this number cannot be reached on WhatsApp: it is not registered there, or its app is too old",
    131049: "Meta chose not to deliver this marketing message to this person now",
    131050: "this person asked for no more marketing messages",
    10900: "this comment was already answered in private",
}
MOST_WAIT_SECONDS = 6 * 3600.0


class NotPermitted(BadCredentials):
    """The token is good, but not for this."""


class WindowClosed(Rejected):
    """The customer wrote too long ago for a free answer."""


def explain(name: str, reply: Reply) -> ConnectorError | None:
    """Return our error for a refusal of the Graph API, None where it holds no error object."""
    error = mapping(at(reply.data, "error"))
    code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
    if code is None:
        return None
    said = words(error)
    if code in RATE_SECONDS or code in BUSINESS_USE_CASES:
        wait = regained_seconds(reply.headers) or retry_after(reply) or RATE_SECONDS.get(code, 300.0)
        return Transient(
            phrase("{name} takes no more calls for now: {said}.", name=name, said=said), retry_after_seconds=wait
        )
    if code in BUSY or (error.get("is_transient") is True and code not in SIGNED_OUT):
        return Transient(
            phrase("{name} cannot take this now: {said}.", name=name, said=said), retry_after_seconds=retry_after(reply)
        )
    return _final(name, code, subcode, said)


def _final(name: str, code: int, subcode: int | None, said: str) -> ConnectorError:
    """Return the error of what will be refused again. One person's matters never pause the whole channel."""
    if code in WINDOW_CLOSED or subcode in WINDOW_SUBCODES:
        return WindowClosed(f"{name} refused this, because the time to answer freely is over: {said}.")
    if code in WORDS or subcode in PERSON_SUBCODES:
        return Rejected(phrase("{name} refused this: {said}.", name=name, said=WORDS.get(code, said)))
    if code in SIGNED_OUT:
        return BadCredentials(
            phrase("{name} does not accept this channel's credentials: {said}.", name=name, said=said)
        )
    if code in NOT_ALLOWED:
        return NotPermitted(f"{name} says that this channel's token lacks a permission: {said}.")
    return Rejected(phrase("{name} refused this: {said} (code {code}).", name=name, said=said, code=str(code)))


def words(error: Mapping[str, Any]) -> str:
    """Return what an error says to a person: the details where they are given, one line without its full stop."""
    places = (at(error, "error_data", "details"), error.get("error_user_msg"), error.get("message"), error.get("title"))
    return next((said for place in places if (said := line(place, 300))), "without a reason").rstrip(".")


def regained_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the longest wait that X-Business-Use-Case-Usage tells (it says minutes), None where it tells none."""
    try:
        usage = mapping(json.loads(headers.get("x-business-use-case-usage", "")[:20_000]))
    except (ValueError, RecursionError):
        return None
    minutes = [
        whole(at(used, "estimated_time_to_regain_access")) or 0 for uses in usage.values() for used in items(uses)
    ]
    longest = max(minutes, default=0)
    return min(longest * 60.0, MOST_WAIT_SECONDS) if longest > 0 else None
