"""Telephone calls, logged: other systems post them in as JSON or form, Twilio calls back. Nothing is sent.

Our own fields: `number` (or `from` and `to`), `direction` inbound or outbound, `status` answered, missed, busy, failed
or voicemail, `duration` in seconds, `started_at`, `recording_url`, `recording_type`, `transcript`, `note`, `name`,
`agent`, `our_number`, `id`. Signature, keys and answers are those of docs/api-channel.md.

Twilio: status callbacks, recording status callbacks and transcriptions, signed (_voice_parse.py names the pages).
A recording's callback does not say who called: append `?From=…&To=…&Direction=…` to its address. The recording is
fetched with the account's name and token (www.twilio.com/docs/voice/api/recording, "Fetch a Recording media file").
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from connectors._json_api import JsonApi, segment
from connectors._payload import line, mapping
from connectors._posted import MOST_MESSAGES, Posted, key_of_bytes, messages_in, read_all, take
from connectors._remote import fetched
from connectors._signing import require_secret
from connectors._standard_webhooks import require_caller
from connectors._twilio_signing import HEADER, MOST_FIELDS, require_twilio
from connectors._voice_parse import read_call, twilio_messages
from connectors.base import (
    Capabilities,
    Credentials,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Received,
    RemoteFile,
    Setting,
    WebAnswer,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Malformed, Rejected
from connectors.phrases import phrase
from connectors.submission import load_json

API_URL = "https://api.twilio.com"
FORM = "application/x-www-form-urlencoded"
LIKE_JSON = (b"{", b"[", b'"')
NOTHING_TO_PLAY = WebAnswer(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
FROM_ADDRESS = ("From", "To", "Direction", "CallerName")  # what an admin may put into a callback's address


class VoiceConnector(Defaults):
    kind: ClassVar[str] = "voice"
    label: ClassVar[str] = phrase("Telephone")
    family: ClassVar[str] = "other"
    about: ClassVar[str] = phrase(
        "Telephone calls, logged by your telephone system or Twilio with recording and transcript."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(push=True, threads=True, manual_entry=True)
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("our_number", "Telephone number", help="The channel's own, as +49301234567."),
        Setting(
            "secret",
            "Secret",
            kind="secret",
            help="For systems that post calls in: `Authorization: Bearer …`, or a signature made with it.",
        ),
        Setting("account_sid", "Account SID", group="Twilio", help="AC… of the console's first page."),
        Setting(
            "auth_token", "Auth token", kind="secret", group="Twilio", help="Checks callbacks, fetches recordings."
        ),
        Setting(
            "api_url",
            "Address of the API",
            default=API_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )
    entry_title: ClassVar[str] = phrase("Log a call")
    entry: ClassVar[tuple[Setting, ...]] = (
        Setting("number", "The customer's number", required=True, help="With the country, as +49301234567."),
        Setting("name", "Their name"),
        Setting(
            "direction",
            "Who called",
            kind="choice",
            default="inbound",
            choices=(("inbound", "The customer called us"), ("outbound", "We called the customer")),
        ),
        Setting(
            "status",
            "How it went",
            kind="choice",
            default="answered",
            choices=(
                ("answered", "We spoke"),
                ("missed", "Nobody answered"),
                ("busy", "Busy"),
                ("failed", "It did not connect"),
                ("voicemail", "Voicemail"),
            ),
        ),
        Setting("duration", "Seconds", kind="integer", help="How long you spoke."),
        Setting("note", "What was said", kind="lines"),
    )

    def address(self, credentials: Credentials) -> str:
        """Return the channel's own telephone number."""
        return line(credentials.get("our_number"), 60)

    def check(self, credentials: Credentials) -> str:
        """Sign in at Twilio where an account is set. Raises BadCredentials or Transient."""
        account, token = credentials.get("account_sid"), credentials.get("auth_token")
        if not account and not token:
            require_secret(credentials.get("secret"))
            return "Calls can be posted in with the secret."
        if not (isinstance(account, str) and isinstance(token, str) and account and token):
            raise BadCredentials("Twilio needs both the account SID and the auth token.")
        api = JsonApi("Twilio", _api_url(credentials), _sign_in(account, token))
        try:
            found = mapping(api.get(f"2010-04-01/Accounts/{segment(account)}.json"))
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        return f"Signed in to Twilio as {line(found.get('friendly_name'), 200) or account}."

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies: the address for Twilio, a call posted by a program."""
        url = f"{base_url}/webhooks/{self.kind}/{token}"
        call = (
            f"curl {url} \\\n  -H 'Authorization: Bearer THE_SECRET' -H 'Content-Type: application/json' \\\n"
            """  -d '{"number": "+49301234567", "direction": "inbound", "duration": 125, "note": "A refund"}'"""
        )
        recording = f"{url}?From={{{{From}}}}&To={{{{To}}}}&Direction={{{{Direction}}}}"
        return (
            ("Twilio: call status changes, and transcribeCallback", url),
            ("Twilio: recordingStatusCallback in TwiML (it does not say by itself who called)", recording),
            ("Log a call from a program", call),
        )

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check Twilio's signature, or the secret of our own calls. Raises BadCredentials."""
        if HEADER in request.headers:
            require_twilio(credentials.get("auth_token"), request)
        else:
            now = _now().timestamp()
            require_caller(credentials.get("secret"), request.headers, request.body, now_seconds=now, signed_only=False)

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:  # noqa: ARG002
        """Take Twilio's callback whole, or our own JSON or form as the API channel does. Raises Malformed."""
        if HEADER not in request.headers:
            is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
            return take(request, received_at, self._read, _form_alone if is_form else messages_in)
        asked = urlsplit(request.url).query
        raw = asked.encode("utf-8", "replace") if request.method == "GET" else request.body
        delivery = RawDelivery(raw, received_at, meta={"content_type": FORM, **_told_by_address(request.query)})
        self.parse(delivery)
        return Received((delivery,), NOTHING_TO_PLAY)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the calls of a delivery: JSON or form, of our own or Twilio's. Raises Malformed."""
        key = delivery.external_id or key_of_bytes(delivery.raw)
        if not delivery.raw.lstrip()[:1].startswith(LIKE_JSON):
            fields = _form(delivery.raw)
            return self._callback(fields, delivery.meta) if "CallSid" in fields else [self._read(fields, key)]
        callbacks = _callbacks(load_json(delivery.raw))
        if callbacks:
            return [message for fields in callbacks for message in self._callback(fields, delivery.meta)]
        return read_all(delivery.raw, key, self._read)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:  # noqa: ARG002 - the protocol's
        """Refuse: nobody can be answered in writing on the telephone. Raises Rejected."""
        raise Rejected("A call cannot be answered in writing: call back, or write on another channel.")

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a recording; the account signs in at Twilio only. Raises Transient, BadCredentials or Rejected."""
        account, token = credentials.get("account_sid"), credentials.get("auth_token")
        ours = urlsplit(file.url)[:2] == urlsplit(_api_url(credentials))[:2]
        headers = _sign_in(account, token) if ours and isinstance(account, str) and isinstance(token, str) else {}
        return fetched(file, file.url, name="The server of recordings", may_reach=may_reach, headers=headers)

    def _read(self, posted: Posted, key: str) -> InboundMessage:
        return read_call(posted, key, self.kind)

    def _callback(self, fields: Posted, meta: Mapping[str, str]) -> list[InboundMessage]:
        if not line(fields.get("CallSid")):
            raise Malformed("The callback does not say which call it is about.")
        told = {name: meta[name.lower()] for name in FROM_ADDRESS if name.lower() in meta}
        return twilio_messages({**told, **{name: value for name, value in fields.items() if value}}, self.kind)


def _callbacks(body: Any) -> list[Posted]:
    """Return Twilio's fields where somebody wrote them as JSON, [] where this is something else."""
    found = body if isinstance(body, list) else [body]
    if len(found) > MOST_MESSAGES:
        return []
    return [one for one in found if isinstance(one, dict) and "CallSid" in one]


def _form_alone(raw: bytes) -> list[Posted]:
    return [_form(raw)]


def _told_by_address(query: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): line(query[name], 200) for name in FROM_ADDRESS if line(query.get(name), 200)}


def _form(raw: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(raw.decode("ascii").strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
        )
    except ValueError:
        raise Malformed(f"The body is not urlencoded, or has more than {MOST_FIELDS} fields.") from None


def _api_url(credentials: Credentials) -> str:
    url = credentials.get("api_url")
    return url.strip() if isinstance(url, str) and url.strip() else API_URL


def _sign_in(account: str, token: str) -> dict[str, str]:
    pair = f"{account}:{token}".encode("utf-8", "replace")
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _now() -> datetime:
    return datetime.now(UTC)
