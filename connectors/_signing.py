"""Signatures of webhook calls: HMACs over the raw body, compared in constant time."""

from __future__ import annotations

import base64
import hmac
from typing import Literal

from connectors.errors import BadCredentials
from connectors.phrases import phrase

Digest = Literal["sha1", "sha256", "sha512"]


def hmac_hex(secret: str, body: bytes, digest: Digest = "sha256") -> str:
    """Return the HMAC of a body in lower-case hex."""
    return hmac.new(secret.encode(), body, digest).hexdigest()


def hmac_base64(secret: str, body: bytes, digest: Digest = "sha256") -> str:
    """Return the HMAC of a body in Base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, digest).digest()).decode()


def require_same(given: str | None, wanted: str, what: str = "signature") -> None:
    """Raise BadCredentials unless both are the same; an empty secret or value never is."""
    if not wanted or not given or not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        raise BadCredentials(phrase("The {what} of this call is missing or wrong.", what=what))


def require_secret(secret: object) -> str:
    """Return a secret of the settings. Raises BadCredentials where it is missing: nothing could be verified."""
    if not isinstance(secret, str) or not secret:
        raise BadCredentials("The channel has no secret to check calls with: set it in the channel's settings.")
    return secret
