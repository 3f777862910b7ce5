"""Telegram as the Bot API describes it (https://core.telegram.org/bots/api), for one bot.

Kept: the token in the path, one way of receiving at a time (#getupdates, #setwebhook), confirmation by offset, lengths
of texts and captions, the form of errors with `parameters` (#responseparameters), files by getFile (#getfile), albums
of 2 to 10 files (#sendmediagroup).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

TOKEN = "7102345678:AAH-x1_yZabcdefghijklmnopqrstuvwxyz0"
SECRET = "s3cret_of-the-webhook"
CHAT = 5210774512
BLOCKED = 403_000  # a person who blocked the bot
OLD = 1  # a message of more than 48 hours ago
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=str(CHAT), thread_key=str(CHAT), answers=f"{CHAT}:41")
SIGNS_THE_BODY = False  # a shared secret travels in a header


class Telegram(Provider):
    """One bot: `waiting` are updates nobody confirmed, `sent` what reached chats."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.answered: list[str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.webhook: dict[str, Any] = {}
        self.moved: dict[int, int] = {}  # groups that became supergroups
        self.reactions: dict[int, list[str]] = {}
        self.deleted: set[int] = set()
        self.actions: list[dict[str, Any]] = []
        self.refused: set[str] = set()  # methods that fail for now
        self._number = 1000
        self.on("GET", r"/file/bot(?P<token>[^/]+)/(?P<path>.+)", self._file)
        self.on("POST", r"/bot(?P<token>[^/]+)/(?P<name>\w+)", self._method)

    @property
    def credentials(self) -> dict[str, Any]:
        return {"token": TOKEN, "api_url": self.url, "groups": "addressed", "webhook_secret": SECRET}

    def say(self, key: str, value: Mapping[str, Any]) -> int:
        """Let an update wait; return its id."""
        self._number += 1
        self.waiting.append({"update_id": self._number, key: value})
        return self._number

    def _method(self, call: Call) -> Said:
        if call.parts["token"] != TOKEN:
            return _error(401, "Unauthorized")
        method = getattr(self, "_" + re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", call.parts["name"]), None)
        if method is None:
            return _error(404, "Not Found")
        if call.parts["name"] in self.refused:
            return _error(502, "Bad Gateway")
        parameters, files = _parameters(call)
        chat = parameters.get("chat_id")
        if chat == BLOCKED:
            return _error(403, "Forbidden: bot was blocked by the user")
        if chat in self.moved:
            to = self.moved[chat]
            return _error(400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": to})
        answer: Said = method(parameters, files)
        return answer

    def _get_me(self, _parameters: Any, _files: Any) -> Said:
        return _good({"id": 7102345678, "is_bot": True, "first_name": "Acme", "username": "acme_support_bot"})

    def _delete_webhook(self, parameters: Any, _files: Any) -> Said:
        self.webhook = {}
        if parameters.get("drop_pending_updates"):
            self.waiting.clear()
        return _good(True)

    def _set_webhook(self, parameters: Any, _files: Any) -> Said:
        if not str(parameters.get("url")).startswith("https://"):
            return _error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = parameters
        return _good(True)

    def _get_updates(self, parameters: Any, _files: Any) -> Said:
        if self.webhook:
            return _error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")
        offset = parameters.get("offset", 0)
        self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        allowed = parameters["allowed_updates"]
        shown = [update for update in self.waiting if any(key in allowed for key in update)]
        return _good(shown[: parameters.get("limit", 100)])

    def _answer_callback_query(self, parameters: Any, _files: Any) -> Said:
        if parameters["callback_query_id"] == "old":
            return _error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answered.append(parameters["callback_query_id"])
        return _good(True)

    def _get_file(self, parameters: Any, _files: Any) -> Said:
        if parameters["file_id"] not in self.files:
            return _error(400, "Bad Request: invalid file_id")
        path, data = self.files[parameters["file_id"]]
        if len(data) > 20_000_000:
            return _error(400, "Bad Request: file is too big")
        return _good({"file_id": parameters["file_id"], "file_size": len(data), "file_path": path})

    def _file(self, call: Call) -> Said:
        known = dict(self.files.values())
        if call.parts["token"] != TOKEN or call.parts["path"] not in known:
            return _error(404, "Not Found")
        return Said(known[call.parts["path"]], headers={"content-type": "application/octet-stream"})

    def _set_message_reaction(self, parameters: Any, _files: Any) -> Said:
        self.reactions[parameters["message_id"]] = [one["emoji"] for one in parameters["reaction"]]
        return _good(True)

    def _send_chat_action(self, parameters: Any, _files: Any) -> Said:
        if parameters.get("action") != "typing":
            return _error(400, "Bad Request: wrong parameter action in request")
        self.actions.append(parameters)
        return _good(True)

    def _delete_message(self, parameters: Any, _files: Any) -> Said:
        if parameters["message_id"] in self.deleted:
            return _error(400, "Bad Request: message to delete not found")
        if parameters["message_id"] == OLD:
            return _error(400, "Bad Request: message can't be deleted for everyone")
        self.deleted.add(parameters["message_id"])
        return _good(True)

    def _send_message(self, parameters: Any, _files: Any) -> Said:
        if not parameters.get("text"):
            return _error(400, "Bad Request: message text is empty")
        if len(parameters["text"]) > 4096:
            return _error(400, "Bad Request: message is too long")
        return _good(self._keep(parameters, {}))

    def _send_photo(self, parameters: Any, files: Any) -> Said:
        return self._one_file("photo", parameters, files)

    def _send_document(self, parameters: Any, files: Any) -> Said:
        return self._one_file("document", parameters, files)

    def _one_file(self, field: str, parameters: Any, files: Any) -> Said:
        if field not in files:
            return _error(400, f"Bad Request: there is no {field} in the request")
        if len(parameters.get("caption", "")) > 1024:
            return _error(400, "Bad Request: message caption is too long")
        return _good(self._keep(parameters, files))

    def _send_media_group(self, parameters: Any, files: Any) -> Said:
        media = json.loads(parameters["media"])
        kinds = {one["type"] for one in media}
        if not 2 <= len(media) <= 10 or ("document" in kinds and len(kinds) > 1):
            return _error(400, "Bad Request: wrong media group")
        if any(one["media"].removeprefix("attach://") not in files for one in media):
            return _error(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return _good([self._keep(parameters, files) for _ in media])

    def _keep(self, parameters: Mapping[str, Any], files: Any) -> dict[str, Any]:
        self._number += 1
        self.sent.append({**parameters, "files": files})
        chat = int(parameters["chat_id"])
        return {"message_id": self._number, "date": 1763800000, "chat": {"id": chat, "type": "private"}}


def _good(result: Any) -> Said:
    return Said({"ok": True, "result": result})


def _error(code: int, description: str, parameters: Mapping[str, Any] | None = None) -> Said:
    more = {"parameters": parameters} if parameters else {}
    return Said({"ok": False, "error_code": code, "description": description, **more}, code)


def too_many(seconds: int) -> Said:
    return _error(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def _parameters(call: Call) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    """Return the parameters of a JSON or a multipart call, and the files of the latter."""
    content_type = call.headers["content-type"]
    if content_type == "application/json":
        return call.json, {}
    parsed = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + call.body)
    parameters: dict[str, Any] = {}
    files = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if part.get_filename():
            files[str(name)] = (str(part.get_filename()), part.get_content_type(), data)
        else:
            parameters[str(name)] = data.decode()
    parameters["chat_id"] = int(parameters["chat_id"])
    return parameters, files


@contextmanager
def running() -> Iterator[Credentials]:
    telegram = Telegram()
    with serving(telegram):
        yield telegram.credentials


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": credentials["webhook_secret"]}
    return WebRequest("POST", "/webhooks/telegram/abc", {}, headers, body)
