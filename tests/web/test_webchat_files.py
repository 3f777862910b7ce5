"""Files in the chat: they arrive whole, are served so that nothing in them runs, and only to the visitor they are for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Attachment, Channel
from app.queries import visitor_history
from app.services import replies
from connectors.base import OutboundAttachment
from tests.public_channels import answer, deliveries, only_conversation, open_channel, take_in
from tests.readers import PNG, SECRET, Guest
from tests.rooms import add_user


@pytest.fixture
def channel(house: Flask) -> Channel:
    return open_channel("webchat", origins="https://shop.example", identify_secret=SECRET, title="Chat <b>")


def test_files_arrive_as_one_message_and_come_back_by_a_signed_link(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    assert guest.upload((PNG, "photo.png"), (b"<script>alert(1)</script>", "page.html"), text="Look").status_code == 202
    take_in()
    (line,) = guest.lines()
    assert line["text"] == "Look"
    picture, page = line["files"]
    shown = house.test_client().get(picture["url"])
    assert (shown.status_code, shown.data, shown.mimetype) == (200, PNG, "image/png")
    saved = house.test_client().get(page["url"])
    assert (saved.data, saved.mimetype) == (b"<script>alert(1)</script>", "application/octet-stream")
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    for response in (shown, saved):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_says_what_it_is_by_its_bytes_not_by_its_name(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    guest.upload((b"<svg onload=alert(1)>", "x.png"), (b"GIF89a" + b"<script>", "x.gif"))
    take_in()
    for file in guest.lines()[0]["files"]:
        served = house.test_client().get(file["url"])
        assert served.mimetype in {"application/octet-stream", "image/gif"}
        assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert house.test_client().get(guest.lines()[0]["files"][0]["url"]).mimetype == "application/octet-stream"


def test_an_upload_sent_twice_is_stored_once(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    client_id = uuid4().hex
    for _ in range(2):
        assert guest.upload((b"x", "a.txt"), client_id=client_id).status_code == 202
    assert len(take_in()) == 1


def test_uploads_have_limits_said_in_words(house: Flask, channel: Channel) -> None:
    guest = Guest(house, channel)
    assert guest.upload(*[(b"x", f"{n}.txt") for n in range(11)]).status_code == 422
    assert guest.upload().status_code == 422
    assert guest.upload((b"x", "a.txt"), client_id="short").status_code == 422
    assert guest.upload((b"x", "a.txt"), text="x" * 5_001).status_code == 422
    large = guest.upload((b"x" * 25_400_000, "a.bin"), Accept="application/json")
    assert large.status_code == 202
    too_large = guest.upload((b"x" * 26_400_000, "a.bin"), Accept="application/json")
    assert (too_large.status_code, too_large.json) == (
        422,
        {"error": "That is more than 25 MB together: send smaller files.", "field": "files"},
    )
    assert guest.upload((b"x", "a.txt"), Origin="https://evil.example").status_code == 403
    assert len(deliveries()) == 1


def test_agents_files_reach_the_visitor_and_nobody_else(house: Flask, channel: Channel) -> None:
    guest, other, agent = Guest(house, channel), Guest(house, channel), add_user()
    guest.say("send me the label")
    answer(agent, "Here it is", OutboundAttachment("label.pdf", "application/pdf", b"%PDF-1"))
    (file,) = guest.lines()[1]["files"]
    link: str = file["url"]
    client = house.test_client()
    assert client.get(link).data == b"%PDF-1"
    assert client.get(link.replace(guest.id, other.id)).status_code == 404
    assert client.get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 404
    assert client.get(link.replace(channel.token, open_channel("webchat").token)).status_code == 404
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4), tick=False):
        assert client.get(link).status_code == 404


def test_files_of_notes_are_not_the_visitors_even_with_a_good_signature(house: Flask, channel: Channel) -> None:
    guest, agent = Guest(house, channel), add_user()
    guest.say("hi")
    upload = replies.store_upload("secret.txt", "text/plain", b"secret")
    with transaction() as session:
        replies.write_note(
            session,
            conversation=only_conversation(session),
            author=session.merge(agent),
            text="note",
            client_key="n",
            uploads=[upload],
        )
    with reading() as session:
        note_file = session.scalars(select(Attachment.public_id)).one()
        found = visitor_history.file_of(session, channel_id=channel.id, visitor_id=guest.id, public_id=note_file)
    assert found is None
