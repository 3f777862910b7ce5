"""How a webhook says that it comes from us: the Standard Webhooks signature. Pure.

Signed is `{id}.{timestamp}.{body}` with HMAC-SHA256 under the bytes that the secret stands for. While a secret is being
replaced, there is one signature for each: the receiver accepts when any of them fits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return `whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, *, id_: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 in base64; `timestamp` is in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{id_}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[str], *, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers of one attempt. `id_` is the same at every attempt, the timestamp is not."""
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, id_=id_, timestamp=timestamp, body=body) for key in keys),
    }
