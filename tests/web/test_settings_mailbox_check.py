"""A mailbox beside what is stored of it, over a real Dovecot: counted, listed, fetched, and nothing stored twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from app import db
from app.clock import now
from app.events import MailboxAsked
from app.models import Channel, ChannelState, CheckState, Delivery, MailboxCheck, OutboxEvent, Role
from app.services import ingest, mailbox_checks, reconcile
from connectors.registry import MAIL, WEBCHAT, connector_for
from tests.dovecot import Dovecot, Mailbox, dovecot
from tests.public_channels import deliveries, open_channel
from tests.rooms import Visitor, add_user
from workers.jobs import mail_check

__all__ = ["dovecot"]


def mail(number: int) -> bytes:
    return b"From: Ana <ana%d@example.com>\r\nSubject: Order %d\r\n\r\nHello %d\r\n" % (number, number, number)


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    made = dovecot.new_mailbox()
    for number in range(5):
        made.append(mail(number))
    return made


@pytest.fixture
def channel(house: Flask, mailbox: Mailbox) -> Channel:
    """A channel that has fetched its mailbox."""
    mailbox.create("Sales")
    made = open_channel(MAIL, **mailbox.credentials(folders="INBOX\nSales"))
    bring_in(made, mailbox)
    return made


def bring_in(channel: Channel, mailbox: Mailbox) -> None:
    for batch in connector_for(MAIL).fetch_once(mailbox.credentials(folders="INBOX\nSales"), {}):  # type: ignore[attr-defined]  # mail's own
        kept = ingest.keep_all(batch.deliveries)
        with db.transaction() as session:
            ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept)


def lose(channel: Channel, *uids: int) -> None:
    """Forget deliveries, as a restored backup does."""
    with db.transaction() as session:
        events = OutboxEvent.name == "delivery.stored"
        session.execute(delete(OutboxEvent).where(events))
        for row in session.scalars(select(Delivery).where(Delivery.channel_id == channel.id)):
            if row.meta["uid"] in {str(uid) for uid in uids}:
                session.delete(row)


def asked(admin: Visitor, channel: Channel, what: str) -> str:
    """Press a button, let the worker run, return the page."""
    path = f"/settings/channels/{channel.public_id}/mailbox"
    admin.get(path)
    assert admin.post(f"{path}/{what}").status_code == 303
    during = admin.get(path)
    assert during.headers.get("Refresh") == "3"
    mail_check.run([channel.id])
    after = admin.get(path)
    assert "Refresh" not in after.headers
    return after.text


def check_of(channel: Channel) -> MailboxCheck:
    with db.reading() as session:
        found = mailbox_checks.of(session, channel_id=channel.id)
        session.expunge_all()
    assert found
    return found


def test_what_is_missing_is_listed_fetched_and_then_there(admin: Visitor, channel: Channel) -> None:
    lose(channel, 2, 4)
    page = asked(admin, channel, "count")
    (inbox, sales) = check_of(channel).folders
    assert (inbox["on_server"], inbox["stored"], inbox["missing"]) == (5, 3, [2, 4])
    assert (sales["name"], sales["on_server"], sales["missing"]) == ("Sales", 0, [])
    assert "Order 1" in page
    assert "Order 3" in page
    assert "Order 2" not in page
    page = asked(admin, channel, "fetch")
    assert "Missing in" not in page
    check = check_of(channel)
    assert (check.state, check.fetched, check.folders[0]["missing"]) == (CheckState.COUNTED, 2, [])
    assert sorted(row.meta["uid"] for row in deliveries(channel)) == ["1", "2", "3", "4", "5"]


def test_the_same_mail_in_two_places_is_stored_once_and_counts_in_both(
    admin: Visitor, channel: Channel, mailbox: Mailbox
) -> None:
    mailbox.append(mail(1), "Sales")
    asked(admin, channel, "count")
    assert [len(folder["missing"]) for folder in check_of(channel).folders] == [0, 1]
    asked(admin, channel, "fetch")
    assert [len(folder["missing"]) for folder in check_of(channel).folders] == [0, 0]
    assert len(deliveries(channel)) == 5


def test_a_folder_that_is_gone_and_a_server_that_is_away_are_said(
    admin: Visitor, channel: Channel, mailbox: Mailbox
) -> None:
    mailbox.delete("Sales")
    assert "has no folder Sales" in asked(admin, channel, "count")
    away = open_channel(MAIL, **mailbox.credentials(imap_port=1))
    assert "refuses connections" in asked(admin, away, "count")
    assert check_of(away).state is CheckState.FAILED


def test_what_is_parked_is_shown_with_its_reason(admin: Visitor, channel: Channel) -> None:
    (first, *_) = deliveries(channel)
    with db.transaction() as session:
        ingest.park(session, delivery_id=first.id, reason="Nobody can read this.")
    page = asked(admin, channel, "count")
    assert "Nobody can read this." in page
    assert "Stored, but parked: 1" in page


def test_one_run_at_a_time_and_only_of_what_is_missing(admin: Visitor, channel: Channel) -> None:
    path = f"/settings/channels/{channel.public_id}/mailbox"
    admin.get(path)
    admin.post(f"{path}/fetch")
    assert "Nothing is missing" in admin.get(path).text
    admin.post(f"{path}/count")
    admin.post(f"{path}/count")
    assert "being looked at already" in admin.get(path).text


def test_only_mailboxes_are_compared_and_only_by_admins(house: Flask, admin: Visitor, channel: Channel) -> None:
    assert (
        f"/settings/channels/{channel.public_id}/mailbox" in admin.get(f"/settings/channels/{channel.public_id}").text
    )
    chat = open_channel(WEBCHAT)
    assert admin.get(f"/settings/channels/{chat.public_id}/mailbox").status_code == 404
    assert admin.post(f"/settings/channels/{chat.public_id}/mailbox/count").status_code == 404
    add_user("eve@example.com", name="Eve", role=Role.AGENT)
    eve = Visitor(house)
    eve.enter("eve@example.com")
    assert eve.get(f"/settings/channels/{channel.public_id}/mailbox").status_code == 403


def nudged() -> int:
    """What reconcile asks again, as the events of the mailbox that it leaves behind."""
    with db.transaction() as session:
        session.execute(delete(OutboxEvent).where(OutboxEvent.name == MailboxAsked.wire_name()))
    with db.transaction() as session:
        reconcile.reconcile(session)
    with db.reading() as session:
        return len(session.scalars(select(OutboxEvent).where(OutboxEvent.name == MailboxAsked.wire_name())).all())


def test_a_run_that_got_lost_is_asked_for_again_and_goes_on_where_it_stood(admin: Visitor, channel: Channel) -> None:
    lose(channel, 2, 4)
    asked(admin, channel, "count")
    admin.post(f"/settings/channels/{channel.public_id}/mailbox/fetch")
    assert nudged() == 0, "it may still come"
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        assert nudged() == 1, "its job got lost"
        assert nudged() == 0, "once is enough for a while"
        with db.transaction() as session:
            assert mailbox_checks.take(session, channel_id=channel.id)
        with db.transaction() as session:
            assert mailbox_checks.take(session, channel_id=channel.id) is None, "one worker at a time"
    with time_machine.travel(now() + timedelta(minutes=12), tick=False):
        assert nudged() == 1, "its worker died"
        mail_check.run([channel.id])
        assert (check_of(channel).state, check_of(channel).folders[0]["missing"]) == (CheckState.COUNTED, [])
    assert len(deliveries(channel)) == 5


def test_a_run_without_end_is_given_up_and_a_paused_channel_waits(admin: Visitor, channel: Channel) -> None:
    path = f"/settings/channels/{channel.public_id}/mailbox"
    admin.get(path)
    admin.post(f"{path}/count")
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        with db.transaction() as session:
            session.get_one(Channel, channel.id).state = ChannelState.PAUSED
        assert nudged() == 0
        assert check_of(channel).state is CheckState.COUNTING
        with db.transaction() as session:
            session.get_one(Channel, channel.id).state = ChannelState.ACTIVE
        assert nudged() == 0
        assert (check_of(channel).state, check_of(channel).reason) == (CheckState.FAILED, mailbox_checks.NO_END)
