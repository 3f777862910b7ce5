"""A push service as browsers' makers run them: it holds senders to RFC 8030, 8188, 8291 and 8292, and reads what came as
the browser would. Written from the standards, apart from what the product sends with.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import digest as hmac
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes, token_urlsafe
from threading import Thread
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.web_push import Browser

LARGEST = 4096
LONGEST_TOKEN = 24 * 3600
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Subscriber:
    """One browser: its keys, the sender it subscribed with (k of VAPID), and what it was told."""

    endpoint: str
    sender: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: token_bytes(16))
    told: list[dict[str, Any]] = field(default_factory=list)
    is_gone: bool = False

    @property
    def point(self) -> bytes:
        encoding, form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        return self.key.public_key().public_bytes(encoding, form)

    @property
    def browser(self) -> Browser:
        return Browser(self.endpoint, _text(self.point), _text(self.auth))

    def read(self, body: bytes) -> bytes:
        """Decrypt a body of one record (RFC 8188, section 2; RFC 8291, section 3)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert length == 65
        assert 18 < len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        key_info = b"WebPush: info\0" + self.point + theirs + b"\x01"
        secret = hmac(salt, hmac(hmac(self.auth, shared, "sha256"), key_info, "sha256"), "sha256")
        key = hmac(secret, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
        nonce = hmac(secret, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert text[-1:] == b"\x02"
        return text[:-1]


@dataclass
class PushService:
    """`answers` are (status, headers) given instead of looking, one each; `refused` says why others were not taken."""

    url: str = ""
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def subscribe(self, sender: str) -> Subscriber:
        """Let a browser subscribe with a sender's public key."""
        path = f"/push/{token_urlsafe(16)}"
        self.subscribers[path] = Subscriber(self.url + path, sender)
        return self.subscribers[path]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        if self.answers:
            return self.answers.pop(0)
        subscriber = self.subscribers.get(path)
        if subscriber is None:
            return 404, {}
        if subscriber.is_gone:
            return 410, {}
        status, reason = self._judged(subscriber, headers, body)
        if status != 201:
            self.refused.append(reason)
            return status, {}
        subscriber.told.append(json.loads(subscriber.read(body)))
        return 201, {"location": f"{self.url}/message/{token_urlsafe(8)}"}

    def _judged(self, subscriber: Subscriber, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        if len(body) > LARGEST:
            return 413, "too large"
        if not headers.get("ttl", "").isdigit():
            return 400, "no TTL (RFC 8030, 5.2)"
        if headers.get("content-encoding") != "aes128gcm":
            return 415, "not aes128gcm (RFC 8291, 4)"
        if "topic" in headers and not TOPIC.fullmatch(headers["topic"]):
            return 400, "no topic (RFC 8030, 5.4)"
        if headers.get("urgency", "normal") not in {"very-low", "low", "normal", "high"}:
            return 400, "no urgency (RFC 8030, 5.3)"
        reason = self._stranger(subscriber, headers.get("authorization", ""))
        return (403, reason) if reason else (201, "")

    def _stranger(self, subscriber: Subscriber, said: str) -> str:
        """Say why a sender is not who the browser subscribed with (RFC 8292), "" where it is."""
        found = re.fullmatch(r"vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)", said)
        if found is None:
            return "no vapid authorization"
        head, claims, signature, key = found.groups()
        if key != subscriber.sender:
            return "another key than the one subscribed with"
        if json.loads(_raw(head)) != {"typ": "JWT", "alg": "ES256"}:
            return "no ES256"
        told, raw = json.loads(_raw(claims)), _raw(signature)
        signed = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(key))
        try:
            point.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "a signature that does not fit"
        if told["aud"] != self.url or not told["sub"].startswith(("mailto:", "https://")):
            return "another audience, or nobody to complain to"
        return "" if 0 < told["exp"] - time.time() <= LONGEST_TOKEN else "a token that is over or lasts too long"


@contextmanager
def push_service() -> Iterator[PushService]:
    """Run a push service on a free port of this machine."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            told = {name.lower(): value for name, value in self.headers.items()}
            status, headers = service.take(self.path, told, body)
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
