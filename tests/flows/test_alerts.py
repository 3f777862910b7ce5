"""From what customers write to people elsewhere: the real clock's job, relay, queue, SMTP server and webhook receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import config, crypto
from app.clock import now
from app.db import reading, transaction
from app.events import AlertRaised
from app.models import Alert, AlertKind, AlertNotice, AlertWay, Channel, ChannelState, NoticeState
from app.services import alert_notices, reconcile, webhooks
from tests.alert_house import AlertHouse
from tests.pipeline import Pipeline
from tests.receiver import Receiver, receiver
from tests.smtp import SmtpServer
from workers.jobs import alerts as job

VOLUME: dict[str, Any] = {"kind": AlertKind.THRESHOLD, "threshold": 20.0, "window_minutes": 60}
WAYS = ["app", "email", "webhook"]


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as receiving:
        yield receiving


@pytest.fixture
def house(pipeline: Pipeline, other: Receiver, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> AlertHouse:
    """A house with a mail channel, a webhook that hears alerts, and a rule; enough has come in for an alert."""
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "1")
    config.forget()
    with transaction() as session:
        made = AlertHouse(session, at=now())
        address = {"address": "support@acme.example", "imap_host": "localhost", "imap_password": "x"}
        outgoing = {"smtp_host": "localhost", "smtp_port": smtp_server.port, "smtp_security": "none"}
        mail = Channel(
            inbox_id=made.inboxes[0].id,
            kind="mail",
            name="Support mail",
            token=crypto.new_token(),
            sealed=crypto.seal({**address, **outgoing}),
        )
        session.add(mail)
        session.flush()
        webhooks.add(session, name="Ops", url=other.url, events=[AlertRaised.wire_name()])
        made.rule(**VOLUME, ways=WAYS, mail_channel=str(mail.public_id))
        made.arrive(25, text="Courier zebra lost it, call 4111 1111 1111 1111")
    return made


def told() -> dict[tuple[AlertWay, int | None], AlertNotice]:
    with reading() as session:
        return {(row.way, row.user_id): row for row in session.scalars(select(AlertNotice))}


def mails() -> list[AlertNotice]:
    return [notice for (way, _), notice in told().items() if way is AlertWay.MAIL]


def later(**more: int) -> None:
    """Let the time of the next attempt come."""
    with transaction() as session:
        for notice in session.scalars(select(AlertNotice)):
            notice.due_at = now() - timedelta(seconds=1)
            if notice.claimed_until is not None:
                notice.claimed_until = now() - timedelta(**more or {"seconds": 1})
        reconcile.reconcile(session)


@pytest.mark.parametrize("twice", [False, True])
def test_people_and_systems_elsewhere_are_told_once(
    house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer, other: Receiver, *, twice: bool
) -> None:
    pipeline.twice = twice
    for _ in range(2 if twice else 1):
        job.watch()
    pipeline.settle()
    received = smtp_server.wait_for(2)
    assert sorted(mail.recipients[0] for mail in received) == ["ana@acme.example", "sue@acme.example"]
    letter = received[0].mail
    with reading() as session:
        alert = session.scalars(select(Alert)).one()
    assert letter["Subject"] == "Watch: Messages: 25 in an hour"
    assert letter["Auto-Submitted"]
    body = letter.get_body(("plain",))
    assert body is not None
    assert f"http://localhost/alerts/{alert.public_id}" in body.get_content()
    assert "courier zebra" in body.get_content()
    assert "4111" not in body.get_content()
    assert [notice.state for notice in mails()] == [NoticeState.SENT] * 2
    (heard,) = other.heard
    data = json.loads(heard.body)
    assert data["type"] == AlertRaised.wire_name()
    assert data["data"]["alert"]["id"] == str(alert.public_id)
    assert data["data"]["alert"]["value"] == 25.0
    assert "4111" not in heard.body.decode()
    job.watch()
    pipeline.settle()
    assert len(smtp_server.wait_for(2)) == 2
    assert len(other.heard) == 1


def test_nothing_is_lost_when_valkey_is_emptied(house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer) -> None:
    job.watch()
    pipeline.relay()
    pipeline.forget_redis()
    later()
    pipeline.settle()
    assert len(smtp_server.wait_for(2)) == 2
    assert [notice.state for notice in mails()] == [NoticeState.SENT] * 2


def test_a_refused_recipient_is_shown_and_the_other_is_told(
    house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer
) -> None:
    smtp_server.behaviour.recipient_replies["sue@acme.example"] = "550 5.1.1 No such user"
    job.watch()
    pipeline.settle()
    states = {notice.state: notice.reason for notice in mails()}
    assert set(states) == {NoticeState.SENT, NoticeState.FAILED}
    assert "No such user" in states[NoticeState.FAILED]


def test_a_server_that_is_busy_is_tried_again(house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour.data_reply = "451 4.3.0 Try again later"
    job.watch()
    pipeline.settle()
    assert {notice.state for notice in mails()} == {NoticeState.WAITING}
    assert all("451" in notice.reason for notice in mails())
    assert all(notice.due_at > now() for notice in mails())
    smtp_server.behaviour.data_reply = ""
    later()
    pipeline.settle()
    assert len(smtp_server.wait_for(2)) == 2


def test_wrong_credentials_pause_the_channel_and_say_so(
    house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer
) -> None:
    smtp_server.behaviour.sender_reply = "530 5.7.0 Authentication required"
    job.watch()
    pipeline.settle()
    with reading() as session:
        channel = session.scalars(select(Channel).where(Channel.name == "Support mail")).one()
    assert channel.state is ChannelState.PAUSED
    later()
    pipeline.settle()
    assert {notice.state for notice in mails()} == {NoticeState.FAILED}
    assert all("is paused" in notice.reason for notice in mails())


def test_a_worker_that_died_while_sending_is_followed_by_another(
    house: AlertHouse, pipeline: Pipeline, smtp_server: SmtpServer
) -> None:
    job.watch()
    with transaction() as session:
        for notice in session.scalars(select(AlertNotice).where(AlertNotice.way == AlertWay.MAIL)):
            assert alert_notices.claim(session, notice_id=notice.id)
    pipeline.settle()
    assert {notice.state for notice in mails()} == {NoticeState.WAITING}
    later(seconds=1)
    pipeline.settle()
    assert len(smtp_server.wait_for(2)) == 2
