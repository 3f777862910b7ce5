"""Twilio as its documentation describes it: Messages.json, Media, signed calls.

https://www.twilio.com/docs/messaging/api/message-resource (basic sign-in, Body of up to 1600 characters, pages by
next_page_uri, DateSent>), https://www.twilio.com/docs/usage/twilios-response (the form of errors),
https://www.twilio.com/docs/usage/webhooks/webhooks-security (signatures, here computed on their own).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

SID, TOKEN = "AC0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"
OWN, CUSTOMER = "+15558675310", "+14017122661"
STOPPED = "+14017120000"
ADDRESS = "https://desk.acme.example/webhooks/sms/t0k3n"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER, thread_key=f"{CUSTOMER} {OWN}")
PAGE = 2  # messages of a page here; really up to 1000


class Twilio(Provider):
    """One account: `sent` are forms that were taken, `messages` what the list shows, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.media: dict[str, tuple[str, bytes]] = {}
        account = rf"/2010-04-01/Accounts/{SID}"
        self.on("GET", rf"{account}\.json/?", self._account)
        self.on("POST", rf"{account}/Messages\.json", self._send)
        self.on("GET", rf"{account}/Messages\.json", self._list)
        self.on("GET", rf"{account}/Messages/(?P<message>\w+)/Media\.json", self._media_list)
        self.on("GET", rf"{account}/Messages/(?P<message>\w+)/Media/(?P<media>\w+)", self._media)
        self.on("GET", r"/cdn/(?P<media>\w+)", self._cdn)

    @property
    def credentials(self) -> dict[str, Any]:
        return {"account_sid": SID, "auth_token": TOKEN, "api_url": self.url, "number": OWN}

    def _account(self, call: Call) -> Said:
        return _refusal(call) or Said({"sid": SID, "friendly_name": "Acme", "status": "active"})

    def _send(self, call: Call) -> Said:
        form = call.form
        media = [value for name, value in parse_qsl(call.body.decode()) if name == "MediaUrl"]
        wrong = _refusal(call) or next(
            (_error(400, code, said) for is_wrong, code, said in _faults(form, media) if is_wrong), None
        )
        if wrong:
            return wrong
        self.sent.append({**form, "media": " ".join(media)} if media else form)
        return Said({"sid": f"SM{len(self.sent):032x}", "status": "queued", "to": form["To"]}, 201)

    def _list(self, call: Call) -> Said:
        wrong = _refusal(call)
        if wrong:
            return wrong
        assert call.query["DateSent>"].endswith("Z")
        page = int(call.query.get("Page", 0))
        asked = [said for said in self.messages if call.query.get("To", said["to"]) == said["to"]]
        shown = asked[page * PAGE : (page + 1) * PAGE]
        more = len(asked) > (page + 1) * PAGE
        query = urlencode({**call.query, "Page": page + 1})
        onward = f"{call.path}?{query}" if more else None
        return Said({"messages": shown, "page": page, "next_page_uri": onward})

    def _media_list(self, call: Call) -> Said:
        wrong = _refusal(call)
        return wrong or Said(
            {"media_list": [{"sid": sid, "content_type": kind} for sid, (kind, _) in self.media.items()]}
        )

    def _media(self, call: Call) -> Said:
        """Lead to a file elsewhere, as Twilio does."""
        wrong = _refusal(call)
        if wrong or call.parts["media"] not in self.media:
            return wrong or _error(404, 20404, "The requested resource was not found")
        return Said(b"", 307, {"location": f"http://localhost:{self.url.rpartition(':')[2]}/cdn/{call.parts['media']}"})

    def _cdn(self, call: Call) -> Said:
        assert "authorization" not in call.headers
        kind, data = self.media[call.parts["media"]]
        return Said(data, headers={"content-type": kind})


def _faults(form: Mapping[str, str], media: list[str]) -> list[tuple[bool, int, str]]:
    body, sender = form.get("Body", ""), form.get("From") or form.get("MessagingServiceSid")
    return [
        (not form.get("To"), 21604, "A 'To' phone number is required."),
        (not sender, 21603, "A 'From' phone number is required."),
        (len(media) > 10, 21623, "Number of media files exceeds allowed limit"),
        (not all(url.startswith("https://") for url in media), 21620, "Invalid media URL(s)"),
        (not body and not media, 21602, "Message body is required."),
        (len(body) > 1600, 21617, "The concatenated message body exceeds the 1600 character limit"),
        (form.get("To") == STOPPED, 21610, "Attempt to send to unsubscribed recipient"),
    ]


def _refusal(call: Call) -> Said | None:
    wanted = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    return None if call.headers.get("authorization") == wanted else _error(401, 20003, "Authenticate")


def _error(status: int, code: int, message: str) -> Said:
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return Said({"code": code, "message": message, "more_info": more_info, "status": status}, status)


def too_many() -> Said:
    said = _error(429, 20429, "Too Many Requests")
    return Said(said.body, 429, {"retry-after": "9"})


@contextmanager
def running() -> Iterator[Credentials]:
    twilio = Twilio()
    with serving(twilio):
        yield twilio.credentials


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    """Sign a body that is no form: its hash is part of the address."""
    said_hash = sha256(body).hexdigest()
    url = f"{ADDRESS}?bodySHA256={said_hash}"
    headers = {"content-type": "application/json", "x-twilio-signature": _signature(credentials, url, {})}
    return WebRequest("POST", "/webhooks/sms/t0k3n", {"bodySHA256": said_hash}, headers, body, url=url)


def signed_form(credentials: Credentials, body: bytes, url: str = ADDRESS) -> WebRequest:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": _signature(credentials, url, fields),
    }
    return WebRequest("POST", "/webhooks/sms/t0k3n", {}, headers, body, url=url)


def _signature(credentials: Mapping[str, Any], url: str, fields: Mapping[str, str]) -> str:
    said = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.new(credentials["auth_token"].encode(), said.encode(), "sha1").digest()).decode()
