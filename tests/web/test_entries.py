"""What people write down by hand becomes a message like any other; only where they work, and nothing wrong is kept."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Channel, ContactIdentity, InboxAccess, Role, User
from app.services import channels
from tests.public_channels import deliveries, open_channel, take_in
from tests.rooms import PASSWORD, Visitor, add_user

CALL = {
    "setting-number": "+49 30 1234567",
    "setting-name": "Kim",
    "setting-direction": "inbound",
    "setting-status": "answered",
    "setting-duration": "125",
    "setting-note": "Wants a refund <script>",
}


def agent(house: Flask, *inboxes: Channel) -> Visitor:
    """Sign in somebody who works in the inboxes of these channels."""
    user = add_user("ben@acme.example", role=Role.AGENT, name="Ben")
    with transaction() as session:
        session.add_all(InboxAccess(inbox_id=channel.inbox_id, user_id=user.id) for channel in inboxes)
    visitor = Visitor(house)
    visitor.sign_in("ben@acme.example", PASSWORD)
    return visitor


def test_a_call_is_written_down_and_stands_on_the_callers_timeline(house: Flask) -> None:
    channel = open_channel("voice")
    ben = agent(house, channel)
    led = ben.get("/entries/new?number=%2B49301234567")
    assert led.headers["Location"] == f"/entries/new/{channel.public_id}?number=%2B49301234567"
    assert 'value="+49301234567"' in ben.get(led.headers["Location"]).text
    assert ben.post(f"/entries/new/{channel.public_id}", CALL).headers["Location"] == "/inbox"
    (message,) = take_in()
    assert "Wants a refund <script>" in message.text
    assert "2 min 5 s" in message.text or "2:05" in message.text
    with reading() as session:
        held = session.scalars(select(ContactIdentity)).one()
    assert (held.kind, held.address, held.name, message.custom["agent"]) == ("phone", "+49301234567", "Kim", "Ben")


def test_the_same_call_twice_is_two_calls(house: Flask) -> None:
    channel = open_channel("voice")
    ben = agent(house, channel)
    for _ in range(2):
        ben.post(f"/entries/new/{channel.public_id}", CALL)
    assert len(take_in()) == 2


def test_what_is_wrong_is_said_and_what_was_typed_stays(house: Flask) -> None:
    channel = open_channel("voice")
    ben = agent(house, channel)
    for wrong in ({"setting-number": ""}, {"setting-duration": "long"}, {"setting-direction": "sideways"}):
        answer = ben.post(f"/entries/new/{channel.public_id}", CALL | wrong)
        assert answer.status_code == 422
        assert "Wants a refund &lt;script&gt;" in answer.text
    assert deliveries() == []


def test_nobody_writes_into_an_inbox_they_do_not_work_in_nor_into_other_kinds(house: Flask) -> None:
    theirs, form = open_channel("voice"), open_channel("webform")
    ben = agent(house, form)
    assert "Nothing to write into yet" in ben.get("/entries/new").text
    assert ben.get(f"/entries/new/{theirs.public_id}").status_code == 404
    assert ben.post(f"/entries/new/{theirs.public_id}", CALL).status_code == 404
    assert ben.post(f"/entries/new/{form.public_id}", CALL).status_code == 422
    assert Visitor(house).post(f"/entries/new/{theirs.public_id}", CALL).status_code in {302, 303, 400, 401, 403}
    assert deliveries() == []


def test_a_paused_channel_takes_nothing(house: Flask) -> None:
    channel = open_channel("voice")
    ben = agent(house, channel)
    with transaction() as session:
        channels.pause(
            session, channel=session.get_one(Channel, channel.id), actor=session.scalars(select(User)).first()
        )
    assert ben.post(f"/entries/new/{channel.public_id}", CALL).status_code == 409
    assert deliveries() == []
