"""Reddit as its documentation describes it: OAuth2, listings by full names, limits of calls, errors in JSON.

Signing in: github.com/reddit-archive/reddit/wiki/OAuth2; listings and errors: www.reddit.com/dev/api; limits told by
x-ratelimit-*: support.reddithelp.com, Reddit Data API Wiki.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.base import Credentials, OutboundMessage
from tests.fakes.provider import Call, Provider, Route, Said, serving

OWN, CUSTOMER = "acme_support", "ana_ruiz"
KEYS = {
    "client_id": "p-jcoLKBynTLew",
    "client_secret": "gko_LXELoV07ZBNUXrvWZfzE3aI",
    "username": OWN,
    "password": "correct horse",
}
TOKEN, REFRESH = "J1qK1c18UUGJFAzz9xnH56584l4", "43-refresh"
REPLY = OutboundMessage(
    "reply-77", (), "Good news", recipient=CUSTOMER, thread_key="t3_post1", answers="t1_first", is_public=True
)


class Reddit(Provider):
    """The service: things that tests put in, and what the connector did."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox: list[dict[str, Any]] = []  # each list oldest first
        self.posts: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = [comment("first", int(time.time()) - 90_000)]
        self.sent: list[dict[str, Any]] = []
        self.made: list[dict[str, str]] = []
        self.votes: dict[str, str] = {}
        self.removed: set[str] = set()
        self.errors: dict[str, list[str]] = {}  # what a text is refused with
        self.closed: set[str] = set()  # communities
        self.left, self.resets_in, self.page_size = 600, 540, 100
        self.on("POST", "/api/v1/access_token", self._token)
        self._signed("GET", "/api/v1/me", lambda _: Said({"name": OWN, "total_karma": 1204}))
        self._signed("GET", "/message/inbox", lambda call: self._listing(call, self.inbox))
        self._signed("GET", "/message/sent", lambda call: self._listing(call, self.sent))
        self._signed("GET", "/r/(?P<names>[A-Za-z0-9_+]+)/new", lambda call: self._community(call, self.posts))
        self._signed("GET", "/r/(?P<names>[A-Za-z0-9_+]+)/comments", lambda call: self._community(call, self.comments))
        self._signed("GET", "/r/(?P<names>[A-Za-z0-9_]+)/about", self._about)
        self._signed("GET", "/api/info", self._info)
        self._signed("POST", "/api/comment", self._comment)
        self._signed("POST", "/api/compose", self._compose)
        self._signed("POST", "/api/vote", self._vote)
        self._signed("POST", "/api/remove", self._moderate)
        self._signed("POST", "/api/approve", self._moderate)

    @property
    def credentials(self) -> dict[str, Any]:
        return {**KEYS, "api_url": self.url, "sign_in_url": self.url}

    # ------------------------------------------------------------ who calls, and how often

    def _token(self, call: Call) -> Said:
        basic = base64.b64encode(f"{KEYS['client_id']}:{KEYS['client_secret']}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            return Said({"message": "Unauthorized", "error": 401}, 401)
        form = call.form
        is_script = form.get("grant_type") == "password" and form.get("username") == OWN
        if is_script and form.get("password") == KEYS["password"]:
            return Said({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") == REFRESH:
            return Said({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})
        return Said({"error": "invalid_grant"})

    def _signed(self, method: str, path: str, route: Route) -> None:
        def answer(call: Call) -> Said:
            if call.headers.get("authorization") != f"bearer {TOKEN}":
                return Said({"message": "Unauthorized", "error": 401}, 401)
            if "tributary" not in call.headers.get("user-agent", ""):
                return Said({"message": "Too Many Requests", "error": 429}, 429)
            if self.left <= 0:
                return Said({"message": "Too Many Requests", "error": 429}, 429, self._limits())
            self.left -= 1
            said = route(call)
            return Said(said.body, said.status, {**self._limits(), **said.headers})

        self.on(method, f"{path}/?", answer)

    def _limits(self) -> dict[str, str]:
        used = 600 - self.left
        return {
            "x-ratelimit-remaining": f"{self.left}.0",
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(self.resets_in),
        }

    # ------------------------------------------------------------ reading

    def _listing(self, call: Call, things: list[dict[str, Any]]) -> Said:
        found = list(reversed(things))
        names = [thing["data"]["name"] for thing in found]
        after = call.query.get("after")
        start = names.index(after) + 1 if after in names else 0
        page = found[start : start + min(int(call.query.get("limit", "25")), self.page_size)]
        more = start + len(page) < len(found)
        data = {"after": page[-1]["data"]["name"] if page and more else None, "dist": len(page), "children": page}
        return Said({"kind": "Listing", "data": data})

    def _community(self, call: Call, things: list[dict[str, Any]]) -> Said:
        names = {name.lower() for name in call.parts["names"].split("+")}
        if names & self.closed:
            return Said({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        return self._listing(call, [thing for thing in things if thing["data"]["subreddit"].lower() in names])

    def _about(self, call: Call) -> Said:
        name = call.parts["names"]
        if name.lower() in self.closed:
            return Said({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        if name == "nowhere_at_all":
            return Said(b"", 302, {"location": f"{self.url}/subreddits/search?q={name}"})
        return Said({"kind": "t5", "data": {"display_name": name}})

    def _info(self, call: Call) -> Said:
        wanted = call.query["id"].split(",")
        if len(wanted) > 100:
            return Said({"message": "Bad Request", "error": 400}, 400)
        things = [thing for thing in [*self.posts, *self.comments] if thing["data"]["name"] in wanted]
        return Said({"kind": "Listing", "data": {"after": None, "children": things}})

    # ------------------------------------------------------------ writing

    def _comment(self, call: Call) -> Said:
        form = call.form
        if problem := self._problem(form):
            return problem
        known = {thing["data"]["name"] for thing in [*self.posts, *self.comments, *self.inbox]}
        if form["thing_id"] not in known:
            return refused("DELETED_COMMENT", "that comment has been deleted", "parent")
        self.made.append(form)
        kind = "t4" if form["thing_id"].startswith("t4_") else "t1"
        name = f"{kind}_made{len(self.made)}"
        thing = {
            "kind": kind,
            "data": {"name": name, "id": name[3:], "body": form["text"], "parent_id": form["thing_id"]},
        }
        return Said({"json": {"errors": [], "data": {"things": [thing]}}})

    def _compose(self, call: Call) -> Said:
        form = call.form
        if problem := self._problem(form):
            return problem
        if form["to"] != CUSTOMER:
            return refused("USER_DOESNT_EXIST", "that user doesn't exist", "to")
        if len(form["subject"]) > 100:
            return refused("TOO_LONG", "this is too long (max: 100)", "subject")
        self.sent.append(message(f"sent{len(self.sent) + 1}", int(time.time()), form["text"], OWN, dest=form["to"]))
        return Said({"json": {"errors": []}})

    def _problem(self, form: dict[str, str]) -> Said | None:
        if form.get("api_type") != "json":
            return Said({"success": False})
        if len(form.get("text", "")) > 10_000:
            return refused("TOO_LONG", "this is too long (max: 10000)", "text")
        wrong = self.errors.get(form.get("text", ""))
        return refused(*wrong) if wrong else None

    def _vote(self, call: Call) -> Said:
        self.votes[call.form["id"]] = call.form["dir"]
        return Said({})

    def _moderate(self, call: Call) -> Said:
        name = call.form["id"]
        if name == "t1_elsewhere":
            return Said({"message": "Forbidden", "error": 403}, 403)
        (self.removed.add if "remove" in call.path else self.removed.discard)(name)
        return Said({})


def refused(name: str, words: str, field: str) -> Said:
    return Said({"json": {"errors": [[name, words, field]]}})


def comment(
    name: str, made_at: float, body: str = "my acme order is late", author: str = CUSTOMER, **more: Any
) -> dict[str, Any]:
    """A comment (t1) of a community."""
    data = {
        "name": f"t1_{name}",
        "id": name,
        "author": author,
        "author_fullname": "t2_4bcd",
        "body": body,
        "link_id": "t3_post1",
        "parent_id": "t3_post1",
        "subreddit": "gadgets",
        "permalink": f"/r/gadgets/comments/post1/slow_parcels/{name}/",
        "link_title": "Slow parcels",
        "created_utc": float(made_at),
        "edited": False,
        "replies": "",
    }
    return {"kind": "t1", "data": {**data, **more}}


def post(
    name: str, made_at: float, title: str = "Acme parcels", body: str = "anyone else?", **more: Any
) -> dict[str, Any]:
    """A post (t3)."""
    data = {
        "name": f"t3_{name}",
        "id": name,
        "author": CUSTOMER,
        "title": title,
        "selftext": body,
        "is_self": True,
        "subreddit": "gadgets",
        "permalink": f"/r/gadgets/comments/{name}/acme_parcels/",
        "url": f"https://www.reddit.com/r/gadgets/comments/{name}/acme_parcels/",
        "created_utc": float(made_at),
        "edited": False,
    }
    return {"kind": "t3", "data": {**data, **more}}


def message(name: str, made_at: float, body: str = "hello", author: str = CUSTOMER, **more: Any) -> dict[str, Any]:
    """A private message (t4)."""
    data = {
        "name": f"t4_{name}",
        "id": name,
        "author": author,
        "dest": OWN,
        "subject": "My order",
        "body": body,
        "first_message_name": None,
        "parent_id": None,
        "was_comment": False,
        "context": "",
        "created_utc": float(made_at),
        "replies": "",
    }
    return {"kind": "t4", "data": {**data, **more}}


@contextmanager
def reddit_service() -> Iterator[Reddit]:
    with serving(Reddit()) as service:
        assert isinstance(service, Reddit)
        yield service


@contextmanager
def running() -> Iterator[Credentials]:
    with reddit_service() as service:
        yield service.credentials
