"""WhatsApp by Meta's Cloud API: webhooks in, messages and templates out, files by their media id.

Sources (developers.facebook.com/documentation/business-messaging/whatsapp): webhooks/reference/messages,
messages/send-messages (the 24-hour customer service window), messages/text-messages (4,096 characters),
business-phone-numbers/media (types and sizes, media id, address, bytes with the token, five minutes),
business-scoped-user-ids (`recipient` instead of `to`), templates/template-management, support/error-codes.
A message holds one file. The API knows no idempotency key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from connectors._graph import (
    APP_SECRET,
    VERIFY_TOKEN,
    Graph,
    GraphWebhook,
    advanced,
    fetched,
    graph,
    is_taken,
    required_id,
)
from connectors._http import MOST_FILE_BYTES
from connectors._json_api import segment
from connectors._payload import at, line, whole
from connectors._read_marks import TELLS_READ
from connectors._typing import SHOWS_TYPING
from connectors._whatsapp_parse import GROUP, KIND, PHONE, messages_of, numbers_of
from connectors._whatsapp_templates import approved, body_of, find
from connectors.base import (
    Action,
    Capabilities,
    Credentials,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundAttachment,
    OutboundMessage,
    RawDelivery,
    Receipt,
    RemoteFile,
    Setting,
    Template,
)
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json
from connectors.typing_signal import TYPING_SECONDS

NAME = "WhatsApp"
DAY_SECONDS = 24 * 3600.0
MAX_TEXT, MAX_CAPTION = 4096, 1024
MEGABYTE = 1024 * 1024
# what a message calls a file of this type, and how large one may be
SENDABLE: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("image/jpeg", "image/png"), ("image", 5 * MEGABYTE)),
    "image/webp": ("sticker", 500 * 1024),
    **dict.fromkeys(("video/mp4", "video/3gpp"), ("video", 16 * MEGABYTE)),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), ("audio", 16 * MEGABYTE)),
    **dict.fromkeys(
        (
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("document", 100 * MEGABYTE),
    ),
}
CAPTIONED = frozenset({"image", "video", "document"})


class WhatsappConnector(GraphWebhook):
    kind: ClassVar[str] = KIND
    label: ClassVar[str] = NAME
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("WhatsApp Business by Meta's Cloud API: messages, media and approved templates.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        send=True,
        reaches=(PHONE, KIND),
        threads=True,
        attachments=True,
        media_types=tuple(SENDABLE),
        max_attachments=1,
        max_text=MAX_TEXT,
        max_attachment_bytes=100 * MEGABYTE,
        reply_window_seconds=DAY_SECONDS,
        templates=True,
        edits=True,
        deletes=True,
        reactions=True,
        delivery_states=True,
        read_states=True,
        marks_read=True,
        shows_typing=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("number", "Phone number", help="As customers see it: +49 30 1234567."),
        Setting("phone_number_id", "Phone number id", required=True, help="WhatsApp, API setup. Digits only."),
        Setting("account_id", "WhatsApp business account id", help="Needed for message templates."),
        Setting(
            "access_token",
            "Access token",
            kind="secret",
            required=True,
            help="A system user's: it never expires. Meta's sign-in for WhatsApp needs a script of theirs in the page, "
            "so there is none here.",
        ),
        APP_SECRET,
        VERIFY_TOKEN,
        TELLS_READ,
        SHOWS_TYPING,
        *advanced(),
    )

    def address(self, credentials: Credentials) -> str:
        """Return the number customers write to, as the settings say it."""
        return line(credentials.get("number"), 40)

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin enters at Meta."""
        return (
            (
                "Callback URL (WhatsApp, Configuration): one serves all numbers of an app",
                f"{base_url}/webhooks/{KIND}/{token}",
            ),
            ("Verify token", "the one you entered here as “Verify token”"),
            ("Webhook field to subscribe to", "messages"),
        )

    def check(self, credentials: Credentials) -> str:
        """Sign in and say whose number it is. Raises BadCredentials, Transient or Rejected."""
        number = _number_id(credentials)
        try:
            found = _graph(credentials).get(segment(number), fields="display_phone_number,verified_name,quality_rating")
        except Rejected as error:  # the id is unknown, or belongs to somebody else
            raise BadCredentials(error.reason) from None
        name, shown = line(at(found, "verified_name")), line(at(found, "display_phone_number"))
        quality = line(at(found, "quality_rating"), 20).lower()
        return (
            f"Signed in as {name or number}{f', {shown}' if shown else ''}{f', quality {quality}' if quality else ''}."
        )

    home_key = "phone_number_id"

    def addressed(self, delivery: RawDelivery) -> tuple[str, ...]:
        """Return the ids of the phone numbers that a call is for."""
        return numbers_of(delivery.raw)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages and states of a webhook call. Raises Malformed."""
        return messages_of(load_json(delivery.raw), lambda number: is_taken(delivery.meta, number))

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Send a text, a file with its caption, or a template. Raises Transient, BadCredentials or Rejected."""
        api, place = _graph(credentials), f"{segment(_number_id(credentials))}/messages"
        envelope = _envelope(message)
        if message.template:
            return _sent(api, place, envelope | _template(api, credentials, message.template))
        if not message.attachments:
            return _sent(api, place, envelope | _text(message.text))
        media_id, kind = _uploaded(api, credentials, message.attachments)
        caption = message.text if kind in CAPTIONED and len(message.text) <= MAX_CAPTION else ""
        receipt = _sent(api, place, envelope | _media(kind, media_id, message.attachments[0].filename, caption))
        if message.text and not caption:
            receipt = _text_after(api, place, envelope | _text(message.text))
        return receipt

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a file: its address by its media id, then the bytes. Raises Transient, BadCredentials or Rejected."""
        if not file.media_id:
            return fetched(NAME, file, may_reach)
        api = _graph(credentials)
        found = api.get(segment(file.media_id), phone_number_id=_number_id(credentials))
        url, size = line(at(found, "url"), 4000), whole(at(found, "file_size"))
        if size is not None and size > MOST_FILE_BYTES:
            raise Rejected(phrase("The file is larger than {most} MB.", most=MOST_FILE_BYTES // 1_000_000))
        if not url.startswith(("https://", "http://")):
            raise Rejected("WhatsApp does not say where this file is.")
        return fetched(NAME, file, may_reach, url=url, headers=api.api.headers)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Mark a message and those before it as read: whatsapp/messages/mark-message-as-read. Raises as `send`.

        Typing is shown for 25 seconds (whatsapp/typing-indicators); it marks as read too, so not without that.
        """
        said: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": action.target}
        api = _graph(credentials)
        if action.kind == "typing" and credentials.get(TELLS_READ.key, TELLS_READ.default) is True:
            said["typing_indicator"] = {"type": "text"}
            api = replace(api, api=replace(api.api, seconds=TYPING_SECONDS))
        elif action.kind != "read":
            raise Rejected("WhatsApp does not offer that.")
        api.post(f"{segment(_number_id(credentials))}/messages", said)

    def templates(self, credentials: Credentials) -> tuple[Template, ...]:
        """Return the approved templates that consist of text. Raises Transient or BadCredentials."""
        account = line(credentials.get("account_id"), 60)
        if not account:
            return ()
        try:
            return tuple(known.template for known in approved(_graph(credentials), account))
        except Rejected as error:
            raise BadCredentials(error.reason) from None


def _graph(credentials: Credentials) -> Graph:
    return graph(credentials, NAME)


def _number_id(credentials: Credentials) -> str:
    return required_id(credentials, "phone_number_id", "The phone number id")


def _envelope(message: OutboundMessage) -> dict[str, Any]:
    """Say to whom: a group, a phone number (`to`), or a business-scoped user id (`recipient`)."""
    base: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if message.answers:
        base["context"] = {"message_id": message.answers}
    if message.thread_key and message.thread_key.startswith(GROUP):
        return base | {"recipient_type": "group", "to": message.thread_key.removeprefix(GROUP)}
    digits = message.recipient.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return base | {"to": digits}
    if not message.recipient:
        raise Rejected("It is not known to which number this should go.")
    return base | {"recipient": message.recipient}


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": words, "preview_url": "://" in words}}


def _media(kind: str, media_id: str, filename: str, caption: str) -> dict[str, Any]:
    named = {"filename": line(filename, 240)} if kind == "document" else {}
    return {"type": kind, kind: {"id": media_id, **named, **({"caption": caption} if caption else {})}}


def _template(api: Graph, credentials: Credentials, template: Template) -> dict[str, Any]:
    """Return a template's part of a message, by how Meta defines it now. Raises as `send`."""
    account = required_id(credentials, "account_id", "The WhatsApp business account id")
    known = find(approved(api, account, template.name), template)
    return {"type": "template", "template": body_of(known, template.values)}


def _uploaded(api: Graph, credentials: Credentials, files: tuple[OutboundAttachment, ...]) -> tuple[str, str]:
    """Bring the file to WhatsApp; returns its media id and what a message calls it. Raises as `send`."""
    if len(files) > 1:
        raise Rejected("A WhatsApp message holds one file: send them one by one.")
    content_type = files[0].content_type.partition(";")[0].strip().lower()
    kind, most = SENDABLE.get(content_type, ("", 0))
    if not kind:
        raise Rejected(
            phrase("WhatsApp takes no files of the type {content_type}.", content_type=repr(content_type[:80]))
        )
    if len(files[0].data) > most:
        raise Rejected(
            phrase(
                "WhatsApp takes files of the type {content_type} up to {most} KB.",
                content_type=repr(content_type),
                most=f"{most // 1024:,}",
            )
        )
    fields = {"messaging_product": "whatsapp", "type": content_type}
    answer = api.upload(f"{segment(_number_id(credentials))}/media", fields, "file", files[0])
    media_id = line(at(answer, "id"))
    if not media_id:
        raise Transient("WhatsApp took the file but did not say under which id.")
    return media_id, kind


def _sent(api: Graph, place: str, body: dict[str, Any]) -> Receipt:
    answer = api.post(place, body)
    messages = at(answer, "messages")
    message_id = line(at(messages[0], "id")) if isinstance(messages, list) and messages else ""
    if not message_id:
        raise Rejected("WhatsApp took the message but did not say under which id.")
    return Receipt(external_id=message_id, detail=line(at(messages[0], "message_status"), 40))


def _text_after(api: Graph, place: str, body: dict[str, Any]) -> Receipt:
    """Send the words that did not fit a file's caption. The file has left: nothing of this may be tried again."""
    try:
        return _sent(api, place, body)
    except ConnectorError as error:
        raise Rejected(phrase("The file was sent, but its text was not: {reason}", reason=error.reason)) from None
