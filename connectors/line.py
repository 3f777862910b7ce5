"""LINE: an Official Account by the Messaging API (https://developers.line.biz/en/reference/messaging-api/).

Calls are signed with the channel secret (#signature-validation). A reply is a push message, because reply tokens live
for a minute; X-Line-Retry-Key makes it safe to send again for 24 hours: what was accepted already is answered with 409
and the same ids (https://developers.line.biz/en/docs/messaging-api/retrying-api-request/). Texts are up to 5,000 UTF-16
units (#text-message). Events name people by ids: #get-profile, #get-group-member-profile, #get-room-member-profile,
#get-group-summary. Files are fetched (#get-content); sent are pictures, which LINE fetches from us: JPEG or PNG, the
preview of at most 1 MB (#image-message). A video needs a picture of it and a sound its length, so neither is sent.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, uuid5

from connectors import _http
from connectors._fetched import fetched
from connectors._json_api import FORBIDDEN, TOO_MANY, JsonApi, Reply, segment, words_of
from connectors._line_parse import KIND, read_events
from connectors._payload import at, line, mapping, objects
from connectors._public_file import address_of
from connectors._read_marks import TELLS_READ
from connectors._signing import hmac_base64, require_same, require_secret
from connectors._typing import SHOWS_TYPING
from connectors.base import (
    Action,
    Capabilities,
    Credentials,
    Identity,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundAttachment,
    OutboundMessage,
    Profile,
    RawDelivery,
    Receipt,
    Received,
    RemoteFile,
    Setting,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json
from connectors.typing_signal import TYPING_SECONDS

API_URL, DATA_URL = "https://api.line.me", "https://api-data.line.me"
SIGNATURE = "x-line-signature"
RETRY_KEY = "X-Line-Retry-Key"
CONFLICT, BEING_PREPARED = 409, 202
LONGEST_TEXT = 5000  # UTF-16 units
LARGEST_PREVIEW = 1_000_000  # bytes
LOADING_SECONDS = 5
PERSON, GROUP, ROOM = "U", "C", "R"  # how ids begin


class LineConnector(Defaults):
    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "LINE"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("Messages to your LINE Official Account; your answers come from the account.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        send=True,
        reaches=(KIND,),
        idempotent_send=True,
        threads=True,
        max_text=LONGEST_TEXT,
        attachments=True,
        public_files=True,
        media_types=("image/jpeg", "image/png"),
        max_attachments=4,  # a push holds five messages, and the words are one (#send-push-message)
        max_attachment_bytes=4 * LARGEST_PREVIEW,
        deletes=True,
        marks_read=True,
        shows_typing=True,
        profiles=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "access_token",
            "Channel access token",
            kind="secret",
            required=True,
            help="The long-lived one, in the Messaging API tab of the LINE Developers Console.",
        ),
        Setting(
            "channel_secret",
            "Channel secret",
            kind="secret",
            required=True,
            help="In the Basic settings tab: LINE signs its calls with it.",
        ),
        Setting(
            "webhook", "Webhook address", help="Of this channel; testing the channel tells LINE. Or enter it there."
        ),
        Setting(
            "groups",
            "Messages in groups",
            kind="choice",
            default="addressed",
            choices=(("addressed", "Those that mention the account"), ("all", "All"), ("none", "None")),
            help="Which messages come in from groups that the account was added to; chats with one person always do",
        ),
        TELLS_READ,
        SHOWS_TYPING,
        Setting(
            "api_url",
            "Address of the API",
            default=API_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
        Setting(
            "data_url",
            "Address that files come from",
            default=DATA_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )

    def check(self, credentials: Credentials) -> str:
        """Sign in; tell LINE whom to call, where an address is set. Raises BadCredentials, Transient or Rejected."""
        api = _api(credentials)
        me = mapping(api.get("v2/bot/info"))
        url = str(credentials.get("webhook") or "").strip()
        if url:
            api.call("PUT", "v2/bot/channel/webhook/endpoint", body=json.dumps({"endpoint": url}).encode())
        called = " LINE calls the webhook address, if webhooks are switched on in its console." if url else ""
        return f"Signed in as {line(me.get('displayName'))} ({line(me.get('basicId'))}).{called}"

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return the address that LINE calls."""
        return (
            ("Webhook URL (Messaging API tab; switch on “Use webhook”)", f"{base_url}/webhooks/{self.kind}/{token}"),
        )

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature on the raw body. Raises BadCredentials."""
        secret = require_secret(credentials.get("channel_secret"))
        require_same(request.headers.get(SIGNATURE), hmac_base64(secret, request.body))

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take the events of a call; one without events only asks whether anybody is there. Raises Malformed."""
        if not objects(mapping(load_json(request.body)).get("events")):
            return Received()
        meta = {"content_type": "application/json", "groups": str(credentials.get("groups") or "addressed")}
        return Received((RawDelivery(request.body, received_at, meta=meta),))

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of a call. Raises Malformed."""
        return read_events(delivery.raw, delivery.meta)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Push a text, and pictures, to the person or group of the thread, once. Raises Transient, BadCredentials or
        Rejected.
        """
        to = message.thread_key or message.recipient
        if not to:
            raise Rejected("The reply does not say to whom it goes.")
        key = str(uuid5(NAMESPACE_OID, message.idempotency_key))
        body = json.dumps({"to": to, "messages": _messages(message)}).encode()
        try:
            answer = _api(credentials).call("POST", "v2/bot/message/push", body=body, headers={RETRY_KEY: key})
        except _AcceptedBefore as before:
            answer = before.answer
        sent = objects(at(answer, "sentMessages"))
        return Receipt(line(sent[0].get("id"), 100) if sent else f"push:{key}")

    def act(self, credentials: Credentials, action: Action) -> None:
        """Mark a message and all before it as read (docs/messaging-api/mark-as-read). Raises as `send`.

        In a one-on-one chat, show that somebody is typing: docs/messaging-api/use-loading-indicator, 5 to 60 seconds.
        """
        if action.kind == "typing":
            _show_typing(credentials, action)
            return
        if action.kind != "read" or not action.token:
            raise Rejected("LINE does not offer that for this message.")
        _api(credentials).post("v2/bot/chat/markAsRead", {"markAsReadToken": action.token})

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch what a customer sent, while LINE keeps it. Raises Transient, BadCredentials or Rejected."""
        api = _api(credentials)
        if file.url:  # it lies with somebody else, who is not to know our token
            answer = _http.download(file.url, headers={}, may_reach=may_reach)
        else:
            root = str(credentials.get("data_url") or DATA_URL).strip().rstrip("/")
            url = f"{root}/v2/bot/message/{segment(file.media_id)}/content"
            answer = _http.download(url, headers=api.headers, may_reach=_http.reachable)
        if answer.status == BEING_PREPARED:
            raise Transient("LINE is still preparing this file.", retry_after_seconds=10.0)
        return fetched(api, file, answer, is_own=not file.url)

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:
        """Ask who a person is, or how a group is called. Raises Transient or BadCredentials."""
        path = _profile_path(address, thread_key or "")
        if not path:
            return None
        try:
            told = mapping(_api(credentials).get(path))
        except Rejected:  # not of people who left, blocked the account or never consented
            return None
        name = line(told.get("displayName"), 200) or line(told.get("groupName"), 200)
        picture = line(told.get("pictureUrl"), 2_000)
        return Identity(KIND, address, name, verified=True, profile=Profile(avatar_url=picture)) if name else None


def _show_typing(credentials: Credentials, action: Action) -> None:
    if not action.recipient.startswith(PERSON) or (action.thread_key or "").startswith((GROUP, ROOM)):
        raise Rejected("LINE shows this in one-on-one chats only.")
    api = replace(_api(credentials), seconds=TYPING_SECONDS)
    api.post("v2/bot/chat/loading/start", {"chatId": action.recipient, "loadingSeconds": LOADING_SECONDS})


def _messages(message: OutboundMessage) -> list[dict[str, str]]:
    """Return the words and pictures of a reply as LINE's messages. Raises Rejected."""
    quote = {"quoteToken": message.quote_token} if message.quote_token else {}
    said = [{"type": "text", "text": message.text, **quote}] if message.text or not message.attachments else []
    return [*said, *map(_picture, message.attachments)]


def _picture(file: OutboundAttachment) -> dict[str, str]:
    if len(file.data) > LARGEST_PREVIEW:
        raise Rejected(phrase("LINE takes pictures of at most 1 MB from here: “{file}” is larger.", file=file.filename))
    url = address_of(file, "LINE")
    return {"type": "image", "originalContentUrl": url, "previewImageUrl": url}


def _profile_path(address: str, thread: str) -> str:
    """Return where a profile is; ids begin with U (a person), C (a group) or R (a room), rooms have no name."""
    if address.startswith(GROUP):
        return f"v2/bot/group/{segment(address)}/summary"
    if not address.startswith(PERSON):
        return ""
    around = {GROUP: "group", ROOM: "room"}.get(thread[:1])
    member = segment(address)
    return f"v2/bot/{around}/{segment(thread)}/member/{member}" if around else f"v2/bot/profile/{member}"


class _AcceptedBefore(Rejected):
    """The same retry key was accepted already."""

    def __init__(self, answer: Any) -> None:
        super().__init__("LINE has accepted this message before.")
        self.answer = answer


def _api(credentials: Credentials) -> JsonApi:
    token = str(credentials.get("access_token") or "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise BadCredentials("Enter the channel access token: the LINE Developers Console shows it.")
    url = str(credentials.get("api_url") or API_URL).strip()
    return JsonApi("LINE", url, headers={"authorization": f"Bearer {token}"}, explain=_explain)


def _explain(reply: Reply) -> ConnectorError | None:
    """Return our error for a refusal: https://developers.line.biz/en/reference/messaging-api/#status-codes."""
    if reply.status == CONFLICT:
        return _AcceptedBefore(reply.data)
    said = words_of(reply.data) or f"status {reply.status}"
    if reply.status == TOO_MANY and "monthly limit" in said.lower():
        return Rejected("The account has sent all messages that its plan allows this month.")
    details = "; ".join(line(one.get("message")) for one in objects(at(reply.data, "details"))[:3])
    if reply.status == FORBIDDEN:
        return Rejected(phrase("{name} refused this: {said}.", name="LINE", said=said))
    return Rejected(phrase("LINE refused this: {said} ({details}).", said=said, details=details)) if details else None
