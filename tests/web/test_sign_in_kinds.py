"""Signing in for a channel of every kind that offers it: the house's part, against providers that keep their own rules."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask

from app import clock, crypto, db
from app.models import Channel, ChannelState, Inbox
from app.services import channel_settings, channel_sign_in, channels, inboxes, ingest
from connectors.base import RawDelivery
from connectors.errors import BadCredentials
from connectors.registry import connector_for, kinds
from tests.fakes.sign_in import REDIRECT, Desk, MastodonDesk, RedditDesk, SlackDesk, XDesk, desk_of
from tests.fakes.sign_in_pages import PAGES, InstagramDesk, PageDesk
from tests.public_channels import deliveries
from tests.rooms import Visitor, add_user

DESKS: tuple[Any, ...] = (XDesk, RedditDesk, MastodonDesk, SlackDesk, PageDesk, InstagramDesk)
SIGNED_IN = "/settings/channels/signed-in"
FIRST_PAGE = next(iter(PAGES))
SECRETS = re.compile(r"(access|refresh|long|short)-\w+-of|page-token|xoxb-\d|43-refresh|key-of-the-app|s3cret")


@pytest.fixture(params=DESKS, ids=lambda kind: kind.kind)
def desk(request: pytest.FixtureRequest) -> Iterator[Any]:
    with desk_of(request.param) as provider:
        yield provider


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.sign_in()
    return browser


def begin(admin: Visitor, desk: Desk) -> Channel:
    """Connect a channel as an admin does who holds no tokens; return it as it waits for the sign-in."""
    with db.transaction() as session:
        inbox = inboxes.create(session, name="Help")
    typed = {f"setting-{key}": value for key, value in desk.settings().items()}
    form = {"name": "Acme", "inbox": str(inbox.public_id), "do": "sign-in", **typed}
    answer = admin.post(f"/settings/channels/new/{desk.kind}", form)
    assert answer.status_code == 303, answer.text
    place = answer.headers["Location"]
    assert place.endswith("/sign-in")
    with db.reading() as session:
        channel = session.query(Channel).order_by(Channel.id.desc()).first()
        assert channel is not None
        session.expunge(channel)
    assert place == f"/settings/channels/{channel.public_id}/sign-in"
    return channel


def way_there(admin: Visitor, channel: Channel) -> str:
    """Return the address that the sign-in page leads to."""
    path = f"/settings/channels/{channel.public_id}/sign-in"
    page = admin.get(path).text
    if "Introduce Tributary to the server" in page:
        assert admin.post(path, {}).status_code == 303
        page = admin.get(path).text
    return html.unescape(re.findall(r'class="btn btn-primary" href="([^"]+)"', page)[0])


def finish(admin: Visitor, back: dict[str, str], account: str = FIRST_PAGE) -> Any:
    """Come back from the provider and press the button, and that of a choice if one is asked for."""
    assert "Keep it" in admin.get(f"{SIGNED_IN}?{urlencode(back)}").text
    answer = admin.post(SIGNED_IN, back)
    if answer.status_code == 200:
        assert not SECRETS.search(answer.text)
        sealed = re.findall(r'name="choice" value="([^"]+)"', answer.text)[0]
        key = PAGES[account][2] if f'value="{PAGES[account][2]}"' in answer.text else account
        answer = admin.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": key})
    return answer


def there_and_back(admin: Visitor, desk: Desk, channel: Channel, person: str = "acme") -> Any:
    return finish(admin, desk.consent(way_there(admin, channel), person))


def now_of(channel: Channel) -> tuple[Channel, dict[str, Any]]:
    with db.reading() as session:
        row = session.get_one(Channel, channel.id)
        session.expunge(row)
    return row, crypto.unseal(row.sealed)


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
    elsewhere.sign_in()
    add_user("ben@example.com", name="Ben")
    ben = Visitor(house)
    ben.sign_in("ben@example.com")
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


def test_a_choice_is_one_persons_and_names_what_was_not_given(admin: Visitor, house: Flask) -> None:
    with desk_of(PageDesk) as desk:
        channel = begin(admin, desk)
        page = admin.post(SIGNED_IN, desk.consent(way_there(admin, channel)))
        assert all(name in page.text for name, _, _ in PAGES.values())
        sealed = re.findall(r'name="choice" value="([^"]+)"', page.text)[0]
        nothing = admin.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": "4711"})
        assert nothing.status_code == 422
        assert "Choose one." in nothing.text
        elsewhere = Visitor(house)
        elsewhere.sign_in()
        assert elsewhere.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": FIRST_PAGE}).status_code == 422
        assert admin.post(f"{SIGNED_IN}/choice", {"choice": "nonsense", "account": FIRST_PAGE}).status_code == 422
        assert now_of(channel)[0].state is ChannelState.PAUSED
        nobody = admin.post(SIGNED_IN, desk.consent(way_there(admin, channel), "nobody"))
        assert "There is no page among what you gave access to" in nobody.text


def test_a_page_keeps_the_fields_that_another_channel_on_it_hears(admin: Visitor, house: Flask) -> None:
    with desk_of(PageDesk) as desk:
        desk.subscribed[FIRST_PAGE] = ["leadgen"]
        channel = begin(admin, desk)
        there_and_back(admin, desk, channel)
        assert {"leadgen", "messages", "feed"} <= set(desk.subscribed[FIRST_PAGE])


def test_no_second_application_is_made_on_a_server_that_knows_us(admin: Visitor, house: Flask) -> None:
    with desk_of(MastodonDesk) as desk:
        channel = begin(admin, desk)
        there_and_back(admin, desk, channel)
        there_and_back(admin, desk, channel)
        assert len(desk.heard("POST", "/api/v1/apps")) == 1


@pytest.mark.parametrize(
    ("provider", "typed", "gone"),
    [
        (XDesk, {"access_token": "17-a", "access_token_secret": "b"}, "user_token"),
        (SlackDesk, {"bot_token": "xoxb-typed"}, "bot_refresh_token"),
    ],
)
def test_tokens_that_are_typed_serve_instead_of_a_sign_in_and_are_never_renewed_over(
    admin: Visitor, house: Flask, provider: Any, typed: dict[str, str], gone: str
) -> None:
    with desk_of(provider) as desk:
        desk.lifetime = 43_200
        channel = begin(admin, desk)
        there_and_back(admin, desk, channel)
        row, before = now_of(channel)
        assert before[gone]
        plain = channel_settings.without_secrets(desk.kind, before)
        again = channel_settings.read(desk.kind, {key: value for key, value in plain.items() if value}, kept=before)
        assert again[gone] == before[gone], "saved without a change"
        replaced = channel_settings.read(desk.kind, {**plain, **typed}, kept=before)
        assert replaced[gone] is None
        assert typed.items() <= replaced.items()
        connector: Any = connector_for(desk.kind)
        assert connector.renews_at(replaced) is None
        assert row.is_active


def test_another_server_means_another_sign_in(admin: Visitor, house: Flask) -> None:
    with desk_of(MastodonDesk) as desk, desk_of(MastodonDesk) as other:
        channel = begin(admin, desk)
        there_and_back(admin, desk, channel)
        row, _ = now_of(channel)
        with db.reading() as session:
            inbox = str(session.get_one(Inbox, row.inbox_id).public_id)
        form = {"name": "Moved", "inbox": inbox, "do": "anyway", "setting-api_url": other.url}
        form |= {"setting-public_replies": "unlisted", "setting-access_token": "typed-anew"}
        assert admin.post(f"/settings/channels/{row.public_id}", form).status_code == 303
        assert now_of(channel)[1]["app_key"] is None


def test_facebook_login_for_business_asks_by_its_configuration_and_keeps_a_system_users_token() -> None:
    with desk_of(PageDesk) as desk:
        connector: Any = connector_for("facebook")
        settings = {**desk.settings(), "login_config": "1234567890"}
        _, address = connector.sign_in_address(settings, redirect_uri=REDIRECT, state="s", challenge="")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["config_id"], asked.get("scope")) == ("1234567890", None)
        desk.lasting = True
        plain = connector.sign_in_address(desk.settings(), redirect_uri=REDIRECT, state="s", challenge="")[1]
        code = desk.consent(plain)["code"]
        accounts = connector.signed_in(settings, code=code, verifier="", redirect_uri=REDIRECT)
        assert [account.name for account in accounts] == [name for name, _, _ in PAGES.values()]
        assert len(desk.heard("POST", r".*/oauth/access_token")) == 1
