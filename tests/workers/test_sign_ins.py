"""Tokens that a mail channel signs in with are replaced, and never over somebody's own change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock, crypto
from app.db import reading, transaction
from app.models import Channel
from app.services import channel_sign_in
from tests.fakes.mail_oauth import MailOAuth, mail_oauth
from tests.public_channels import open_channel
from tests.rooms import surroundings
from workers.jobs import sign_ins


@pytest.fixture
def provider() -> Iterator[MailOAuth]:
    with mail_oauth() as provider:
        provider.rotates = True
        yield provider


@pytest.fixture
def channel(
    monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path, provider: MailOAuth
) -> Iterator[Channel]:
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path / "home"):
        first = provider.sign_in("us@acme.example")
        yield open_channel("mail", address="us@acme.example", **provider.settings(oauth_refresh_token=first))


def kept(channel: Channel) -> dict[str, object]:
    with reading() as session:
        return crypto.unseal(session.get_one(Channel, channel.id).sealed)


def test_a_token_is_replaced_by_the_one_that_the_provider_gives(channel: Channel, provider: MailOAuth) -> None:
    first = kept(channel)["oauth_refresh_token"]
    sign_ins.renew_daily()
    second = kept(channel)["oauth_refresh_token"]
    assert second != first
    assert provider.signed_in[str(second)] == "us@acme.example"
    assert kept(channel)["oauth_client_secret"] == "s3cret"


def test_a_refused_renewal_and_a_password_leave_everything_as_it_is(channel: Channel, provider: MailOAuth) -> None:
    plain = open_channel("mail", address="other@acme.example", imap_password="pw")
    provider.signed_in.clear()
    before = kept(channel)
    sign_ins.renew_daily()
    assert kept(channel) == before
    assert kept(plain)["imap_password"] == "pw"


def test_what_somebody_changed_meanwhile_stays(channel: Channel) -> None:
    before = kept(channel)
    with transaction() as session:
        row = session.get_one(Channel, channel.id)
        row.sealed = crypto.seal({**before, "oauth_refresh_token": "typed anew"})
        late = {"oauth_refresh_token": "too late"}
        channel_sign_in.keep_renewed(session, row, before=dict(before), gained=late, began=clock.now())
    assert kept(channel)["oauth_refresh_token"] == "typed anew"
