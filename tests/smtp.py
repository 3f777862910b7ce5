"""A real SMTP server for tests that keeps what it takes and misbehaves on demand.

    def test_something(smtp_server):
        ...send over smtp_server.host, smtp_server.port...
        received = smtp_server.wait_for(1)[0]          # blocks until it came, no sleeping
        assert received.mail["To"] == "ana@example.com"

`smtp_server.behaviour` says how it misbehaves; it may be changed between mails. The fixture is imported by a
conftest: `from tests.smtp import smtp_server`.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.certificates import make_certificate
from tests.loops import LoopThread, loopback_socket


@dataclass
class Behaviour:
    """How the server answers; replies are whole lines such as "550 5.1.1 No such user"."""

    sender_reply: str = ""  # answer to MAIL FROM; "" accepts
    recipient_replies: dict[str, str] = field(default_factory=dict)  # address -> answer to RCPT TO
    data_reply: str = ""  # answer after the message's bytes; the message is then not kept
    password: str | None = None  # demanded from every user where set
    fault: Literal["", "hang_before_answer", "drop_before_answer", "drop_after_store", "slow_answer"] = ""


@dataclass(frozen=True)
class Received:
    """One mail as the server took it: the envelope and the bytes."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    signed_in: bool
    encrypted: bool

    @cached_property
    def mail(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class SmtpServer:
    """Plain and STARTTLS on `port`, TLS from the first byte on `tls_port`; trust `certificate` to verify it."""

    host = "localhost"

    def __init__(self, folder: Path) -> None:
        self.behaviour = Behaviour()
        self._messages: list[Received] = []
        self._arrived = threading.Condition()
        self.certificate, key = make_certificate(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._thread = LoopThread("smtp")
        self.port = self._thread.call(self._listen(encrypted=False))
        self.tls_port = self._thread.call(self._listen(encrypted=True))

    async def _listen(self, *, encrypted: bool) -> int:
        bound = loopback_socket()
        port = int(bound.getsockname()[1])
        await asyncio.get_running_loop().create_server(
            self._protocol, sock=bound, ssl=self._context if encrypted else None
        )
        return port

    def _protocol(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of sign-in without TLS, which loopback tests use
            return SMTP(
                _Handler(self),
                hostname="smtp.test",
                loop=self._thread.loop,
                tls_context=self._context,
                authenticator=self._authenticate,
                auth_required=self.behaviour.password is not None,
                auth_require_tls=False,
                data_size_limit=60_000_000,
            )

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        wanted = self.behaviour.password
        return AuthResult(success=wanted is None or data.password.decode() == wanted, handled=False)

    def keep(self, received: Received) -> None:
        with self._arrived:
            self._messages.append(received)
            self._arrived.notify_all()

    @property
    def messages(self) -> list[Received]:
        """Everything taken so far, in order."""
        with self._arrived:
            return list(self._messages)

    def wait_for(self, count: int, timeout: float = 30) -> list[Received]:
        """Block until `count` mails came; fails the test when they do not."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self._messages) >= count, timeout)
            assert came, f"{len(self._messages)} of {count} mails came within {timeout} s"
            return list(self._messages)

    def close(self) -> None:
        self._thread.stop()


class _Handler:
    """What aiosmtpd calls at each stage of one connection."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    async def handle_MAIL(  # noqa: N802  # aiosmtpd names its hooks after the SMTP verbs
        self, protocol: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.server.behaviour.sender_reply:
            return self.server.behaviour.sender_reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # see above
        self, protocol: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.server.behaviour.recipient_replies.get(address.lower())
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, protocol: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # see above
        behaviour = self.server.behaviour
        if behaviour.fault == "hang_before_answer":
            await asyncio.sleep(3600)  # cancelled when the server closes
        if behaviour.fault == "slow_answer":
            await asyncio.sleep(0.5)
        if behaviour.fault == "drop_before_answer" or behaviour.data_reply:
            return self._leave(protocol, behaviour.data_reply)
        encrypted = cast("asyncio.Transport", protocol.transport).get_extra_info("sslcontext") is not None
        self.server.keep(_received(session, envelope, encrypted=encrypted))
        return self._leave(protocol, "" if behaviour.fault == "drop_after_store" else "250 OK: queued")

    def _leave(self, protocol: SMTP, reply: str) -> str:
        if not reply:
            cast("asyncio.Transport", protocol.transport).abort()
        return reply or "421 gone"


def _received(session: Session, envelope: Envelope, *, encrypted: bool) -> Received:
    raw = cast("bytes", envelope.content)
    recipients = tuple(envelope.rcpt_tos)
    return Received(envelope.mail_from or "", recipients, raw, bool(session.authenticated), encrypted)


@contextmanager
def running_smtp() -> Iterator[SmtpServer]:
    with TemporaryDirectory(prefix="smtp-") as folder:
        server = SmtpServer(Path(folder))
        try:
            yield server
        finally:
            server.close()


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    with running_smtp() as server:
        yield server
