"""The Graph API's own rules, for the fakes of the kinds that live there.

Enforced, by page of developers.facebook.com: a version in every path (docs/graph-api/overview/versioning); the token and
its appsecret_proof (docs/graph-api/guides/secure-requests; error 100 "Invalid appsecret_proof"); the error object
(docs/graph-api/guides/error-handling); cursors (docs/graph-api/results); X-Hub-Signature-256
(docs/graph-api/webhooks/getting-started).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.base import Credentials, WebRequest
from tests.fakes.provider import Call, Provider, Route, Said

TOKEN, APP_SECRET, VERIFY_TOKEN, VERSION = "EAAJBtoken", "0123456789abcdef0123456789abcdef", "open sesame", "v25.0"
PROOF = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


def refusal(
    code: int, message: str, *, status: int = 400, subcode: int | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Said:  # fmt: skip
    """An error as the Graph API words it."""
    error = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
        **more,
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return Said({"error": error}, status, headers or {})


class GraphApi(Provider):
    """A provider whose every route asks for the version, the token and the proof first."""

    def node(self, method: str, path: str, route: Route) -> None:
        """Answer a method below the version, to a caller who signed in."""

        def checked(call: Call) -> Said:
            if call.bearer != TOKEN:
                return refusal(190, "Invalid OAuth access token - Cannot parse access token", status=401)
            if call.query.get("appsecret_proof") != PROOF:
                return refusal(100, "Invalid appsecret_proof provided in the API argument")
            return route(call)

        self.on(method, f"/{VERSION}/{path}", checked)


def credentials_of(provider: Provider, **more: str) -> Credentials:
    """Return the settings that every kind on the Graph API has."""
    known = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    return {**known, "api_url": provider.url, "api_version": VERSION, **more}


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    """Return a call as Meta signs it."""
    digest = hmac.new(credentials["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return WebRequest("POST", "/webhooks/x/token", {}, headers, body)


def handshake(token: str = VERIFY_TOKEN, challenge: str = "1158201444") -> WebRequest:
    """Return the call by which Meta verifies a callback URL."""
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
    return WebRequest("GET", "/webhooks/x/token", query, {}, b"")


def page(call: Call, rows: Sequence[Any], most: int) -> Said:
    """Return one page of rows with cursors, as `limit` asks but at most `most`."""
    start, size = int(call.query.get("after") or 0), min(int(call.query.get("limit") or 25), most)
    answer: dict[str, Any] = {"data": rows[start : start + size]}
    end = start + size
    answer["paging"] = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(rows):
        answer["paging"]["next"] = f"https://graph.facebook.com/{call.path}?after={end}"
    return Said(answer)


def parts_of(call: Call) -> dict[str, tuple[str, str, bytes]]:
    """Return a multipart body's parts by name: (filename, content type, bytes)."""
    head = f"content-type: {call.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    found = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        found[name] = (part.get_filename() or "", part.get_content_type(), data)
    return found


def counter(prefix: str) -> Callable[[], str]:
    """Return a maker of ids, each new."""
    made = iter(range(1, 10_000))
    return lambda: f"{prefix}{next(made)}"
