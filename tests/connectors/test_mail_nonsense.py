"""Servers that do not speak IMAP, or speak it oddly."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors._imap_rows import read_bodies, read_sizes
from connectors._mail_settings import Timing
from connectors.errors import ConnectorError, Transient
from connectors.mail import MailConnector
from tests.loops import loopback_socket

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
        for _ in range(8):
            next(batches)
    batches.close()
    server.join()


def test_a_server_that_hangs_up_during_sign_in_has_not_judged_the_password() -> None:
    server = ScriptedServer(1, b"* BYE too busy\r\n")  # imapclient calls this a LoginError
    credentials = {
        "address": "a@b.example",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
    }
    credentials |= {"smtp_host": "127.0.0.1", "imap_password": "x"}
    with pytest.raises(Transient, match="closed the connection"):
        next(MailConnector().fetch(credentials, {}))
    server.join()


class EagerServer(ScriptedServer):
    """Announces a mail in the same breath in which it agrees to IDLE, as a busy server may."""

    def _serve(self) -> None:
        there, idle = b"", b""
        with self._listening, self._listening.accept()[0] as client, suppress(OSError):
            client.sendall(b"* OK ready\r\n")
            for line in client.makefile("rb"):
                tag, verb, *_ = (*line.split(), b"")
                if verb == b"IDLE":
                    there, idle = b"* 1 FETCH (UID 1 RFC822.SIZE 3)\r\n", tag
                client.sendall(self._answer_to(line, verb, there).replace(b"TAG", idle if tag == b"DONE" else tag))

    def _answer_to(self, line: bytes, verb: bytes, there: bytes) -> bytes:
        if b"RFC822.SIZE" in line:
            return there + b"TAG OK done\r\n"
        if b"BODY.PEEK[]" in line:
            return b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nTAG OK done\r\n"
        answers = {
            b"EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 5]\r\n* OK [UIDNEXT 1]\r\nTAG OK [READ-ONLY] done\r\n",
            b"IDLE": b"* OK wait\r\n+ idling\r\n* 1 EXISTS\r\n",
        }
        return answers.get(verb, PROPER.get(verb, b"TAG OK done\r\n"))


def test_what_a_server_says_while_it_agrees_to_idle_is_heard_at_once() -> None:
    server = EagerServer(0, b"")
    connector = MailConnector(Timing(heartbeat_seconds=60))
    credentials = {
        "address": "a@b.example",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
    }
    credentials |= {"smtp_host": "127.0.0.1", "imap_password": "x", "mark_seen": False}
    batches = connector.fetch(credentials, {})
    assert [batch.deliveries for batch in (next(batches), next(batches))] == [(), ()]
    with ThreadPoolExecutor(1) as pool:
        came = pool.submit(next, batches).result(20)  # the heartbeat would take 60 s
    assert [delivery.raw for delivery in came.deliveries] == [b"abc"]
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
