"""The JSON form of one message in the sandbox channel, read with suspicion like everything that comes from outside.

    {"id": "1", "from": {"kind": "email", "address": "ana@example.com", "name": "Ana"}, "subject": "Hello",
     "text": "new words", "quoted": "", "signature": "", "html": null, "thread": "t1", "auto": "none",
     "attachments": [{"filename": "a.png", "content_type": "image/png", "base64": "…"}],
     "sent_at": "2026-11-22T10:00:00+00:00"}

Only `from.address` and one of `text`, `html`, `attachments` must be there.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast, get_args

from connectors.base import Auto, Identity, InboundAttachment, InboundMessage
from connectors.errors import Malformed

IDENTITY_KINDS = {"email", "phone", "handle", "visitor"}
_MAX_ATTACHMENTS = 100


def read_message(raw: bytes) -> InboundMessage:
    """Turn the JSON of one message into values. Raises Malformed, which says what is wrong."""
    try:
        said = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"This is not JSON: {str(error)[:200]}.") from None
    if not isinstance(said, dict):
        raise Malformed("This JSON is not one message.")
    attachments = tuple(_attachment(one) for one in _list(said, "attachments"))
    text, html = _text(said, "text"), _text(said, "html")
    if not text and not html and not attachments:
        raise Malformed("The message is empty: it has neither text nor html nor attachments.")
    return InboundMessage(
        external_id=_text(said, "id") or f"sandbox-{sha256(raw).hexdigest()}",
        sender=_sender(said.get("from")),
        subject=" ".join(_text(said, "subject").split()),
        text=text,
        quoted=_text(said, "quoted"),
        signature=_text(said, "signature"),
        html=html or None,
        attachments=attachments,
        thread_key=_text(said, "thread") or None,
        auto=_auto(said),
        sent_at=_moment(_text(said, "sent_at")),
    )


def _sender(said: Any) -> Identity:
    if not isinstance(said, dict):
        raise Malformed("The message does not say from whom it is.")
    kind, address = _text(said, "kind") or "email", _text(said, "address").strip()
    if kind not in IDENTITY_KINDS:
        raise Malformed(f"{kind[:40]!r} is not a kind of identity.")
    if not address:
        raise Malformed("The sender has no address.")
    if kind == "email":
        address = address.lower()
    return Identity(kind, address[:320], " ".join(_text(said, "name").split())[:200])


def _attachment(said: Any) -> InboundAttachment:
    if not isinstance(said, dict):
        raise Malformed("An attachment is not an object.")
    try:
        data = b64decode(_text(said, "base64"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("An attachment is not valid base64.") from None
    name = _text(said, "filename").strip() or "attachment"
    return InboundAttachment(name, _text(said, "content_type").strip() or "application/octet-stream", data)


def _auto(said: dict[str, Any]) -> Auto:
    auto = _text(said, "auto") or "none"
    if auto not in get_args(Auto):
        raise Malformed(f"{auto[:40]!r} is not a kind of automatic message.")
    return cast("Auto", auto)


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            raise Malformed(f"The time {written[:40]!r} does not say its time zone.")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(f"{written[:40]!r} is not a time.") from None


def _list(said: dict[str, Any], key: str) -> list[Any]:
    value = said.get(key) or []
    if not isinstance(value, list) or len(value) > _MAX_ATTACHMENTS:
        raise Malformed(f"{key} is not a list of at most {_MAX_ATTACHMENTS}.")
    return value


def _text(said: dict[str, Any], key: str) -> str:
    """Return a text that every database and screen can take: no NUL, no half surrogates."""
    value = said.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{key} is not a text.")
    return value.replace("\0", "").encode("utf-8", "replace").decode()
