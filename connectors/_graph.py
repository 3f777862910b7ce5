"""Meta's Graph API, shared by the kinds of channels that live there: settings, calls, webhook handshake and signature.

Sources (developers.facebook.com): docs/graph-api/overview/versioning; docs/graph-api/guides/secure-requests (the
appsecret_proof of every call); docs/graph-api/webhooks/getting-started (hub.challenge, X-Hub-Signature-256).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from connectors import _http
from connectors._graph_errors import NotPermitted, explain
from connectors._json_api import JsonApi, Query, Reply, segment
from connectors._payload import line, mapping, whole
from connectors._signing import hmac_hex, require_same, require_secret
from connectors.base import (
    Credentials,
    InboundAttachment,
    MayReach,
    OutboundAttachment,
    Received,
    RemoteFile,
    Setting,
    WebAnswer,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.home import NOBODY, ONLY, Home
from connectors.phrases import phrase
from connectors.submission import load_json

API_URL, API_VERSION = "https://graph.facebook.com", "v25.0"
ANSWER_SECONDS, UPLOAD_SECONDS = 30.0, 180.0
MAX_CHALLENGE = 200
UNKNOWN = "application/octet-stream"
APP_SECRET = Setting(
    "app_secret",
    "App secret",
    kind="secret",
    required=True,
    help="App settings, Basic. It signs what Meta sends here, and proves every call from here.",
)
VERIFY_TOKEN = Setting(
    "verify_token",
    "Verify token",
    kind="secret",
    required=True,
    help="Any words of your own. Enter the same at Meta, under Webhooks.",
)


def advanced(api_url: str = API_URL) -> tuple[Setting, ...]:
    """Return the settings that few people change."""
    return (
        Setting(
            "api_version",
            "Version of the Graph API",
            default=API_VERSION,
            group="Advanced",
            help="Meta ends each version after about two years: raise it then",
        ),
        Setting(
            "api_url",
            "Address of the Graph API",
            default=api_url,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )


@dataclass(frozen=True, slots=True)
class Graph:
    """The Graph API as one channel calls it. Every call raises Transient, BadCredentials or Rejected."""

    api: JsonApi
    token: str
    proof: str

    def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON of a node or edge."""
        return self.api.call("GET", path, query=self._proved(query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Write, and return the answer's JSON."""
        return self.api.call("POST", path, query=self._proved({}), body=json.dumps(body).encode())

    def delete(self, path: str, **query: str | int) -> Any:
        """Delete a node, or an edge's entry."""
        return self.api.call("DELETE", path, query=self._proved(query))

    def upload(self, path: str, fields: Mapping[str, str], part: str, file: OutboundAttachment) -> Any:
        """Send a file as multipart/form-data in the field `part`, and return the answer's JSON."""
        boundary = secrets.token_hex(16)
        url = f"{self.api.base_url}/{path}" + (f"?appsecret_proof={self.proof}" if self.proof else "")
        headers = {**self.api.headers, "content-type": f"multipart/form-data; boundary={boundary}"}
        answer = _http.request(
            "POST",
            url,
            headers=headers,
            body=multipart(boundary, fields, part, file),
            may_reach=self.api.may_reach,
            seconds=UPLOAD_SECONDS,
        )
        reply = Reply(answer.status, _json(answer.body), answer.headers)
        if reply.is_good:
            return reply.data
        raise self.api.explain(reply) or self.api.refusal(reply)

    def _proved(self, query: Query) -> Query:
        return {**query, "appsecret_proof": self.proof} if self.proof else query


def graph(credentials: Credentials, name: str, api_url: str = API_URL) -> Graph:
    """Return the API for a channel's token. Raises BadCredentials where the settings lack it."""
    token = line(credentials.get("access_token"), 2000)
    if not token:
        raise BadCredentials("The channel has no access token: set it in the channel's settings.")
    base = line(credentials.get("api_url")) or api_url
    if not base.startswith(("https://", "http://")):
        raise BadCredentials("The address of the Graph API does not begin with https://.")
    version = line(credentials.get("api_version"), 20) or API_VERSION
    secret = credentials.get("app_secret")
    return Graph(
        JsonApi(
            name=name,
            base_url=f"{base.rstrip('/')}/{version.strip('/')}",
            headers={"authorization": f"Bearer {token}"},
            explain=partial(explain, name),
        ),
        token=token,
        proof=hmac_hex(secret, token.encode()) if isinstance(secret, str) and secret else "",
    )


def required_id(credentials: Credentials, key: str, label: str) -> str:
    """Return an id (digits) of the settings. Raises BadCredentials where it is missing or no id."""
    value = line(credentials.get(key), 60)
    if not (value.isascii() and value.isdigit()):
        raise BadCredentials(
            phrase("{label} is missing in the channel's settings, or is not made of digits.", label=label)
        )
    return value


def person(api: Graph, address: str, fields: str) -> Mapping[str, Any]:
    """Return a person's profile, {} where Meta tells none: they are gone, blocked us, or never wrote in private.

    Raises Transient or BadCredentials. What stands for somebody without a name (a comment's id) is never asked for.
    """
    if not (address.isascii() and address.isdigit()):
        return {}
    try:
        return mapping(api.get(segment(address), fields=fields))
    except (Rejected, NotPermitted):
        return {}


class GraphWebhook(Defaults):
    """How Meta calls a webhook: a handshake by GET; deliveries by POST, their raw body signed with the app secret."""

    home_key: ClassVar[str]  # the setting that holds the id which calls name

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the handshake's verify token or the signature of a delivery. Raises BadCredentials."""
        if request.method == "GET":
            wanted = require_secret(credentials.get("verify_token"))
            require_same(request.query.get("hub.verify_token"), wanted, "verify token")
            return
        secret = require_secret(credentials.get("app_secret"))
        require_same(request.headers.get("x-hub-signature-256"), f"sha256={hmac_hex(secret, request.body)}")

    def home(self, credentials: Credentials) -> Home:
        """Return the id that Meta posts for: an app has one webhook address, however many pages it serves."""
        return Home(line(credentials.get(self.home_key), 60), line(credentials.get("app_secret"), 500))

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Answer a handshake with its challenge; take anything else as one delivery. Raises Malformed."""
        if request.method != "GET":
            load_json(request.body)
            return super().receive(credentials, request, received_at)
        challenge = request.query.get("hub.challenge", "")
        if request.query.get("hub.mode") != "subscribe" or not challenge or len(challenge) > MAX_CHALLENGE:
            raise Malformed("This is not the handshake of a webhook.")
        return Received(answer=WebAnswer(200, challenge.encode("utf-8", "replace")))


def multipart(boundary: str, fields: Mapping[str, str], part: str, file: OutboundAttachment) -> bytes:
    """Return a multipart/form-data body of fields and one file; names are escaped as browsers do."""
    lines = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    filename = line(file.filename, 200).replace('"', "%22") or "file"
    kind = line(file.content_type, 100) or UNKNOWN
    head = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="{part}"; filename="{filename}"\r\ncontent-type: {kind}'
    )
    return b"".join([*lines, head.encode(), b"\r\n\r\n", file.data, f"\r\n--{boundary}--\r\n".encode()])


def fetched(
    name: str, file: RemoteFile, may_reach: MayReach, *, url: str = "", headers: Mapping[str, str] | None = None
) -> InboundAttachment:
    """Download a file of a message, from `url` where it is not the file's own. Raises Transient or Rejected."""
    answer = _http.download(url or file.url, headers=headers or {}, may_reach=may_reach)
    if answer.status in {408, 429} or answer.status >= 500:
        raise Transient(phrase("{name} cannot give this file now (status {status}).", name=name, status=answer.status))
    if answer.status != 200:
        raise Rejected(
            phrase("{name} does not have this file any more (status {status}).", name=name, status=answer.status)
        )
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    content_type = file.content_type if told in {"", UNKNOWN} else line(told, 100)  # a payload often only guesses
    return InboundAttachment(file.filename or "file", content_type or UNKNOWN, answer.body)


def is_envelope(data: Any) -> bool:
    """Say whether this is a webhook call, also one that holds nothing."""
    return isinstance(data, dict) and isinstance(data.get("object"), str) and isinstance(data.get("entry"), list)


def is_taken(meta: Mapping[str, str], account: str) -> bool:
    """Say whether a delivery was stored for what names this account, among others that it may hold."""
    return ONLY not in meta or (account or NOBODY) in meta[ONLY].split()


def made_id(prefix: str, value: Any) -> str:
    """Return an id for an event that has none, the same for the same event."""
    written = json.dumps(value, sort_keys=True).encode()
    return f"{prefix}:{hashlib.sha256(written).hexdigest()[:32]}"


def count_of(value: Any) -> str:
    """Return a number as people read it (1,204), "" for anything else."""
    number = whole(value)
    return f"{number:,}" if number is not None else ""


def _json(body: bytes) -> Any:
    try:
        return load_json(body)
    except Malformed:
        return None
