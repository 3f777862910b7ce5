"""Calls of the Bot API: its refusals as our errors, a reply as the calls it takes.

https://core.telegram.org/bots/api#making-requests, #responseparameters, #sendmessage, #sendphoto, #senddocument,
#sendmediagroup; limits: https://core.telegram.org/bots/faq (files of 50 MB may be sent, photos of 10 MB).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors._json_api import FORBIDDEN, UNAUTHORIZED, JsonApi, Reply, words_of
from connectors._multipart import Part, multipart
from connectors._payload import at, mapping, objects, whole
from connectors._telegram_chats import Place, message_in, number_in, place_in
from connectors.base import Action, Credentials, OutboundAttachment, OutboundMessage, Receipt
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.typing_signal import TYPING_SECONDS

API_URL = "https://api.telegram.org"
SECONDS = 60.0  # of one call: files go up, and waiting for updates takes a while
NOT_FOUND, CONFLICT = 404, 409
LONGEST_CAPTION = 1024  # UTF-16 units
LARGEST_PHOTO = 10_000_000
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
LONGEST_WAIT = 3600.0
LIKE = "👍"


class Moved(Rejected):
    """The group became a supergroup, with another id."""

    def __init__(self, chat: int) -> None:
        super().__init__("The group has become a supergroup with another id.")
        self.chat = chat


def token_of(credentials: Credentials) -> str:
    """Return the bot's token, "ID:SECRET". Raises BadCredentials; the token is part of addresses, so it is checked."""
    token = str(credentials.get("token") or "").strip()
    bot, _, secret = token.partition(":")
    if not (
        bot.isascii() and bot.isdigit() and secret.isascii() and secret.replace("-", "").replace("_", "").isalnum()
    ):
        raise BadCredentials("The bot's token is missing or not of the form 123456:ABC-DEF: @BotFather shows it.")
    return token


def bot_id(credentials: Credentials) -> str:
    return token_of(credentials).partition(":")[0]


def base_url(credentials: Credentials) -> str:
    return str(credentials.get("api_url") or API_URL).strip().rstrip("/")


def api_of(credentials: Credentials) -> JsonApi:
    """Return the API of the channel's bot. Raises BadCredentials."""
    url = f"{base_url(credentials)}/bot{token_of(credentials)}"
    return JsonApi("Telegram", url, explain=explain, seconds=SECONDS)


def explain(reply: Reply) -> ConnectorError | None:
    """Return our error for a refusal; 403 means that this one chat is closed to the bot, not that the token is bad."""
    said = words_of(reply.data) or f"status {reply.status}"
    moved = whole(at(reply.data, "parameters", "migrate_to_chat_id"))
    if moved is not None:
        return Moved(moved)
    wait = whole(at(reply.data, "parameters", "retry_after"))
    if wait is not None:
        return Transient(
            phrase("Telegram cannot take this now: {said}.", said=said),
            retry_after_seconds=min(float(wait), LONGEST_WAIT),
        )
    if reply.status in {UNAUTHORIZED, NOT_FOUND}:
        return BadCredentials(phrase("Telegram does not accept the bot's token: {said}.", said=said))
    if reply.status == FORBIDDEN:
        return Rejected(phrase("{name} refused this: {said}.", name="Telegram", said=said))
    return Transient(phrase("Telegram: {said}.", said=said)) if reply.status == CONFLICT else None


def result(api: JsonApi, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """Call a method and return its result. Raises Transient, BadCredentials or Rejected."""
    return at(api.post(method, dict(parameters or {})), "result")


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    parameters: Mapping[str, Any]
    files: tuple[Part, ...] = ()


def send(credentials: Credentials, message: OutboundMessage) -> Receipt:
    """Send a reply: one call, or two where the text is too long for a caption. Raises as the protocol says."""
    place = place_in(message.thread_key or "") or place_in(message.recipient)
    if place is None:
        raise Rejected("The reply does not say to which chat it goes.")
    api, calls = api_of(credentials), _calls(message)
    try:
        return _send_all(api, place, calls, message.answers)
    except Moved as moved:
        return _send_all(api, Place(moved.chat, place.topic), calls, None)


def show_typing(credentials: Credentials, action: Action) -> None:
    """Show in the conversation's chat that somebody is typing. Raises as `send`."""
    place = place_in(action.thread_key or "") or place_in(action.recipient)
    if place is None or place.direct is not None:  # the method knows no channel's direct messages
        raise Rejected("Telegram does not show this here.")
    topic = {"message_thread_id": place.topic} if place.topic is not None else {}
    business = {"business_connection_id": place.business} if place.business else {}
    api = replace(api_of(credentials), seconds=TYPING_SECONDS)
    result(api, "sendChatAction", {"chat_id": place.chat, "action": "typing", **topic, **business})


def act(credentials: Credentials, action: Action) -> None:
    """Show a thumb up, take it back, or delete a message; what is gone already is done. Raises as `send`."""
    found = message_in(action.target)
    if found is None or found[0].business:
        raise Rejected("This cannot be done with this message.")
    place, number = found
    at_message = {"chat_id": place.chat, "message_id": number}
    if action.kind != "delete":
        shown = [{"type": "emoji", "emoji": LIKE}] if action.kind == "like" else []
        result(api_of(credentials), "setMessageReaction", {**at_message, "reaction": shown})
        return
    try:
        result(api_of(credentials), "deleteMessage", at_message)
    except Rejected as refused:
        if "message to delete not found" not in refused.reason:
            raise


def _send_all(api: JsonApi, place: Place, calls: Sequence[_Call], answers: str | None) -> Receipt:
    receipt = _send_one(api, place, calls[0], answers)
    for call in calls[1:]:
        try:
            _send_one(api, place, call, None)
        except ConnectorError as error:  # a second try would say the text again
            raise Rejected(phrase("The text was sent, but not the files: {reason}", reason=error.reason)) from None
    return receipt


def _send_one(api: JsonApi, place: Place, call: _Call, answers: str | None) -> Receipt:
    parameters = {**_to(place, answers), **call.parameters}
    if call.files:
        fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in parameters.items()}
        body, content_type = multipart(fields, call.files)
        answer = at(api.call("POST", call.method, body=body, content_type=content_type), "result")
    else:
        answer = result(api, call.method, parameters)
    sent = mapping(objects(answer)[0] if objects(answer) else answer)
    number, chat = whole(sent.get("message_id")), whole(at(sent, "chat", "id"))
    if number is None:
        raise Transient("Telegram took the message but gave it no id.")
    return Receipt(Place(chat if chat is not None else place.chat, business=place.business).message_id(number))


def _to(place: Place, answers: str | None) -> dict[str, Any]:
    number = number_in(answers or "", place.room)
    said: dict[str, Any] = {
        "chat_id": place.chat,
        "message_thread_id": place.topic,
        "direct_messages_topic_id": place.direct,
        "business_connection_id": place.business or None,
        "reply_parameters": {"message_id": number, "allow_sending_without_reply": True} if number else None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _calls(message: OutboundMessage) -> list[_Call]:
    fits = len(message.text.encode("utf-16-le", "replace")) // 2 <= LONGEST_CAPTION
    said = [_Call("sendMessage", {"text": message.text})]
    if not message.attachments:
        return said
    files = _files(message.attachments, message.text if fits else "")
    return [files] if fits else [*said, files]


def _files(files: Sequence[OutboundAttachment], caption: str) -> _Call:
    """Return the one call that sends files: photos as photos if all are, else all as documents."""
    kind = "photo" if all(map(_is_photo, files)) else "document"
    words = {"caption": caption} if caption else {}
    if len(files) == 1:
        return _Call("sendPhoto" if kind == "photo" else "sendDocument", words, (_part(kind, files[0]),))
    names = [f"file{number}" for number in range(len(files))]
    media: list[dict[str, str]] = [{"type": kind, "media": f"attach://{name}"} for name in names]
    # the caption of the first photo, but of the last document, is shown as that of the whole album
    media[0 if kind == "photo" else -1].update(words)
    return _Call("sendMediaGroup", {"media": media}, tuple(map(_part, names, files)))


def _is_photo(file: OutboundAttachment) -> bool:
    return file.content_type in PHOTO_TYPES and len(file.data) <= LARGEST_PHOTO


def _part(name: str, file: OutboundAttachment) -> Part:
    return Part(name, file.filename or "file", file.content_type, file.data)
