"""Signing in at a provider for a channel: there, back, and only then is anything kept; nobody finishes for another."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask

from app import clock, crypto, db
from app.models import Channel, Role
from app.services import channel_sign_in
from connectors.registry import MAIL, WEBCHAT
from tests.fakes.mail_oauth import MailOAuth, mail_oauth
from tests.public_channels import open_channel
from tests.rooms import Visitor, add_user

SMTP = {"smtp_host": "localhost", "smtp_port": 1, "smtp_security": "none"}


@pytest.fixture
def provider() -> Iterator[MailOAuth]:
    with mail_oauth() as provider:
        yield provider


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


@pytest.fixture
def channel(house: Flask, provider: MailOAuth) -> Channel:
    return open_channel(MAIL, address="us@acme.example", **SMTP, **provider.settings())


def go_there(admin: Visitor, channel: Channel) -> dict[str, str]:
    """Open the page and return what its link carries to the provider."""
    page = admin.get(f"/settings/channels/{channel.public_id}/sign-in").text
    link = html.unescape(re.findall(r'href="([^"]+/authorize\?[^"]+)"', page)[0])
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def consent(provider: MailOAuth, asked: dict[str, str], code: str = "code-1") -> dict[str, str]:
    """Sign in as the provider's page lets a person do; return what it sends back."""
    assert asked["code_challenge_method"] == "S256"
    provider.codes[code] = ("us@acme.example", asked["code_challenge"], asked["redirect_uri"])
    return {"code": code, "state": asked["state"]}


def kept(channel: Channel) -> dict[str, object]:
    with db.reading() as session:
        return crypto.unseal(session.get_one(Channel, channel.id).sealed)


def test_there_and_back_and_the_channel_holds_a_refresh_token(
    admin: Visitor, provider: MailOAuth, channel: Channel
) -> None:
    assert (
        f"/settings/channels/{channel.public_id}/sign-in" in admin.get(f"/settings/channels/{channel.public_id}").text
    )
    asked = go_there(admin, channel)
    assert asked["redirect_uri"] == "http://localhost/settings/channels/signed-in"
    assert (asked["client_id"], asked["scope"], asked["login_hint"]) == ("client-4711", "mail", "us@acme.example")
    back = consent(provider, asked)
    assert "Keep it" in admin.get(f"/settings/channels/signed-in?{urlencode(back)}").text
    assert "oauth_refresh_token" not in kept(channel), "a link changes nothing"
    assert admin.post("/settings/channels/signed-in", back).status_code == 303
    assert kept(channel)["oauth_refresh_token"] in provider.signed_in
    assert kept(channel)["oauth_client_secret"] == "s3cret"


def test_a_code_that_was_used_or_is_somebody_elses_brings_nothing(
    admin: Visitor, provider: MailOAuth, channel: Channel
) -> None:
    asked = go_there(admin, channel)
    back = consent(provider, asked)
    other = go_there(admin, channel)
    assert other["code_challenge"] != asked["code_challenge"]
    mixed = admin.post("/settings/channels/signed-in", {"code": back["code"], "state": other["state"]})
    assert mixed.status_code == 422
    assert "sign in again" in mixed.text
    again = admin.post("/settings/channels/signed-in", back)
    assert again.status_code == 422
    assert "oauth_refresh_token" not in kept(channel)


def test_a_state_of_another_person_or_of_an_hour_ago_is_refused(
    house: Flask, admin: Visitor, provider: MailOAuth, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = consent(provider, go_there(admin, channel))
    add_user("ben@example.com", name="Ben")
    ben = Visitor(house)
    ben.enter("ben@example.com")
    assert "not one that you began" in ben.post("/settings/channels/signed-in", back).text
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(channel_sign_in, "now", lambda: later)
    assert "took too long" in admin.post("/settings/channels/signed-in", back).text
    assert "oauth_refresh_token" not in kept(channel)


@pytest.mark.parametrize(
    "query", [{"error": "access_denied"}, {"error": "<script>"}, {}, {"code": "x", "state": "nonsense"}, {"code": "x"}]
)
def test_what_the_provider_refuses_is_said(admin: Visitor, query: dict[str, str]) -> None:
    answer = admin.get(f"/settings/channels/signed-in?{urlencode(query)}")
    assert answer.status_code == 422
    assert "<script>" not in answer.text.partition("Not signed in")[2].partition("<p>")[0]


def test_a_channel_with_a_password_or_of_another_kind_says_so(admin: Visitor, house: Flask) -> None:
    mail = open_channel(MAIL, address="us@acme.example", **SMTP)
    assert "a password is used" in admin.get(f"/settings/channels/{mail.public_id}/sign-in").text
    chat = open_channel(WEBCHAT)
    assert admin.get(f"/settings/channels/{chat.public_id}/sign-in").status_code == 404


def test_only_admins_sign_in_for_a_channel(house: Flask, channel: Channel) -> None:
    add_user("eve@example.com", name="Eve", role=Role.AGENT)
    eve = Visitor(house)
    eve.enter("eve@example.com")
    assert eve.get(f"/settings/channels/{channel.public_id}/sign-in").status_code == 403
    assert eve.post("/settings/channels/signed-in", {"code": "x", "state": "y"}).status_code == 403


def test_the_challenge_is_the_digest_of_the_verifier(admin: Visitor, provider: MailOAuth, channel: Channel) -> None:
    asked = go_there(admin, channel)
    verifier = crypto.sign("channel sign-in verifier", asked["state"])
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert asked["code_challenge"] == digest
    assert len(asked["state"]) <= 500, "X takes no more"
