"""Signing in for a channel of every kind that offers it: the house's part, against providers that keep their own rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app import clock, crypto, db
from app.models import Channel, ChannelState, Inbox
from app.services import channel_sign_in, channels, ingest
from connectors.base import RawDelivery
from connectors.errors import BadCredentials
from connectors.registry import connector_for, kinds
from tests.fakes.sign_in import Desk, desk_of
from tests.fakes.sign_in_kinds import MastodonDesk, RedditDesk, SlackDesk, XDesk
from tests.fakes.sign_in_pages import InstagramDesk, PageDesk
from tests.public_channels import deliveries
from tests.rooms import Visitor, add_user
from tests.sign_in_house import SECRETS, SIGNED_IN, begin, finish, now_of, there_and_back, way_there

DESKS: tuple[Any, ...] = (XDesk, RedditDesk, MastodonDesk, SlackDesk, PageDesk, InstagramDesk)


@pytest.fixture(params=DESKS, ids=lambda kind: kind.kind)
def desk(request: pytest.FixtureRequest) -> Iterator[Any]:
    with desk_of(request.param) as provider:
        yield provider


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


def test_every_kind_with_a_sign_in_is_tried_here() -> None:
    declared = {kind for kind in kinds() if hasattr(connector_for(kind), "sign_in")}
    assert declared == {desk.kind for desk in DESKS}


def test_there_and_back_and_the_channel_runs(admin: Visitor, desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    channel = begin(admin, desk)
    waiting, _ = now_of(channel)
    assert (waiting.state, waiting.state_reason) == (ChannelState.PAUSED, channel_sign_in.WAITING)
    answer = there_and_back(admin, desk, channel)
    assert answer.status_code == 303, answer.text
    row, credentials = now_of(channel)
    assert row.state is ChannelState.ACTIVE
    assert row.address.casefold().endswith(("acme", "acme.shop", "127.0.0.1")) or desk.kind == "slack"
    assert connector_for(desk.kind).check(credentials).startswith("Signed in")
    shown = admin.get(answer.headers["Location"]).text
    assert "Signed in" in shown
    assert not SECRETS.search(shown + "".join(capfd.readouterr()))


def test_the_form_can_be_saved_afterwards_and_loses_nothing(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    there_and_back(admin, desk, channel)
    row, before = now_of(channel)
    with db.reading() as session:
        inbox = str(session.get_one(Inbox, row.inbox_id).public_id)
    secret = {one.key for one in connector_for(desk.kind).settings if one.kind in {"secret", "kept"}}
    typed = {f"setting-{key}": str(value) for key, value in before.items() if key not in secret and value is not None}
    answer = admin.post(
        f"/settings/channels/{row.public_id}", {"name": "Renamed", "inbox": inbox, "do": "save", **typed}
    )
    assert answer.status_code == 303, answer.text
    _, after = now_of(channel)
    assert {key: after[key] for key in secret} == {key: before.get(key) or after[key] for key in secret}


def test_a_state_of_another_session_another_person_or_an_hour_ago_is_refused_before_anybody_is_asked(
    admin: Visitor, desk: Any, house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = begin(admin, desk)
    back = desk.consent(way_there(admin, channel))
    asked_before = len(desk.calls)
    elsewhere = Visitor(house)
    elsewhere.enter()
    add_user("ben@example.com", name="Ben")
    ben = Visitor(house)
    ben.enter("ben@example.com")
    for stranger in (elsewhere, ben):
        assert stranger.get(f"{SIGNED_IN}?{urlencode(back)}").status_code == 422
        refused = stranger.post(SIGNED_IN, back)
        assert refused.status_code == 422
        assert "not one that you began" in refused.text
    turned = back["state"][:-1] + ("0" if back["state"][-1] != "0" else "1")
    assert admin.post(SIGNED_IN, back | {"state": turned}).status_code == 422
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(channel_sign_in, "now", lambda: later)
    assert "took too long" in admin.post(SIGNED_IN, back).text
    assert len(desk.calls) == asked_before
    assert now_of(channel)[0].state is ChannelState.PAUSED


def test_what_the_person_refused_is_said_with_what_to_do_next(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    back = desk.deny(way_there(admin, channel))
    answer = admin.get(f"{SIGNED_IN}?{urlencode(back)}")
    assert answer.status_code == 422
    assert "access was not given" in answer.text
    assert f"/settings/channels/{channel.public_id}/sign-in" in answer.text
    assert now_of(channel)[0].state is ChannelState.PAUSED


def test_reconnecting_a_channel_that_the_provider_refused_keeps_its_history(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    there_and_back(admin, desk, channel)
    kept = ingest.keep(RawDelivery(b"{}", clock.now()))
    with db.transaction() as session:
        row = session.get_one(Channel, channel.id)
        ingest.store_batch(session, channel=row, deliveries=[kept], cursor={"since": "17"})
        channels.pause_for(session, channel_id=channel.id, reason="The token was revoked.")
    assert (
        f"/settings/channels/{channel.public_id}/sign-in" in admin.get(f"/settings/channels/{channel.public_id}").text
    )
    there_and_back(admin, desk, channel)
    row, _ = now_of(channel)
    assert (row.state, row.cursor, row.token) == (ChannelState.ACTIVE, {"since": "17"}, channel.token)
    assert [one.blob_sha256 for one in deliveries(channel)] == [kept.blob_sha256]


def test_signing_in_as_somebody_else_does_not_mix_two_histories(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    there_and_back(admin, desk, channel)
    before = now_of(channel)[1]
    other = finish(admin, desk.consent(way_there(admin, channel), "other"))
    assert other.status_code == 422
    assert "connect" in other.text
    assert now_of(channel)[1] == before


def test_a_channel_that_a_person_paused_stays_paused(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    there_and_back(admin, desk, channel)
    admin.post(f"/settings/channels/{channel.public_id}/pause", {})
    there_and_back(admin, desk, channel)
    assert now_of(channel)[0].state is ChannelState.PAUSED


def test_the_providers_rules_hold_a_code_once_its_redirect_its_verifier_its_time(admin: Visitor, desk: Desk) -> None:
    channel = begin(admin, desk)
    connector: Any = connector_for(desk.kind)
    address = way_there(admin, channel)
    credentials = now_of(channel)[1]
    redirect = channel_sign_in.redirect_address()

    def exchange(code: str, *, state: str, where: str = redirect, wrong: str = "") -> Any:
        verifier = wrong or crypto.sign("channel sign-in verifier", state)
        return connector.signed_in(credentials, code=code, verifier=verifier, redirect_uri=where)

    back = desk.consent(address)
    assert exchange(**back)
    late = desk.consent(address)
    moved = desk.consent(address)
    with pytest.raises(BadCredentials, match=r"[Ss]ign in again"):
        exchange(**back)
    with pytest.raises(BadCredentials):
        exchange(**moved, where="https://evil.example/")
    if desk.knows_pkce:
        with pytest.raises(BadCredentials):
            exchange(**desk.consent(address), wrong="v" * 64)
    desk.clock = desk.code_seconds + 1
    with pytest.raises(BadCredentials):
        exchange(**late)
