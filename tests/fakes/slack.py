"""Slack's Web API as far as we use it, with its rules.

docs.slack.dev/reference/methods (chat.postMessage, conversations.history, conversations.replies, users.info, files.*,
reactions.add, auth.test), docs.slack.dev/apis/web-api/rate-limits, docs.slack.dev/apis/web-api/pagination.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

TOKEN, SIGNING_SECRET = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy", "8f742231b10e8888abcd99yyyzzz85a5"
CHANNEL, DIRECT = "C024BE91L", "D024BE91L"
SHARED_TS = "1355517560.000012"  # of messages that show files
REPLY = OutboundMessage(
    "reply-77", (), "Good <news> & more", recipient="U061F7AUR", thread_key=f"{CHANNEL}:1355517523.000005"
)
PEOPLE = {
    "U061F7AUR": {
        "id": "U061F7AUR",
        "name": "kim",
        "profile": {
            "real_name": "Kim Lindqvist",
            "display_name": "Kim",
            "image_72": "https://avatars.slack-edge.com/kim_72.png",
        },
    }
}
METHODS = (
    "auth.test", "chat.postMessage", "conversations.open", "conversations.history", "conversations.replies",
    "users.conversations", "users.info", "files.info", "files.getUploadURLExternal", "files.completeUploadExternal",
    "reactions.add", "reactions.remove",
)  # fmt: skip


class Slack(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, list[dict[str, Any]]] = {CHANNEL: [], DIRECT: []}
        self.files: dict[str, dict[str, Any]] = {}
        self.reactions: set[tuple[str, str, str]] = set()
        self.page_size = 2
        self._clock = 1_795_000_000
        self.closed: set[str] = set()  # channels that the app may not see any more
        self.takes_uploads = True
        self.shares_at_once = True
        for method in METHODS:
            self.on("POST", f"/api/{method}", partial(self._signed_in, getattr(self, method.replace(".", "_"))))
        self.on("POST", r"/upload/(?P<id>\w+)", self.take_upload)
        self.on("GET", r"/files-pri/(?P<id>\w+)/.*", self.hand_out)

    def _signed_in(self, handler: Any, call: Call) -> Said:
        if call.bearer != TOKEN:
            return Said({"ok": False, "error": "invalid_auth" if call.bearer else "not_authed"})
        given = {
            **call.query,
            **((call.json or {}) if call.headers.get("content-type", "").startswith("application/json") else call.form),
        }
        return Said(handler(given))

    def auth_test(self, _: Any) -> Any:
        return {
            "ok": True,
            "team": "Acme",
            "user": "tributary",
            "team_id": "T061EG9R6",
            "user_id": "U0LAN0Z89",
            "bot_id": "B1",
        }

    def chat_postMessage(self, given: Any) -> Any:  # noqa: N802 - Slack's name
        if given["channel"] not in self.messages:
            return {"ok": False, "error": "channel_not_found"}
        if not given.get("text"):
            return {"ok": False, "error": "no_text"}
        self._clock += 1
        ts = f"{self._clock}.000100"
        self.messages[given["channel"]].append(
            {
                "type": "message",
                "ts": ts,
                "text": given["text"],
                "thread_ts": given.get("thread_ts"),
                "bot_id": "B1",
                "user": "U0LAN0Z89",
            }
        )
        return {"ok": True, "channel": given["channel"], "ts": ts}

    def conversations_open(self, given: Any) -> Any:
        return (
            {"ok": True, "channel": {"id": DIRECT}}
            if given["users"] in PEOPLE
            else {"ok": False, "error": "user_not_found"}
        )

    def users_conversations(self, given: Any) -> Any:
        channels = [{"id": CHANNEL, "is_channel": True}, {"id": DIRECT, "is_im": True}]
        return self._page(channels, "channels", given)

    def conversations_history(self, given: Any) -> Any:
        if given["channel"] in self.closed:
            return {"ok": False, "error": "channel_not_found"}
        said = self.messages[given["channel"]]
        roots = [one for one in said if not one.get("thread_ts") or one["thread_ts"] == one["ts"]]
        return self._page(
            [one for one in reversed(roots) if float(one["ts"]) > float(given["oldest"])], "messages", given
        )

    def conversations_replies(self, given: Any) -> Any:
        thread = [one for one in self.messages[given["channel"]] if given["ts"] in {one.get("thread_ts"), one["ts"]}]
        parent = [one for one in thread if one["ts"] == given["ts"]]
        later = [one for one in thread if one["ts"] != given["ts"] and float(one["ts"]) > float(given["oldest"])]
        return self._page([*parent, *later], "messages", given)  # the first message of the thread always comes too

    def _page(self, found: list[Any], key: str, given: Any) -> Any:
        start = int(given.get("cursor") or 0)
        onward = start + self.page_size
        cursor = str(onward) if onward < len(found) else ""
        return {"ok": True, key: found[start:onward], "response_metadata": {"next_cursor": cursor}}

    def users_info(self, given: Any) -> Any:
        user = PEOPLE.get(given["user"])
        return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}

    def files_info(self, given: Any) -> Any:
        file = self.files.get(given["file"])
        return (
            {"ok": True, "file": {key: value for key, value in file.items() if key != "data"}}
            if file
            else {"ok": False, "error": "file_not_found"}
        )

    def files_getUploadURLExternal(self, given: Any) -> Any:  # noqa: N802
        id_ = f"F{len(self.files) + 1:03}"
        self.files[id_] = {"id": id_, "name": given["filename"], "length": int(given["length"])}
        return {"ok": True, "upload_url": f"{self.url}/upload/{id_}", "file_id": id_}

    def take_upload(self, call: Call) -> Said:
        file = self.files[call.parts["id"]]
        if not self.takes_uploads:
            return Said(b"no", 500)
        if len(call.body) != file["length"]:
            return Said(b"wrong length", 400)
        file["data"] = call.body
        return Said(b"OK - 1", 200, {"content-type": "text/plain"})

    def files_completeUploadExternal(self, given: Any) -> Any:  # noqa: N802
        listed = json.loads(given["files"]) if isinstance(given["files"], str) else given["files"]
        if any("data" not in self.files[one["id"]] for one in listed):
            return {"ok": False, "error": "file_not_found"}
        for one in listed:
            self.files[one["id"]] |= {
                "channel": given["channel_id"],
                "comment": given.get("initial_comment"),
                "thread_ts": given.get("thread_ts"),
                "shares": {"private": {given["channel_id"]: [{"ts": SHARED_TS}]}} if self.shares_at_once else {},
            }
        return {"ok": True, "files": [{"id": one["id"], "title": one.get("title")} for one in listed]}

    def hand_out(self, call: Call) -> Said:
        if call.bearer != TOKEN:  # Slack shows its sign-in page
            return Said(b"<html>Sign in</html>", 200, {"content-type": "text/html; charset=utf-8"})
        return Said(self.files[call.parts["id"]]["data"], 200, {"content-type": "image/png"})

    def reactions_add(self, given: Any) -> Any:
        mark = (given["channel"], given["timestamp"], given["name"])
        if mark in self.reactions:
            return {"ok": False, "error": "already_reacted"}
        self.reactions.add(mark)
        return {"ok": True}

    def reactions_remove(self, given: Any) -> Any:
        mark = (given["channel"], given["timestamp"], given["name"])
        if mark not in self.reactions:
            return {"ok": False, "error": "no_reaction"}
        self.reactions.remove(mark)
        return {"ok": True}


@contextmanager
def slack() -> Iterator[Slack]:
    with serving(Slack()) as provider:
        assert isinstance(provider, Slack)
        yield provider


def credentials_for(provider: Provider, **more: object) -> Credentials:
    return {"bot_token": TOKEN, "signing_secret": SIGNING_SECRET, "api_url": f"{provider.url}/api/", **more}


@contextmanager
def running() -> Iterator[Credentials]:
    with slack() as provider:
        yield credentials_for(provider)


def signed(credentials: Credentials, body: bytes, *, at: float | None = None, **headers: str) -> WebRequest:
    stamp = str(int(time.time() if at is None else at))
    made = hmac.new(
        credentials["signing_secret"].encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256
    ).hexdigest()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebRequest(
        "POST",
        "/webhooks/slack/token",
        {},
        {
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": f"v0={made}",
            "content-type": "application/json",
            **named,
        },
        body,
    )
