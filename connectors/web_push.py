"""Web push: a message to one browser through its maker's push service (RFC 8030), encrypted so that only that browser
reads it (RFC 8291), signed so that the service knows us (VAPID, RFC 8292). Pure but for `send`.

Of the libraries, pywebpush brings two HTTP clients of its own, and http-ece is built from source: so it is done here,
with `cryptography`, in the one way every browser takes (aes128gcm, one record).
"""

from __future__ import annotations

import base64
import json
import os
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connectors import web_address
from connectors.base import MayReach
from connectors.errors import Rejected, Transient
from connectors.phrases import phrase

CURVE = ec.SECP256R1()
RECORD = 4096  # bytes, the largest that every push service takes
MOST = RECORD - 16 - 1 - 86  # bytes of text: without the tag, the end mark and the head
TOKEN_SECONDS = 12 * 3600  # the standard allows 24 hours
SECONDS = 10.0
POINT, SECRET = 65, 16  # bytes
GONE = {404, 410}
STRANGERS = {401, 403}  # it was subscribed with another key of ours
NO_KEYS = "These are no keys of a browser."
TOO_MANY, SERVER_ERRORS = 429, 500


class Gone(Rejected):
    """The browser does not listen any more: forget it."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser listens, and its keys as it said them (base64url)."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return "Browser(…)"  # the address alone lets anybody knock


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are to push services: a private key (32 bytes, base64url), and where to complain (mailto: or https:)."""

    private_key: str
    subject: str

    @property
    def public_key(self) -> str:
        """The point that browsers are given when they subscribe, base64url."""
        return encoded(_point(_private(self.private_key).public_key()))

    def __repr__(self) -> str:
        return "Sender(…)"


def new_private_key() -> str:
    """Make a key to sign with."""
    number = ec.generate_private_key(CURVE).private_numbers().private_value
    return encoded(number.to_bytes(32, "big"))


def check(browser: Browser) -> None:
    """Raise Rejected for what no browser would say."""
    web_address.split(browser.endpoint)
    _receiver(browser)


def send(
    browser: Browser, text: bytes, *, sender: Sender, may_reach: MayReach, now: float, ttl_seconds: int, topic: str
) -> None:
    """Hand a message to the push service; it keeps it for `ttl_seconds`, and only the newest of a `topic`.

    `now` is the time in seconds since 1970. Raises Gone, Transient (asked to wait, away), Rejected.
    """
    from connectors import _http

    headers = {
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(ttl_seconds),
        "urgency": "high",
        "topic": topic,
        "authorization": _authorization(browser.endpoint, sender, now),
    }
    body = encrypt(text, browser, salt=os.urandom(16), own=ec.generate_private_key(CURVE))
    answer = _http.post(
        browser.endpoint, body=body, headers=headers, may_reach=may_reach, seconds=SECONDS, most_bytes=8_000
    )
    if 200 <= answer.status < 300:
        return
    if answer.status in GONE | STRANGERS:
        raise Gone(
            phrase("The push service answered {status}: this browser does not listen any more.", status=answer.status)
        )
    if answer.status == TOO_MANY or answer.status >= SERVER_ERRORS:
        wait = answer.headers.get("retry-after", "").strip()
        seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 8 else None
        raise Transient(
            phrase("The push service answered {status}.", status=answer.status), retry_after_seconds=seconds
        )
    raise Rejected(phrase("The push service answered {status}.", status=answer.status))


def encrypt(text: bytes, browser: Browser, *, salt: bytes, own: ec.EllipticCurvePrivateKey) -> bytes:
    """Encrypt for one browser. `salt` (16 bytes) and `own` are used once. Raises Rejected for a text too long."""
    if len(text) > MOST:
        raise Rejected(phrase("A push message holds at most {most} bytes.", most=MOST))
    theirs, auth = _receiver(browser)
    mine = _point(own.public_key())
    info = b"WebPush: info\0" + _point(theirs) + mine
    key = _derived(own.exchange(ec.ECDH(), theirs), salt=auth, info=info, length=32)
    content_key = _derived(key, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derived(key, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\x02", None)  # 2 ends the last record
    return salt + struct.pack("!IB", RECORD, len(mine)) + mine + sealed


def _authorization(endpoint: str, sender: Sender, now: float) -> str:
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + TOKEN_SECONDS, "sub": sender.subject}
    said = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    signature = _private(sender.private_key).sign(said.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(signature)
    token = f"{said}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={sender.public_key}"


def _json(value: dict[str, Any]) -> str:
    return encoded(json.dumps(value, separators=(",", ":")).encode())


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _receiver(browser: Browser) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    try:
        point, auth = _decoded(browser.p256dh), _decoded(browser.auth)
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError:
        raise Rejected(NO_KEYS) from None
    if len(point) != POINT or len(auth) != SECRET:
        raise Rejected(NO_KEYS)
    return key, auth


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_decoded(key), "big"), CURVE)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encoded(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
