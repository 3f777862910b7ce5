"""Twilio's REST API for messages: sending, files, and the list of what came.

Messages: https://www.twilio.com/docs/messaging/api/message-resource. Errors: https://www.twilio.com/docs/usage/twilios-response.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors import _http
from connectors._fetched import fetched
from connectors._json_api import FORBIDDEN, FORM, JsonApi, Reply, segment, words_of
from connectors._payload import at, line, mapping, moment, objects, whole
from connectors._public_file import address_of
from connectors._sms_parse import REASONS, when
from connectors.base import (
    Batch,
    Credentials,
    Cursor,
    InboundAttachment,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    RemoteFile,
)
from connectors.errors import BadCredentials, ConnectorError, Rejected
from connectors.phrases import phrase
from connectors.web_address import split

API_URL = "https://api.twilio.com"
VERSION = "2010-04-01"
PAGE_SIZE = 100
WHATSAPP = "whatsapp:"
OVERLAP = timedelta(minutes=10)  # a message may be listed some time after it was made; twice is once
WAITING_STEP = 10.0
UNAUTHENTICATED = frozenset({20003, 20005, 20008})


def api_of(credentials: Credentials) -> JsonApi:
    """Return the API of the channel's account. Raises BadCredentials."""
    sid = str(credentials.get("account_sid") or "").strip()
    token = str(credentials.get("auth_token") or "").strip()
    if not sid or not token:
        raise BadCredentials("Enter the account's SID and its auth token: Twilio's console shows both.")
    url = f"{_base_url(credentials)}/{VERSION}/Accounts/{segment(sid)}"
    return JsonApi("Twilio", url, headers=_sign_in(sid, token), explain=explain)


def _base_url(credentials: Credentials) -> str:
    return str(credentials.get("api_url") or API_URL).strip().rstrip("/")


def _sign_in(sid: str, token: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{sid}:{token}".encode()).decode()}


def explain(reply: Reply) -> ConnectorError | None:
    """Return our error for a refusal; a 403 that is not about signing in is about this one message."""
    code = whole(at(reply.data, "code"))
    said = words_of(reply.data) or f"status {reply.status}"
    if code in UNAUTHENTICATED:
        return BadCredentials(phrase("Twilio does not accept the account's SID and token: {said}.", said=said))
    if str(code) in REASONS and reply.status < 500:
        return Rejected(phrase("Twilio refused this: {reason} (error {code}).", reason=REASONS[str(code)], code=code))
    return (
        Rejected(phrase("{name} refused this: {said}.", name="Twilio", said=said))
        if reply.status == FORBIDDEN
        else None
    )


def send(credentials: Credentials, message: OutboundMessage) -> Receipt:
    """Send a text, with files that Twilio fetches from us. Raises Transient, BadCredentials or Rejected."""
    customer, _, own = (message.thread_key or "").partition(" ")
    if customer.startswith(WHATSAPP) and len(message.attachments) > 1:
        raise Rejected("WhatsApp takes one file in a message: send the others on their own.")
    media = [("MediaUrl", address_of(file, "Twilio")) for file in message.attachments]
    form = {"To": customer or message.recipient, "Body": message.text, **_from(credentials, own)}
    if not form["To"]:
        raise Rejected("The reply does not say to which number it goes.")
    callback = str(credentials.get("webhook") or "").strip()
    fields = [*form.items(), *media, *([("StatusCallback", callback)] if callback else [])]
    answer = api_of(credentials).call("POST", "Messages.json", body=urlencode(fields).encode(), content_type=FORM)
    sid = line(at(answer, "sid"))
    if not sid:
        raise Rejected("Twilio took the message but gave it no id.")
    return Receipt(sid, line(at(answer, "status")))


def _from(credentials: Credentials, own: str) -> dict[str, str]:
    """Return who the message is from: the service, the number that was written to, or the channel's own."""
    service = str(credentials.get("messaging_service") or "").strip()
    if service:
        return {"MessagingServiceSid": service}
    number = own or str(credentials.get("number") or "").strip()
    if not number:
        raise BadCredentials("Enter the number (or the Messaging Service) that replies are sent from.")
    return {"From": number}


def check(credentials: Credentials) -> str:
    """Sign in and say to which account. Raises BadCredentials, Transient or Rejected."""
    api = api_of(credentials)
    account = mapping(JsonApi("Twilio", f"{api.base_url}.json", headers=api.headers, explain=explain).call("GET", ""))
    return (
        f"Signed in to {line(account.get('friendly_name')) or 'Twilio'} ({line(account.get('status')) or 'unknown'})."
    )


def download(credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
    """Fetch a file; who we are is told to Twilio's own host only. Raises Transient, BadCredentials or Rejected."""
    api = api_of(credentials)
    is_own = split(file.url)[:2] == split(_base_url(credentials))[:2]
    headers = api.headers if is_own else {}
    answer = _http.download(file.url, headers=headers, may_reach=_http.reachable if is_own else may_reach)
    return fetched(api, file, answer, is_own=is_own)


def missed(credentials: Credentials, cursor: Cursor, every_seconds: float) -> Iterator[Batch]:
    """Yield inbound messages that the API lists, oldest first: Twilio calls once, and not again after an outage."""
    api = api_of(credentials)
    since = moment(cursor.get("since")) or _now()
    if not cursor:
        yield Batch((), {"since": since.isoformat()})
    while True:
        found: list[tuple[datetime, RawDelivery]] = []
        for page in _pages(api, credentials, since - OVERLAP):
            found += [(_made(said), _delivery(api, said)) for said in page]
            yield Batch()
        found.sort(key=lambda one: one[0])
        since = max([since, *(when for when, _ in found)])
        yield Batch(tuple(delivery for _, delivery in found), {"since": since.isoformat()})
        ends_at = time.monotonic() + every_seconds
        while time.monotonic() < ends_at:
            time.sleep(min(WAITING_STEP, max(ends_at - time.monotonic(), 0.0)))
            yield Batch()


def lists_its_own(credentials: Credentials) -> bool:
    """Say whether this channel's messages can be told from those of the account's other numbers."""
    return bool(credentials.get("messaging_service") or credentials.get("number"))


def _pages(api: JsonApi, credentials: Credentials, since: datetime) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the inbound messages to this channel's number or service, page by page, newest first."""
    service = str(credentials.get("messaging_service") or "").strip()
    query: dict[str, str | int] = {"DateSent>": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "PageSize": PAGE_SIZE}
    own = {} if service else {"To": str(credentials.get("number") or "").strip()}
    page = api.call("GET", "Messages.json", query={**query, **own})
    root = api.base_url.partition(f"/{VERSION}/")[0]
    while True:
        inbound = [said for said in objects(at(page, "messages")) if line(said.get("direction")) == "inbound"]
        yield [said for said in inbound if not service or line(said.get("messaging_service_sid")) == service]
        onward = line(at(page, "next_page_uri"), 2000)
        if not onward.startswith("/"):
            return
        page = JsonApi("Twilio", root, headers=api.headers, explain=explain).call("GET", onward)


def _made(said: Mapping[str, Any]) -> datetime:
    return when(said.get("date_sent") or said.get("date_created")) or datetime(1970, 1, 1, tzinfo=UTC)


def _delivery(api: JsonApi, said: Mapping[str, Any]) -> RawDelivery:
    sid = line(said.get("sid"))
    media = objects(at(api.get(f"Messages/{segment(sid)}/Media.json"), "media_list")) if _has_media(said) else []
    listed = [
        {"url": f"{api.base_url}/Messages/{segment(sid)}/Media/{segment(line(one.get('sid')))}", **_type_of(one)}
        for one in media
    ]
    raw = json.dumps({**said, **({"media": listed} if listed else {})}, ensure_ascii=False).encode("utf-8", "replace")
    return RawDelivery(raw, _now(), external_id=sid or None, meta={"content_type": "application/json"})


def _type_of(media: Mapping[str, Any]) -> dict[str, str]:
    return {"content_type": line(media.get("content_type"))}


def _has_media(said: Mapping[str, Any]) -> bool:
    return bool(whole(said.get("num_media")))


def _now() -> datetime:
    return datetime.now(UTC)
