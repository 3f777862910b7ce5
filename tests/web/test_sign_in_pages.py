"""Signing in, where providers differ: pages to choose from, apps made by a call, tokens typed instead."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app import db
from app.models import ChannelState, Inbox
from app.services import channel_settings
from connectors.registry import connector_for
from tests.fakes.sign_in import REDIRECT, desk_of
from tests.fakes.sign_in_kinds import MastodonDesk, SlackDesk, XDesk
from tests.fakes.sign_in_pages import PAGES, PageDesk
from tests.rooms import Visitor, add_user
from tests.sign_in_house import FIRST_PAGE, SIGNED_IN, begin, now_of, there_and_back, way_there


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


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
        elsewhere.enter()
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


def test_a_page_that_is_a_channel_already_is_said_and_another_can_be_chosen(admin: Visitor, house: Flask) -> None:
    with desk_of(PageDesk) as desk:
        first, second = begin(admin, desk), begin(admin, desk)
        there_and_back(admin, desk, first)
        page = admin.post(SIGNED_IN, desk.consent(way_there(admin, second)))
        sealed = re.findall(r'name="choice" value="([^"]+)"', page.text)[0]
        taken = admin.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": FIRST_PAGE})
        assert taken.status_code == 409
        assert "is connected already" in taken.text
        sealed = re.findall(r'name="choice" value="([^"]+)"', taken.text)[0]
        other = list(PAGES)[1]
        assert admin.post(f"{SIGNED_IN}/choice", {"choice": sealed, "account": other}).status_code == 303
        assert now_of(second)[1]["page_id"] == other
        assert now_of(first)[1]["page_id"] == FIRST_PAGE
