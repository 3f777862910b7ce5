"""Slack, through an app of one's own: events come in by webhook, replies go into the thread they belong to.

docs.slack.dev/apis/events-api (retries, url_verification), docs.slack.dev/authentication/verifying-requests-from-slack
(v0 signature, five minutes), docs.slack.dev/reference/methods/chat.postMessage (40,000 characters),
docs.slack.dev/messaging/working-with-files (uploads), docs.slack.dev/reference/methods/users.info,
docs.slack.dev/apis/slack-connect (channels shared with customers). What was missed is fetched from the history
(_slack_backfill.py).

Slack knows no key that makes sending idempotent. A message with files has no `ts` when it is sent: the first file is
asked for it, and names it where it is not there soon.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from connectors import _slack_backfill
from connectors._payload import at, line, mapping, objects
from connectors._remote import fetched
from connectors._signing import hmac_hex, require_same, require_secret
from connectors._slack_client import API_URL, called, client_of, may_see_token, token_of
from connectors._slack_parse import messages_of, person_of
from connectors._slack_sign_in import APP_SETTINGS, SCOPES, SlackSignIn
from connectors._slack_text import escaped
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    Identity,
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
from connectors.errors import BadCredentials, ConnectorError, Rejected
from connectors.origins import lines_of
from connectors.phrases import phrase
from connectors.submission import load_json

if TYPE_CHECKING:
    from slack_sdk import WebClient

TOLERANCE_SECONDS = 300
LOOKS_FOR_SHARE = (0.0, 0.5, 1.0, 2.0)  # seconds before each
LIKE = "thumbsup"
NOTHING_TO_DO = ("already_reacted", "no_reaction")
EVENTS = (
    "message.channels, message.groups, message.im, message.mpim, reaction_added, reaction_removed; "
    "app_mention brings nothing more"
)


class SlackConnector(SlackSignIn, Defaults):
    kind: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("Customer channels in your Slack workspace: messages, threads and files.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("slack",),
        threads=True,
        attachments=True,
        max_attachments=10,
        max_text=40_000,
        edits=True,
        deletes=True,
        reactions=True,
        actions=("like", "unlike"),
        profiles=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "bot_token",
            "Bot token",
            kind="secret",
            help="A sign-in brings it. Or: xoxb-… of the app's page OAuth & Permissions.",
        ),
        Setting(
            "signing_secret",
            "Signing secret",
            kind="secret",
            required=True,
            help="Of the app's page Basic Information: proves that events come from Slack.",
        ),
        Setting(
            "listens_to",
            "Whose messages are customers' messages",
            kind="choice",
            default="everybody",
            choices=(
                ("everybody", "Everybody's in the app's channels"),
                ("others", "Only those of people from other workspaces (channels shared with customers)"),
            ),
            help="The second keeps colleagues' talk out of the inbox where channels are shared with customers",
        ),
        Setting(
            "channels",
            "Only these channels",
            kind="lines",
            help="One id a line, as C024BE91L. Empty: every channel that the app was invited to.",
        ),
        *APP_SETTINGS,
        Setting(
            "api_url",
            "Address of the API",
            default=API_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )

    def check(self, credentials: Credentials) -> str:
        """Sign in once. Raises BadCredentials or Transient."""
        require_secret(credentials.get("signing_secret"))
        client = client_of(credentials)
        try:
            found = called(client.auth_test)
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        return f"Signed in to {line(found.get('team'), 100)} as @{line(found.get('user'), 100)}."

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies into the app's pages at Slack."""
        return (
            ("Request URL, on the page Event Subscriptions", f"{base_url}/webhooks/{self.kind}/{token}"),
            ("Bot events to subscribe to", EVENTS),
            ("Bot token scopes", ", ".join(SCOPES)),
        )

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what the events did not bring. Raises Transient, BadCredentials."""
        try:
            for batch in _slack_backfill.rounds(credentials, cursor):
                meta = _heard(credentials)
                yield replace(batch, deliveries=tuple(replace(one, meta=meta) for one in batch.deliveries))
        except Rejected as error:
            raise BadCredentials(error.reason) from None

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the v0 signature over the timestamp and the raw body. Raises BadCredentials."""
        secret = require_secret(credentials.get("signing_secret"))
        stamp = request.headers.get("x-slack-request-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
            raise BadCredentials("The timestamp of this call is missing or wrong.")
        if abs(_now().timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise BadCredentials("This call was signed more than five minutes ago.")
        wanted = hmac_hex(secret, b"v0:" + stamp.encode() + b":" + request.body)
        require_same(request.headers.get("x-slack-signature"), f"v0={wanted}")

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Answer the challenge of an address that was just set, or take an event. Raises Malformed."""
        body = mapping(load_json(request.body))
        if body.get("type") == "url_verification":
            return Received((), WebAnswer(body=line(body.get("challenge"), 500).encode()))
        retries = {
            "retry": line(request.headers.get("x-slack-retry-num"), 10),
            "retry_reason": line(request.headers.get("x-slack-retry-reason"), 50),
        }
        meta = _heard(credentials) | {key: value for key, value in retries.items() if value}
        event_id = line(body.get("event_id"), 100) or None  # the same at every retry
        return Received((RawDelivery(request.body, received_at, external_id=event_id, meta=meta),))

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return what an event tells. Raises Malformed."""
        return messages_of(load_json(delivery.raw), self.kind, delivery.meta)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Write into the thread of the conversation, or to a person. Raises Transient, BadCredentials or Rejected."""
        client = client_of(credentials)
        channel, _, root = (message.thread_key or "").partition(":")
        if not channel:
            opened = called(lambda: client.conversations_open(users=message.recipient))
            channel = line(at(opened, "channel", "id"))
        text = escaped(message.text)
        if message.attachments:
            return _send_files(credentials, message, channel, root)
        said = called(
            lambda: client.chat_postMessage(
                channel=channel, text=text, thread_ts=root or None, unfurl_links=False, unfurl_media=False
            )
        )
        return Receipt(f"{line(said.get('channel')) or channel}:{line(said.get('ts'))}")

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a file with the token. Raises Transient, BadCredentials or Rejected."""
        named = file if file.url else _looked_up(credentials, file)
        is_ours = may_see_token(credentials, named.url)
        headers = {"authorization": f"Bearer {token_of(credentials)}"} if is_ours else {}
        got = fetched(named, named.url, name=self.label, may_reach=may_reach, headers=headers)
        if got.content_type == "text/html" and named.content_type != "text/html":
            raise Rejected("Slack shows its sign-in page instead of the file: the app needs the scope files:read.")
        return got

    def act(self, credentials: Credentials, action: Action) -> None:
        """Set or take back a thumbs-up. Raises Transient, BadCredentials or Rejected."""
        client = client_of(credentials)
        channel, _, ts = action.target.partition(":")
        calls = {"like": client.reactions_add, "unlike": client.reactions_remove}
        if action.kind not in calls:
            return super().act(credentials, action)
        try:
            called(lambda: calls[action.kind](channel=channel, timestamp=ts, name=LIKE))
        except Rejected as error:
            if not any(word in error.reason for word in NOTHING_TO_DO):
                raise
        return None

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:  # noqa: ARG002
        """Ask who a user is: events name them by ids. Raises Transient or BadCredentials."""
        client = client_of(credentials)
        try:
            told = called(lambda: client.users_info(user=address))
        except Rejected:  # not known, or not to be seen by us
            return None
        found = person_of(self.kind, address, told.get("user"))
        return found if found.name else None


def _heard(credentials: Credentials) -> dict[str, str]:
    """Return what the settings say of whom to listen to, in the form that stays with a delivery."""
    channels = " ".join(lines_of(credentials.get("channels")))
    told = {"channels": channels, "only_others": "1" if credentials.get("listens_to") == "others" else ""}
    return {key: value for key, value in told.items() if value}


def _send_files(credentials: Credentials, message: OutboundMessage, channel: str, root: str) -> Receipt:
    """Upload all files, then show them with the words: one message, or none."""
    client = client_of(credentials)
    uploads = [{"filename": one.filename, "content": one.data, "title": one.filename} for one in message.attachments]
    done = called(
        lambda: client.files_upload_v2(
            file_uploads=uploads, channel=channel, thread_ts=root or None, initial_comment=escaped(message.text) or None
        )
    )
    first: Mapping[str, Any] = next(iter(objects(done.get("files"))), {})
    file_id = line(first.get("id"))
    return Receipt(f"{channel}:{_shown_as(client, channel, file_id) or f'file:{file_id}'}")


def _shown_as(client: WebClient, channel: str, file_id: str) -> str:
    """Return the id of the message that shows an uploaded file, by which its edits and reactions are told.

    Slack puts it there a moment after the upload (files.info, `shares`); "" where it takes longer, or may not be asked.
    """
    for wait in LOOKS_FOR_SHARE:
        time.sleep(wait)
        try:
            found = mapping(called(lambda: client.files_info(file=file_id)).get("file"))
        except ConnectorError:
            return ""  # it was sent: nothing may fail any more
        for shares in mapping(found.get("shares")).values():
            if ts := line(next(iter(objects(mapping(shares).get(channel))), {}).get("ts")):
                return ts
    return ""


def _looked_up(credentials: Credentials, file: RemoteFile) -> RemoteFile:
    """Return a file with its address: of one from another workspace the event says the id only."""
    client = client_of(credentials)
    found = mapping(called(lambda: client.files_info(file=file.media_id)).get("file"))
    url = line(found.get("url_private_download"), 2_000) or line(found.get("url_private"), 2_000)
    if not url:
        raise Rejected("Slack does not say where this file is.")
    name = line(found.get("name"), 200) or file.filename
    return replace(file, filename=name, url=url, content_type=line(found.get("mimetype"), 100) or file.content_type)


def _now() -> datetime:
    return datetime.now(UTC)
