"""X as its documentation describes it: every call signed by OAuth 1.0a, pages, limits, refusals.

Signature: docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature; pages, errors and limits:
docs.x.com/x-api/fundamentals/{pagination,response-codes-and-errors,rate-limits}; each route names its own page.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors._signing import hmac_base64
from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving
from tests.fakes.x_posts import CUSTOMER, line, message, post
from tests.fakes.x_signature import ACCOUNT, KEYS, SIGNED_HOST, is_signed, problem

__all__ = ["ACCOUNT", "CUSTOMER", "KEYS", "line", "message", "post", "problem"]

HANDLE = "AcmeSupport"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER, thread_key=f"dm:{ACCOUNT}-{CUSTOMER}")
WEEK_SECONDS = 7 * 86_400


class X(Provider):
    """The service: posts and direct messages that tests put in, and what the connector did."""

    def __init__(self) -> None:
        super().__init__()
        self.mentions: list[dict[str, Any]] = []
        self.quotes: list[dict[str, Any]] = []
        self.direct: list[dict[str, Any]] = []  # each list oldest first
        self.users = [
            {"id": CUSTOMER, "name": "Ana Ruiz", "username": "anaruiz_mx", "public_metrics": {"followers_count": 97}}
        ]
        self.posted: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.liked: set[str] = set()
        self.hidden: dict[str, bool] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.left: dict[str, int] = {}  # calls left by path; what is not named has plenty
        self.resets_at = int(time.time()) + 600
        self.page_size = 100
        self.closed_to_strangers = False
        self.processing = 0  # how often the status of a video is "in_progress"
        self.rules: list[dict[str, Any]] = []
        self.stream: list[list[bytes]] = []  # one list of lines for every connection
        self._routes_of_x()

    @property
    def credentials(self) -> dict[str, Any]:
        return {**KEYS, "api_url": self.url, "handle": f"@{HANDLE}"}

    def _routes_of_x(self) -> None:
        def user(method: str, path: str, route: Any) -> None:
            self.on(method, path, lambda call: self._as_user(call, route))

        user("GET", "/2/users/me", self._me)
        user("GET", f"/2/users/{ACCOUNT}/mentions", lambda call: self._page(call, self.mentions))
        user("GET", "/2/tweets/search/recent", self._search)
        user("GET", "/2/dm_events", lambda call: self._page(call, self.direct))
        user("POST", "/2/tweets", self._post)
        user("PUT", r"/2/tweets/(?P<post>\d+)/hidden", self._hide)
        user("POST", f"/2/users/{ACCOUNT}/likes", self._like)
        user("DELETE", rf"/2/users/{ACCOUNT}/likes/(?P<post>\d+)", self._unlike)
        user("POST", r"/2/dm_conversations/with/(?P<person>\d+)/messages", self._message)
        user("POST", r"/2/dm_conversations/(?P<conversation>[\d-]+)/messages", self._message)
        user("POST", "/2/media/upload", self._upload)
        user("POST", "/2/media/upload/initialize", self._initialize)
        user("POST", r"/2/media/upload/(?P<media>\d+)/append", self._append)
        user("POST", r"/2/media/upload/(?P<media>\d+)/finalize", self._finalize)
        user("GET", "/2/media/upload", self._status)
        user("GET", "/1.1/ton/data/dm/.+", self._file)
        self.on("GET", "/2/tweets/search/stream/rules", self._as_app(lambda _: Said({"data": self.rules})))
        self.on("POST", "/2/tweets/search/stream/rules", self._as_app(self._change_rules))
        self.on("GET", "/2/tweets/search/stream", self._as_app(self._open_stream))

    # ------------------------------------------------------------ who calls, and how often

    def _as_user(self, call: Call, route: Any) -> Said:
        host = "https://ton.twitter.com" if call.path.startswith("/1.1/ton") else SIGNED_HOST
        if not is_signed(call, host):
            return problem(401, "Unauthorized", "Unauthorized", "about:blank")
        return self._limited(call, route)

    def _as_app(self, route: Any) -> Any:
        def answer(call: Call) -> Said:
            if call.bearer != KEYS["bearer_token"]:
                return problem(401, "Unauthorized", "Unauthorized", "about:blank")
            return self._limited(call, route)

        return answer

    def _limited(self, call: Call, route: Any) -> Said:
        left = self.left.get(call.path)
        told = {"x-rate-limit-limit": "15", "x-rate-limit-reset": str(self.resets_at)}
        if left is None:
            said: Said = route(call)
            return Said(said.body, said.status, {"x-rate-limit-remaining": "14", **told, **said.headers})
        if left <= 0:
            return Said(
                {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
                429,
                {"x-rate-limit-remaining": "0", **told},
            )
        self.left[call.path] = left - 1
        said = route(call)
        return Said(said.body, said.status, {"x-rate-limit-remaining": str(left - 1), **told, **said.headers})

    # ------------------------------------------------------------ reading

    def _me(self, _: Call) -> Said:
        data = {"id": ACCOUNT, "name": "Acme Support", "username": HANDLE, "public_metrics": {"followers_count": 1204}}
        return Said({"data": data})

    def _page(self, call: Call, held: list[dict[str, Any]]) -> Said:
        """Newest first, from one id on where the endpoint knows since_id; docs.x.com/x-api/fundamentals/pagination."""
        is_direct = held is self.direct
        if is_direct and "since_id" in call.query:
            return problem(400, "Invalid Request", "The query parameter [since_id] is not one of the known ones.")
        since = int(call.query.get("since_id", "0"))
        found = [one for one in reversed(held) if int(one["id"]) > since]
        start = int((call.query.get("pagination_token") or call.query.get("next_token") or "p0")[1:])
        page = found[start : start + min(self.page_size, int(call.query.get("max_results", "10")))]
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + len(page) < len(found):
            meta["next_token"] = f"p{start + len(page)}"
        if not page:
            return Said({"meta": meta})
        return Said({"data": page, "includes": {"users": self.users}, "meta": meta})

    def _search(self, call: Call) -> Said:
        """docs.x.com/x-api/posts/search-recent-posts: a query of at most 512 characters, ids of the last seven days."""
        query, since = call.query.get("query", ""), int(call.query.get("since_id", "0"))
        if not query or len(query) > 512:
            return problem(400, "Invalid Request", "The 'query' parameter is required.")
        made_at = ((since >> 22) + 1_288_834_974_657) / 1000
        if made_at < time.time() - WEEK_SECONDS:
            return problem(400, "Invalid Request", "'since_id' must be a tweet id created after the last seven days.")
        return self._page(call, self.quotes)

    def _file(self, call: Call) -> Said:
        data = self.files.get(call.path)
        return Said(data, 200, {"content-type": "image/jpeg"}) if data else Said(b"", 404)

    # ------------------------------------------------------------ writing

    def _post(self, call: Call) -> Said:
        body = call.json
        if any(one.get("text") == body.get("text") for one in self.posted):
            return problem(
                403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.", "about:blank"
            )
        if body.get("reply", {}).get("in_reply_to_tweet_id") not in {one["id"] for one in self.mentions}:
            return problem(400, "Invalid Request", "The Tweet you are replying to is deleted or not visible to you.")
        if any(name not in self.uploads for name in body.get("media", {}).get("media_ids", [])):
            return problem(400, "Invalid Request", "Your media IDs are invalid.")
        self.posted.append(body)
        return Said({"data": {"id": str(2080000000000000000 + len(self.posted)), "text": body.get("text", "")}}, 201)

    def _message(self, call: Call) -> Said:
        """docs.x.com/x-api/direct-messages/manage/integrate."""
        body = call.json
        if not body.get("text") and not body.get("attachments"):
            return problem(400, "Invalid Request", "One of text or attachments is required.")
        if len(body.get("text", "")) > 10_000 or len(body.get("attachments", [])) > 1:
            return problem(400, "Invalid Request", "$.text: the length must be at most 10000.")
        if self.closed_to_strangers and "person" in call.parts:
            detail = "You do not have permission to DM one or more participants."
            return problem(403, "Forbidden", detail, "about:blank")
        self.sent.append({**body, "to": call.parts})
        name = str(2090000000000000000 + len(self.sent))
        return Said({"data": {"dm_conversation_id": f"{ACCOUNT}-{CUSTOMER}", "dm_event_id": name}}, 201)

    def _like(self, call: Call) -> Said:
        self.liked.add(call.json["tweet_id"])
        return Said({"data": {"liked": True}})

    def _unlike(self, call: Call) -> Said:
        self.liked.discard(call.parts["post"])
        return Said({"data": {"liked": False}})

    def _hide(self, call: Call) -> Said:
        post = call.parts["post"]
        if post not in {one["id"] for one in self.mentions}:
            return problem(403, "Forbidden", "You are not allowed to hide this reply.", "about:blank")
        self.hidden[post] = call.json["hidden"]
        return Said({"data": {"hidden": call.json["hidden"]}})

    # ------------------------------------------------------------ files: docs.x.com/x-api/media

    def _new_upload(self, **about: Any) -> str:
        name = str(1880028106020515840 + len(self.uploads))
        self.uploads[name] = about
        return name

    def _upload(self, call: Call) -> Said:
        body = call.json
        if body.get("media_category") not in {"tweet_image", "dm_image"}:
            return problem(400, "Invalid Request", "$.media_category: does not have a value in the enumeration.")
        data = base64.b64decode(body["media"], validate=True)
        name = self._new_upload(category=body["media_category"], data=data, type=body.get("media_type"))
        return Said({"data": {"id": name, "media_key": f"3_{name}", "expires_after_secs": 86400, "size": len(data)}})

    def _initialize(self, call: Call) -> Said:
        body = call.json
        name = self._new_upload(
            category=body["media_category"], total=body["total_bytes"], type=body["media_type"], data=b""
        )
        return Said({"data": {"id": name, "media_key": f"13_{name}", "expires_after_secs": 86400}})

    def _append(self, call: Call) -> Said:
        held, body = self.uploads[call.parts["media"]], call.json
        if body["segment_index"] != held.get("pieces", 0):
            return problem(400, "Invalid Request", "Segments do not add up to the provided total file size.")
        held["data"] += base64.b64decode(body["media"], validate=True)
        held["pieces"] = held.get("pieces", 0) + 1
        return Said({"data": {"expires_at": self.resets_at}})

    def _finalize(self, call: Call) -> Said:
        name = call.parts["media"]
        held = self.uploads[name]
        if len(held["data"]) != held["total"]:
            return problem(400, "Invalid Request", "Segments do not add up to the provided total file size.")
        return Said({"data": {"id": name, **self._processing()}})

    def _status(self, call: Call) -> Said:
        if call.query.get("command") != "STATUS" or call.query.get("media_id") not in self.uploads:
            return problem(400, "Invalid Request", "The media id is not known.")
        return Said({"data": {"id": call.query["media_id"], **self._processing()}})

    def _processing(self) -> dict[str, Any]:
        self.processing -= 1
        if self.processing < -1:
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            return {"processing_info": {"state": "failed", "error": error}}
        state = "succeeded" if self.processing < 0 else "in_progress"
        return {"processing_info": {"state": state, "check_after_secs": 1}}

    # ------------------------------------------------------------ the stream: docs.x.com/x-api/posts/filtered-stream

    def _change_rules(self, call: Call) -> Said:
        gone = set(call.json.get("delete", {}).get("ids", []))
        self.rules = [rule for rule in self.rules if rule["id"] not in gone]
        new = [{**rule, "id": str(1166916266197536768 + len(self.rules))} for rule in call.json.get("add", [])]
        if any(len(rule["value"]) > 1024 for rule in new):
            return problem(400, "Invalid Request", "Rules must be at most 1024 characters.", "invalid-rules")
        self.rules += new
        return Said({"data": new, "meta": {"summary": {"created": len(new), "not_created": 0}}}, 201)

    def _open_stream(self, _: Call) -> Said:
        if not self.rules:
            return problem(409, "RuleConfigurationIssue", "You must define rules on your stream before connecting.")
        lines = self.stream.pop(0) if self.stream else []
        return Said(b"\r\n".join([*lines, b""]))


@contextmanager
def x_service() -> Iterator[X]:
    with serving(X()) as service:
        assert isinstance(service, X)
        yield service


@contextmanager
def running() -> Iterator[Credentials]:
    with x_service() as service:
        yield service.credentials


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    signature = f"sha256={hmac_base64(credentials['consumer_secret'], body)}"
    return WebRequest("POST", "/webhooks/x/token", {}, {"x-twitter-webhooks-signature": signature}, body)
