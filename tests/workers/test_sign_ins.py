"""What channels sign in with is replaced before it ends, kept at once, and never over somebody's own change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import clock, crypto
from app.db import reading, transaction
from app.models import Channel, ChannelState
from app.services import channel_sign_in, channels
from connectors.base import Action, OutboundMessage
from connectors.errors import Transient
from connectors.registry import connector_for
from tests.fakes.mail_oauth import MailOAuth, mail_oauth
from tests.fakes.provider import Said
from tests.fakes.sign_in import REDIRECT, desk_of
from tests.fakes.sign_in_kinds import SlackDesk, XDesk
from tests.fakes.x import ACCOUNT, CUSTOMER
from tests.public_channels import open_channel
from tests.rooms import surroundings
from workers import poller
from workers.jobs import sign_ins

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


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


def signed_in(desk: Any, person: str = "acme") -> Channel:
    """Make a channel that somebody signed in for."""
    connector: Any = connector_for(desk.kind)
    settings: dict[str, Any] = desk.settings()
    address = connector.sign_in_address(settings, redirect_uri=REDIRECT, state="s", challenge=CHALLENGE)[1]
    code = desk.consent(address, person)["code"]
    (account,) = connector.signed_in(settings, code=code, verifier=VERIFIER, redirect_uri=REDIRECT)
    return open_channel(desk.kind, **settings, **account.credentials)


def end_soon(channel: Channel, key: str) -> dict[str, object]:
    with transaction() as session:
        row = session.get_one(Channel, channel.id)
        row.sealed = crypto.seal({**crypto.unseal(row.sealed), key: int(clock.now().timestamp()) + 60})
    return kept(channel)


def renewed_now() -> None:
    sign_ins.renew_due()
    sign_ins.wait()


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path) -> Iterator[None]:
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path / "home"):
        sign_ins.forget()
        yield


@pytest.mark.parametrize(
    ("kind", "token", "ends_at"),
    [(XDesk, "user_token", "user_token_ends_at"), (SlackDesk, "bot_token", "bot_token_ends_at")],
)
def test_what_ends_soon_is_replaced_and_each_refresh_token_is_used_once(
    house: None, kind: Any, token: str, ends_at: str
) -> None:
    with desk_of(kind) as desk:
        desk.lifetime = 43_200
        channel = signed_in(desk)
        before = kept(channel)
        renewed_now()
        assert kept(channel) == before, "nothing was due yet"
        before = end_soon(channel, ends_at)
        for _ in range(2):
            renewed_now()
        after = kept(channel)
        assert after[token] != before[token]
        assert int(str(after[ends_at])) > int(str(before[ends_at]))
        assert connector_for(desk.kind).check(after).startswith("Signed in")
        assert len(desk.refreshers) == 1, "the first one is gone at the provider, the second one is kept here"
        end_soon(channel, ends_at)
        renewed_now()
        assert connector_for(desk.kind).check(kept(channel)).startswith("Signed in")


def test_a_provider_that_wants_a_person_again_pauses_the_channel_and_is_asked_no_more(house: None) -> None:
    with desk_of(XDesk) as desk:
        channel = signed_in(desk)
        desk.refreshers.clear()
        end_soon(channel, "user_token_ends_at")
        renewed_now()
        with reading() as session:
            row = session.get_one(Channel, channel.id)
            assert row.state is ChannelState.PAUSED
            assert "sign in again" in row.state_reason
        asked = len(desk.calls)
        sign_ins.forget()
        renewed_now()
        assert len(desk.calls) == asked


def test_a_provider_that_is_away_pauses_nothing_and_a_token_that_ended_meanwhile_is_waited_for(house: None) -> None:
    with desk_of(XDesk) as desk:
        channel = signed_in(desk)
        desk.trouble = lambda _: Said({"title": "Service Unavailable"}, 503)
        with transaction() as session:
            row = session.get_one(Channel, channel.id)
            row.sealed = crypto.seal({**crypto.unseal(row.sealed), "user_token_ends_at": 1})
        renewed_now()
        with reading() as session:
            assert session.get_one(Channel, channel.id).state is ChannelState.ACTIVE
        with pytest.raises(Transient, match="being renewed"):
            connector_for("x").check(kept(channel))
        desk.trouble = None
        sign_ins.forget()
        renewed_now()
        assert connector_for("x").check(kept(channel)).startswith("Signed in as @acme")


def test_other_settings_that_changed_meanwhile_stay_beside_what_was_gained(house: None) -> None:
    with desk_of(XDesk) as desk:
        channel = signed_in(desk)
        before = kept(channel)
        with transaction() as session:
            row = session.get_one(Channel, channel.id)
            row.sealed = crypto.seal({**before, "poll_seconds": 300})
            gained = {"user_token": "new", "user_refresh_token": "newer"}
            channel_sign_in.keep_renewed(session, row, before=dict(before), gained=gained, began=clock.now())
        assert {"poll_seconds": 300, **gained}.items() <= kept(channel).items()


def test_a_channel_refused_for_the_token_that_was_just_replaced_goes_on(house: None) -> None:
    with desk_of(XDesk) as desk:
        channel = signed_in(desk)
        began, before = clock.now(), kept(channel)
        with transaction() as session:
            channels.pause_for(session, channel_id=channel.id, reason="X does not accept this channel's keys.")
        with transaction() as session:
            row = session.get_one(Channel, channel.id)
            channel_sign_in.keep_renewed(session, row, before=before, gained={"user_token": "new"}, began=began)
            assert row.state is ChannelState.ACTIVE


def test_who_was_refused_with_a_token_that_was_replaced_meanwhile_pauses_nothing(house: None) -> None:
    with desk_of(XDesk) as desk:
        channel = signed_in(desk)
        used, polled = kept(channel), poller.assignment_of(channel)
        end_soon(channel, "user_token_ends_at")
        renewed_now()
        with transaction() as session:
            channels.pause_for(session, channel_id=channel.id, reason="Refused.", used=used)
        poller._pause(polled, "Refused.")
        with reading() as session:
            row = session.get_one(Channel, channel.id)
            assert row.state is ChannelState.ACTIVE
            session.expunge(row)
        poller._pause(poller.assignment_of(row), "Refused.")
        with reading() as session:
            assert session.get_one(Channel, channel.id).state is ChannelState.PAUSED


def test_x_is_spoken_to_with_the_persons_token_alone(house: None) -> None:
    with desk_of(XDesk) as desk:
        known = kept(signed_in(desk))
        reply = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER)
        assert connector_for("x").send(known, reply).external_id
        connector_for("x").act(known, Action("like", "1990000000000000001"))
        batches = connector_for("x").fetch(known, {})
        assert next(batches).deliveries == ()
        spoken = [call for call in desk.calls if call.path.startswith("/2/") and "oauth2" not in call.path]
        assert {call.bearer for call in spoken} == {known["user_token"]}
        assert f"/2/users/{ACCOUNT}/likes" in {call.path for call in spoken}
