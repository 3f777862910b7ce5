"""Mail that is brought to us: posted by a mail server or a mail service, or piped in on this machine.

raw       the mail as it is (any content type): Postfix with curl, Amazon SES, Cloudflare Email Workers …
a form    multipart/form-data with the raw mail in one field: `body-mime` (Mailgun, "Store and forward raw MIME"),
          `email` (SendGrid Inbound Parse, "POST the raw, full MIME message"), `message`, `mime`, `raw`
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs

from connectors._mail_fields import AUTHSERV_ID
from connectors._parts import take_apart
from connectors._signing import require_same, require_secret
from connectors.base import Credentials, RawDelivery, Received, WebAnswer, WebRequest
from connectors.errors import Malformed

SECRET = "webhook_secret"  # noqa: S105 - the name of a setting
_FIELDS = ("body-mime", "email", "message", "mime", "raw")
_TAKEN, _NOT_ALLOWED = 202, 405


def verify_push(credentials: Credentials, request: WebRequest) -> None:
    """Compare the bearer token. Raises BadCredentials."""
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    require_same(token.strip() if scheme.lower() == "bearer" else "", require_secret(credentials.get(SECRET)), "secret")


def receive_push(credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
    """Take the mail out of a call. Raises Malformed."""
    if request.method != "POST":
        return Received((), WebAnswer(_NOT_ALLOWED, b"Mail is posted: use POST.\n"))
    raw = _mail_in(request)
    return Received((brought(credentials, raw, received_at, by="webhook"),), WebAnswer(_TAKEN, b"Taken.\n"))


def brought(credentials: Credentials, raw: bytes, received_at: datetime, *, by: str) -> RawDelivery:
    """Make a delivery of a mail that came in `by` a webhook or a pipe. Raises Malformed for nothing at all."""
    if not raw.strip():
        raise Malformed("There is no mail in this call: send the whole mail, with its headers.")
    meta = {"brought_by": by}
    if credentials.get(AUTHSERV_ID):
        meta[AUTHSERV_ID] = str(credentials[AUTHSERV_ID])
    return RawDelivery(raw, received_at, meta=meta)


def _mail_in(request: WebRequest) -> bytes:
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("utf-8", "replace")
        tree = take_apart(head + request.body)
        fields = {leaf.disposition_parameters.get("name", ""): tree.payload(leaf) for leaf in tree.leaves}
    elif kind.startswith("application/x-www-form-urlencoded"):
        posted = parse_qs(request.body.decode("utf-8", "replace"), max_num_fields=100)
        fields = {name: values[0].encode() for name, values in posted.items()}
    else:
        return request.body
    found = next((fields[name] for name in _FIELDS if fields.get(name, b"").strip()), b"")
    if not found:
        raise Malformed(f"The form holds no raw mail: it belongs into a field {' or '.join(_FIELDS[:2])}.")
    return found
