"""What networks and servers do to a mailbox that is being followed: nothing is lost, nothing hangs, every end is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors._imap_rows import read_bodies, read_sizes
from connectors._mail_settings import Endpoint, Timing
from connectors._trouble import network_trouble
from connectors.base import Batch
from connectors.errors import BadCredentials, ConnectorError, Transient
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
    fill(mailbox, [mail(1)])
    batches = PATIENT.fetch(mailbox.credentials(imap_port=proxy.port), {})
    assert stored([next(batches), next(batches)]) == [mail(1)]
    fill(mailbox, [mail(2)])  # announced with the answer to STORE, and never again
    assert stored(until_listening(batches)) == [mail(2)]
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
    proxy.cut_after(150)  # within the answer to the sign-in
    with pytest.raises(Transient):
        next(connector.fetch(mailbox.credentials(imap_port=proxy.port), {}))
    proxy.cut_after(None)
    proxy.rewrite(b"[AUTHENTICATIONFAILED]", b"[UNAVAILABLE] busy now")
    with pytest.raises(Transient, match="for the moment"):
        next(connector.fetch(mailbox.credentials(imap_port=proxy.port, imap_password="wrong"), {}))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"address": "nobody"}, "not a mail address"),
        ({"address": "a@b.example\r\nBcc: x@y.example"}, "not a mail address"),
        ({"imap_host": ""}, "IMAP server is missing"),
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


PROPER = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK done\r\n",
    b"LOGIN": b"TAG OK welcome\r\n",
    b"SELECT": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 5]\r\n* OK [UIDNEXT 3]\r\nTAG OK [READ-WRITE] done\r\n",
    b"UID": b"* 1 FETCH (UID 1 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n* 2 FETCH (UID 2 RFC822.SIZE 3)\r\nTAG OK done\r\n",
    b"IDLE": b"+ idling\r\n* 3 EXISTS\r\nTAG OK done\r\n",
}


class ScriptedServer:
    """Speaks proper IMAP for a number of commands, then answers everything with the same bytes."""

    def __init__(self, proper: int, answer: bytes) -> None:
        self._proper, self._answer = proper, answer
        self._listening = loopback_socket()
        self._listening.listen()
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            with self._listening, self._listening.accept()[0] as client:
                client.settimeout(5)
                client.sendall(b"* OK ready\r\n")
                for count, line in enumerate(client.makefile("rb")):
                    tag, verb = (*line.split(), b"", b"")[:2]
                    answer = PROPER.get(verb, b"") if count < self._proper else self._answer
                    client.sendall(answer.replace(b"TAG", tag))
        except OSError:
            return

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


PIECES = [
    b"* OK", b"TAG OK done\r\n", b"TAG NO no\r\n", b"TAG BAD bad\r\n", b"* BYE\r\n", b"* 1 EXISTS\r\n", b"+ \r\n", b"{5}\r\n", b"{x}",
    b"* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n", b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n", b"* 1 FETCH (UID", b"(", b'"', b"\\", b"\r\n",
    b"* OK [UIDVALIDITY 5]\r\n", b"* OK [UIDNEXT x]\r\n", b"* OK [UIDNEXT 3]\r\n", b"* CAPABILITY IMAP4rev1\r\n", b"\xff\x00",
]  # fmt: skip


@given(st.integers(0, 9), st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=8).map(b"".join))
@example(2, b"* OK [UIDVALIDITY x]\r\nTAG OK done\r\n")
@example(3, b"* 1 FETCH (UID 1 RFC822.SIZE 99999999999999999999999999)\r\nTAG OK done\r\n")
@example(4, b"* 1 FETCH (UID 1 BODY[] (((\r\nTAG OK done\r\n")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_server_that_talks_nonsense_gives_an_error_of_ours_and_nothing_else(proper: int, answer: bytes) -> None:
    server = ScriptedServer(proper, answer)
    connector = MailConnector(Timing(connect_seconds=0.05, read_seconds=0.05, heartbeat_seconds=0.01))
    credentials = {
        "address": "a@b.example",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
    }
    credentials |= {"smtp_host": "127.0.0.1", "imap_password": "x"}
    batches = connector.fetch(credentials, {})
    with suppress(ConnectorError):
        drain(batches, 8)
    batches.close()
    server.join()


def test_odd_answers_of_other_servers_are_read() -> None:
    literal = [(b'1 (UID 7 INTERNALDATE " 7-Jan-2025 10:00:00 +0000" BODY[] {3}', b"abc"), b")"]
    uid_last: list[Any] = [(b"2 (FLAGS (\\Seen) BODY[] {2}", b"de"), b" UID 8)"]
    quoted = [b'3 (UID 9 BODY[] "short" INTERNALDATE "07-Jan-2025 10:00:00 +0000")']
    empty = [b'4 (UID 10 BODY[] "")', b"5 (UID 11 BODY[] NIL)", b"6 (FLAGS (\\Seen) UID 12)"]
    found = read_bodies([*literal, *uid_last, *quoted, *empty], {7, 8, 9, 10, 11})
    assert {uid: raw for uid, (raw, _) in found.items()} == {7: b"abc", 8: b"de", 9: b"short", 10: b""}
    assert found[7][1] == found[9][1]
    assert found[8][1] is None
    assert read_sizes([b"2 (RFC822.SIZE 5 UID 3)", b"1 (UID 2 RFC822.SIZE 4)", b"9 (FLAGS ())", (b"x", b"y")]) == {
        2: 4,
        3: 5,
    }
