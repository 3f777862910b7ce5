"""X (Twitter): mentions, answers, quotes and direct messages come in; answers go out in public or in private.

In three ways, together or alone: asking API v2 (mentions, quotes, direct messages), the filtered stream beside it, and
webhooks (Account Activity and X Activity API). Without access to the API, recorded payloads are read from a folder.

Webhooks, docs.x.com/x-api/webhooks/quickstart: X signs the body with the app's consumer secret and has the same secret
prove itself on a token X chooses (CRC). Whoever could choose a whole body as that token would have it signed: only what
no JSON object can look like is answered. Limits: docs.x.com/x-api/fundamentals/rate-limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from connectors import _x_api as api
from connectors._payload import at, line, whole
from connectors._remote import fetched
from connectors._signing import hmac_base64, require_same, require_secret
from connectors._x_fetch import Me, News, Pace, sources_of
from connectors._x_length import COUNTING, LONG_POST, SHORT_POST
from connectors._x_parse import parse
from connectors._x_recorded import folder_of, names_in, recorded
from connectors._x_sign_in import APP_SETTINGS, XSignIn
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Received,
    RemoteFile,
    Setting,
    WebAnswer,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected
from connectors.phrases import phrase
from connectors.submission import load_json

if TYPE_CHECKING:
    import tweepy

ACCOUNT_LETTERS = re.compile(r"[A-Za-z0-9_]{1,30}")
CRC_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~-]{1,200}")  # never a JSON object, see above
SIGNATURE = "x-twitter-webhooks-signature"
SHORTEST_POLL_SECONDS, LONGEST_POLL_SECONDS = 15, 3_600
VIDEO_BYTES = 64_000_000
SUBSCRIPTION = {
    "event_type": "post.mention.create",
    "filter": {"user_id": "ACCOUNT_ID"},
    "webhook_id": "WEBHOOK_ID",
}


class XConnector(XSignIn, Defaults):
    """Speaks API v2 through tweepy, as the account whose tokens the settings hold."""

    kind: ClassVar[str] = "x"
    label: ClassVar[str] = "X (Twitter)"
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase("Mentions, replies, quotes and direct messages on X; answer in public or in private.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("x",),
        threads=True,
        attachments=True,
        media_types=("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/quicktime"),
        max_attachments=4,
        max_text=10_000,  # of a direct message
        max_public_text=SHORT_POST,
        longer_public_text=LONG_POST,
        longer_public_setting="long_posts",
        public_counting=COUNTING,
        max_attachment_bytes=VIDEO_BYTES,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        reactions=True,
        read_states=True,
        actions=("like", "unlike", "hide", "unhide"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("handle", "Account", help="As @acme: the account these keys belong to."),
        *APP_SETTINGS,
        Setting("consumer_key", "API key", "secret", help="Of the app, at developer.x.com under Keys and tokens."),
        Setting("consumer_secret", "API key secret", "secret", help="It also signs the webhooks."),
        Setting("access_token", "Access token", "secret", help="Of the account, with the right to write and to DM."),
        Setting(
            "access_token_secret", "Access token secret", "secret",
            help="Comes in a pair with the access token; it is sealed and never shown again",
        ),
        Setting(
            "direct_messages", "Read direct messages", "boolean", default=True,
            help="Off: only public posts come in, and direct messages stay unanswered here",
        ),
        Setting(
            "quotes", "Search for posts that quote the account", "boolean", default=True,
            help="Costs one more question to X at each look; posts that quote the account then come in as mentions do",
        ),
        Setting(
            "long_posts", "The account may write long posts (X Premium)", "boolean", default=False,
            help="On: answers may have up to 25,000 characters. Off: 280, and X refuses more",
        ),
        Setting(
            "poll_seconds", "Seconds between two looks", "integer", default=90, group="Advanced",
            help="X bills what is read and allows direct messages to be asked for once a minute.",
        ),
        Setting(
            "stream", "Hear mentions at once (filtered stream)", "boolean", default=False, group="Advanced",
            help="For apps whose access includes it; needs the bearer token.",
        ),
        Setting("bearer_token", "Bearer token", "secret", group="Advanced", help="Of the app, for the stream only."),
        Setting(
            "recorded", "Folder of recorded payloads", group="Advanced",
            help="A folder on the server, read instead of the API: without access to it, nothing can be sent.",
        ),
        Setting(
            "api_url", "API address", default=api.API_URL, group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )  # fmt: skip

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace

    def address(self, credentials: Credentials) -> str:
        """Return @acme as the settings say it."""
        handle = _handle(credentials)
        return f"@{handle}" if handle else ""

    def check(self, credentials: Credentials) -> str:
        """Sign in, or look into the folder. Raises BadCredentials or Transient."""
        if named := _recorded(credentials):
            folder = folder_of(named)
            return f"Reading {len(names_in(folder)):,} recorded payloads in {folder}; nothing can be sent."
        client = api.client_for(credentials)
        answer = api.asked(lambda: client.get_me(user_fields="public_metrics"))
        found, wanted = line(at(answer.data, "data", "username"), 60), _handle(credentials)
        if wanted and found.lower() != wanted.lower():
            raise BadCredentials(
                phrase("These keys belong to {found}, not to {wanted}.", found=f"@{found}", wanted=f"@{wanted}")
            )
        followers = whole(at(answer.data, "data", "public_metrics", "followers_count")) or 0
        return f"Signed in as @{found}, {followers:,} followers."

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies to X, where webhooks are wanted."""
        url = f"{base_url}/webhooks/{self.kind}/{token}"
        return (
            ("Webhook address (https, no port)", url),
            ("Tell X about it", _call("webhooks", {"url": url})),
            (
                "Then subscribe, also to dm.received, dm.read, like.create and chat.received",
                _call("activity/subscriptions", SUBSCRIPTION),
            ),
        )

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new, oldest first; never ends by itself. Raises Transient, BadCredentials."""
        pace = self._pace or _pace(credentials)
        if named := _recorded(credentials):
            yield from recorded(folder_of(named), pace.step_seconds, pace.heartbeat_seconds)
            return
        client = api.client_for(credentials)
        me = _me(api.asked(lambda: client.get_me(user_fields="public_metrics")))
        wanted = {"direct": _is_on(credentials, "direct_messages"), "quotes": _is_on(credentials, "quotes")}
        news = News(me, sources_of(client, me, **wanted), cursor, pace)
        yield news.begin()
        if _is_on(credentials, "stream", otherwise=False):
            yield from _streamed(credentials, me, news, pace)
        while True:
            yield from news.look()
            yield from news.wait(pace.poll_seconds)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature of an event, or that a challenge is one. Raises BadCredentials."""
        secret = require_secret(api.setting(credentials, "consumer_secret"))
        if request.method == "GET":
            if not CRC_TOKEN.fullmatch(request.query.get("crc_token", "")):
                raise BadCredentials("This is no challenge of X.")
            return
        require_same(request.headers.get(SIGNATURE), f"sha256={hmac_base64(secret, request.body)}")

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Answer a challenge, or take the event. Raises Malformed."""
        if request.method == "GET":
            token = hmac_base64(api.setting(credentials, "consumer_secret"), request.query["crc_token"].encode())
            body = json.dumps({"response_token": f"sha256={token}"}).encode()
            return Received(answer=WebAnswer(body=body, content_type="application/json"))
        load_json(request.body)
        account = api.account_of(credentials)
        return Received((RawDelivery(request.body, received_at, meta={"account": account} if account else {}),))

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of a post, an event or a list of them. Raises Malformed."""
        return parse(delivery)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Answer in public or by direct message. Raises Transient, BadCredentials or Rejected."""
        from connectors._x_send import send

        longest = LONG_POST if _is_on(credentials, "long_posts", otherwise=False) else SHORT_POST
        return send(_writer(credentials), message, longest)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Like or hide a post, or take that back. Raises Transient, BadCredentials or Rejected."""
        from connectors._x_send import act

        act(_writer(credentials), api.account_of(credentials), action)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a picture or a video. Raises Transient, BadCredentials or Rejected."""
        url, headers = api.media_request(credentials, file.url)
        return fetched(file, url, name="X", may_reach=may_reach, headers=headers)


def _streamed(credentials: Credentials, me: Me, news: News, pace: Pace) -> Iterator[Batch]:
    """Yield what the stream brings, and every so often what was asked for beside it; again after every break."""
    from connectors._x_stream import Stream

    while True:
        yield from news.look()  # what was posted while there was no stream
        stream = Stream(credentials, me)
        try:
            yield from news.heard(stream)
        finally:
            stream.close()
        if isinstance(stream.trouble, BadCredentials):
            raise stream.trouble
        yield from news.wait(pace.stream_again_seconds)


def _writer(credentials: Credentials) -> tweepy.Client:
    if _recorded(credentials):
        raise Rejected("This channel reads recorded payloads: without access to X's API nothing can be sent.")
    return api.client_for(credentials)


def _call(path: str, body: Mapping[str, object]) -> str:
    head = f"curl https://api.x.com/2/{path} -H 'Authorization: Bearer BEARER_TOKEN'"
    return f"{head} \\\n  --json '{json.dumps(body)}'"


def _me(answer: api.Answer) -> Me:
    return Me(line(at(answer.data, "data", "id"), 40), line(at(answer.data, "data", "username"), 60))


def _recorded(credentials: Credentials) -> str:
    return str(credentials.get("recorded") or "").strip()


def _handle(credentials: Credentials) -> str:
    handle = str(credentials.get("handle") or "").strip().removeprefix("@")
    return handle if ACCOUNT_LETTERS.fullmatch(handle) else ""


def _is_on(credentials: Credentials, key: str, *, otherwise: bool = True) -> bool:
    value = credentials.get(key)
    return otherwise if value is None or value == "" else str(value).lower() in {"true", "1", "yes", "on"}


def _pace(credentials: Credentials) -> Pace:
    asked = whole(credentials.get("poll_seconds")) or int(Pace().poll_seconds)
    return Pace(poll_seconds=float(min(max(asked, SHORTEST_POLL_SECONDS), LONGEST_POLL_SECONDS)))
