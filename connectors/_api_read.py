"""The messages that other systems post in: the fields of docs/api-channel.md to values. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, get_args

from connectors._posted import (
    LONGEST_ID,
    Posted,
    Unprocessable,
    address_of,
    flag_of,
    line_of,
    moment_of,
    text_of,
)
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
from connectors.submission import clean_line, clean_text

MOST_FILES = 20
MOST_CUSTOM = 50
EVENTS = ("edit", "delete", "reaction", "status")
TYPES = ("message", *EVENTS)
MEDIA: Mapping[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}


def read_one(posted: Posted, key: str, kind: str) -> InboundMessage:
    """Return one message; `kind` is that of identities known by the caller's own id. Raises Unprocessable."""
    type_ = posted.get("type", "message")
    if type_ not in TYPES:
        raise Unprocessable(f'"type" is one of {", ".join(TYPES)}.')
    sender, also = _people(posted, kind)
    common: dict[str, Any] = {
        "sender": sender,
        "also": also,
        "thread_key": line_of(posted, "thread", LONGEST_ID) or None,
        "sent_at": moment_of(posted),
        "custom": _custom(posted),
    }
    own_id = line_of(posted, "id", LONGEST_ID)
    if type_ in EVENTS:
        return _event(posted, type_, own_id, key, common)
    return _message(posted, own_id or key, common)


def _message(posted: Posted, external_id: str, common: Mapping[str, Any]) -> InboundMessage:
    text = text_of(posted)
    here, remote = _files(posted)
    if not text and not here and not remote:
        raise Unprocessable('A message has a "text" or "attachments".')
    return InboundMessage(
        external_id=external_id,
        subject=line_of(posted, "subject", 500),
        text=text,
        attachments=here,
        remote_files=remote,
        in_reply_to=line_of(posted, "in_reply_to", LONGEST_ID) or None,
        kind="text" if text else _media_kind([*here, *remote]),
        is_public=flag_of(posted, "public"),
        url=address_of(posted, "url"),
        **common,
    )


def _event(posted: Posted, type_: MessageKind, own_id: str, key: str, common: Mapping[str, Any]) -> InboundMessage:
    target = line_of(posted, "target", LONGEST_ID)
    if not target:
        raise Unprocessable(f'"target" says which message the {type_} is about, by its id.')
    status = _status(posted) if type_ == "status" else None
    once = {"delete": f"{target}:delete", "status": f"{target}:{status}"}.get(type_, f"{target}:{key}")
    text = text_of(posted) if type_ == "edit" else ""
    if type_ == "edit" and not text:
        raise Unprocessable('An edit has the new "text".')
    return InboundMessage(
        external_id=own_id or once,
        kind=type_,
        target=target,
        text=text,
        reaction=line_of(posted, "reaction", 50) if type_ == "reaction" else "",
        status=status,
        status_reason=line_of(posted, "reason", 500) if status == "failed" else "",
        **common,
    )


def _status(posted: Posted) -> Status:
    found: Status | None = next((known for known in get_args(Status) if known == posted.get("status")), None)
    if not found:
        raise Unprocessable(f'"status" is one of {", ".join(get_args(Status))}.')
    return found


def _people(posted: Posted, kind: str) -> tuple[Identity, tuple[Identity, ...]]:
    """Return the sender by the best of their addresses, and the others."""
    who = posted.get("sender")
    if not isinstance(who, dict):
        raise Unprocessable('"sender" is an object with at least an id, an email, a phone or a handle.')
    handle, name = line_of(who, "handle", 200), line_of(who, "name", 200)
    shown = Profile(handle, address_of(who, "url"), address_of(who, "avatar_url"))
    profile = shown if shown != Profile() else None
    own = line_of(who, "id", LONGEST_ID) or handle
    email, phone = _email(who), _phone(who)
    found = [Identity(kind, own, name, True, profile)] if own else []
    found += [Identity("email", email, name, flag_of(who, "email_verified"))] if email else []
    found += [Identity("phone", phone, name, flag_of(who, "phone_verified"))] if phone else []
    if not found:
        raise Unprocessable("The sender has an id, an email, a phone or a handle.")
    return found[0], tuple(found[1:])


def _email(who: Posted) -> str:
    email = line_of(who, "email", 300).lower()
    local, _, host = email.rpartition("@")
    if email and (not local or "." not in host or " " in email or len(email) > 254 or "@" in local):
        raise Unprocessable('"email" of the sender is no e-mail address.')
    return email


def _phone(who: Posted) -> str:
    said = line_of(who, "phone", 60)
    digits = "".join(sign for sign in said if sign in "0123456789")
    if said and not (set(said) <= set("0123456789 +-()./") and 5 <= len(digits) <= 15):
        raise Unprocessable('"phone" of the sender is no phone number: write it as +49301234567.')
    return ("+" if said.startswith("+") else "") + digits if said else ""


def _files(posted: Posted) -> tuple[tuple[InboundAttachment, ...], tuple[RemoteFile, ...]]:
    listed = posted.get("attachments")
    listed = [] if listed is None else listed
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Unprocessable('"attachments" is a list of objects.')
    if len(listed) > MOST_FILES:
        raise Unprocessable(f"A message has at most {MOST_FILES} attachments.")
    files = [_file(entry) for entry in listed]
    here = tuple(file for file in files if isinstance(file, InboundAttachment))
    return here, tuple(file for file in files if isinstance(file, RemoteFile))


def _file(entry: Posted) -> InboundAttachment | RemoteFile:
    content_type = line_of(entry, "content_type", 100).partition(";")[0].strip().lower() or ANY_TYPE
    filename = filename_of(line_of(entry, "filename", 500), content_type)
    url, data = address_of(entry, "url"), entry.get("data")
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


def _custom(posted: Posted) -> Mapping[str, str]:
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
    return "" if value is None else str(value)
