"""Twilio's API as far as calls need it: the account and its recordings, behind Basic auth.

www.twilio.com/docs/voice/api/recording ("Fetch a Recording media file"), www.twilio.com/docs/usage/api ("Credentials").
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager

from connectors._standard_webhooks import signed_headers
from connectors.base import Credentials, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

ACCOUNT, TOKEN, SECRET = "ACd936ed6dc504e8fd0f1e1d9c4d3b8f0a", "12345", "correct-horse"
MP3 = b"ID3\x04\x00"


class Twilio(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.on("GET", r"/2010-04-01/Accounts/(?P<account>[^/]+)\.json", self.account)
        self.on("GET", r"/2010-04-01/Accounts/(?P<account>[^/]+)/Recordings/(?P<sid>[^/]+)\.mp3", self.recording)

    def account(self, call: Call) -> Said:
        return self.refusal(call) or Said({"sid": ACCOUNT, "friendly_name": "Acme Support", "status": "active"})

    def recording(self, call: Call) -> Said:
        if call.parts["sid"] != "RE1":
            return self.refusal(call) or Said({"code": 20404, "message": "The requested resource was not found"}, 404)
        return self.refusal(call) or Said(MP3, 200, {"content-type": "audio/mpeg"})

    def refusal(self, call: Call) -> Said | None:
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if call.headers.get("authorization") == wanted and call.parts["account"] == ACCOUNT:
            return None
        return Said({"code": 20003, "message": "Authenticate", "status": 401}, 401)


@contextmanager
def twilio() -> Iterator[Twilio]:
    with serving(Twilio()) as provider:
        assert isinstance(provider, Twilio)
        yield provider


def credentials_for(provider: Provider, **more: object) -> Credentials:
    return {"secret": SECRET, "account_sid": ACCOUNT, "auth_token": TOKEN, "api_url": provider.url, **more}


@contextmanager
def running() -> Iterator[Credentials]:
    with twilio() as provider:
        yield credentials_for(provider)


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    headers = signed_headers(credentials["secret"], id_="call-1", timestamp=int(time.time()), body=body)
    return WebRequest("POST", "/webhooks/voice/token", {}, headers, body)
