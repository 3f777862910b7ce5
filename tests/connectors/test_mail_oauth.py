"""Signing in with access tokens: a real Dovecot that asks a token server, a real SMTP server, refusals, renewal."""

from __future__ import annotations

import asyncio
import base64
import warnings
from collections.abc import Iterator
from contextlib import closing

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from connectors import _mail_oauth
from connectors._mail_settings import read_oauth, read_settings
from connectors.base import Address, OutboundMessage
from connectors.errors import BadCredentials, Transient
from connectors.mail import MailConnector
from tests.dovecot import Dovecot, Mailbox
from tests.fakes.mail_oauth import CLIENT_SECRET, MailOAuth, mail_oauth
from tests.loops import LoopThread, loopback_socket

PASSDB_2_3 = """
auth_mechanisms = plain login {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
"""
PASSDB_2_4 = """
auth_mechanisms = plain login {mechanisms}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
oauth2 {{
  introspection_mode = post
  introspection_url = {url}/introspect
  username_attribute = username
  active_attribute = active
  active_value = true
}}
"""
INTROSPECTION = """introspection_mode = post
introspection_url = {url}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""
REPLY = OutboundMessage(idempotency_key="k1", to=(Address("mia@example.com"),), text="Hello", subject="Re: Hi")


class TokenDovecot(Dovecot):
    """Takes access tokens that a provider knows."""

    def __init__(self, provider: MailOAuth, mechanisms: str) -> None:
        self.provider, self.mechanisms = provider, mechanisms
        super().__init__()

    def _write_configuration(self) -> None:
        super()._write_configuration()
        path = self.folder / "dovecot.conf"
        text = path.read_text()
        more = PASSDB_2_4 if "dovecot_config_version" in text else PASSDB_2_3
        values = {"base": self.folder, "url": self.provider.url, "mechanisms": self.mechanisms}
        path.write_text(text + more.format(**values))
        (self.folder / "oauth2.conf").write_text(INTROSPECTION.format(**values))


class TokenSmtp(SMTP):
    """Takes XOAUTH2 with a token that the provider knows; refuses as Google does, with one more challenge."""

    provider: MailOAuth
    said: list[bytes]

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd finds it by name
        blob = base64.b64decode(args[1])
        self.said.append(blob)
        user, bearer = (part.partition("=")[2] for part in blob.decode().split("\x01")[:2])
        if self.provider.tokens.get(bearer.removeprefix("Bearer ")) == user:
            return AuthResult(success=True, auth_data=user)
        await self.challenge_auth('{"status":"400"}')
        return AuthResult(success=False, handled=False)


class _Keep:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd finds it by name
        return "250 2.0.0 kept"


@pytest.fixture(scope="module")
def provider() -> Iterator[MailOAuth]:
    with mail_oauth() as provider:
        yield provider


@pytest.fixture(scope="module", params=["xoauth2", "xoauth2 oauthbearer"])
def token_dovecot(request: pytest.FixtureRequest, provider: MailOAuth) -> Iterator[Dovecot]:
    with closing(TokenDovecot(provider, request.param)) as server:
        yield server


@pytest.fixture
def token_smtp(provider: MailOAuth) -> Iterator[tuple[int, list[bytes]]]:
    said: list[bytes] = []

    def speak() -> TokenSmtp:
        with warnings.catch_warnings():  # that it signs in without TLS
            warnings.simplefilter("ignore", UserWarning)
            spoken = TokenSmtp(_Keep(), auth_require_tls=False, auth_required=True, loop=thread.loop)
        spoken.provider, spoken.said = provider, said
        return spoken

    sock = loopback_socket()
    thread = LoopThread("token-smtp")

    async def listen() -> asyncio.Server:
        return await thread.loop.create_server(speak, sock=sock)

    server = thread.call(listen())
    yield sock.getsockname()[1], said
    thread.loop.call_soon_threadsafe(server.close)
    thread.stop()


def credentials(provider: MailOAuth, mailbox: Mailbox, **more: object) -> dict[str, object]:
    told = provider.settings(oauth_refresh_token=provider.sign_in(mailbox.user), imap_password="", **more)
    return mailbox.credentials(**told)


def test_mail_is_fetched_with_a_token_that_is_asked_for_once(token_dovecot: Dovecot, provider: MailOAuth) -> None:
    mailbox = token_dovecot.new_mailbox()
    mailbox.append(b"From: ana@example.com\r\n\r\nHello")
    known = credentials(provider, mailbox)
    before = len(provider.calls_to_token())
    for _ in range(2):
        batches = list(MailConnector().fetch_once(known, {}))
        assert [delivery.raw for batch in batches for delivery in batch.deliveries] == [
            b"From: ana@example.com\r\n\r\nHello"
        ]
    assert len(provider.calls_to_token()) == before + 1


def test_a_token_that_no_longer_holds_is_replaced_and_a_fresh_one_that_is_refused_is_the_end(
    token_dovecot: Dovecot, provider: MailOAuth
) -> None:
    mailbox = token_dovecot.new_mailbox()
    known = credentials(provider, mailbox)
    list(MailConnector().fetch_once(known, {}))
    provider.tokens.clear()
    with pytest.raises(Transient, match="any more"):
        list(MailConnector().fetch_once(known, {}))
    list(MailConnector().fetch_once(known, {}))
    other = token_dovecot.new_mailbox()
    wrong = credentials(provider, other, imap_user=mailbox.user)
    with pytest.raises(BadCredentials, match="by OAuth"):
        list(MailConnector().fetch_once(wrong, {}))


def test_a_reply_leaves_with_a_token(provider: MailOAuth, token_smtp: tuple[int, list[bytes]]) -> None:
    port, said = token_smtp
    base = {"address": "us@acme.example", "smtp_host": "localhost", "smtp_port": port, "smtp_security": "none"}
    known = {**base, **provider.settings(oauth_refresh_token=provider.sign_in("us@acme.example"))}
    receipt = MailConnector().send(known, REPLY)
    assert receipt.external_id == "k1@acme.example"
    assert said[0].startswith(b"user=us@acme.example\x01auth=Bearer access-")
    assert said[0].endswith(b"\x01\x01")
    assert MailConnector().check(known) == "Signed in to localhost."
    stranger = {**base, **provider.settings(oauth_refresh_token=provider.sign_in("else@acme.example"))}
    with pytest.raises(BadCredentials, match="by OAuth"):
        MailConnector().send(stranger, REPLY)


def test_what_the_token_server_refuses_is_said_without_secrets(provider: MailOAuth) -> None:
    base = {"address": "us@acme.example", "smtp_host": "localhost", "smtp_port": 1, "imap_host": "localhost"}
    revoked = {**base, **provider.settings(oauth_refresh_token="refresh-gone")}
    with pytest.raises(BadCredentials, match="sign in again: Token has been expired or revoked") as refused:
        _mail_oauth.access_token(read_settings(revoked).imap.oauth or pytest.fail("no OAuth"))
    wrong = {**base, **provider.settings(oauth_refresh_token=provider.sign_in("x"), oauth_client_secret="wr0ng")}
    with pytest.raises(BadCredentials, match="application: AADSTS7000215") as second:
        _mail_oauth.access_token(read_settings(wrong).imap.oauth or pytest.fail("no OAuth"))
    for told in (str(refused.value), str(second.value)):
        assert CLIENT_SECRET not in told
        assert "wr0ng" not in told
        assert "refresh-" not in told
    with pytest.raises(BadCredentials, match="Nobody has signed in"):
        _mail_oauth.access_token(read_oauth(provider.settings()) or pytest.fail("no OAuth"))
    with pytest.raises(BadCredentials, match="client ID"):
        read_settings({**base, "auth": "google"})


def test_a_token_that_ends_soon_is_renewed_and_another_refresh_token_is_taken_over(provider: MailOAuth) -> None:
    oauth = read_oauth(provider.settings(oauth_refresh_token=provider.sign_in("a@b.example"))) or pytest.fail(
        "no OAuth"
    )
    provider.lifetime = 60
    assert _mail_oauth.access_token(oauth) != _mail_oauth.access_token(oauth)
    provider.lifetime, provider.rotates = 3600, True
    assert _mail_oauth.access_token(oauth) == _mail_oauth.access_token(oauth)
    replaced = _mail_oauth.renewed(oauth)
    provider.rotates = False
    assert replaced != oauth.refresh_token
    assert provider.signed_in[replaced] == "a@b.example"


def test_google_and_microsoft_are_known() -> None:
    google = read_oauth({"auth": "google", "oauth_client_id": "x"}) or pytest.fail("no OAuth")
    assert (google.token_url, google.scope) == ("https://oauth2.googleapis.com/token", "https://mail.google.com/")
    known = {"auth": "microsoft", "oauth_client_id": "x", "oauth_tenant": "acme.example"}
    microsoft = read_oauth(known) or pytest.fail("no OAuth")
    assert microsoft.token_url == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert "offline_access" in microsoft.scope


def test_the_bearer_string_escapes_what_separates_its_parts() -> None:
    said = _mail_oauth.sasl_string("OAUTHBEARER", "a=b,c@x", "t", "imap.test", 993)
    assert said == "n,a=a=3Db=2Cc@x,\x01host=imap.test\x01port=993\x01auth=Bearer t\x01\x01"
