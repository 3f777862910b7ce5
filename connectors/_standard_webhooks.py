"""Who may call us, and how others know that it is we who call them: the Standard Webhooks signature, both ways.

Signed is `{id}.{timestamp}.{body}` with HMAC-SHA256. A secret that begins with `whsec_` stands for the bytes that its
Base64 says; any other is its own UTF-8. Rules: spec/standard-webhooks.md of github.com/standard-webhooks.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from connectors._signing import require_same, require_secret
from connectors.errors import BadCredentials

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 10
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def signature(secret: str, *, id_: str, timestamp: int | str, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 in Base64; `timestamp` is in seconds since 1970. Raises BadCredentials."""
    signed = f"{id_}.{timestamp}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, "sha256").digest()).decode()


def signed_headers(secret: str, *, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers of one call. Raises BadCredentials."""
    made = signature(secret, id_=id_, timestamp=timestamp, body=body)
    return {ID: id_, TIMESTAMP: str(timestamp), SIGNATURE: made}


def require_caller(
    secret: object, headers: Mapping[str, str], body: bytes, *, now_seconds: float, signed_only: bool
) -> None:
    """Raise BadCredentials unless a call is signed, or carries the secret as its bearer where that is enough."""
    known = require_secret(secret)
    if SIGNATURE in headers:
        _require_signature(known, headers, body, now_seconds)
    elif signed_only:
        raise BadCredentials("This channel takes signed calls only: webhook-signature is missing.")
    else:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        require_same(given.strip() if scheme.lower() == "bearer" else "", known, "secret (Authorization: Bearer …)")


def _require_signature(secret: str, headers: Mapping[str, str], body: bytes, now_seconds: float) -> None:
    stamp = headers.get(TIMESTAMP, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        raise BadCredentials("webhook-timestamp is missing or no number of seconds.")
    if abs(now_seconds - int(stamp)) > TOLERANCE_SECONDS:
        raise BadCredentials("webhook-timestamp is more than five minutes away from now.")
    wanted = signature(secret, id_=headers.get(ID, ""), timestamp=stamp, body=body)
    given = headers[SIGNATURE].split()[:MOST_SIGNATURES]
    fits = [hmac.compare_digest(one.encode("utf-8", "replace"), wanted.encode()) for one in given]
    if not any(fits):
        raise BadCredentials("The signature of this call is wrong.")


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode("utf-8", "replace")
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadCredentials("A secret that begins with whsec_ goes on in Base64; this one does not.") from None
