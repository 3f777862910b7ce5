"""What a sandbox does like a real provider: signed webhook calls, files of its own, approved templates.

POST, body: one message (see _sandbox_format.py) or a list of them; X-Sandbox-Signature: sha256=HMAC of the raw body
GET ?secret=…&challenge=…: the handshake; the challenge is the answer
"""

from __future__ import annotations

import json
import mimetypes
import re
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors import _http
from connectors._payload import line, objects
from connectors._payload import text as clean
from connectors._sandbox_folders import CONTENT_TYPES, Folders
from connectors._signing import hmac_hex, require_same, require_secret
from connectors.base import (
    InboundAttachment,
    MayReach,
    RawDelivery,
    Received,
    RemoteFile,
    Template,
    WebAnswer,
    WebRequest,
)
from connectors.errors import Malformed, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

SIGNATURE = "x-sandbox-signature"
MOST_MESSAGES = 1_000
OK, MISSING = 200, 404
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def verify(secret: str, request: WebRequest) -> None:
    """Check a call. Raises BadCredentials."""
    known = require_secret(secret)
    if request.method == "POST":
        require_same(request.headers.get(SIGNATURE), f"sha256={hmac_hex(known, request.body)}")
    else:
        require_same(request.query.get("secret"), known, "secret")


def receive(request: WebRequest, received_at: datetime) -> Received:
    """Return one delivery a message. Raises Malformed."""
    if request.method != "POST":
        return Received(answer=WebAnswer(body=request.query.get("challenge", "").encode("utf-8", "replace")))
    said: Any = load_json(request.body)
    messages = said if isinstance(said, list) else [said]
    if len(messages) > MOST_MESSAGES:
        raise Malformed(f"A call brings at most {MOST_MESSAGES} messages.")
    return Received(tuple(_delivery(message, received_at) for message in messages))


def download(folders: Folders, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
    """Return a file's bytes. Raises Transient or Rejected."""
    if file.media_id:
        return InboundAttachment(file.filename, _type_of(file), _local(folders, file.media_id))
    answer = _http.download(file.url, headers={}, may_reach=may_reach)
    if answer.status != OK:
        reason = f"The file's server answered {answer.status}."
        raise Rejected(reason) if answer.status == MISSING else Transient(reason)
    return InboundAttachment(file.filename, answer.headers.get("content-type", _type_of(file)), answer.body)


def templates(folders: Folders) -> tuple[Template, ...]:
    """Return what templates.json holds, a list of {"name", "language", "text"}. Raises Transient."""
    try:
        raw = folders.templates.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Transient(
            phrase("{name} cannot be read: {strerror}.", name=folders.templates.name, strerror=error.strerror)
        ) from error
    try:
        said = load_json(raw)
    except Malformed as error:
        raise Transient(phrase("{name}: {reason}", name=folders.templates.name, reason=error.reason)) from None
    found = (
        Template(line(one.get("name")), line(one.get("language")), clean(one.get("text"))) for one in objects(said)
    )
    return tuple(template for template in found if template.name)


def _delivery(message: Any, received_at: datetime) -> RawDelivery:
    raw = json.dumps(message, sort_keys=True).encode()
    return RawDelivery(raw, received_at, f"call-{sha256(raw).hexdigest()}", {"content_type": CONTENT_TYPES[".json"]})


def _local(folders: Folders, name: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise Rejected("The name of the file is not one.")
    try:
        return (folders.media / name).read_bytes()
    except FileNotFoundError:
        raise Rejected("The file is no longer there.") from None
    except OSError as error:
        raise Transient(phrase("{name} cannot be read: {strerror}.", name=name, strerror=error.strerror)) from error


def _type_of(file: RemoteFile) -> str:
    return file.content_type or mimetypes.guess_type(file.filename)[0] or "application/octet-stream"
