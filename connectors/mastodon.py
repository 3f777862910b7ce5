"""Mastodon and what speaks its API: mentions, quotes and direct messages in, replies of the right visibility out.

docs.joinmastodon.org: /methods/notifications, /methods/statuses (Idempotency-Key: kept for one hour; visibility),
/methods/media (v2, processed later), /user/posting (500 characters, links count 23, of a mention the name only;
4 pictures of 16 MB or one video of 99 MB), /api/oauth-scopes (read, write:statuses, write:media, write:favourites).
A direct message is a status that only those see whom it mentions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar

from connectors import _mastodon_parse as reading
from connectors._mastodon_client import DEFAULT_SERVER, NAME, Server
from connectors._mastodon_sign_in import APP_SETTINGS, MastodonSignIn
from connectors._payload import at, line, mapping, whole
from connectors._remote import fetched
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
    RemoteFile,
    Setting,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

MAX_STATUS = 500
LONGEST_MENTION = 32  # "@", a name of 30 and a space stand before what the agent wrote
PROCESSING_SECONDS = 60
LOOK_SECONDS = 1.0
UNLISTED = "unlisted"


class MastodonConnector(MastodonSignIn, Defaults):
    kind: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase(
        "Mentions and direct messages of a Mastodon account; answers are as public as what they answer."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("mastodon",),
        idempotent_send=True,
        local_ids=True,  # each server counts accounts for itself
        threads=True,
        attachments=True,
        media_types=("image/*", "video/*", "audio/*"),
        max_attachments=4,
        max_text=MAX_STATUS - LONGEST_MENTION,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        actions=("like", "unlike"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("api_url", "Server", required=True, default=DEFAULT_SERVER, help="Where the account lives."),
        Setting(
            "access_token",
            "Access token",
            kind="secret",
            help="A sign-in brings it. Or: of an application made under Preferences, Development (read and write).",
        ),
        Setting("handle", "Account", help="As people write it: @acme@mastodon.social. Shown to your team."),
        Setting(
            "public_replies",
            "Public replies",
            kind="choice",
            default=UNLISTED,
            choices=((UNLISTED, "Kept out of public timelines"), ("public", "Listed everywhere")),
            group="Advanced",
            help="Who comes across your answers to public posts; the person answered sees them either way",
        ),
        Setting(
            "streaming",
            "Be woken by the server",
            kind="boolean",
            default=True,
            help="Messages come at once where the server streams; without it within ten seconds.",
            group="Advanced",
        ),
        *APP_SETTINGS,
    )

    def address(self, credentials: Credentials) -> str:
        """Return the account as the settings name it."""
        return line(credentials.get("handle"), 300)

    def check(self, credentials: Credentials) -> str:
        """Sign in and say as whom. Raises BadCredentials or Transient."""
        server = Server(credentials)
        try:
            with server.telling():
                server.client.account_verify_credentials()
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        followers = whole(at(server.said, "followers_count")) or 0
        return f"Signed in as {reading.handle_of(mapping(server.said)) or 'an account'}, {followers:,} followers."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield notifications from the cursor upwards, then whatever comes. Raises Transient, BadCredentials."""
        from connectors._mastodon_watch import Watch

        is_streaming = credentials.get("streaming", True) is not False
        yield from Watch(Server(credentials), cursor, is_streaming=is_streaming).follow()

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return what was said, edited or deleted. Raises Malformed."""
        return reading.messages(load_json(delivery.raw), delivery.meta)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Post a status, seen by no more people than the one it answers. Raises Transient, BadCredentials, Rejected."""
        server = Server(credentials)
        with server.telling():
            answered = self._answered(server, message)
            to = line(at(answered, "account", "acct"), 300) or self._acct(server, message)
            visibility = _visibility(message, answered, line(credentials.get("public_replies")))
            media = [_uploaded(server, file.data, file.content_type, file.filename) for file in message.attachments]
            server.client.status_post(
                _addressed(message.text, to),
                in_reply_to_id=message.answers,
                media_ids=media or None,
                visibility=visibility,
                idempotency_key=message.idempotency_key,
            )
        posted = line(at(server.said, "id"))
        if not posted:
            raise Transient(phrase("{name} did not say what became of the reply.", name=NAME))
        return Receipt(posted, detail=line(at(server.said, "url"), 2000))

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002
        """Fetch a file, which needs no token. Raises Transient or Rejected."""
        return fetched(file, file.url, name=NAME, may_reach=may_reach)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Favourite a status or take that back. Raises Transient, BadCredentials or Rejected."""
        server = Server(credentials)
        with server.telling():
            match action.kind:
                case "like":
                    server.client.status_favourite(action.target)
                case "unlike":
                    server.client.status_unfavourite(action.target)
                case _:
                    raise Rejected(phrase("{name} does not offer that.", name=NAME))

    def _answered(self, server: Server, message: OutboundMessage) -> Any:
        if not message.answers:
            return None
        server.client.status(message.answers)
        return server.said

    def _acct(self, server: Server, message: OutboundMessage) -> str:
        if not message.recipient:
            raise Rejected("It is not said who this goes to.")
        server.client.account(message.recipient)
        return line(at(server.said, "acct"), 300)


def _visibility(message: OutboundMessage, answered: Any, wanted: str) -> str:
    """Return public, unlisted or direct: never more people than could read what is answered."""
    if not message.is_public:
        return "direct"
    wanted = wanted if wanted in reading.PUBLIC else UNLISTED
    match line(at(answered, "visibility")):
        case "public" | "":
            return wanted
        case "unlisted":
            return UNLISTED
    return "direct"


def _addressed(text: str, acct: str) -> str:
    """Put the mention before a text that has none: without it a direct message reaches nobody."""
    return text if not acct or f"@{acct}".lower() in text.lower() else f"@{acct} {text}"


def _uploaded(server: Server, data: bytes, content_type: str, filename: str) -> str:
    """Upload a file and wait until the server has processed it; return its id."""
    server.client.media_post(data, mime_type=content_type, file_name=filename)
    media_id = line(at(server.said, "id"))
    ends_at = time.monotonic() + PROCESSING_SECONDS
    while media_id and not line(at(server.said, "url"), 2000):
        if time.monotonic() > ends_at:
            raise Transient(phrase("{name} has not finished processing {filename}.", name=NAME, filename=filename))
        time.sleep(LOOK_SECONDS)
        server.client.media(media_id)
    if not media_id:
        raise Transient(phrase("{name} did not say what became of {filename}.", name=NAME, filename=filename))
    return media_id
