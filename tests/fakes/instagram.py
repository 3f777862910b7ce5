"""An Instagram account on the Graph API, linked to a page: direct messages, comments, mentions.

Rules, by page of developers.facebook.com/documentation: business-messaging/instagram-messaging/features/send-message
(1,000 bytes), .../attachment-upload (platform, types); instagram-platform/instagram-graph-api/reference/ig-comment/replies
(not for live video), .../ig-comment (hide, delete), .../ig-user/mentions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base import Credentials, OutboundMessage
from tests.fakes.facebook import MessagingApi, unknown
from tests.fakes.graph import counter, credentials_of, parts_of, refusal, signed
from tests.fakes.provider import Call, Said, serving

__all__ = ["REPLY", "running", "signed"]

ACCOUNT, PAGE = "17841405309211844", "1067280970047460"
KIM = "5489021377824031"
COMMENT, LIVE_COMMENT, MEDIA = "17873440459141021", "17873440459141099", "17895695668004550"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=KIM, thread_key=KIM)


class InstagramApi(MessagingApi):
    def __init__(self, home: str = PAGE) -> None:
        super().__init__(home)
        self.comments: list[dict[str, str]] = []
        self.states: dict[str, object] = {"hidden": False, "deleted": False}
        self._comment_id = counter("1787344045914200")
        self.node("GET", ACCOUNT, lambda _: Said({"username": "luckyshrub", "followers_count": 1204, "id": ACCOUNT}))
        self.node("POST", rf"(?P<target>{COMMENT}|{LIVE_COMMENT})/replies", self._reply)
        self.node("POST", f"{ACCOUNT}/mentions", self._mention)
        self.node("POST", COMMENT, lambda call: self._set("hidden", value=call.json["hide"]))
        self.node("DELETE", COMMENT, lambda _: self._set("deleted", value=True))
        for method in ("GET", "POST", "DELETE"):
            self.node(method, r"(?P<id>[\w/]+)", unknown)

    def fits(self, text: str) -> bool:
        return 0 < len(text.encode()) <= 1000

    def _upload(self, call: Call) -> Said:
        if parts_of(call).get("platform", ("", "", b""))[2] != b"instagram":
            return refusal(100, "(#100) Upload attachment failure.", subcode=2018047)
        return super()._upload(call)

    def _reply(self, call: Call) -> Said:
        if call.parts["target"] == LIVE_COMMENT:
            return refusal(100, "(#100) You cannot reply to comments on a live video.")
        self.comments.append({"target": call.parts["target"], **call.json})
        return Said({"id": self._comment_id()})

    def _mention(self, call: Call) -> Said:
        if not call.json.get("media_id") or not call.json.get("message"):
            return refusal(100, "(#100) The parameter media_id is required.")
        self.comments.append(call.json)
        return Said({"id": self._comment_id()})

    def _set(self, name: str, *, value: object) -> Said:
        self.states[name] = value
        return Said({"success": True})


@contextmanager
def serving_instagram(home: str = PAGE) -> Iterator[tuple[InstagramApi, Credentials]]:
    api = InstagramApi(home)
    with serving(api):
        page = {"page_id": PAGE} if home == PAGE else {}
        yield api, credentials_of(api, account_id=ACCOUNT, handle="@luckyshrub", **page)


@contextmanager
def running() -> Iterator[Credentials]:
    with serving_instagram() as (_, credentials):
        yield credentials
