from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page
from redis import Redis

from app.db import transaction
from app.models import Channel, Role, TeamMember
from app.services import channels, inboxes, sending_rules, teams
from tests.chromium import chromium, new_context
from tests.dovecot import Dovecot, Mailbox, dovecot
from tests.pipeline import Pipeline
from tests.product import Product, running
from tests.rooms import PASSWORD, add_user, surroundings
from tests.servers import Servers, database, fresh_name
from tests.smtp import SmtpServer, smtp_server
from workers import queues, realtime

__all__ = ["chromium", "dovecot", "new_context", "smtp_server"]  # fixtures


@pytest.fixture
def pipeline(
    monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """The pipeline over an empty database and an empty Valkey, with real commits."""
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path):
        yield from _over(redis_url, tmp_path)


@pytest.fixture
def elsewhere(
    monkeypatch: pytest.MonkeyPatch, servers: Servers, expected: object, redis_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """A second pipeline, over another empty database, after `expected` has been read from the first."""
    with (
        database(servers, fresh_name()) as url,
        surroundings(monkeypatch, database_url=url, redis_url=redis_url, home=tmp_path / "elsewhere"),
    ):
        yield from _over(redis_url, tmp_path / "elsewhere")


def _over(redis_url: str, home: Path) -> Iterator[Pipeline]:
    for cached in (queues.connection, queues._queue, realtime._emitter):
        cached.cache_clear()
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
        yield Pipeline(redis=redis, folder=home / "sandbox")
    queues.connection().close()


@dataclass
class Stage:
    """The running product, a real mailbox and a real SMTP server behind one mail channel, and two agents."""

    product: Product
    mailbox: Mailbox
    smtp: SmtpServer
    new_context: Callable[..., BrowserContext]
    name: str

    def sign_in(self, who: str = "ana", **options: Any) -> Page:
        """Open somebody's browser at the inbox and wait until it is live."""
        page = self.new_context(**options).new_page()
        self.product.forget_sign_ins()
        page.goto(f"{self.product.url}/sign-in")
        page.fill("input[name=email]", f"{who}@{self.name}.example")
        page.fill("input[name=password]", PASSWORD)
        page.click("button:has-text('Sign in')")
        page.wait_for_url("**/inbox**")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("#live[data-state=live]", state="attached")
        return page


@pytest.fixture(scope="module")
def product(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Every process, over a database of the module's own: starting them takes longer than most of what they are for."""
    home = tmp_path_factory.mktemp("home")
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
    ):
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
        with transaction() as session:
            sending_rules.change(session, undo_send_seconds="1")  # replies wait, but not long; see test_undo_send.py
        with running(database_url=url, redis_url=redis_url, home=home) as product:
            yield product


@pytest.fixture
def stage(
    product: Product, dovecot: Dovecot, smtp_server: SmtpServer, new_context: Callable[..., BrowserContext]
) -> Iterator[Stage]:
    """A team, an inbox and a mailbox for this one test: its agents see nothing of the other tests'."""
    mailbox, name = dovecot.new_mailbox(), f"acme-{uuid4().hex[:8]}"
    credentials = mailbox.credentials(
        address="support@acme.example", imap_user=mailbox.user, smtp_host="localhost", smtp_port=smtp_server.port
    )
    channel_id = _furnish(name, credentials)
    yield Stage(product, mailbox, smtp_server, new_context, name)
    with transaction() as session:
        channels.remove(session, channel=session.get_one(Channel, channel_id, with_for_update=True))


def _furnish(company: str, credentials: dict[str, object]) -> int:
    people = {"ana": "Ana Keller", "ben": "Ben Okafor"}
    with transaction() as session:
        team = teams.create(session, name=f"Support of {company}")
        inbox = inboxes.create(session, name=f"Support of {company}", team=team)
    for who, name in people.items():
        user = add_user(f"{who}@{company}.example", role=Role.AGENT, name=name)
        with transaction() as session:
            session.add(TeamMember(team_id=team.id, user_id=user.id))
    with transaction() as session:
        return channels.connect(session, inbox=inbox, kind="mail", name="Support mail", credentials=credentials).id
