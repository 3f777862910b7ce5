"""The JSON form of one message in the sandbox channel, read with suspicion like everything that comes from outside.

    {"id": "1", "from": {"kind": "email", "address": "ana@example.com", "name": "Ana"}, "subject": "Hello",
     "text": "new words", "quoted": "", "signature": "", "html": null, "thread": "t1", "auto": "none",
     "attachments": [{"filename": "a.png", "content_type": "image/png", "base64": "…"}],
     "sent_at": "2026-11-22T10:00:00+00:00"}

Only `from.address` and one of `text`, `html`, `attachments`, `files` must be there. Like a social provider's, a message
may also have

    {"kind": "image", "is_public": true, "url": "https://…", "in_reply_to": "1", "files": [{"filename": "a.png",
     "content_type": "image/png", "url": "https://…", "media_id": "a.png", "size": 123}],
     "from": {…, "verified": true, "handle": "@ana", "profile_url": "https://…", "avatar_url": "https://…",
     "followers": 7}}

and what happened to a message is told by {"id": "…", "from": {…}, "kind": "edit|delete|reaction|status", "target": "1"}
with "text", with "reaction", or with "status" and "status_reason". A deletion by the provider has no "from".
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, get_args

from connectors._payload import whole
from connectors.base import (
    Auto,
    Identity,
    InboundAttachment,
    InboundMessage,
    MessageKind,
    Profile,
    RemoteFile,
    Status,
)
from connectors.errors import Malformed

CHANGES = {"edit", "delete", "reaction", "status"}
PROVIDER = Identity("provider", "provider")  # see InboundMessage
IDENTITY_KINDS = {"email", "phone", "handle", "visitor"}
_MAX_ATTACHMENTS = 100
_WORDS = {"auto": "automatic message", "kind": "message", "status": "status"}


def read_message(raw: bytes) -> InboundMessage:
    """Turn the JSON of one message into values. Raises Malformed, which says what is wrong."""
    try:
        said = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"This is not JSON: {str(error)[:200]}.") from None
    if not isinstance(said, dict):
        raise Malformed("This JSON is not one message.")
    kind = _one_of(said, "kind", MessageKind, "text")
    attachments = tuple(_attachment(one) for one in _list(said, "attachments"))
    files = tuple(_file(one) for one in _list(said, "files"))
    text, html = _text(said, "text"), _text(said, "html")
    target = _line(said, "target") if kind in CHANGES else ""
    if kind in CHANGES and not target:
        raise Malformed("It does not say which message it is about.")
    if not (text or html or attachments or files or kind in CHANGES):
        raise Malformed("The message is empty: it has neither text nor html nor attachments.")
    return InboundMessage(
        external_id=_text(said, "id") or f"sandbox-{sha256(raw).hexdigest()}",
        sender=_sender(said.get("from")) if said.get("from") or kind != "delete" else PROVIDER,
        subject=" ".join(_text(said, "subject").split()),
        text=text,
        quoted=_text(said, "quoted"),
        signature=_text(said, "signature"),
        html=html or None,
        attachments=attachments,
        thread_key=_text(said, "thread") or None,
        auto=_one_of(said, "auto", Auto, "none"),
        sent_at=_moment(_text(said, "sent_at")),
        kind=kind,
        target=target or None,
        reaction=_line(said, "reaction")[:50],
        status=_one_of(said, "status", Status, "sent") if kind == "status" else None,
        status_reason=_line(said, "status_reason"),
        remote_files=files,
        is_public=said.get("is_public") is True,
        url=_line(said, "url"),
        in_reply_to=_line(said, "in_reply_to") or None,
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
    name = " ".join(_text(said, "name").split())[:200]
    return Identity(kind, address[:320], name, verified=said.get("verified") is True, profile=_profile(said))


def _profile(said: dict[str, Any]) -> Profile | None:
    profile = Profile(
        _line(said, "handle"), _line(said, "profile_url"), _line(said, "avatar_url"), whole(said.get("followers"))
    )
    return profile if profile != Profile() else None


def _file(said: Any) -> RemoteFile:
    if not isinstance(said, dict):
        raise Malformed("A file is not an object.")
    url, media_id = _line(said, "url"), _line(said, "media_id")
    if not url and not media_id:
        raise Malformed("A file has neither an address nor an id.")
    name = _line(said, "filename") or "file"
    return RemoteFile(name, _line(said, "content_type"), url, media_id, whole(said.get("size")))


def _attachment(said: Any) -> InboundAttachment:
    if not isinstance(said, dict):
        raise Malformed("An attachment is not an object.")
    try:
        data = b64decode(_text(said, "base64"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("An attachment is not valid base64.") from None
    name = _text(said, "filename").strip() or "attachment"
    return InboundAttachment(name, _text(said, "content_type").strip() or "application/octet-stream", data)


def _one_of(said: dict[str, Any], key: str, allowed: Any, otherwise: str) -> Any:
    """Return one of the values of a Literal. Raises Malformed."""
    value = _text(said, key) or otherwise
    if value not in get_args(allowed):
        raise Malformed(f"{value[:40]!r} is not a kind of {_WORDS[key]}.")
    return value


def _line(said: dict[str, Any], key: str) -> str:
    return " ".join(_text(said, key).split())[:2_000]


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
