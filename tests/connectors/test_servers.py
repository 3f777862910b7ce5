"""The servers that other tests trust do what they say."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Callable

import pytest

from tests.dovecot import Dovecot
from tests.proxy import Proxy
from tests.smtp import SmtpServer

MAIL = b"From: ana@example.com\r\nSubject: Hello\r\n\r\nGood morning\r\n"


def test_a_mailbox_keeps_what_is_appended_over_a_restart(own_dovecot: Dovecot) -> None:
    mailbox = own_dovecot.new_mailbox()
    mailbox.create("Sales")
    assert [mailbox.append(MAIL), mailbox.append(MAIL), mailbox.append(MAIL, "Sales")] == [1, 2, 1]
    own_dovecot.restart()
    assert set(mailbox.flags()) == {1, 2}
    assert set(mailbox.flags("Sales")) == {1}


def test_mailboxes_are_separate_and_passwords_matter(dovecot: Dovecot) -> None:
    first, second = dovecot.new_mailbox(), dovecot.new_mailbox()
    first.append(MAIL)
    assert second.flags() == {}
    with (
        imaplib.IMAP4(first.host, first.port) as imap,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        imap.login(first.user, second.password)


def test_dovecot_speaks_tls_with_a_certificate_that_verifies(dovecot: Dovecot) -> None:
    context = ssl.create_default_context(cafile=str(dovecot.certificate))
    with imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=context) as imap:
        assert imap.noop()[0] == "OK"


def test_the_smtp_server_keeps_envelope_and_bytes(smtp_server: SmtpServer) -> None:
    smtp_server.behaviour.recipient_replies["no@example.com"] = "550 5.1.1 No such user"
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        refused = client.sendmail("us@example.com", ["ana@example.com", "no@example.com"], MAIL)
    received = smtp_server.wait_for(1)[0]
    assert (received.sender, received.recipients) == ("us@example.com", ("ana@example.com",))
    assert received.mail["Subject"] == "Hello"
    assert refused == {"no@example.com": (550, b"5.1.1 No such user")}


def test_the_smtp_server_drops_and_demands_a_password(smtp_server: SmtpServer) -> None:
    smtp_server.behaviour.fault = "drop_after_store"
    with pytest.raises(smtplib.SMTPServerDisconnected), smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.sendmail("us@example.com", ["ana@example.com"], MAIL)
    assert len(smtp_server.messages) == 1
    smtp_server.behaviour.fault, smtp_server.behaviour.password = "", "right"
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("us", "wrong")
        client.login("us", "right")
        client.sendmail("us@example.com", ["ana@example.com"], MAIL)
    assert smtp_server.wait_for(2)[1].signed_in


def test_the_proxy_carries_cuts_and_goes_silent(dovecot: Dovecot, proxy_to: Callable[[int], Proxy]) -> None:
    proxy = proxy_to(dovecot.port)
    with socket.create_connection((proxy.host, proxy.port), 5) as client:
        assert client.recv(5) == b"* OK "
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            _read_to_the_end(client)
    with socket.create_connection((proxy.host, proxy.port), 5) as client:
        assert client.recv(5) == b"* OK "
        client.recv(65_536)
        proxy.black_hole()
        client.sendall(b"a NOOP\r\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        proxy.recover()
        client.settimeout(5)
        assert client.recv(4) == b"a OK"
    proxy.cut_after(10)
    with pytest.raises(ConnectionResetError), socket.create_connection((proxy.host, proxy.port), 5) as client:
        _read_to_the_end(client)
    assert proxy.connections == 3


def _read_to_the_end(client: socket.socket) -> None:
    while client.recv(65_536):
        pass
