"""Of whom a provider is asked who they are, how often, and what becomes of the answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import new_token, seal
from app.models import Channel, ChannelState, Contact, ContactIdentity, LookUp, LookUpState, Message, OutboxEvent
from app.services import contacts, look_ups
from connectors.base import Identity, InboundMessage, Profile
from tests.services.making import House

KIM, LEE = "U061F7AUR", "U061F7LEE"
TOLD = Identity("slack", KIM, "Kim Lindqvist", verified=True, profile=Profile("@kim", "", "https://a.example/kim.png"))


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def slack(house: House) -> Channel:
    sealed = seal({"bot_token": "xoxb-1", "signing_secret": "s"})
    channel = Channel(inbox_id=house.inbox.id, kind="slack", name="Slack", token=new_token(), sealed=sealed)
    house.session.add(channel)
    house.session.flush()
    return channel


def hear(house: House, channel: Channel, number: int, address: str = KIM, name: str = "") -> Message:
    sender = Identity("slack", address, name, verified=True)
    said = InboundMessage(f"C1:{number}", sender, text=f"Hello {number}", thread_key="C1:1")
    (message,) = house.arrive(said, channel=channel)
    return message


def asked(house: House) -> list[int]:
    """Take the questions that were recorded for the workers."""
    rows = house.session.scalars(select(OutboxEvent).filter_by(name="profile.wanted").order_by(OutboxEvent.id)).all()
    ids = [row.payload["look_up_id"] for row in rows]
    for row in rows:
        house.session.delete(row)
    house.session.flush()
    return ids


def begin(house: House) -> int:
    (id_,) = asked(house)
    assert look_ups.claim(house.session, look_up_id=id_) is not None
    return id_


def later(house: House, passed: timedelta) -> LookUp:
    """Let time pass, by moving what is kept into the past."""
    row = house.session.scalars(select(LookUp)).one()
    for name in ("done_at", "tried_at", "next_try_at", "claimed_until"):
        moment = getattr(row, name)
        setattr(row, name, moment - passed if moment else None)
    house.session.flush()
    return row


def test_who_is_known_by_an_id_only_is_asked_for_once(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    (id_,) = asked(house)
    hear(house, slack, 2)
    assert asked(house) == []
    question = look_ups.claim(house.session, look_up_id=id_)
    assert question is not None
    assert (question.kind, question.address, question.thread_key) == ("slack", KIM, "C1:1")
    assert question.credentials["bot_token"] == "xoxb-1"
    assert look_ups.claim(house.session, look_up_id=id_) is None


def test_a_name_that_came_along_is_enough(house: House, slack: Channel) -> None:
    hear(house, slack, 1, name="Kim")
    assert asked(house) == []


def test_nobody_is_asked_of_a_channel_that_tells_all_itself(house: House) -> None:
    sender = Identity("handle", "42")
    house.arrive(InboundMessage("p1", sender, text="Hello"))
    assert asked(house) == []


def test_the_name_shows_and_screens_hear_of_it(house: House, slack: Channel) -> None:
    message = hear(house, slack, 1)
    id_ = begin(house)
    look_ups.record_told(house.session, look_up_id=id_, told=TOLD)
    contact = house.session.get_one(Contact, message.contact_id)
    held = house.session.scalars(select(ContactIdentity)).one()
    assert (contact.name, held.name, held.handle) == ("Kim Lindqvist", "Kim Lindqvist", "@kim")
    assert (held.avatar_url, held.profile_seen_at is not None) == ("https://a.example/kim.png", True)
    told = set(house.session.scalars(select(OutboxEvent.name)))
    assert {"contact.changed", "conversation.changed"} <= told
    version = contact.version
    look_ups.record_told(house.session, look_up_id=id_, told=TOLD)  # the same job again
    assert contact.version == version


def test_a_name_that_somebody_typed_stays(house: House, slack: Channel) -> None:
    message = hear(house, slack, 1)
    contact = house.session.get_one(Contact, message.contact_id)
    contacts.edit(house.session, contact=contact, actor=house.agents[0], version=contact.version, name="Aunt Kim")
    look_ups.record_told(house.session, look_up_id=begin(house), told=TOLD)
    held = house.session.scalars(select(ContactIdentity)).one()
    assert (contact.name, held.name) == ("Aunt Kim", "Kim Lindqvist")


def test_who_is_unknown_is_asked_for_again_after_a_day_when_they_write(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    look_ups.record_nothing(house.session, look_up_id=begin(house))
    later(house, timedelta(hours=23))
    hear(house, slack, 2)
    assert asked(house) == []
    later(house, timedelta(hours=2))
    hear(house, slack, 3)
    begin(house)


def test_what_is_older_than_a_week_is_refreshed(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    look_ups.record_told(house.session, look_up_id=begin(house), told=TOLD)
    later(house, timedelta(days=6))
    held = house.session.scalars(select(ContactIdentity)).one()
    held.profile_seen_at = now() - timedelta(days=6)
    hear(house, slack, 2)
    assert asked(house) == []
    held.profile_seen_at = now() - timedelta(days=7, minutes=1)
    hear(house, slack, 3)
    look_ups.record_told(
        house.session, look_up_id=begin(house), told=Identity("slack", KIM, "Kim L.", profile=Profile("@kimmy"))
    )
    contact = house.session.scalars(select(Contact)).one()
    assert (held.name, held.handle, contact.name) == ("Kim L.", "@kimmy", "Kim Lindqvist")


def test_trouble_is_tried_again_at_longer_and_longer_intervals_and_then_given_up(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    id_ = begin(house)
    row = house.session.get_one(LookUp, id_)
    waits = []
    for _ in range(look_ups.MAX_ATTEMPTS - 1):
        look_ups.record_transient(house.session, look_up_id=id_, reason="Busy.", retry_after_seconds=None)
        assert row.next_try_at is not None
        waits.append(round((row.next_try_at - now()).total_seconds() / 60))
        assert look_ups.claim(house.session, look_up_id=id_) is None
        later(house, timedelta(hours=1))
        assert look_ups.claim(house.session, look_up_id=id_) is not None
    assert waits == [1, 2, 4, 8, 16]
    look_ups.record_transient(house.session, look_up_id=id_, reason="Busy.", retry_after_seconds=None)
    assert (row.state, row.reason) == (LookUpState.DONE, "Busy.")


def test_a_provider_that_names_a_time_is_not_asked_before(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    id_ = begin(house)
    look_ups.record_transient(house.session, look_up_id=id_, reason="Busy.", retry_after_seconds=1800)
    later(house, timedelta(minutes=29))
    assert look_ups.claim(house.session, look_up_id=id_) is None
    later(house, timedelta(minutes=2))
    assert look_ups.claim(house.session, look_up_id=id_) is not None


def test_a_provider_is_asked_only_so_often_a_minute(
    house: House, slack: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ups, "MOST_A_MINUTE", 1)
    hear(house, slack, 1)
    begin(house)
    hear(house, slack, 2, LEE)
    (second,) = asked(house)
    assert look_ups.claim(house.session, look_up_id=second) is None
    for row in house.session.scalars(select(LookUp)):
        row.tried_at = row.tried_at - timedelta(minutes=2) if row.tried_at else None
        row.next_try_at = None
    assert look_ups.claim(house.session, look_up_id=second) is not None


def test_a_paused_channel_asks_nobody_until_it_is_resumed(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    (id_,) = asked(house)
    slack.state = ChannelState.PAUSED
    assert look_ups.claim(house.session, look_up_id=id_) is None
    assert look_ups.reconcile(house.session, older_than=timedelta(seconds=-1), limit=10) == 0
    slack.state = ChannelState.ACTIVE
    assert look_ups.reconcile(house.session, older_than=timedelta(seconds=-1), limit=10) == 1
    begin(house)


def test_a_worker_that_died_is_followed_by_another(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    begin(house)
    assert look_ups.reconcile(house.session, older_than=timedelta(seconds=-1), limit=10) == 0
    later(house, look_ups.CLAIM)
    assert look_ups.reconcile(house.session, older_than=timedelta(seconds=-1), limit=10) == 1
    begin(house)


def test_of_a_removed_channel_nobody_is_asked(house: House, slack: Channel) -> None:
    hear(house, slack, 1)
    (id_,) = asked(house)
    slack.state = ChannelState.REMOVED
    assert look_ups.claim(house.session, look_up_id=id_) is None
    assert house.session.get_one(LookUp, id_).reason == look_ups.REMOVED
