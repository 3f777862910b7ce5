"""Telegram: a bot of the Bot API (https://core.telegram.org/bots/api), by long polling or by webhook.

Polling is the default, since it needs no public address. Updates wait at Telegram for 24 hours, so an outage loses
nothing that is shorter; they are confirmed only once stored (#getupdates: an update is confirmed by a higher offset).
By webhook the header X-Telegram-Bot-Api-Secret-Token carries the secret that was given with setWebhook (#setwebhook);
bodies are not signed. Files of up to 20 MB can be fetched (#getfile).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from connectors import _http
from connectors._fetched import fetched
from connectors._json_api import JsonApi
from connectors._payload import at, line, mapping, objects, whole
from connectors._signing import require_same, require_secret
from connectors._telegram_api import API_URL, act, api_of, base_url, bot_id, result, send, show_typing, token_of
from connectors._telegram_parse import UPDATES, read_updates
from connectors._typing import SHOWS_TYPING
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
from connectors.errors import Rejected
from connectors.phrases import phrase
from connectors.submission import load_json

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
MOST_UPDATES = 100
ALLOWED = tuple(UPDATES)  # reactions come only to those who ask for them
FORGOTTEN_SECONDS = 6 * 86400  # after a week without updates Telegram begins anew at a random number
LATEST_SECONDS = 15.0  # after the time that Telegram may hold an answer back
ON = frozenset({"true", "1", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that Telegram holds an empty answer back. Tests make it short."""

    wait_seconds: int = 10


class TelegramConnector(Defaults):
    kind: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("A bot that customers write to, alone or in groups; your answers come from the bot.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("telegram",),
        threads=True,
        attachments=True,
        max_attachments=10,
        max_text=4096,
        max_attachment_bytes=50_000_000,
        public=True,
        edits=True,
        deletes=True,
        reactions=True,
        shows_typing=True,
        actions=("like", "unlike", "delete"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("token", "Bot token", kind="secret", required=True, help="@BotFather shows it: 123456:ABC-DEF…"),
        Setting(
            "groups",
            "Messages in groups",
            kind="choice",
            default="addressed",
            choices=(
                ("addressed", "Those that name the bot, answer it or comment on a post"),
                ("all", "All that the bot is shown"),
                ("none", "None"),
            ),
            help="A bot with privacy mode is shown commands and answers to it only; @BotFather can turn that off.",
        ),
        Setting(
            "channel_posts",
            "Take the posts of channels too",
            kind="boolean",
            default=False,
            help="Comments below them come in any case, through the group where they are discussed.",
        ),
        Setting(
            "receive_by",
            "How messages come",
            kind="choice",
            default="polling",
            choices=(("polling", "We ask for them (no public address needed)"), ("webhook", "Telegram calls us")),
            group="Receiving",
            help="Asking works everywhere; calls need an address of yours that the world can reach over https",
        ),
        Setting("webhook", "Webhook address", group="Receiving", help="Of this channel; testing it tells Telegram."),
        Setting(
            "webhook_secret",
            "Webhook secret",
            kind="secret",
            group="Receiving",
            help="Up to 256 letters, digits, _ and -, made up by you: Telegram sends it with each call.",
        ),
        Setting(
            "skip_waiting",
            "Leave out what was written before connecting",
            kind="boolean",
            default=False,
            group="Receiving",
            help="Telegram keeps messages that nobody fetched for 24 hours.",
        ),
        SHOWS_TYPING,
        Setting(
            "api_url",
            "Address of the Bot API",
            default=API_URL,
            group="Advanced",
            help="Another one only where you run a Bot API server of your own",
        ),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()

    def check(self, credentials: Credentials) -> str:
        """Sign in; by webhook, tell Telegram whom to call. Raises BadCredentials, Transient or Rejected."""
        api = api_of(credentials)
        me = mapping(result(api, "getMe"))
        sees = "sees all messages of its groups" if me.get("can_read_all_group_messages") is True else ""
        sees = sees or "in groups sees only what is meant for it"
        told = f" {_told(api, credentials)}" if _is_called(credentials) else ""
        return f"Signed in as @{line(me.get('username'))} ({line(me.get('first_name'))}), which {sees}.{told}"

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return the address that Telegram calls, for the setting of that name."""
        return (("Webhook address (only where Telegram calls us)", f"{base_url}/webhooks/{self.kind}/{token}"),)

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield updates as Telegram gives them, one delivery each. The cursor is {"offset", "at"}."""
        api = replace(api_of(credentials), seconds=self._pace.wait_seconds + LATEST_SECONDS)
        return iter(()) if _is_called(credentials) else self._poll(api, credentials, cursor)

    def _poll(self, api: JsonApi, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        username = line(at(result(api, "getMe"), "username"))
        skips = _is_on(credentials, "skip_waiting") and not cursor
        result(api, "deleteWebhook", {"drop_pending_updates": skips})  # with one there is no polling
        meta = {**_meta(credentials), "username": username}
        asked = {"limit": MOST_UPDATES, "timeout": self._pace.wait_seconds, "allowed_updates": ALLOWED}
        known = dict(cursor)
        while True:
            updates = objects(result(api, "getUpdates", {**asked, **_offset(known)}))
            known = _moved(known, updates)
            yield Batch(tuple(_delivery(update, meta) for update in updates), known if updates else None)
            _acknowledge(api, updates)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the secret that Telegram was given. Raises BadCredentials."""
        secret = require_secret(credentials.get("webhook_secret"))
        require_same(request.headers.get(SECRET_HEADER), secret, "secret token")

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take one update; a pressed button is answered at once, lest it spins. Raises Malformed."""
        update = mapping(load_json(request.body))
        number = whole(update.get("update_id"))
        external_id = f"update:{number}" if number is not None else None
        delivery = RawDelivery(request.body, received_at, external_id, _meta(credentials))
        pressed = line(at(update, "callback_query", "id"))
        said = json.dumps({"method": "answerCallbackQuery", "callback_query_id": pressed}).encode() if pressed else b""
        return Received((delivery,), WebAnswer(body=said, content_type="application/json") if said else WebAnswer())

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of an update. Raises Malformed."""
        return read_updates(delivery.raw, delivery.meta)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Send text, photos or documents to the chat of the thread. Raises Transient, BadCredentials or Rejected."""
        return send(credentials, message)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Show or take back a thumb up; delete (up to 48 hours old; in groups only as an admin). Raises as `send`.

        Typing is shown for 5 seconds: core.telegram.org/bots/api#sendchataction.
        """
        if action.kind == "typing":
            show_typing(credentials, action)
            return
        if action.kind not in self.capabilities.actions:
            raise Rejected("Telegram does not offer that.")
        act(credentials, action)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002
        """Fetch a file from Telegram's own address. Raises Transient, BadCredentials or Rejected."""
        api = api_of(credentials)
        path = line(at(result(api, "getFile", {"file_id": file.media_id}), "file_path"))
        if not path or ".." in path:
            raise Rejected("Telegram does not say where the file is.")
        url = f"{base_url(credentials)}/file/bot{token_of(credentials)}/{quote(path)}"
        answer = _http.download(url, headers={}, may_reach=_http.reachable)
        return fetched(api, file, answer, is_own=True)


def _is_on(credentials: Credentials, key: str) -> bool:
    return str(credentials.get(key) or "").lower() in ON


def _is_called(credentials: Credentials) -> bool:
    return credentials.get("receive_by") == "webhook"


def _told(api: JsonApi, credentials: Credentials) -> str:
    url = str(credentials.get("webhook") or "").strip()
    if not url:
        return "Once connected, enter the webhook address shown here and test again: Telegram is told whom to call."
    secret = require_secret(credentials.get("webhook_secret"))
    result(api, "setWebhook", {"url": url, "secret_token": secret, "allowed_updates": ALLOWED})
    return "It calls the webhook address."


def _meta(credentials: Credentials) -> dict[str, str]:
    """Return what `parse` must know of the settings."""
    groups = str(credentials.get("groups") or "addressed")
    return {
        "bot": bot_id(credentials),
        "groups": groups,
        "channel_posts": "1" if _is_on(credentials, "channel_posts") else "0",
    }


def _delivery(update: Mapping[str, Any], meta: Mapping[str, str]) -> RawDelivery:
    raw = json.dumps(update, ensure_ascii=False).encode("utf-8", "replace")
    number = whole(update.get("update_id"))
    return RawDelivery(raw, _now(), f"update:{number}" if number is not None else None, meta)


def _offset(cursor: Cursor) -> dict[str, int]:
    """Return from where to ask on; nothing where the last update is so old that numbers may have begun anew."""
    offset, at_ = whole(cursor.get("offset")), whole(cursor.get("at")) or 0
    return {"offset": offset} if offset is not None and time.time() - at_ < FORGOTTEN_SECONDS else {}


def _moved(cursor: Cursor, updates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    numbers = [number for update in updates if (number := whole(update.get("update_id"))) is not None]
    return {"offset": max(numbers) + 1, "at": int(time.time())} if numbers else dict(cursor)


def _acknowledge(api: JsonApi, updates: Sequence[Mapping[str, Any]]) -> None:
    """Tell those who pressed a button that it was heard; it is only a courtesy, so too late is no error."""
    for update in updates:
        pressed = line(at(update, "callback_query", "id"))
        if pressed:
            try:
                result(api, "answerCallbackQuery", {"callback_query_id": pressed})
            except Rejected:
                continue


def _now() -> datetime:
    return datetime.now(UTC)
