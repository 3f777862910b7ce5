"""A page on the Graph API: Messenger, comments, files.

Rules, by page of developers.facebook.com: documentation/business-messaging/messenger-platform/send-messages (2,000
characters, error 100; the 24-hour window, error 10 with subcode 2018278, and HUMAN_AGENT), .../discovery/private-replies
(one for a comment, error 10900), .../reference/attachment-upload-api (message and filedata as multipart),
.../conversations (pages, newest first);
docs/graph-api/reference/object/comments; docs/messenger-platform/error-codes (551: this person is not available);
documentation/business-messaging/messenger-platform/identity/user-profile (fields that are asked for, as far as they are known).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.base import Credentials, OutboundMessage
from tests.fakes.graph import GraphApi, counter, credentials_of, page, parts_of, refusal, signed
from tests.fakes.provider import Call, Said, serving

__all__ = ["REPLY", "running", "signed"]

PAGE = "1067280970047460"
ANA, LATE, GONE, LONG_AGO = "5489021377824031", "5489021377824032", "5489021377824033", "5489021377824034"
COMMENT, POST = "900_901", f"{PAGE}_900"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=ANA, thread_key=ANA)


class MessagingApi(GraphApi):
    """What pages and Instagram accounts have in common: /messages and /message_attachments of their home."""

    most_characters = 2000

    def __init__(self, home: str) -> None:
        super().__init__()
        self.files: dict[str, tuple[str, str, bytes]] = {}
        self.answered: set[str] = set()
        self._mid, self._file_id = counter("m_AG5Hz2Uq7tuwNEhXfYYKj8mJEM_"), counter("6870030")
        self.people: dict[str, dict[str, Any]] = {}  # whose profile may be seen, by id
        self.conversations: list[dict[str, Any]] = []  # the newest first, as the API gives them
        self.refused: Said | None = None  # what looking into conversations is answered with instead
        self.node("GET", f"{home}/conversations", self._conversations)
        self.node("GET", r"(?P<person>54\d+)", self._profile)
        self.read: list[str] = []  # those whose messages were marked as seen
        self.typing: list[str] = []  # those who were shown that somebody types
        self.node("POST", f"{home}/messages", self._message)
        self.node("POST", f"{home}/message_attachments", self._upload)

    def _message(self, call: Call) -> Said:
        body = call.json
        if "sender_action" in body:
            return self._sender_action(body)
        recipient, message = body["recipient"], body["message"]
        if not self.fits(message.get("text", "x")) or ("text" in message) == ("attachment" in message):
            return refusal(100, "(#100) Length of param message[text] must be less than or equal to the limit")
        if "attachment" in message and message["attachment"]["payload"]["attachment_id"] not in self.files:
            return refusal(100, "(#100) Invalid attachment_id", subcode=2018074)
        if "id" not in recipient:
            return self._private_reply(recipient)
        wrong = self._window(recipient["id"], body)
        return wrong or Said({"recipient_id": recipient["id"], "message_id": self._mid()})

    def _sender_action(self, body: dict[str, Any]) -> Said:
        """send-messages/sender-actions: nothing else may stand beside one."""
        seen = {"mark_seen": self.read, "typing_on": self.typing}.get(body["sender_action"])
        if seen is None or set(body) != {"recipient", "sender_action"}:
            return refusal(100, "(#100) Sender actions are sent in a separate request")
        seen.append(body["recipient"]["id"])
        return Said({"recipient_id": body["recipient"]["id"]})

    def _conversations(self, call: Call) -> Said:
        if call.query.get("platform") not in {"messenger", "instagram"} or "messages" not in call.query["fields"]:
            return refusal(100, "(#100) Param platform must be one of {messenger, instagram}")
        return self.refused or page(call, self.conversations, most=3)

    def _profile(self, call: Call) -> Said:
        known = self.people.get(call.parts["person"])
        if known is None:
            return refusal(100, "(#100) No profile available for this user.", subcode=2018218)
        fields = call.query.get("fields", "").split(",")
        return Said({"id": call.parts["person"]} | {name: value for name, value in known.items() if name in fields})

    def fits(self, text: str) -> bool:
        return 0 < len(text) <= self.most_characters

    def _window(self, to: str, body: dict[str, str]) -> Said | None:
        if body.get("messaging_type") not in {"RESPONSE", "MESSAGE_TAG"}:
            return refusal(100, "(#100) Param messaging_type is required")
        if to == GONE:
            return refusal(551, "(#551) This person isn't available right now.", subcode=1545041)
        is_human = body.get("tag") == "HUMAN_AGENT"
        if (to == LATE and not is_human) or to == LONG_AGO:
            return refusal(10, "(#10) This message is sent outside of allowed window.", status=403, subcode=2018278)
        return None

    def _private_reply(self, recipient: dict[str, str]) -> Said:
        ((_, target),) = recipient.items()
        if target in self.answered:
            return refusal(10900, "(#10900) Activity already replied to")
        self.answered.add(target)
        return Said({"recipient_id": ANA, "message_id": self._mid()})

    def _upload(self, call: Call) -> Said:
        parts = parts_of(call)
        wanted = json.loads(parts["message"][2])["attachment"]
        if "filedata" not in parts or wanted["type"] not in {"image", "video", "audio", "file"}:
            return refusal(100, "(#100) Upload attachment failure.", subcode=2018047)
        file_id = self._file_id()
        self.files[file_id] = (wanted["type"], parts["filedata"][0], parts["filedata"][2])
        return Said({"attachment_id": file_id})


class FacebookApi(MessagingApi):
    def __init__(self) -> None:
        super().__init__(PAGE)
        self.comments: list[tuple[str, str, bytes]] = []
        self.states: dict[str, object] = {"liked": False, "hidden": False, "deleted": False}
        self._comment_id = counter("900_95")
        self.node("GET", PAGE, lambda _: Said({"name": "Lucky Shrub", "followers_count": 1204, "id": PAGE}))
        self.node("POST", rf"(?P<target>{COMMENT}|{POST})/comments", self._comment)
        self.node("POST", f"{COMMENT}/likes", lambda _: self._set("liked", value=True))
        self.node("DELETE", f"{COMMENT}/likes", lambda _: self._set("liked", value=False))
        self.node("POST", COMMENT, lambda call: self._set("hidden", value=call.json["is_hidden"]))
        self.node("DELETE", COMMENT, lambda _: self._set("deleted", value=True))
        for method in ("GET", "POST", "DELETE"):
            self.node(method, r"(?P<id>[\w/]+)", unknown)

    def _comment(self, call: Call) -> Said:
        if call.headers["content-type"].startswith("multipart/"):
            parts = parts_of(call)
            text, picture = parts.get("message", ("", "", b""))[2].decode(), parts["source"][2]
        else:
            text, picture = call.json["message"], b""
        if not text and not picture:
            return refusal(100, "(#100) Invalid parameter")
        self.comments.append((call.parts["target"], text, picture))
        return Said({"id": self._comment_id()})

    def _set(self, name: str, *, value: object) -> Said:
        self.states[name] = value
        return Said({"success": True})


def unknown(call: Call) -> Said:
    words = f"Unsupported {call.method.lower()} request. Object with ID '{call.parts.get('id', '')}' does not exist, cannot be loaded due to missing permissions"
    return refusal(100, words, subcode=33)


@contextmanager
def serving_facebook() -> Iterator[tuple[FacebookApi, Credentials]]:
    api = FacebookApi()
    with serving(api):
        yield api, credentials_of(api, page_id=PAGE, handle="facebook.com/luckyshrub")


@contextmanager
def running() -> Iterator[Credentials]:
    with serving_facebook() as (_, credentials):
        yield credentials
