"""What networks and servers do to a mailbox that is being followed: nothing is lost, nothing hangs, every end is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from connectors._mail_settings import Endpoint, Timing
from connectors._trouble import network_trouble
from connectors.base import Batch
from connectors.errors import BadCredentials, Transient
from connectors.mail import MailConnector
from tests.connectors.test_mail_fetch import Cursor, fill, latest_cursor, mail, stored
from tests.dovecot import Dovecot
from tests.loops import free_port, loopback_socket
from tests.proxy import Proxy
from tests.smtp import SmtpServer

PATIENT = MailConnector(Timing(heartbeat_seconds=60, folders_seconds=60))
IMPATIENT = MailConnector(Timing(connect_seconds=2, read_seconds=0.4, heartbeat_seconds=0.1))
ProxyTo = Callable[[int], Proxy]


def until_listening(batches: Iterator[Batch]) -> list[Batch]:
    """Take batches up to the heartbeat that says: everything is read, now we listen."""
    taken: list[Batch] = []
    for batch in batches:
        if not batch.deliveries and batch.cursor is None:
            return taken
        taken.append(batch)
    raise AssertionError("the generator ended")


def drain(batches: Iterator[Batch], most: int) -> None:
    for _ in range(most):
        next(batches)


@contextmanager
def next_batch(batches: Iterator[Batch]) -> Iterator[Future[Batch]]:
    """Wait for the next batch in a thread, while the test makes it come."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(next, batches)


def test_idle_brings_a_mail_as_soon_as_it_is_there(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    batches = PATIENT.fetch(mailbox.credentials(imap_port=proxy.port), {})
    until_listening(batches)
    for number in range(3):
        with next_batch(batches) as coming:
            proxy.wait_until_asked(b"IDLE")
            fill(mailbox, [mail(number)])
            assert stored([coming.result(20)]) == [mail(number)]  # the heartbeat would take 60 s
        assert next(batches) == Batch()
    batches.close()


def test_a_mail_announced_while_another_is_acknowledged_is_not_overlooked(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    batches = PATIENT.fetch(mailbox.credentials(imap_port=proxy.port), {})
    until_listening(batches)
    with next_batch(batches) as coming:
        proxy.wait_until_asked(b"IDLE")
        fill(mailbox, [mail(1)])
        assert stored([coming.result(20)]) == [mail(1)]
    fill(mailbox, [mail(2)])  # announced with the answer to STORE, and never again
    assert stored([next(batches)]) == [mail(2)]
    assert b"IDLE" not in proxy.asked
    batches.close()


def test_a_server_without_idle_is_polled(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    proxy.rewrite(b" IDLE", b" XDLE")
    timing = Timing(heartbeat_seconds=0.05)
    batches = MailConnector(timing).fetch(mailbox.credentials(imap_port=proxy.port), {})
    until_listening(batches)
    fill(mailbox, [mail(1)])
    assert mail(1) in stored([next(batches), next(batches), next(batches)])
    assert b"IDLE" not in proxy.asked
    assert b"NOOP" in proxy.asked
    batches.close()


def test_in_a_hurry_the_server_is_asked_instead_of_listened_to(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    batches = PATIENT.fetch(mailbox.credentials(imap_port=proxy.port, hurry=True), {})
    until_listening(batches)
    with next_batch(batches) as coming:
        proxy.wait_until_asked(b"NOOP")
        fill(mailbox, [mail(1)])
        assert stored([coming.result(20)]) == [mail(1)]
    assert b"IDLE" not in proxy.asked
    batches.close()


def test_heartbeats_come_while_nothing_happens(dovecot: Dovecot) -> None:
    batches = IMPATIENT.fetch(dovecot.new_mailbox().credentials(), {})
    until_listening(batches)
    assert [next(batches) for _ in range(5)] == [Batch()] * 5
    batches.close()


def test_other_folders_are_looked_into_and_the_first_is_heard_again(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    mailbox.create("Sales")
    credentials = mailbox.credentials(imap_port=proxy.port, folders=["INBOX", "Sales"])
    timing = Timing(heartbeat_seconds=60, folders_seconds=0.05)
    batches = MailConnector(timing).fetch(credentials, {})
    until_listening(batches)
    fill(mailbox, [mail(1)], "Sales")
    seen = wait_for_mail(batches)
    assert stored(seen) == [mail(1)]
    assert latest_cursor(seen)["folders"]["Sales"]["uid"] == 1
    fill(mailbox, [mail(2)])
    assert stored(wait_for_mail(batches)) == [mail(2)]
    batches.close()


def wait_for_mail(batches: Iterator[Batch]) -> list[Batch]:
    for batch in batches:
        if batch.deliveries:
            return [batch]
    raise AssertionError("the generator ended")


def test_a_server_killed_while_we_listen_is_told_at_once_and_found_again(
    own_dovecot: Dovecot, proxy_to: ProxyTo
) -> None:
    mailbox, proxy = own_dovecot.new_mailbox(), proxy_to(own_dovecot.port)
    fill(mailbox, [mail(1)])
    credentials = mailbox.credentials(imap_port=proxy.port)
    batches = PATIENT.fetch(credentials, {})
    cursor = latest_cursor(until_listening(batches))
    with next_batch(batches) as coming:
        proxy.wait_until_asked(b"IDLE")
        own_dovecot.kill()
        with pytest.raises(Transient, match=r"closed the connection|cannot be reached"):
            coming.result(20)  # imapclient alone would return nothing, over and over
    with pytest.raises(Transient, match=r"closed the connection|cannot be reached|not an IMAP server"):
        next(PATIENT.fetch(credentials, cursor))
    own_dovecot.restart()
    fill(mailbox, [mail(2)])
    again = PATIENT.fetch(credentials, cursor)
    assert stored(until_listening(again)) == [mail(2)]
    again.close()


def test_a_connection_cut_in_the_middle_of_a_mail_costs_nothing(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    mails = [mail(number, 50_000) for number in range(60)]
    fill(mailbox, mails)
    received: list[bytes] = []
    cursor: Cursor = {}
    cuts = 0
    for limit in (60_000, 1_000_000, 1_500_000, None):
        proxy.cut_after(limit)
        try:
            for batch in MailConnector().fetch_once(mailbox.credentials(imap_port=proxy.port), cursor):
                received += stored([batch])
                cursor = latest_cursor([batch], cursor)
        except Transient:
            cuts += 1
    assert cuts == 3
    assert received == mails


def test_silence_on_an_open_connection_is_noticed(dovecot: Dovecot, proxy_to: ProxyTo) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    batches = IMPATIENT.fetch(mailbox.credentials(imap_port=proxy.port), {})
    until_listening(batches)
    proxy.black_hole()
    with pytest.raises(Transient, match="did not answer in time"):
        drain(batches, 1_000)


def test_a_server_that_takes_connections_and_says_nothing_is_given_up(dovecot: Dovecot) -> None:
    with loopback_socket() as silent:
        silent.listen()
        connector = MailConnector(Timing(connect_seconds=0.2, read_seconds=0.2))
        with pytest.raises(Transient, match="did not answer in time"):
            next(connector.fetch(dovecot.new_mailbox().credentials(imap_port=silent.getsockname()[1]), {}))


def test_a_wrong_password_is_told_from_everything_else(
    dovecot: Dovecot, proxy_to: ProxyTo, smtp_server: SmtpServer
) -> None:
    mailbox, proxy = dovecot.new_mailbox(), proxy_to(dovecot.port)
    connector = MailConnector()
    with pytest.raises(BadCredentials, match=f"refuses user {mailbox.user}"):
        next(connector.fetch(mailbox.credentials(imap_password="wrong"), {}))
    with pytest.raises(BadCredentials, match="refuses user"):
        next(connector.fetch(mailbox.credentials(imap_password="pä\r\n\0ß"), {}))
    with pytest.raises(Transient, match="refuses connections"):
        next(connector.fetch(mailbox.credentials(imap_port=free_port()), {}))
    with pytest.raises(Transient, match="not an IMAP server"):
        next(connector.fetch(mailbox.credentials(imap_port=smtp_server.port), {}))
    proxy.cut_when_asked(b"AUTHENTICATE")
    with pytest.raises(Transient, match=r"closed the connection|cannot be reached"):
        next(connector.fetch(mailbox.credentials(imap_port=proxy.port), {}))
    proxy.cut_when_asked(None)
    proxy.rewrite(b"[AUTHENTICATIONFAILED]", b"[UNAVAILABLE] busy now")
    with pytest.raises(Transient, match="for the moment"):
        next(connector.fetch(mailbox.credentials(imap_port=proxy.port, imap_password="wrong"), {}))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"address": "nobody"}, "not a mail address"),
        ({"address": "a@b.example\r\nBcc: x@y.example"}, "not a mail address"),
        ({"smtp_host": ""}, "SMTP server is missing"),
        ({"auth": "smoke"}, "not a way to sign in"),
        ({"imap_host": "mail.example/x"}, "not a server's name"),
        ({"imap_port": "many"}, "not a number"),
        ({"smtp_port": 70_000}, "not a port"),
        ({"imap_security": "rot13"}, "not a kind of security"),
    ],
)
def test_settings_that_cannot_work_are_named(dovecot: Dovecot, changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadCredentials, match=complaint):
        next(MailConnector().fetch(dovecot.new_mailbox().credentials(**changes), {}))


def test_a_missing_folder_is_told_after_the_others_were_read(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1)])
    batches = PATIENT.fetch(mailbox.credentials(folders="INBOX\nSales\nReturns"), {})
    received: list[Batch] = []
    with pytest.raises(Transient, match="has no folders Sales, Returns"):
        received.extend(batches)
    with pytest.raises(StopIteration):
        next(batches)


def test_mail_in_the_folders_that_exist_comes_although_one_is_missing(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1)])
    batches = PATIENT.fetch(mailbox.credentials(folders="Sales\nINBOX"), {})
    first = next(batches)
    assert stored([first, next(batches)]) == [mail(1)]


@pytest.mark.parametrize("security", ["ssl", "starttls"])
def test_tls_is_verified_and_idle_works_through_it(
    dovecot: Dovecot, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = dovecot.new_mailbox()
    port = mailbox.tls_port if security == "ssl" else mailbox.port
    credentials = mailbox.credentials(imap_host="localhost", imap_port=port, imap_security=security)
    with pytest.raises(Transient, match="certificate that cannot be trusted"):
        next(PATIENT.fetch(credentials, {}))
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    batches = PATIENT.fetch(credentials, {})
    until_listening(batches)
    with next_batch(batches) as coming:
        fill(mailbox, [mail(1)])
        assert stored([coming.result(20)]) == [mail(1)]
    batches.close()


def test_check_signs_in_on_both_sides_and_names_missing_folders(dovecot: Dovecot, smtp_server: SmtpServer) -> None:
    mailbox = dovecot.new_mailbox()
    credentials = mailbox.credentials(smtp_port=smtp_server.port)
    assert MailConnector().check(credentials) == "Signed in to 127.0.0.1 (1 folder) and localhost."
    with pytest.raises(BadCredentials, match=r"has no folder Sales\. There are: .*INBOX"):
        MailConnector().check({**credentials, "folders": "INBOX\nSales"})
    smtp_server.behaviour.password = "another"
    with pytest.raises(BadCredentials, match="localhost refuses user"):
        MailConnector().check(credentials)
    assert MailConnector().check({**credentials, "smtp_password": "another"})
    with pytest.raises(Transient, match="SMTP server localhost:1 refuses"):
        MailConnector().check({**credentials, "smtp_port": 1})


def test_every_network_trouble_has_a_sentence() -> None:
    server = Endpoint("mail.example", 993, "ssl", "ana", "secret")
    troubles: dict[OSError, str] = {
        socket.gaierror(-2, "x"): "name of the IMAP server, mail.example, is not known",
        TimeoutError(): "did not answer in time",
        ConnectionRefusedError(): "refuses connections",
        ConnectionResetError(104, "Connection reset by peer"): "cannot be reached: Connection reset by peer",
        ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"): "does not speak TLS",
        OSError(): "cannot be reached",
    }
    for error, words in troubles.items():
        assert words in network_trouble("IMAP", server, error).reason
