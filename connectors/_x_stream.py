"""X's filtered stream: mentions and quotes the moment they are posted, for apps that have it. Asking goes on beside it.

docs.x.com/x-api/posts/filtered-stream/introduction, docs.x.com/x-api/fundamentals/handling-disconnections: rules
belong to the app, a sign of life comes every 20 seconds. tweepy reads the connection in a thread of its own.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Mapping
from typing import Any

import requests  # noqa: TID251 - tweepy's session, whose connection stays open; our client reads whole answers only
import tweepy
from requests.adapters import HTTPAdapter  # noqa: TID251

from connectors._payload import at, line, mapping, objects
from connectors._sdk_http import moved_to, session
from connectors._x_api import asked, moved_hosts, refusal, setting
from connectors._x_fetch import POST_FIELDS, Me, delivery, quotes_query
from connectors.base import Credentials, RawDelivery
from connectors.errors import BadCredentials, ConnectorError, Transient
from connectors.phrases import phrase

MOST_WAITING = 1_000
SILENCE_SECONDS = 25.0  # X shows a sign of life every 20


class Stream:
    """One open stream and what it brought. Once `trouble` is set, it is over."""

    def __init__(self, credentials: Credentials, me: Me) -> None:
        self._me, self._tag = me, f"tributary-{me.name}"
        bearer, moved = setting(credentials, "bearer_token"), moved_hosts(credentials)
        if not bearer:
            raise BadCredentials("The stream needs the app's bearer token.")
        self._keep_rule(bearer, moved)
        self._listener = _Listener(bearer, moved)
        self._listener.filter(threaded=True, **POST_FIELDS)

    @property
    def trouble(self) -> ConnectorError | None:
        """Say why it ended, once everything that came before was taken."""
        return self._listener.trouble if self._listener.heard.empty() else None

    def next(self, seconds: float) -> RawDelivery | None:
        """Return the next post for us, None where none comes in time."""
        try:
            page = self._listener.heard.get(timeout=seconds)
        except queue.Empty:
            return None
        tags = {line(rule.get("tag"), 100) for rule in objects(page.get("matching_rules"))}
        post = mapping(page.get("data"))
        is_ours = self._tag in tags and line(post.get("author_id"), 40) != self._me.name
        return delivery(post, page) if is_ours and post.get("id") else None

    def close(self) -> None:
        """Let go of the connection: the thread ends with the next sign of life."""
        self._listener.disconnect()

    def _keep_rule(self, bearer: str, moved: Mapping[str, str]) -> None:
        """Leave exactly one rule of ours among those of the app."""
        client = tweepy.StreamingClient(bearer, return_type=requests.Response)
        client.session = session(moved)
        wanted = f"(@{self._me.handle} -is:retweet -from:{self._me.handle}) OR ({quotes_query(self._me.handle)})"
        ours = [rule for rule in objects(asked(client.get_rules).data.get("data")) if rule.get("tag") == self._tag]
        stale = [line(rule.get("id"), 40) for rule in ours if rule.get("value") != wanted]
        if stale:
            asked(lambda: client.delete_rules(stale))
        if len(stale) == len(ours):
            answer = asked(lambda: client.add_rules(tweepy.StreamRule(wanted, tag=self._tag)))
            if at(answer.data, "meta", "summary", "created") == 0:
                raise Transient(
                    phrase(
                        "X does not take the stream's rule: {value}.", value=json.dumps(answer.data.get("errors"))[:200]
                    )
                )


class _Listener(tweepy.StreamingClient):  # type: ignore[misc]  # tweepy publishes no types
    """Puts what comes into a queue, and stops at the first trouble: who listens decides when to try again."""

    def __init__(self, bearer: str, moved: Mapping[str, str]) -> None:
        super().__init__(bearer, max_retries=0, daemon=True)
        self.session.trust_env = False
        self.session.mount("https://", _Moved(moved))
        self.heard: queue.Queue[Mapping[str, Any]] = queue.Queue(MOST_WAITING)
        self.trouble: ConnectorError | None = None

    def on_data(self, raw_data: bytes) -> None:
        try:
            said = mapping(json.loads(raw_data))
        except (ValueError, RecursionError):
            return
        if "data" in said:
            self._keep(said)
        elif problems := objects(said.get("errors")):
            self._stop(
                Transient(
                    phrase(
                        "X ended the stream: {value}.",
                        value=line(problems[0].get("detail") or problems[0].get("title")),
                    )
                )
            )

    def _keep(self, said: Mapping[str, Any]) -> None:
        """Hand a post over; where nobody takes it any more, this thread ends rather than waits."""
        try:
            self.heard.put(said, timeout=SILENCE_SECONDS)
        except queue.Full:
            self._stop(Transient("More came by the stream than could be taken."))

    def on_request_error(self, status_code: int) -> None:
        error = refusal(status_code, {}, None)
        self._stop(error if isinstance(error, BadCredentials) else Transient(error.reason))

    def on_connection_error(self) -> None:
        self._stop(Transient("The stream was cut off."))

    def on_closed(self, response: Any) -> None:  # noqa: ARG002 - tweepy's
        self._stop(Transient("X closed the stream."))

    def on_exception(self, exception: Exception) -> None:
        self._stop(Transient(phrase("The stream failed: {name}.", name=type(exception).__name__)))

    def on_disconnect(self) -> None:
        self.trouble = self.trouble or Transient("The stream has ended.")

    def _stop(self, trouble: ConnectorError) -> None:
        self.trouble = self.trouble or trouble
        self.running = False


class _Moved(HTTPAdapter):
    """Opens the stream where the settings say."""

    def __init__(self, moved: Mapping[str, str]) -> None:
        super().__init__()
        self._moved = moved

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = moved_to(request.url or "", self._moved)
        return super().send(request, *args, **{**kwargs, "timeout": SILENCE_SECONDS})
