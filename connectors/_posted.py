"""What other systems post to us in JSON of our own design: fields to values, each mistake as one sentence. Pure.

`Malformed` is what is no JSON at all, `Unprocessable` (a Malformed too) is JSON that is not what the channel takes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from connectors._payload import line, moment
from connectors._standard_webhooks import ID
from connectors.base import InboundMessage, RawDelivery, Received, WebAnswer, WebRequest
from connectors.errors import Malformed, Rejected
from connectors.submission import clean_text, load_json
from connectors.web_address import split

MOST_MESSAGES = 100
MOST_TEXT = 100_000
LONGEST_ID = 255
ACCEPTED, BAD, NOT_ALLOWED, UNPROCESSABLE = 202, 400, 405, 422
Posted = Mapping[str, Any]
Objects = Callable[[bytes], list[Posted]]  # what a body brings
Read = Callable[[Posted, str], InboundMessage]  # one object and the name it has where it brings none


class Unprocessable(Malformed):
    """JSON, but not what this channel takes."""


def messages_in(raw: bytes) -> list[Posted]:
    """Return the objects of a call: a single message, a list, or {"messages": [...]}. Raises Malformed."""
    body = load_json(raw)
    found = body["messages"] if isinstance(body, dict) and "messages" in body else body
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unprocessable("A call brings one message (an object) or a list of them.")
    if not 1 <= len(found) <= MOST_MESSAGES:
        raise Unprocessable(f"A list brings 1 to {MOST_MESSAGES} messages, not {len(found)}.")
    return found


def read_all(raw: bytes, key: str, read: Read) -> list[InboundMessage]:
    """Return every message of a call; `key` names those without an id of their own. Raises Malformed."""
    return _read_each(messages_in(raw), key, read)


def _read_each(posted: list[Posted], key: str, read: Read) -> list[InboundMessage]:
    if len(posted) == 1:
        return [read(posted[0], key)]
    messages: list[InboundMessage] = []
    for number, one in enumerate(posted):
        try:
            messages.append(read(one, f"{key}:{number}"))
        except Unprocessable as error:
            raise Unprocessable(f"Message {number + 1} of {len(posted)}: {error.reason}") from None
    return messages


def take(request: WebRequest, received_at: datetime, read: Read, objects: Objects = messages_in) -> Received:
    """Take a whole call, or none of it: answers 202 with the ids, 400, 405 or 422 with one sentence. Total."""
    if request.method != "POST":
        return Received((), _answer(NOT_ALLOWED, {"error": "Messages are posted: use POST."}))
    try:
        posted = objects(request.body)
        key = _key_of(request, posted)
        messages = _read_each(posted, key, read)
    except Unprocessable as error:
        return Received((), _answer(UNPROCESSABLE, {"error": error.reason}))
    except Malformed as error:
        return Received((), _answer(BAD, {"error": error.reason}))
    meta = {"content_type": request.headers.get("content-type", "application/json")}
    delivery = RawDelivery(request.body, received_at, external_id=key, meta=meta)
    return Received((delivery,), _answer(ACCEPTED, {"ids": [message.external_id for message in messages]}))


def key_of_bytes(raw: bytes) -> str:
    """Return the name of a delivery that came without one."""
    return sha256(raw).hexdigest()


def _key_of(request: WebRequest, posted: list[Posted]) -> str:
    """Return the name of a call, which tells a repetition. Raises Malformed."""
    key = request.headers.get("idempotency-key", "") or request.headers.get(ID, "")
    if key:
        if len(key) > LONGEST_ID - 10 or not (key.isascii() and key.isprintable()):
            raise Malformed(f"The Idempotency-Key is at most {LONGEST_ID - 10} plain characters.")
        return key
    return key_of_bytes(request.body) if all(map(_names_itself, posted)) else str(uuid4())


def _answer(status: int, body: object) -> WebAnswer:
    return WebAnswer(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")


def _names_itself(posted: Posted) -> bool:
    """Tell whether a message brings its own id, or tells of something that can happen only once."""
    return bool(line(posted.get("id"))) or posted.get("type") in ("delete", "status")


def moment_of(posted: Posted, key: str = "sent_at") -> datetime | None:
    """Return a time of ISO 8601 or in Unix seconds. Raises Unprocessable."""
    said = posted.get(key)
    found = moment(said)
    if said is not None and found is None:
        raise Unprocessable(f'"{key}" is a time as 2026-11-22T10:00:00Z or in seconds since 1970.')
    return found


def text_of(posted: Posted, key: str = "text") -> str:
    """Return a text of several lines. Raises Unprocessable."""
    said = posted.get(key)
    if said is not None and not isinstance(said, str):
        raise Unprocessable(f'"{key}" is a text.')
    if said and len(said) > MOST_TEXT:
        raise Unprocessable(f'"{key}" is longer than {MOST_TEXT:,} characters.')
    return clean_text(said or "")


def line_of(values: Posted, key: str, limit: int) -> str:
    """Return one clean line of a string or whole number. Too long is an error: half an id is another id."""
    said = values.get(key)
    if said is not None and (isinstance(said, bool) or not isinstance(said, (str, int))):
        raise Unprocessable(f'"{key}" is a text.')
    if isinstance(said, str) and len(said) > limit:
        raise Unprocessable(f'"{key}" is longer than {limit} characters.')
    return line(said, limit)


def flag_of(values: Posted, key: str) -> bool:
    """Return true or false. Raises Unprocessable."""
    said = values.get(key, False)
    if said is not None and not isinstance(said, bool):
        raise Unprocessable(f'"{key}" is true or false.')
    return bool(said)


def address_of(values: Posted, key: str) -> str:
    """Return a web address. Raises Unprocessable."""
    url = line_of(values, key, 2_000)
    try:
        return split(url).geturl() if url else ""
    except Rejected:
        raise Unprocessable(f'"{key}" is no web address: it begins with https://.') from None
