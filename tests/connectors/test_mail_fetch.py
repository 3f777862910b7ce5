"""Reading mail from a real Dovecot: batches, watermarks, acknowledgement. What networks do is in test_mail_faults.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from connectors._folder import GIVE_UP
from connectors._mail_settings import Timing
from connectors.base import Batch
from connectors.errors import Malformed, Transient
from connectors.mail import MailConnector
from tests.dovecot import Dovecot, Mailbox, append

PATIENT = MailConnector(Timing(heartbeat_seconds=60, folders_seconds=60))
Cursor = dict[str, Any]


def mail(number: int, size: int = 0) -> bytes:
    return b"From: ana@example.com\r\nSubject: %d\r\n\r\nHello %d\r\n%b" % (number, number, b"x" * size)


def fill(mailbox: Mailbox, mails: list[bytes], folder: str = "INBOX") -> None:
    with mailbox.session() as imap:
        for raw in mails:
            append(imap, raw, folder)


def stored(batches: list[Batch]) -> list[bytes]:
    return [delivery.raw for batch in batches for delivery in batch.deliveries]


def catch_up(mailbox: Mailbox, cursor: Cursor | None = None, **changes: object) -> tuple[list[Batch], Cursor]:
    """Read until there is nothing new, as one run of a poller does; returns the batches and the cursor to keep."""
    batches = list(MailConnector().fetch_once(mailbox.credentials(**changes), cursor or {}))
    return batches, latest_cursor(batches, cursor)


def latest_cursor(batches: list[Batch], cursor: Cursor | None = None) -> Cursor:
    return next((dict(batch.cursor) for batch in reversed(batches) if batch.cursor is not None), cursor or {})


def test_every_mail_comes_byte_for_byte_in_order_with_its_place(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    mails = [
        mail(1),
        b"no header at all",
        b"Subject: no newline at the end",
        b"\r\n",
        mail(2, 5000),
        b"\xff\xfe odd \x80",
    ]
    fill(mailbox, mails)
    batches, cursor = catch_up(mailbox)
    assert stored(batches) == mails
    deliveries = [delivery for batch in batches for delivery in batch.deliveries]
    assert [delivery.meta["uid"] for delivery in deliveries] == ["1", "2", "3", "4", "5", "6"]
    assert {delivery.meta["folder"] for delivery in deliveries} == {"INBOX"}
    assert all(delivery.external_id is None for delivery in deliveries)
    assert all(delivery.received_at.tzinfo is not None for delivery in deliveries)
    assert cursor["folders"]["INBOX"] == {"uidvalidity": int(deliveries[0].meta["uidvalidity"]), "uid": 6}


def test_a_second_run_brings_only_what_is_new(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1), mail(2)])
    _, cursor = catch_up(mailbox)
    assert stored(catch_up(mailbox, cursor)[0]) == []
    fill(mailbox, [mail(3)])
    assert stored(catch_up(mailbox, cursor)[0]) == [mail(3)]


def test_several_folders_each_have_their_watermark(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    mailbox.create("Sales")
    fill(mailbox, [mail(1)])
    fill(mailbox, [mail(2), mail(3)], "Sales")
    names = "INBOX\nSales"
    batches, cursor = catch_up(mailbox, folders=names)
    assert sorted(stored(batches)) == [mail(1), mail(2), mail(3)]
    assert {name: state["uid"] for name, state in cursor["folders"].items()} == {"INBOX": 1, "Sales": 2}
    fill(mailbox, [mail(5)], "Sales")
    assert stored(catch_up(mailbox, cursor, folders=names)[0]) == [mail(5)]


def test_a_folder_may_have_any_name(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    name = 'Rückgaben & "Größe" 返品'
    with MailConnectorSession(mailbox) as client:
        client.create_folder(name)
        client.append(name, mail(1))
    batches, cursor = catch_up(mailbox, folders=name)
    assert stored(batches) == [mail(1)]
    assert cursor["folders"][name]["uid"] == 1


def test_batches_are_bounded_in_number_and_bytes(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    mails = [mail(number) for number in range(60)] + [mail(number, 3_000_000) for number in range(60, 64)]
    fill(mailbox, mails)
    batches, _ = catch_up(mailbox)
    assert stored(batches) == mails
    assert [len(batch.deliveries) for batch in batches if batch.deliveries] == [50, 12, 2]
    assert max(sum(len(delivery.raw) for delivery in batch.deliveries) for batch in batches) <= 8_000_000


def test_a_mail_of_25_megabytes_is_its_own_batch(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    huge = EmailMessage()
    huge["Subject"] = "Scans"
    huge.add_attachment(os.urandom(18_500_000), maintype="application", subtype="pdf", filename="scans.pdf")
    raw = huge.as_bytes().replace(b"\n", b"\r\n")
    assert len(raw) > 25_000_000
    fill(mailbox, [mail(1), raw, mail(2)])
    batches, _ = catch_up(mailbox)
    assert [[len(delivery.raw) for delivery in batch.deliveries] for batch in batches if batch.deliveries] == [
        [len(mail(1))],
        [len(raw)],
        [len(mail(2))],
    ]
    assert stored(batches)[1] == raw


def test_mail_is_marked_as_seen_only_once_it_is_stored(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1), mail(2)])
    batches = PATIENT.fetch(mailbox.credentials(), {})
    assert stored([next(batches), next(batches)]) == [mail(1), mail(2)]
    assert all(r"\Seen" not in flags for flags in mailbox.flags().values())
    assert next(batches) == Batch()
    assert all(r"\Seen" in flags for flags in mailbox.flags().values())
    batches.close()


def test_a_run_that_stops_before_storing_leaves_no_trace(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1)])
    batches = PATIENT.fetch(mailbox.credentials(), {})
    first, second = next(batches), next(batches)
    batches.close()
    assert (stored([first]), stored([second])) == ([], [mail(1)])
    assert r"\Seen" not in mailbox.flags()[1]
    assert stored(catch_up(mailbox, dict(first.cursor or {}))[0]) == [mail(1)]


def test_marking_can_be_switched_off(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1)])
    assert stored(catch_up(mailbox, mark_seen=False)[0]) == [mail(1)]
    assert mailbox.flags() == {1: {r"\Recent"}}  # opened read-only: not even that changed


def test_a_folder_numbered_anew_is_read_again_from_the_start(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    mailbox.create("Sales")
    fill(mailbox, [mail(1), mail(2), mail(3)], "Sales")
    _, cursor = catch_up(mailbox, folders="Sales")
    mailbox.delete("Sales")
    mailbox.create("Sales")
    fill(mailbox, [mail(3), mail(4)], "Sales")
    batches, after = catch_up(mailbox, cursor, folders="Sales")
    assert stored(batches) == [mail(3), mail(4)]
    assert after["folders"]["Sales"]["uidvalidity"] != cursor["folders"]["Sales"]["uidvalidity"]
    assert after["folders"]["Sales"]["uid"] == 2


def test_a_mail_that_vanishes_after_it_was_listed_is_passed_over(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(number) for number in range(1, 61)])
    batches = PATIENT.fetch_once(mailbox.credentials(), {})
    first = [next(batches), next(batches)]  # 60 listed, 50 read
    with mailbox.session() as imap:
        imap.select("INBOX")
        imap.uid("STORE", "55", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    rest = list(batches)
    assert len(stored(first)) == 50
    assert stored(rest) == [mail(number) for number in range(51, 61) if number != 55]
    assert latest_cursor(rest)["folders"]["INBOX"]["uid"] == 60


def test_old_mail_keeps_the_time_it_came_and_fresh_mail_gets_ours(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    with mailbox.session() as imap:
        assert imap.append("INBOX", "", '"07-Jan-2025 10:00:00 +0200"', mail(1))[0] == "OK"
        append(imap, mail(2))
    before = datetime.now(UTC)
    old, fresh = [delivery for batch in catch_up(mailbox)[0] for delivery in batch.deliveries]
    assert old.received_at == datetime(2025, 1, 7, 8, tzinfo=UTC)
    assert before <= fresh.received_at <= before + timedelta(seconds=60)


def test_existing_mail_can_be_left_where_it_is(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(1), mail(2)])
    batches, cursor = catch_up(mailbox, import_existing=False)
    assert stored(batches) == []
    fill(mailbox, [mail(3)])
    assert stored(catch_up(mailbox, cursor, import_existing=False)[0]) == [mail(3)]


def test_a_mail_that_the_server_cannot_read_blocks_nobody_and_is_reported(dovecot: Dovecot) -> None:
    mailbox = dovecot.new_mailbox()
    fill(mailbox, [mail(number) for number in range(1, 6)])
    broken = next(
        path for path in mailbox.maildir.rglob("*,S=*") if path.read_bytes() == mail(3).replace(b"\r\n", b"\n")
    )
    broken.chmod(0)  # it stays listed, and Dovecot hangs up whenever it is asked for
    batches: list[Batch] = []
    cursor: Cursor = {}
    failures = 0
    while not any("unreadable" in delivery.meta for batch in batches for delivery in batch.deliveries):
        for batch in run_until_failure(mailbox, cursor):
            batches.append(batch)
            cursor = latest_cursor([batch], cursor)
        failures += 1
        assert failures < 20
    batches += catch_up(mailbox, cursor)[0]
    deliveries = [delivery for batch in batches for delivery in batch.deliveries]
    report = next(delivery for delivery in deliveries if "unreadable" in delivery.meta)
    assert [one.raw for one in deliveries if one is not report] == [mail(1), mail(2), mail(4), mail(5)]
    assert failures == GIVE_UP + 2  # once in company, GIVE_UP times alone, and then it goes on
    with pytest.raises(Malformed, match="fails whenever mail 3 of folder INBOX is read"):
        MailConnector().parse(report)
    assert report.external_id


def run_until_failure(mailbox: Mailbox, cursor: Cursor) -> Iterator[Batch]:
    try:
        yield from MailConnector().fetch_once(mailbox.credentials(), cursor)
    except Transient:
        return


class MailConnectorSession:
    """imapclient as a test's own hand, for names that the standard library does not encode."""

    def __init__(self, mailbox: Mailbox) -> None:
        from imapclient import IMAPClient

        self.client = IMAPClient(mailbox.host, mailbox.port, ssl=False)
        self.client.login(mailbox.user, mailbox.password)

    def __enter__(self) -> Any:
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.logout()
