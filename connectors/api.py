"""The open channel: any system posts messages in as JSON and gets the replies by webhook. See docs/api-channel.md.

A call is one delivery, byte for byte. What names a message is its `id`, else the call's Idempotency-Key (or
webhook-id), else a name made on arrival: then the same call made twice is two messages.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from connectors import _http
from connectors._api_read import read_one
from connectors._json_api import FIRST_ERROR, JsonApi, Reply, retry_after
from connectors._payload import line, mapping
from connectors._posted import LONGEST_ID, Posted, key_of_bytes, read_all, take
from connectors._remote import FIRST_REDIRECT, fetched
from connectors._signing import require_secret
from connectors._standard_webhooks import require_caller, signed_headers
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
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.phrases import phrase
from connectors.web_address import split

CONFLICT = 409
MOST_SECONDS = 15.0


class ApiConnector(Defaults):
    kind: ClassVar[str] = "api"
    label: ClassVar[str] = "API"
    family: ClassVar[str] = "other"
    about: ClassVar[str] = phrase("Your own systems post messages in and get the replies by webhook.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        send=True,
        reaches=("api", "email", "phone"),
        idempotent_send=True,
        local_ids=True,
        threads=True,
        subject=True,
        attachments=True,
        public=True,
        edits=True,
        deletes=True,
        reactions=True,
        delivery_states=True,
        read_states=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "secret",
            "Secret",
            kind="secret",
            required=True,
            help="Long and random. Your system sends it as `Authorization: Bearer …` or signs its calls with it.",
        ),
        Setting(
            "signed_only",
            "Take signed calls only",
            kind="boolean",
            default=False,
            help="Then the bare secret in a header is not enough.",
        ),
        Setting(
            "reply_url",
            "Where replies go",
            help="Your system's address: every reply is posted there as JSON. Empty: nothing can be answered.",
        ),
        Setting(
            "reply_secret",
            "Secret for replies",
            kind="secret",
            help="Signs what we post to you. Empty: the secret above.",
        ),
    )

    def check(self, credentials: Credentials) -> str:
        """Post a signed ping to the address of replies. Raises BadCredentials or Transient."""
        require_secret(credentials.get("secret"))
        if not _reply_url(credentials):
            return "Messages can be posted in; nothing can be answered until an address for replies is set."
        try:
            _post(credentials, f"ping-{uuid4()}", {"type": "ping"})
        except Rejected as error:
            raise BadCredentials(
                phrase("The address for replies cannot be used: {reason}", reason=error.reason)
            ) from None
        return f"Your system at {split(_reply_url(credentials)).hostname} takes replies."

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies: the address, and a call that brings a message."""
        url = f"{base_url}/webhooks/{self.kind}/{token}"
        call = (
            f"curl {url} \\\n  -H 'Authorization: Bearer THE_SECRET' -H 'Content-Type: application/json' \\\n"
            "  -H 'Idempotency-Key: order-42-1' \\\n"
            """  -d '{"sender": {"id": "42", "name": "Kim"}, "thread": "order-42", "text": "Where is my order?"}'"""
        )
        return (("Address for messages", url), ("Send a message", call))

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature, or the secret where that is enough. Raises BadCredentials."""
        require_caller(
            credentials.get("secret"),
            request.headers,
            request.body,
            now_seconds=_now().timestamp(),
            signed_only=bool(credentials.get("signed_only")),
        )

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:  # noqa: ARG002
        """Take a whole call, or none of it: answers 202 with the ids, 400 or 422 with one sentence."""
        return take(request, received_at, self._read)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of a call. Raises Malformed."""
        return read_all(delivery.raw, delivery.external_id or key_of_bytes(delivery.raw), self._read)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Post a reply, signed and with its key. Raises Transient, BadCredentials or Rejected."""
        if not _reply_url(credentials):
            raise Rejected("No address for replies is set: it stands in the channel's settings.")
        said = _post(credentials, message.idempotency_key, _reply(message))
        return Receipt(line(mapping(said).get("id"), LONGEST_ID) or message.idempotency_key)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002
        """Fetch a file from the address that a message gave. Raises Transient or Rejected."""
        return fetched(file, file.url, name="The file's server", may_reach=may_reach)

    def _read(self, posted: Posted, key: str) -> InboundMessage:
        return read_one(posted, key, self.kind)


def _reply_url(credentials: Credentials) -> str:
    url = credentials.get("reply_url")
    return url.strip() if isinstance(url, str) else ""


def _reply(message: OutboundMessage) -> dict[str, Any]:
    files = [
        {
            "filename": file.filename,
            "content_type": file.content_type,
            "size": len(file.data),
            "data": base64.b64encode(file.data).decode(),
        }
        for file in message.attachments
    ]
    return {
        "type": "reply",
        "id": message.idempotency_key,
        "recipient": message.recipient,
        "thread": message.thread_key,
        "in_reply_to": message.answers or message.in_reply_to,
        "subject": message.subject,
        "text": message.text,
        "from_name": message.from_name,
        "automatic": message.automatic,
        "public": message.is_public,
        "attachments": files,
    }


def _post(credentials: Credentials, key: str, body: object) -> Any:
    """Post JSON to the admin's address and return the JSON of the answer."""
    url, raw = _reply_url(credentials), json.dumps(body, ensure_ascii=False).encode()
    secret = require_secret(credentials.get("reply_secret") or credentials.get("secret"))
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "idempotency-key": key,
        **signed_headers(secret, id_=key, timestamp=int(_now().timestamp()), body=raw),
    }
    answer = _http.post(url, body=raw, headers=headers, may_reach=_http.reachable, seconds=MOST_SECONDS)
    reply = Reply(answer.status, _json(answer.body), answer.headers)
    if answer.status == CONFLICT:  # the same key is being worked on: Idempotency-Key HTTP header draft, 2.6
        raise Transient("Your system is still busy with this reply.", retry_after_seconds=retry_after(reply))
    if answer.status >= FIRST_ERROR:
        raise JsonApi("Your system", url).refusal(reply)
    if answer.status >= FIRST_REDIRECT:
        raise Rejected(
            phrase(
                "The address for replies leads elsewhere (status {status}): set the final one.", status=answer.status
            )
        )
    return reply.data


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _now() -> datetime:
    return datetime.now(UTC)
