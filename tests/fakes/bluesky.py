"""A Bluesky server: docs.bsky.app/docs/api (com.atproto.server, com.atproto.repo, app.bsky, chat.bsky) and a DID directory.

It keeps their rules: access tokens that end (400 ExpiredToken) and are renewed by the refresh token only, pages of
notifications downwards with a cursor, a log of conversations upwards behind the chat proxy header, posts of at most 300
graphemes, reply references that must exist, at most 2,000,000 bytes an image, 429 with ratelimit-reset.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.base import Credentials, OutboundMessage
from tests.fakes.provider import Call, Provider, Route, Said, serving

FIXTURES = Path(__file__).parent.parent / "fixtures" / "bluesky"
ME, ANA = "did:plc:acme2x5yzsupport77aaaaaa", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
HANDLE, PASSWORD = "acme.example", "abcd-efgh-ijkl-mnop"
ASKED = f"at://{ANA}/app.bsky.feed.post/3kqx2m4l7tc2y"
ANSWER = f"at://{ANA}/app.bsky.feed.post/3kr1"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=ANA, answers=ASKED, thread_key=ASKED, is_public=True)


def example(name: str) -> Any:
    """Return the payload of a fixture."""
    return json.loads((FIXTURES / f"{name}.body").read_text("utf-8"))


def token(scope: str, seconds: float, number: int) -> str:
    """Return a JWT as servers make them: nobody but the server checks its signature."""
    payload = {
        "scope": scope,
        "sub": ME,
        "iat": int(time.time()),
        "exp": int(time.time() + seconds),
        "jti": str(number),
    }
    parts = [json.dumps(part).encode() for part in ({"typ": "at+jwt", "alg": "ES256K"}, payload)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"signature"))


def refused(error: str, message: str, status: int = 400) -> Said:
    return Said({"error": error, "message": message}, status)


class Bluesky(Provider):
    """Holds what one account sees; tests put things in and look at what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.notifications: list[dict[str, Any]] = []
        self.posts: dict[str, dict[str, Any]] = {}
        for name in ("mention", "reply"):
            entry = example(name)["notification"]
            self.posts[entry["uri"]] = {**entry, "viewer": {}}
        self.records: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.blobs: dict[str, bytes] = {}
        self.page_size, self.has_chat, self.seconds_valid = 100, True, 7200.0
        self.access, self.refresh = "", ""
        self._made = 0
        self._open()

    def _open(self) -> None:
        self.on("POST", "/xrpc/com.atproto.server.createSession", self._sign_in)
        self.on("POST", "/xrpc/com.atproto.server.refreshSession", self._renew)
        self.on("GET", "/xrpc/com.atproto.sync.getBlob", self._blob)
        self.on("GET", r"/directory/(?P<did>did:plc:\w+)", self._document)
        for method, name, route in (
            ("GET", "com.atproto.identity.resolveHandle", self._resolve),
            (
                "GET",
                "app.bsky.actor.getProfile",
                lambda _: Said({**example("mention")["profile"], "did": ME, "handle": HANDLE}),
            ),
            ("GET", "app.bsky.actor.getProfiles", lambda _: Said({"profiles": [example("mention")["profile"]]})),
            ("GET", "app.bsky.notification.listNotifications", self._page),
            ("GET", "app.bsky.feed.getPosts", lambda _: Said({"posts": list(self.posts.values())})),
            ("POST", "com.atproto.repo.uploadBlob", self._upload),
            ("POST", "com.atproto.repo.createRecord", self._create),
            ("POST", "com.atproto.repo.deleteRecord", self._delete),
            ("GET", "chat.bsky.convo.getLog", self._chat(self._log)),
            (
                "GET",
                "chat.bsky.convo.getConvo",
                self._chat(
                    lambda call: Said({"convo": {"id": call.query["convoId"], **example("direct_message")["convo"]}})
                ),
            ),
            ("GET", "chat.bsky.convo.getConvoForMembers", self._chat(lambda _: Said({"convo": {"id": "3l7xconvo"}}))),
            ("POST", "chat.bsky.convo.sendMessage", self._chat(self._send)),
        ):
            self.on(method, f"/xrpc/{name}", self._signed(route))

    def _session(self) -> Said:
        self._made += 1
        self.access, self.refresh = (
            token("com.atproto.appPass", self.seconds_valid, self._made),
            token("com.atproto.refresh", 1e6, self._made),
        )
        return Said({"accessJwt": self.access, "refreshJwt": self.refresh, "handle": HANDLE, "did": ME, "active": True})

    def _sign_in(self, call: Call) -> Said:
        if call.json != {"identifier": HANDLE, "password": PASSWORD}:
            return refused("AuthenticationRequired", "Invalid identifier or password", 401)
        return self._session()

    def _renew(self, call: Call) -> Said:
        return self._session() if call.bearer == self.refresh else refused("ExpiredToken", "Token has been revoked")

    def _signed(self, route: Route) -> Route:
        def answer(call: Call) -> Said:
            if not call.bearer:
                return refused("AuthMissing", "Authentication Required", 401)
            return route(call) if call.bearer == self.access else refused("ExpiredToken", "Token has expired")

        return answer

    def _chat(self, route: Route) -> Route:
        def answer(call: Call) -> Said:
            if call.headers.get("atproto-proxy") != "did:web:api.bsky.chat#bsky_chat":
                return refused("MethodNotImplemented", "Method Not Implemented", 501)
            return route(call) if self.has_chat else refused("InvalidToken", "Bad token method")

        return answer

    def _page(self, call: Call) -> Said:
        newest_first = sorted(self.notifications, key=lambda entry: str(entry["indexedAt"]), reverse=True)
        start, size = int(call.query.get("cursor", 0)), min(int(call.query.get("limit", 50)), self.page_size)
        page = newest_first[start : start + size]
        more = {"cursor": str(start + size)} if start + size < len(newest_first) else {}
        return Said({"notifications": page, **more})

    def _resolve(self, call: Call) -> Said:
        return (
            Said({"did": ANA})
            if call.query["handle"] == "ana.bsky.social"
            else refused("InvalidRequest", "Unable to resolve handle")
        )

    def _upload(self, call: Call) -> Said:
        if len(call.body) > 2_000_000:
            return refused("BlobTooLarge", "This file is too large", 413)
        cid = f"bafkrei{len(self.blobs)}"
        self.blobs[cid] = call.body
        return Said(
            {
                "blob": {
                    "$type": "blob",
                    "ref": {"$link": cid},
                    "mimeType": call.headers["content-type"],
                    "size": len(call.body),
                }
            }
        )

    def _create(self, call: Call) -> Said:
        record, collection = call.json["record"], call.json["collection"]
        if record["$type"] != collection or call.json["repo"] != ME or not record["createdAt"].endswith("Z"):
            return refused("InvalidRequest", f"Invalid {collection} record")
        if len(record.get("text", "")) > 300:
            return refused(
                "InvalidRequest", "Invalid app.bsky.feed.post record: Record/text must not be longer than 300 graphemes"
            )
        uri = f"at://{ME}/{collection}/3k{len(self.records)}"
        self.records.append({"uri": uri, "collection": collection, **record})
        if collection == "app.bsky.feed.like":
            self.posts[record["subject"]["uri"]]["viewer"] = {"like": uri}
        return Said({"uri": uri, "cid": "bafyreimade", "validationStatus": "valid"})

    def _delete(self, call: Call) -> Said:
        uri = f"at://{call.json['repo']}/{call.json['collection']}/{call.json['rkey']}"
        self.records = [record for record in self.records if record["uri"] != uri]
        for post in self.posts.values():
            if post["viewer"].get("like") == uri:
                post["viewer"] = {}
        return Said({"commit": {"cid": "bafyreicommit", "rev": "3k"}})

    def _log(self, call: Call) -> Said:
        since = call.query.get("cursor")
        last = max((log["rev"] for log in self.logs), default="2222222aaaaaa")
        return Said(
            {"cursor": last, "logs": [log for log in self.logs if since is not None and log["rev"] > since][:100]}
        )

    def _send(self, call: Call) -> Said:
        self.sent.append(call.json)
        return Said(
            {
                "id": f"3l7xours{len(self.sent)}",
                "rev": "2222222qtk30k",
                "text": call.json["message"]["text"],
                "sender": {"did": ME},
                "sentAt": "2026-11-20T10:09:00Z",
            }
        )

    def _document(self, call: Call) -> Said:
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.url}
        return (
            Said({"id": call.parts["did"], "service": [service]})
            if call.parts["did"] == ANA
            else Said({"message": "DID not registered"}, 404)
        )

    def _blob(self, call: Call) -> Said:
        data = self.blobs.get(call.query["cid"])
        return (
            refused("InvalidRequest", "Blob not found")
            if data is None
            else Said(data, headers={"content-type": "image/jpeg"})
        )


@contextmanager
def open_server() -> Iterator[tuple[Bluesky, Credentials]]:
    """Run a server with an account on it; yields both it and the account's credentials."""
    server = Bluesky()
    with serving(server):
        yield (
            server,
            {
                "api_url": server.url,
                "directory_url": f"{server.url}/directory",
                "handle": HANDLE,
                "app_password": PASSWORD,
            },
        )


@contextmanager
def running() -> Iterator[Credentials]:
    with open_server() as (_, credentials):
        yield credentials
