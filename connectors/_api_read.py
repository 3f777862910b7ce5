"""What other systems post in: JSON to values, each mistake as one sentence that says where it is. Pure.

`Malformed` is what is no JSON at all, `Unprocessable` (a Malformed too) is JSON that is no message. The fields are
described in docs/api-channel.md.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from connectors._payload import line, moment
from connectors._remote import ANY_TYPE, filename_of
from connectors.base import (
    Identity,
    InboundAttachment,
    InboundMessage,
    MessageKind,
    Profile,
    RemoteFile,
    Status,
)
from connectors.errors import Malformed, Rejected
from connectors.submission import clean_line, clean_text, load_json
from connectors.web_address import split

MOST_MESSAGES = 100
MOST_FILES = 20
MOST_CUSTOM = 50
MOST_TEXT = 100_000
LONGEST_ID = 255
EVENTS = ("edit", "delete", "reaction", "status")
TYPES = ("message", *EVENTS)
MEDIA: Mapping[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}


class Unprocessable(Malformed):
    """JSON, but not what this channel takes."""


def messages_in(raw: bytes) -> list[Mapping[str, Any]]:
    """Return the objects of a call: a single message, a list, or {"messages": [...]}. Raises Malformed."""
    body = load_json(raw)
    found = body["messages"] if isinstance(body, dict) and "messages" in body else body
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unprocessable("A call brings one message (an object) or a list of them.")
    if not 1 <= len(found) <= MOST_MESSAGES:
        raise Unprocessable(f"A list brings 1 to {MOST_MESSAGES} messages, not {len(found)}.")
    return found


def read_all(raw: bytes, key: str, kind: str) -> list[InboundMessage]:
    """Return every message of a call; `key` names those without an id of their own. Raises Malformed."""
    posted = messages_in(raw)
    if len(posted) == 1:
        return [read_one(posted[0], key, kind)]
    read: list[InboundMessage] = []
    for number, one in enumerate(posted):
        try:
            read.append(read_one(one, f"{key}:{number}", kind))
        except Unprocessable as error:
            raise Unprocessable(f"Message {number + 1} of {len(posted)}: {error.reason}") from None
    return read


def names_itself(posted: Mapping[str, Any]) -> bool:
    """Tell whether a message brings its own id, or tells of something that can happen only once."""
    return bool(line(posted.get("id"))) or posted.get("type") in ("delete", "status")


def read_one(posted: Mapping[str, Any], key: str, kind: str) -> InboundMessage:
    """Return one message; `kind` is that of identities known by the caller's own id. Raises Unprocessable."""
    type_ = posted.get("type", "message")
    if type_ not in TYPES:
        raise Unprocessable(f'"type" is one of {", ".join(TYPES)}.')
    sender, also = _people(posted, kind)
    common: dict[str, Any] = {
        "sender": sender,
        "also": also,
        "thread_key": _line(posted, "thread", LONGEST_ID) or None,
        "sent_at": _moment(posted),
        "custom": _custom(posted),
    }
    own_id = _line(posted, "id", LONGEST_ID)
    if type_ in EVENTS:
        return _event(posted, type_, own_id, key, common)
    return _message(posted, own_id or key, common)


def _message(posted: Mapping[str, Any], external_id: str, common: Mapping[str, Any]) -> InboundMessage:
    text = _text(posted)
    here, remote = _files(posted)
    if not text and not here and not remote:
        raise Unprocessable('A message has a "text" or "attachments".')
    return InboundMessage(
        external_id=external_id,
        subject=_line(posted, "subject", 500),
        text=text,
        attachments=here,
        remote_files=remote,
        in_reply_to=_line(posted, "in_reply_to", LONGEST_ID) or None,
        kind="text" if text else _media_kind([*here, *remote]),
        is_public=_flag(posted, "public"),
        url=_address(posted, "url"),
        **common,
    )


def _event(
    posted: Mapping[str, Any], type_: MessageKind, own_id: str, key: str, common: Mapping[str, Any]
) -> InboundMessage:
    target = _line(posted, "target", LONGEST_ID)
    if not target:
        raise Unprocessable(f'"target" says which message the {type_} is about, by its id.')
    status = _status(posted) if type_ == "status" else None
    once = {"delete": f"{target}:delete", "status": f"{target}:{status}"}.get(type_, f"{target}:{key}")
    text = _text(posted) if type_ == "edit" else ""
    if type_ == "edit" and not text:
        raise Unprocessable('An edit has the new "text".')
    return InboundMessage(
        external_id=own_id or once,
        kind=type_,
        target=target,
        text=text,
        reaction=_line(posted, "reaction", 50) if type_ == "reaction" else "",
        status=status,
        status_reason=_line(posted, "reason", 500) if status == "failed" else "",
        **common,
    )


def _status(posted: Mapping[str, Any]) -> Status:
    found: Status | None = next((known for known in get_args(Status) if known == posted.get("status")), None)
    if not found:
        raise Unprocessable(f'"status" is one of {", ".join(get_args(Status))}.')
    return found


def _people(posted: Mapping[str, Any], kind: str) -> tuple[Identity, tuple[Identity, ...]]:
    """Return the sender by the best of their addresses, and the others."""
    who = posted.get("sender")
    if not isinstance(who, dict):
        raise Unprocessable('"sender" is an object with at least an id, an email, a phone or a handle.')
    handle, name = _line(who, "handle", 200), _line(who, "name", 200)
    shown = Profile(handle, _address(who, "url"), _address(who, "avatar_url"))
    profile = shown if shown != Profile() else None
    own = _line(who, "id", LONGEST_ID) or handle
    email, phone = _email(who), _phone(who)
    found = [Identity(kind, own, name, True, profile)] if own else []
    found += [Identity("email", email, name, _flag(who, "email_verified"))] if email else []
    found += [Identity("phone", phone, name, _flag(who, "phone_verified"))] if phone else []
    if not found:
        raise Unprocessable("The sender has an id, an email, a phone or a handle.")
    return found[0], tuple(found[1:])


def _email(who: Mapping[str, Any]) -> str:
    email = _line(who, "email", 300).lower()
    local, _, host = email.rpartition("@")
    if email and (not local or "." not in host or " " in email or len(email) > 254 or "@" in local):
        raise Unprocessable('"email" of the sender is no e-mail address.')
    return email


def _phone(who: Mapping[str, Any]) -> str:
    said = _line(who, "phone", 60)
    digits = "".join(sign for sign in said if sign in "0123456789")
    if said and not (set(said) <= set("0123456789 +-()./") and 5 <= len(digits) <= 15):
        raise Unprocessable('"phone" of the sender is no phone number: write it as +49301234567.')
    return ("+" if said.startswith("+") else "") + digits if said else ""


def _files(posted: Mapping[str, Any]) -> tuple[tuple[InboundAttachment, ...], tuple[RemoteFile, ...]]:
    listed = posted.get("attachments")
    listed = [] if listed is None else listed
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Unprocessable('"attachments" is a list of objects.')
    if len(listed) > MOST_FILES:
        raise Unprocessable(f"A message has at most {MOST_FILES} attachments.")
    files = [_file(entry) for entry in listed]
    here = tuple(file for file in files if isinstance(file, InboundAttachment))
    return here, tuple(file for file in files if isinstance(file, RemoteFile))


def _file(entry: Mapping[str, Any]) -> InboundAttachment | RemoteFile:
    content_type = _line(entry, "content_type", 100).partition(";")[0].strip().lower() or ANY_TYPE
    filename = filename_of(_line(entry, "filename", 500), content_type)
    url, data = _address(entry, "url"), entry.get("data")
    if url and data is None:
        return RemoteFile(filename, content_type, url=url)
    if url or not isinstance(data, str):
        raise Unprocessable('An attachment has either "data" (its bytes in Base64) or a "url".')
    try:
        return InboundAttachment(filename, content_type, base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise Unprocessable(f'The "data" of {filename} is not Base64.') from None


def _media_kind(files: list[InboundAttachment | RemoteFile]) -> MessageKind:
    return MEDIA.get(files[0].content_type.partition("/")[0], "file")


def _custom(posted: Mapping[str, Any]) -> Mapping[str, str]:
    custom = posted.get("custom")
    custom = {} if custom is None else custom
    if not isinstance(custom, dict) or len(custom) > MOST_CUSTOM:
        raise Unprocessable(f'"custom" is an object with at most {MOST_CUSTOM} values.')
    if not all(value is None or isinstance(value, (str, int, float)) for value in custom.values()):
        raise Unprocessable('The values in "custom" are texts, numbers, true or false.')
    named = {clean_line(key, 100): clean_text(_said(value), 2_000) for key, value in custom.items()}
    return {key: value for key, value in named.items() if key and value}


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return line(value)
    return "" if value is None else str(value)


def _moment(posted: Mapping[str, Any]) -> datetime | None:
    said = posted.get("sent_at")
    found = moment(said)
    if said is not None and found is None:
        raise Unprocessable('"sent_at" is a time as 2026-11-22T10:00:00Z or in seconds since 1970.')
    return found


def _text(posted: Mapping[str, Any]) -> str:
    said = posted.get("text")
    if said is not None and not isinstance(said, str):
        raise Unprocessable('"text" is a text.')
    if said and len(said) > MOST_TEXT:
        raise Unprocessable(f'"text" is longer than {MOST_TEXT:,} characters.')
    return clean_text(said or "")


def _line(values: Mapping[str, Any], key: str, limit: int) -> str:
    """Return one clean line of a string or whole number. Too long is an error: half an id is another id."""
    said = values.get(key)
    if said is not None and (isinstance(said, bool) or not isinstance(said, (str, int))):
        raise Unprocessable(f'"{key}" is a text.')
    if isinstance(said, str) and len(said) > limit:
        raise Unprocessable(f'"{key}" is longer than {limit} characters.')
    return line(said, limit)


def _flag(values: Mapping[str, Any], key: str) -> bool:
    said = values.get(key, False)
    if said is not None and not isinstance(said, bool):
        raise Unprocessable(f'"{key}" is true or false.')
    return bool(said)


def _address(values: Mapping[str, Any], key: str) -> str:
    url = _line(values, key, 2_000)
    try:
        return split(url).geturl() if url else ""
    except Rejected:
        raise Unprocessable(f'"{key}" is no web address: it begins with https://.') from None
