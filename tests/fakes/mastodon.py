"""A Mastodon server: docs.joinmastodon.org/methods (notifications, statuses, media, accounts, instance, streaming).

It keeps its rules: a bearer token on every call, pages by min_id of at most `limit` sorted downwards, X-RateLimit
headers, 404 for what is gone, 422 for a status without words or longer than 500 characters (a link counts 23, of a
mention the name), one status for one Idempotency-Key, media that are processed later (202, then 206, then 200).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.base import Credentials, OutboundMessage
from tests.fakes.provider import Call, Provider, Route, Said, serving

TOKEN = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0"
FIXTURES = Path(__file__).parent.parent / "fixtures" / "mastodon"
REPLY = OutboundMessage(
    "reply-77", (), "Good news", recipient="109382716253784112", answers="111445823400112233", is_public=True
)
COUNTED = ((re.compile(r"https?://\S+"), "x" * 23), (re.compile(r"@(\w+)@[\w.]+"), r"@\1"))
SCOPE_ERROR = Said({"error": "This action is outside the authorized scopes"}, 403)


def example(name: str) -> Any:
    """Return the payload of a fixture."""
    return json.loads((FIXTURES / f"{name}.body").read_text("utf-8"))


class Mastodon(Provider):
    """Holds what an account of a server sees; tests put things in and look at what was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.notifications: list[dict[str, Any]] = []
        self.statuses: dict[str, dict[str, Any]] = {}
        self.ancestors: dict[str, list[dict[str, Any]]] = {}
        self.posted: list[dict[str, str]] = []
        self.favourites: set[str] = set()
        self.media: dict[str, int] = {}  # how often each was asked for
        self.files: dict[str, bytes] = {}
        self.stream = b":)\n"
        self.calls_left = 300
        self._keys: dict[str, dict[str, Any]] = {}
        status = example("mention_public")["status"]
        self.statuses[status["id"]] = status
        self._account = status["account"]
        self._open()

    def _open(self) -> None:
        self.on(
            "GET",
            "/api/v1/instance/?",
            lambda _: Said({"uri": "fake", "version": "4.5.1", "urls": {"streaming_api": self.url}}),
        )
        self.on("GET", "/api/v2/instance/?", lambda _: Said({"version": "4.5.1", "api_versions": {"mastodon": 7}}))
        self.on("GET", r"/files/(?P<name>.+)", self._file)
        for method, path, route in (
            ("GET", "/api/v1/accounts/verify_credentials", self._me),
            ("GET", r"/api/v1/accounts/(?P<id>\w+)", self._account_of),
            ("GET", "/api/v1/notifications", self._page),
            ("GET", r"/api/v1/statuses/(?P<id>\w+)", self._status),
            ("GET", r"/api/v1/statuses/(?P<id>\w+)/context", self._context),
            ("POST", "/api/v1/statuses", self._post),
            ("POST", r"/api/v1/statuses/(?P<id>\w+)/(?P<what>favourite|unfavourite)", self._favourite),
            ("POST", "/api/v2/media", self._upload),
            ("GET", r"/api/v1/media/(?P<id>\w+)", self._processed),
            ("GET", "/api/v1/streaming/user/notification", self._stream),
        ):
            self.on(method, path, self._counted(route))

    def _counted(self, route: Route) -> Route:
        def answer(call: Call) -> Said:
            if call.bearer != TOKEN:
                return Said({"error": "The access token is invalid"}, 401)
            self.calls_left -= 1
            headers = {
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": str(max(self.calls_left, 0)),
                "X-RateLimit-Reset": "2099-11-22T12:00:00.000000Z",
            }
            said = route(call) if self.calls_left >= 0 else Said({"error": "Too many requests"}, 429)
            return Said(said.body, said.status, {**headers, **said.headers})

        return answer

    def _me(self, _: Call) -> Said:
        account = {**self._account, "id": "1", "username": "acme", "acct": "acme", "url": f"{self.url}/@acme"}
        return Said({**account, "source": {}})

    def _account_of(self, call: Call) -> Said:
        return Said(self._account) if call.parts["id"] == self._account["id"] else missing()

    def _page(self, call: Call) -> Said:
        least, limit = int(call.query.get("min_id", -1)), int(call.query.get("limit", 40))
        found = sorted((n for n in self.notifications if int(n["id"]) > least), key=lambda n: int(n["id"]))
        page = found[:limit] if "min_id" in call.query else found[-limit:]
        return Said(page[::-1])

    def _status(self, call: Call) -> Said:
        status = self.statuses.get(call.parts["id"])
        return Said(status) if status else missing()

    def _context(self, call: Call) -> Said:
        ancestors = self.ancestors.get(call.parts["id"])
        return missing() if ancestors is None else Said({"ancestors": ancestors, "descendants": []})

    def _post(self, call: Call) -> Said:
        key, form = call.headers.get("idempotency-key", ""), call.form
        if key in self._keys:
            return Said(self._keys[key])
        counted = form.get("status", "")
        for pattern, instead in COUNTED:
            counted = pattern.sub(instead, counted)
        if len(counted) > 500:
            return Said({"error": "Validation failed: Text character limit of 500 exceeded"}, 422)
        if not counted and "media_ids[]" not in form:
            return Said({"error": "Validation failed: Text can't be blank"}, 422)
        if any(n < 2 for name, n in self.media.items() if name == form.get("media_ids[]")):
            return Said({"error": "Cannot attach files that have not finished processing. Try again in a moment!"}, 422)
        if form.get("in_reply_to_id", "") not in {"", *self.statuses}:
            return Said({"error": "The post you are trying to reply to does not appear to exist."}, 404)
        self.posted.append(form)
        post_id = str(111_446_500 + len(self.posted))
        status = {**self.statuses["111445823400112233"], "id": post_id, "url": f"{self.url}/@acme/{post_id}"}
        self._keys[key] = status
        return Said(status)

    def _favourite(self, call: Call) -> Said:
        if call.parts["id"] not in self.statuses:
            return missing()
        {"favourite": self.favourites.add, "unfavourite": self.favourites.discard}[call.parts["what"]](call.parts["id"])
        return Said(self.statuses[call.parts["id"]])

    def _upload(self, call: Call) -> Said:
        if b'name="file"' not in call.body:
            return Said({"error": "Validation failed: File can't be blank"}, 422)
        if b"text/x-unknown" in call.body:
            return Said({"error": "Validation failed: File content type is invalid, File is invalid"}, 422)
        media_id = str(22_348_641 + len(self.media))
        self.media[media_id] = 0
        return Said({"id": media_id, "type": "image", "url": None, "preview_url": None}, 202)

    def _processed(self, call: Call) -> Said:
        media_id = call.parts["id"]
        if media_id not in self.media:
            return missing()
        self.media[media_id] += 1
        is_done = self.media[media_id] > 1
        url = f"{self.url}/files/{media_id}.png" if is_done else None
        return Said({"id": media_id, "type": "image", "url": url}, 200 if is_done else 206)

    def _stream(self, _: Call) -> Said:
        return Said(self.stream, headers={"content-type": "text/event-stream"})

    def _file(self, call: Call) -> Said:
        data = self.files.get(call.parts["name"])
        return Said(data, headers={"content-type": "image/png"}) if data is not None else missing()


def missing() -> Said:
    return Said({"error": "Record not found"}, 404)


@contextmanager
def open_server(change: Callable[[Mastodon], None] = lambda _: None) -> Iterator[tuple[Mastodon, Credentials]]:
    """Run a server with an account on it; yields both it and the account's credentials."""
    server = Mastodon()
    change(server)
    with serving(server):
        yield server, {"api_url": server.url, "access_token": TOKEN, "streaming": False}


@contextmanager
def running() -> Iterator[Credentials]:
    with open_server() as (_, credentials):
        yield credentials
