"""A mail from a mail server's pipe is stored before it is taken; whatever goes wrong, the server learns what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import blobs, config
from app.db import transaction
from app.models import Channel, ChannelState
from tests.public_channels import deliveries, open_channel, take_in
from tests.rooms import surroundings
from workers import take_mail

MAIL = b"From: ruth@example.org\r\nSubject: Hi\r\n\r\nHello \xff\r\n"


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path) -> Iterator[None]:
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path / "home"):
        yield


@pytest.fixture
def channel(house: None) -> Channel:
    return open_channel("mail", address="us@acme.example")


def piped(name: str, raw: bytes) -> tuple[int, str]:
    """Run it as a mail server does."""
    command = [sys.executable, "-m", "workers", "take-mail", name]
    done = subprocess.run(command, input=raw, capture_output=True, timeout=60, check=False, env=dict(os.environ))
    return done.returncode, done.stderr.decode()


def test_a_piped_mail_is_stored_and_becomes_a_message(channel: Channel) -> None:
    assert piped(channel.token, MAIL)[0] == os.EX_OK
    (delivery,) = deliveries(channel)
    assert blobs.get(delivery.blob_sha256) == MAIL
    (message,) = take_in(channel)
    assert (message.sender, message.subject) == ("ruth@example.org", "Hi")
    assert piped(channel.token, MAIL)[0] == os.EX_OK
    assert len(deliveries(channel)) == 1


def test_a_database_that_is_away_lets_the_server_keep_the_mail(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    status, said = piped(channel.token, MAIL)
    assert status == os.EX_TEMPFAIL
    assert "later" in said


def test_a_disk_that_takes_nothing_lets_the_server_keep_the_mail(channel: Channel) -> None:
    folder = config.settings().home / "blobs"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        take_mail.take(channel.token, MAIL)
    assert deliveries(channel) == []


def test_a_channel_is_found_by_token_id_or_name_and_only_if_it_is_one(channel: Channel) -> None:
    for name in (channel.token, str(channel.public_id), channel.name):
        assert take_mail.take(name, MAIL + name.encode())[0] == os.EX_OK
    assert len(deliveries(channel)) == 3
    open_channel("mail", address="other@acme.example")
    for name in (channel.name, "nobody", "", "\0"):
        assert take_mail.take(name, MAIL)[0] == os.EX_NOUSER


def test_a_paused_channel_takes_mail_later_and_a_removed_one_never(channel: Channel) -> None:
    for state, status in ((ChannelState.PAUSED, os.EX_TEMPFAIL), (ChannelState.REMOVED, os.EX_NOUSER)):
        with transaction() as session:
            session.get_one(Channel, channel.id).state = state
        assert take_mail.take(channel.token, MAIL)[0] == status


def test_what_is_no_mail_or_not_for_mail_is_refused(channel: Channel) -> None:
    assert take_mail.take(channel.token, b"\n ")[0] == os.EX_DATAERR
    chat = open_channel("webchat")
    assert take_mail.take(chat.token, MAIL)[0] == os.EX_UNAVAILABLE
    assert deliveries() == []
