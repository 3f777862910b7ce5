"""Web chat over HTTP: who a visitor is, what they may read, which files they may have. Nothing of anybody else."""

from __future__ import annotations

import hashlib
import hmac
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select

from app.db import engine, reading, transaction
from app.models import Channel, Contact, ContactIdentity, Role, User
from app.queries import visitor_history
from app.services import presence, replies
from tests.public_channels import answer, deliveries, only_conversation, open_channel
from tests.readers import ADA, SECRET, Guest, signed
from tests.rooms import Visitor as Browser
from tests.rooms import add_user


@pytest.fixture
def channel(house: Flask) -> Channel:
    return open_channel("webchat", origins="https://shop.example", identify_secret=SECRET, title="Chat <b>")


def test_a_visitor_reads_what_they_wrote_and_what_was_answered_and_no_notes(house: Flask, channel: Channel) -> None:
    guest, agent = Guest(house, channel), add_user(name="Ana Admin")
    guest.say("Do you ship to Norway?")
    answer(agent, "We do, in four days.")
    answer(agent, "This one is still on its way.", deliver=False)
    with transaction() as session:
        replies.write_note(
            session, conversation=only_conversation(session), author=session.merge(agent), text="A note", client_key="n"
        )
    assert [(line["mine"], line["author"], line["text"]) for line in guest.lines()] == [
        (True, "", "Do you ship to Norway?"),
        (False, "Ana Admin", "We do, in four days."),
    ]
    assert guest.history()["status"] == "open"


def test_nobody_reads_the_conversation_of_anybody_else(house: Flask, channel: Channel) -> None:
    guest, other = Guest(house, channel), Guest(house, channel)
    guest.say("my card number is 1234")
    assert other.texts() == []
    other.token = guest.token
    assert other.texts() == ["my card number is 1234"]
    next_door = open_channel("webchat")
    elsewhere = house.test_client().get(
        f"/webchat/{next_door.token}/messages", headers={"Authorization": f"Bearer {guest.token}"}
    )
    assert elsewhere.status_code == 403


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "a." + "a" * 32 + "." + "0" * 64, "k.e30." + "0" * 64, "x" * 5_000, "a.b.ü", "\x00.."]
)
def test_a_token_we_did_not_make_opens_nothing(house: Flask, channel: Channel, token: str) -> None:
    guest = Guest(house, channel)
    guest.token = token.encode("utf-8").decode("latin-1")
    assert guest.get("/messages").status_code == 403
    assert guest.upload((b"x", "a.txt")).status_code == 403


def test_a_changed_token_opens_nothing(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel, user=ADA, signature=signed(ADA))
    good = guest.token
    for place in range(0, len(good), 7):
        guest.token = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        assert guest.get("/messages").status_code == 403


def test_the_public_id_says_nothing_about_the_token(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    guest.say("hi")
    with reading() as session:
        assert session.scalars(select(ContactIdentity.address)).all() == [guest.id]
    assert guest.token.split(".")[1] not in guest.id
    assert all(guest.token.split(".")[1] not in str(delivery.meta) for delivery in deliveries())


def test_a_signed_customer_is_the_same_person_on_every_browser(house: Flask, channel: Channel) -> None:
    phone, laptop = (Guest(house, channel, user=ADA, signature=signed(ADA)) for _ in range(2))
    phone.say("from the phone")
    assert laptop.texts() == ["from the phone"]
    assert laptop.history()["known"] is True
    with reading() as session:
        held = {(row.kind, row.address, row.verified) for row in session.scalars(select(ContactIdentity))}
    assert held == {("visitor", phone.id, True), ("email", "ada@example.com", True)}


def test_a_signed_customer_joins_the_contact_who_writes_mails_from_that_address(house: Flask, channel: Channel) -> None:
    with transaction() as session:
        contact = Contact(name="Ada Lovelace")
        session.add(contact)
        session.flush()
        session.add(ContactIdentity(contact_id=contact.id, kind="email", address="ada@example.com", verified=True))
    Guest(house, channel, user=ADA, signature=signed(ADA)).say("hello again")
    with reading() as session:
        assert only_conversation(session).contact_id == contact.id


@pytest.mark.parametrize(
    ("user", "signature"),
    [
        (ADA, signed(ADA, "another secret")),
        (ADA, ""),
        ({**ADA, "id": "43"}, signed(ADA)),
        ({**ADA, "email": "eve@example.com"}, signed(ADA)),
        ({"id": "", "email": "ada@example.com"}, signed({"id": "", "email": "ada@example.com"})),
        ({"id": "1", "email": "nobody"}, signed({"id": "1", "email": "nobody"})),
        ("42", "x"),
        ([], "x"),
    ],
)
def test_a_wrong_signature_is_refused(house: Flask, channel: Channel, user: object, signature: str) -> None:
    answer = house.test_client().post(f"/webchat/{channel.token}/visitors", json={"user": user, "signature": signature})
    assert answer.status_code == 403
    assert "token" not in (answer.json or {})


def test_without_a_secret_nobody_is_a_known_customer(house: Flask) -> None:
    channel = open_channel("webchat")
    forged = hmac.new(b"", f"{ADA['id']}|{ADA['email']}".encode(), hashlib.sha256).hexdigest()
    answer = house.test_client().post(f"/webchat/{channel.token}/visitors", json={"user": ADA, "signature": forged})
    assert answer.status_code == 403


def test_a_known_customers_visit_ends_after_twelve_hours(house: Flask, channel: Channel) -> None:
    with time_machine.travel("2026-11-22 08:00:00Z", tick=False) as clock:
        guest, anybody = Guest(house, channel, user=ADA, signature=signed(ADA)), Guest(house, channel)
        clock.shift(12 * 60 * 60 - 1)
        assert guest.get("/messages").status_code == 200
        clock.shift(2)
        assert guest.get("/messages").status_code == 403
        clock.shift(365 * 24 * 60 * 60)
        assert anybody.get("/messages").status_code == 200


def test_a_website_that_is_not_allowed_gets_no_visitor(house: Flask, channel: Channel) -> None:
    for origin, status in [
        ("https://shop.example", 200),
        ("http://localhost", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ]:
        answer = house.test_client().post(f"/webchat/{channel.token}/visitors", json={}, headers={"Origin": origin})
        assert answer.status_code == status


def test_only_allowed_websites_may_show_the_frame(house: Flask, channel: Channel) -> None:
    frame = house.test_client().get(f"/webchat/{channel.token}/frame")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://shop.example")
    assert "unsafe-inline" not in policy
    assert "X-Frame-Options" not in frame.headers
    assert "Chat <b>" not in frame.text
    nowhere = house.test_client().get(f"/webchat/{open_channel('webchat').token}/frame")
    assert nowhere.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")


def test_the_secret_never_leaves_the_house(house: Flask, channel: Channel) -> None:
    client = house.test_client()
    for path in ("frame", "visitors", "messages"):
        assert SECRET not in client.get(f"/webchat/{channel.token}/{path}").text
    assert SECRET not in client.get(f"/webchat/{channel.token}.js").text


def test_a_long_conversation_is_read_page_by_page(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    for number in range(visitor_history.PAGE + 5):
        guest.say(f"number {number}")
    newest = guest.history()
    lines = guest.lines()
    assert (len(lines), newest["more"]) == (visitor_history.PAGE, True)
    older = guest.history(f"?before={lines[0]['id']}")
    assert [line["text"] for line in older["messages"]] == [f"number {n}" for n in range(5)]
    assert older["more"] is False
    assert len(guest.history("?before=nonsense")["messages"]) == visitor_history.PAGE


def test_the_history_takes_as_many_queries_for_one_line_as_for_fifty(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    guest.say("first")

    def queries() -> int:
        seen: list[str] = []
        event.listen(engine(), "before_cursor_execute", lambda *given: seen.append(given[2]))
        with reading() as session:
            visitor_history.history(session, channel_id=channel.id, visitor_id=guest.id)
        return len([statement for statement in seen if statement.startswith("SELECT")])

    one = queries()
    for number in range(20):
        guest.say(f"number {number}")
    assert queries() == one


def test_somebody_is_there_only_while_a_person_who_sees_the_inbox_is_online(house: Flask, channel: Channel) -> None:
    guest, agent = Guest(house, channel), add_user()
    outsider = add_user("out@example.com", role=Role.AGENT, name="Out")

    def come(user: User) -> None:
        with transaction() as session:
            presence.connect(session, user_id=user.id, connection=uuid4().hex)

    assert guest.history()["attended"] is False
    come(outsider)
    assert guest.history()["attended"] is False
    come(agent)
    assert guest.history()["attended"] is True


def test_the_preview_is_for_people_who_signed_in(house: Flask, channel: Channel) -> None:
    add_user()
    browser = Browser(house)
    path = f"/webchat/{channel.token}/preview"
    assert browser.get(path).status_code == 303
    browser.enter()
    assert f'src="/webchat/{channel.token}.js"' in browser.get(path).text


def test_a_removed_or_unknown_chat_is_not_there(house: Flask) -> None:
    form = open_channel("webform")
    for token in ("nothing", form.token):
        for path in (f"{token}.js", f"{token}/frame", f"{token}/messages"):
            assert (
                house.test_client().get(f"/webchat/{path}", headers={"Accept": "application/json"}).status_code == 404
            )


def test_too_many_visitors_from_one_address_are_429(house: Flask, channel: Channel) -> None:
    client = house.test_client()
    statuses = [client.post(f"/webchat/{channel.token}/visitors", json={}).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]
