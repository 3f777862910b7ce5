"""Settings pages for channels and deliveries: connect, test, keep secrets in, retry what was parked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import crypto, db
from app.clock import now
from app.models import (
    Channel,
    ChannelState,
    ChannelTemplate,
    Delivery,
    DeliveryState,
    Inbox,
    Message,
    OutboxEvent,
    Role,
    SendState,
)
from app.services import channels, inboxes, ingest
from connectors.base import RawDelivery
from connectors.registry import MAIL, SANDBOX, WEBCHAT, WEBFORM
from tests.rooms import Visitor, add_user

SECRET = "hunter2 hunter2"


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


@pytest.fixture
def inbox(house: Flask) -> Inbox:
    with db.transaction() as session:
        return inboxes.create(session, name="Help")


def _form(inbox: Inbox, **settings: str) -> dict[str, str]:
    return {
        "name": "Chat",
        "inbox": str(inbox.public_id),
        **{f"setting-{key}": value for key, value in settings.items()},
    }


def _chat_form(inbox: Inbox, **settings: str) -> dict[str, str]:
    return _form(inbox, **({"title": "Chat", "side": "right"} | settings))


def _mail_form(inbox: Inbox, **settings: str) -> dict[str, str]:
    given = {
        "address": "help@example.com",
        "imap_host": "127.0.0.1",
        "imap_port": "1",
        "imap_security": "none",
        "imap_password": SECRET,
        "smtp_host": "127.0.0.1",
        "smtp_port": "1",
        "smtp_security": "none",
        "folders": "INBOX",
    }
    return _form(inbox, **(given | settings))


def _only() -> Channel:
    with db.reading() as session:
        channel = session.scalars(select(Channel)).one()
        session.expunge(channel)
    return channel


def test_every_kind_has_a_form_drawn_from_its_settings(admin: Visitor, inbox: Inbox) -> None:
    page = admin.get("/settings/channels/new").text
    paths = re.findall(r"/settings/channels/new/[a-z]+", page)
    assert len(paths) >= 3
    for path in paths:
        form = admin.get(path).text
        assert 'name="setting-' in form
        assert "Help" in form
    assert admin.get("/settings/channels/new/pigeon").status_code == 404


def test_a_chat_is_connected_and_its_secret_never_shown_again(admin: Visitor, inbox: Inbox) -> None:
    answer = admin.post(f"/settings/channels/new/{WEBCHAT}", _chat_form(inbox, identify_secret=SECRET, do="save"))
    channel = _only()
    assert answer.location == f"/settings/channels/{channel.public_id}"
    assert SECRET.encode() not in channel.sealed
    assert crypto.unseal(channel.sealed)["identify_secret"] == SECRET
    page = admin.get(answer.location).text
    assert SECRET not in page
    assert "kept; type to replace it" in page


def test_an_empty_secret_keeps_the_stored_one_and_a_typed_one_replaces_it(admin: Visitor, inbox: Inbox) -> None:
    admin.post(f"/settings/channels/new/{WEBCHAT}", _chat_form(inbox, identify_secret=SECRET))
    path = f"/settings/channels/{_only().public_id}"
    admin.post(path, _chat_form(inbox, title="Talk to us"))
    stored = crypto.unseal(_only().sealed)
    assert (stored["identify_secret"], stored["title"]) == (SECRET, "Talk to us")
    admin.post(path, _chat_form(inbox, identify_secret="a newer one"))
    assert crypto.unseal(_only().sealed)["identify_secret"] == "a newer one"


def test_a_test_says_what_was_found_and_saves_nothing(admin: Visitor, inbox: Inbox) -> None:
    answer = admin.post(f"/settings/channels/new/{WEBCHAT}", _chat_form(inbox) | {"do": "test"})
    assert answer.status_code == 200
    assert "It works" in answer.text
    with db.reading() as session:
        assert session.scalars(select(Channel)).all() == []


def test_a_server_that_does_not_answer_is_said_and_can_be_saved_nevertheless(admin: Visitor, inbox: Inbox) -> None:
    answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "save"})
    assert answer.status_code == 422
    assert "Save without a test" in answer.text
    assert SECRET not in answer.text
    draft = re.search(r'name="draft" value="([^"]+)"', answer.text)
    assert draft
    again = _mail_form(inbox, imap_password="") | {"do": "anyway", "draft": draft.group(1)}
    assert admin.post(f"/settings/channels/new/{MAIL}", again).status_code == 303
    channel = _only()
    assert crypto.unseal(channel.sealed)["imap_password"] == SECRET
    assert channel.address == "help@example.com"


def test_a_draft_of_somebody_else_is_worth_nothing(house: Flask, admin: Visitor, inbox: Inbox) -> None:
    answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "save"})
    draft = re.search(r'name="draft" value="([^"]+)"', answer.text)
    assert draft
    add_user("eve@example.com", name="Eve")
    eve = Visitor(house)
    eve.enter("eve@example.com")
    again = _mail_form(inbox, imap_password="") | {"do": "anyway", "draft": draft.group(1)}
    eve.post(f"/settings/channels/new/{MAIL}", again)
    assert crypto.unseal(_only().sealed)["imap_password"] == ""


def test_a_kept_password_is_not_sent_to_another_server(admin: Visitor, inbox: Inbox) -> None:
    admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "anyway"})
    path = f"/settings/channels/{_only().public_id}"
    moved = _mail_form(inbox, imap_host="127.0.0.2", imap_password="") | {"do": "anyway"}
    answer = admin.post(path, moved)
    assert answer.status_code == 422
    assert "again" in answer.text.partition('id="setting-imap_password-note"')[2].partition("</p>")[0]
    assert crypto.unseal(_only().sealed)["imap_host"] == "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "2852039166", "0xa9.0xfe.0xa9.0xfe", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::",
     "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "224.0.0.1"],
)  # fmt: skip
def test_no_channel_connects_to_a_metadata_service_even_untested(admin: Visitor, inbox: Inbox, host: str) -> None:
    for do in ("save", "anyway", "test"):
        answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox, imap_host=host) | {"do": do})
        assert answer.status_code == 422
        assert "may not connect to" in answer.text
    with db.reading() as session:
        assert session.scalars(select(Channel)).all() == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("imap_port", "many", "whole number"),
        ("imap_security", "hope", "one of"),
        ("smtp_host", "", "is needed"),
        ("imap_host", "a\nb", "control character"),
    ],
)
def test_a_setting_that_cannot_be_is_said_beside_it(
    admin: Visitor, inbox: Inbox, field: str, value: str, words: str
) -> None:
    answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox, **{field: value}) | {"do": "anyway"})
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="setting-{field}-note"')[2].partition("</p>")[0]


def test_the_same_mailbox_is_not_connected_twice(admin: Visitor, inbox: Inbox) -> None:
    admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "anyway"})
    answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "anyway"})
    assert answer.status_code == 409
    assert "connected already" in answer.text


def test_pause_resume_remove(admin: Visitor, inbox: Inbox) -> None:
    admin.post(f"/settings/channels/new/{WEBCHAT}", _chat_form(inbox, identify_secret=SECRET))
    channel = _only()
    path = f"/settings/channels/{channel.public_id}"
    admin.post(f"{path}/pause")
    assert "Paused by Ana Admin" in admin.get("/settings/channels").text
    admin.post(f"{path}/resume")
    assert _only().state is ChannelState.ACTIVE
    admin.post(f"{path}/remove")
    gone = _only()
    assert gone.state is ChannelState.REMOVED
    assert "identify_secret" not in crypto.unseal(gone.sealed)
    assert "Nothing is connected yet" in admin.get("/settings/channels").text
    assert admin.post(path, _chat_form(inbox)).status_code == 409
    with db.reading() as session:
        told = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == "channel.changed")
        assert session.scalar(told) == 4


def test_a_failing_channel_says_so_in_the_list(admin: Visitor, inbox: Inbox) -> None:
    admin.post(f"/settings/channels/new/{WEBCHAT}", _chat_form(inbox))
    with db.transaction() as session:
        channel = session.scalars(select(Channel)).one()
        channel.last_error, channel.last_error_at = "The server hung up.", now()
    page = admin.get("/settings/channels").text
    assert "Failing" in page
    assert "The server hung up." in page


def _park(inbox: Inbox, reason: str = "Nobody can read this.") -> Delivery:
    stored = ingest.keep(RawDelivery(raw=b"<script>alert(1)</script>\x00", received_at=now(), external_id=reason))
    with db.transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.inbox_id == inbox.id)).first()
        if channel is None:
            home = session.get_one(Inbox, inbox.id)
            channel = channels.connect(session, inbox=home, kind=WEBFORM, name=f"Form of {home.name}", credentials={})
        (id_,) = ingest.store_batch(session, channel=channel, deliveries=[stored])
        ingest.park(session, delivery_id=id_, reason=reason)
    with db.reading() as session:
        delivery = session.get_one(Delivery, id_)
        session.expunge(delivery)
    return delivery


def test_a_parked_delivery_stands_with_its_reason_and_is_tried_again(admin: Visitor, inbox: Inbox) -> None:
    delivery = _park(inbox)
    assert "1 parked" in admin.get("/settings/channels").text
    page = admin.get("/settings/deliveries?parked=1").text
    assert "Nobody can read this." in page
    answer = admin.post(f"/settings/deliveries/{delivery.public_id}/retry", {"back": "/settings/deliveries?parked=1"})
    assert answer.location == "/settings/deliveries?parked=1"
    assert "Nothing is parked" in admin.get(answer.location).text
    with db.reading() as session:
        assert session.get_one(Delivery, delivery.id).state is DeliveryState.STORED


def test_the_bytes_come_out_as_they_came_in_and_only_as_a_file(admin: Visitor, inbox: Inbox) -> None:
    answer = admin.get(f"/settings/deliveries/{_park(inbox).public_id}/raw")
    assert answer.data == b"<script>alert(1)</script>\x00"
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_supervisor_sees_and_retries_deliveries_of_their_own_inboxes_only(house: Flask, inbox: Inbox) -> None:
    with db.transaction() as session:
        other = inboxes.create(session, name="Secret")
    mine, foreign = _park(inbox, "Mine."), _park(other, "Foreign.")
    supervisor = add_user("su@example.com", role=Role.SUPERVISOR, name="Su")
    with db.transaction() as session:
        inboxes.share(session, inbox=session.get_one(Inbox, inbox.id), users=[supervisor], teams=())
    browser = Visitor(house)
    browser.enter("su@example.com")
    page = browser.get("/settings/deliveries").text
    assert "Mine." in page
    assert "Foreign." not in page
    with db.reading() as session:
        hidden = session.scalars(select(Channel.public_id).where(Channel.inbox_id == other.id)).one()
    assert browser.get(f"/settings/deliveries?channel={hidden}").status_code == 404
    assert browser.post(f"/settings/deliveries/{foreign.public_id}/retry").status_code == 404
    assert browser.post(f"/settings/deliveries/{mine.public_id}/retry").status_code == 303
    assert browser.get(f"/settings/deliveries/{mine.public_id}/raw").status_code == 403


def test_a_missing_file_is_said_in_words(admin: Visitor, inbox: Inbox, tmp_path: Path) -> None:
    delivery = _park(inbox)
    for path in (tmp_path / "blobs").rglob(delivery.blob_sha256):
        path.unlink()
    answer = admin.get(f"/settings/deliveries/{delivery.public_id}/raw")
    assert answer.status_code == 404
    assert "missing on disk" in answer.text


def test_the_kinds_stand_in_families_and_a_search_leaves_what_fits(admin: Visitor, inbox: Inbox) -> None:
    page = admin.get("/settings/channels/new?q=E-MAIL").text
    shown = re.findall(r'<li data-words="[^"]*">\s*<a[^>]*href="/settings/channels/new/([a-z]+)"', page)
    assert MAIL in shown
    assert WEBCHAT not in shown
    assert WEBCHAT in page  # hidden, so that the browser can show it as one types
    assert 'role="status" hidden>No kind' in page
    assert 'role="status">No kind' in admin.get("/settings/channels/new?q=pigeon").text


def test_a_secret_of_ours_is_made_shown_once_and_kept(admin: Visitor, inbox: Inbox) -> None:
    path = f"/settings/channels/new/{WEBCHAT}"
    answer = admin.post(path, _chat_form(inbox) | {"do": "make:identify_secret"})
    assert answer.headers["Cache-Control"] == "no-store"
    made = re.search(r'readonly value="([a-z2-7]{32})"', answer.text)
    draft = re.search(r'name="draft" value="([^"]+)"', answer.text)
    assert made
    assert draft
    saved = admin.post(path, _chat_form(inbox) | {"do": "save", "draft": draft.group(1)})
    assert crypto.unseal(_only().sealed)["identify_secret"] == made.group(1)
    assert made.group(1) not in admin.get(saved.location).text


def test_a_secret_of_the_provider_is_not_made_up_here(admin: Visitor, inbox: Inbox) -> None:
    answer = admin.post(f"/settings/channels/new/{MAIL}", _mail_form(inbox) | {"do": "make:imap_password"})
    assert answer.status_code == 422
    assert "comes from the provider" in answer.text


def _sandbox(inbox: Inbox, tmp_path: Path) -> Channel:
    with db.transaction() as session:
        home = session.get_one(Inbox, inbox.id)
        given = {"folder": str(tmp_path / "sandbox"), "webhook_secret": SECRET}
        return channels.connect(session, inbox=home, kind=SANDBOX, name="Try-out", credentials=given)


def test_the_page_of_a_channel_shows_its_webhook_its_health_and_what_it_brought(
    admin: Visitor, inbox: Inbox, tmp_path: Path
) -> None:
    channel = _sandbox(inbox, tmp_path)
    delivered = [RawDelivery(raw=b"%d" % at, received_at=now(), external_id=str(at)) for at in range(3)]
    kept = ingest.keep_all(delivered)
    with db.transaction() as session:
        row = session.get_one(Channel, channel.id)
        first, *_ = ingest.store_batch(session, channel=row, deliveries=kept)
        ingest.park(session, delivery_id=first, reason="Nobody can read this.")
        row.lag_seconds, row.last_error, row.last_error_at = 192.0, "It hung up.", now()
    page = admin.get(f"/settings/channels/{channel.public_id}").text
    assert f"/webhooks/{SANDBOX}/{channel.token}" in page
    assert SECRET not in page
    assert "3 min" in page
    assert "It hung up." in page
    assert "3 in 14 days, 1 parked" in page
    assert "Nobody can read this." in page
    assert page.count("/raw") == 3
    assert "Send me a test message" in page


def test_a_test_message_goes_the_way_of_every_reply(admin: Visitor, inbox: Inbox, tmp_path: Path) -> None:
    channel = _sandbox(inbox, tmp_path)
    path = f"/settings/channels/{channel.public_id}/test-message"
    answer = admin.post(path, {"kind": "email", "address": "Ana@Example.com"})
    assert answer.status_code == 303
    assert "test message from Ana Admin" in admin.get(answer.location).text
    with db.reading() as session:
        sent = session.scalars(select(Message)).one()
        assert (sent.channel_id, sent.send_state) == (channel.id, SendState.QUEUED)
        assert sent.recipients["to"][0]["email"] == "ana@example.com"
        told = session.scalars(select(OutboxEvent.name).where(OutboxEvent.name == "reply.queued")).all()
        assert len(told) == 1


@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [("email", "nobody", "whole address"), ("phone", "12", "with its country"), ("pigeon", "coo", "cannot send")],
)
def test_a_test_message_to_no_address_is_refused_in_words(
    admin: Visitor, inbox: Inbox, tmp_path: Path, kind: str, address: str, words: str
) -> None:
    channel = _sandbox(inbox, tmp_path)
    answer = admin.post(f"/settings/channels/{channel.public_id}/test-message", {"kind": kind, "address": address})
    assert answer.status_code == 422
    assert words in answer.text
    with db.reading() as session:
        assert session.scalars(select(Message)).all() == []


def test_the_templates_of_a_channel_are_shown_and_fetched_on_wish(admin: Visitor, inbox: Inbox, tmp_path: Path) -> None:
    channel = _sandbox(inbox, tmp_path)
    with db.transaction() as session:
        row = ChannelTemplate(
            channel_id=channel.id, name="order_left", language="en", text="Hi {{1}} <b>", synced_at=now()
        )
        session.add(row)
        session.get_one(Channel, channel.id).templates_error = "The provider is away."
    path = f"/settings/channels/{channel.public_id}"
    page = admin.get(path).text
    assert "Hi {{1}} &lt;b&gt;" in page
    assert "The provider is away." in page
    assert admin.post(f"{path}/templates").location == f"{path}#templates"
    assert "They are being fetched." in admin.get(path).text
    with db.reading() as session:
        wanted = select(OutboxEvent.name).where(OutboxEvent.name == "template.wanted")
        assert len(session.scalars(wanted).all()) == 1
