"""Connecting a real mailbox from the settings page: a real Dovecot, a real SMTP server, and one that never answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.errors import Invalid
from app.models import Channel, Inbox
from app.services import channels, inboxes
from connectors.registry import MAIL
from tests.dovecot import Dovecot, dovecot
from tests.rooms import Visitor, add_user
from tests.smtp import SmtpServer, smtp_server

__all__ = ["dovecot", "smtp_server"]


@pytest.fixture
def form(house: Flask, dovecot: Dovecot, smtp_server: SmtpServer) -> dict[str, str]:
    with db.transaction() as session:
        inbox: Inbox = inboxes.create(session, name="Help")
    credentials = dovecot.new_mailbox().credentials(smtp_port=smtp_server.port)
    settings = {f"setting-{key}": str(value) for key, value in credentials.items()}
    return {"name": "Support mail", "inbox": str(inbox.public_id), "setting-folders": "INBOX", **settings}


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


def test_a_mailbox_is_tried_out_and_connected(admin: Visitor, form: dict[str, str]) -> None:
    tried = admin.post(f"/settings/channels/new/{MAIL}", form | {"do": "test"})
    assert (tried.status_code, "It works" in tried.text) == (200, True)
    assert admin.post(f"/settings/channels/new/{MAIL}", form | {"do": "save"}).status_code == 303
    with db.reading() as session:
        assert session.scalars(select(Channel)).one().address == form["setting-address"]


def test_a_wrong_password_is_said_and_nothing_is_connected(admin: Visitor, form: dict[str, str]) -> None:
    answer = admin.post(f"/settings/channels/new/{MAIL}", form | {"do": "save", "setting-imap_password": "not this"})
    assert answer.status_code == 422
    assert "Save without a test" in answer.text
    assert "not this" not in answer.text
    with db.reading() as session:
        assert session.scalars(select(Channel)).all() == []


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_never_answers_is_not_waited_for(
    house: Flask, silent_server: int, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "CHECK_SECONDS", 0.3)
    settings = {key.removeprefix("setting-"): value for key, value in form.items() if key.startswith("setting-")}
    with pytest.raises(Invalid, match="No answer within"):
        channels.check(MAIL, settings | {"imap_port": silent_server})


def test_under_gevent_a_password_is_checked_beside_the_loop_and_a_channel_does_not_block_it(silent_server: int) -> None:
    script = f"""
from gevent import monkey; monkey.patch_all()
import _thread, gevent
from app.services import channels, passwords
main, seen = _thread.get_native_id(), []
honest = passwords._verify
passwords._verify = lambda *a: seen.append(_thread.get_native_id()) or honest(*a)
turns = []
ticker = gevent.spawn(lambda: [turns.append(gevent.sleep(0)) for _ in range(50)])
assert passwords.is_right(None, "whatever") is False
assert seen and seen[0] != main, (seen, main)
channels.CHECK_SECONDS = 0.3
try:
    channels.check({MAIL!r}, dict(address="a@b.example", imap_host="127.0.0.1", imap_port={silent_server}, imap_security="none",
                   imap_password="x", smtp_host="127.0.0.1", smtp_port=1, smtp_security="none"))
except Exception as error:
    print(type(error).__name__, error.reason)
ticker.join()
print(len(turns))
import os; os._exit(0)
"""
    env = {**os.environ, "DATABASE_URL": "postgresql+psycopg:///nobody", "REDIS_URL": "redis://127.0.0.1:1/0"}
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, env=env
    )
    assert result.stdout.splitlines() == [f"Invalid {channels.TOO_SLOW}", "50"], result.stderr
