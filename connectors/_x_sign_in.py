"""Signing in at X: docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code (PKCE, scopes, confidential
clients), …/oauth-2-0/user-access-token (the code is good for 30 seconds; HTTP Basic), both also for renewal.

An access token is good for two hours; offline.access brings a refresh token that is good for once, so that what comes
instead has to be kept at once.
"""

from __future__ import annotations

from typing import ClassVar

from connectors import _x_api as api
from connectors._json_api import JsonApi
from connectors._oauth import CodeFlow, Tokens, authorize_address, exchanged, pkce, refreshed, required
from connectors._payload import at, line, whole
from connectors.base import Credentials, Setting
from connectors.errors import BadCredentials
from connectors.sign_in import ProviderAccount, SignIn

NAME, GROUP = "X", "Sign in with X (OAuth 2.0)"
SCOPE = "tweet.read tweet.write tweet.moderate.write users.read dm.read dm.write like.write media.write offline.access"
AUTHORIZE_URL, TOKEN_HOST = "https://x.com", "https://api.x.com"
RENEW_BEFORE_SECONDS = 30 * 60
APP_SETTINGS = (
    Setting("client_id", "Client ID", group=GROUP, help="Of the app, at developer.x.com under OAuth 2.0."),
    Setting(
        "client_secret", "Client secret", "secret", group=GROUP,
        help="Of the same page. Instead of signing in, the four keys of OAuth 1.0a do as well.",
    ),
    Setting("user_id", "Account signed in", kind="kept"),
    Setting("user_token", "Its access token", kind="kept"),
    Setting("user_refresh_token", "What renews the access token", kind="kept"),
    Setting("user_token_ends_at", "When the access token ends", kind="kept"),
)  # fmt: skip


class XSignIn:
    """What the connector of X has besides, for a sign-in."""

    sign_in: ClassVar[SignIn] = SignIn(
        steps=(
            "At developer.x.com, in the app's User authentication settings, choose “Web App” with the address above.",
            "Give the app the right to read, to write and to send direct messages.",
            "Copy the client id and the client secret of OAuth 2.0 into the channel's settings.",
        ),
        account_keys=("user_id", "handle"),
        replaced_by=("access_token", "access_token_secret"),
    )

    def sign_in_address(
        self, credentials: Credentials, *, redirect_uri: str, state: str, challenge: str
    ) -> tuple[str, str]:
        """Say with whom and where a person signs in. Raises BadCredentials."""
        flow = _flow(credentials)
        return NAME, authorize_address(flow, redirect_uri=redirect_uri, state=state, scope=SCOPE, **pkce(challenge))

    def signed_in(
        self, credentials: Credentials, *, code: str, verifier: str, redirect_uri: str
    ) -> tuple[ProviderAccount, ...]:
        """Turn the code into what is kept. Raises BadCredentials, Transient, Rejected."""
        tokens = exchanged(_flow(credentials), code=code, redirect_uri=redirect_uri, verifier=verifier)
        if not tokens.refresh:
            raise BadCredentials("X gave no refresh token: give the app the scope offline.access, then sign in again.")
        me = JsonApi(NAME, _host(credentials), {"authorization": f"Bearer {tokens.access}"}).get("2/users/me")
        number, handle = line(at(me, "data", "id"), 40), line(at(me, "data", "username"), 60)
        if not number or not handle:
            raise BadCredentials("X does not say who signed in: sign in again.")
        kept = {**_kept(tokens), "user_id": number, "handle": f"@{handle}"}
        return (ProviderAccount(kept, number, f"@{handle}"),)

    def renews_at(self, credentials: Credentials) -> float | None:
        """Return when the token should be replaced: None without a sign-in."""
        ends_at = whole(credentials.get("user_token_ends_at"))
        return ends_at - RENEW_BEFORE_SECONDS if ends_at and credentials.get("user_refresh_token") else None

    def renewed(self, credentials: Credentials) -> Credentials:
        """Return what to keep instead. Raises as `signed_in`."""
        return _kept(refreshed(_flow(credentials), str(credentials.get("user_refresh_token") or "")))


def _kept(tokens: Tokens) -> dict[str, object]:
    return {
        "user_token": tokens.access,
        "user_refresh_token": tokens.refresh,
        "user_token_ends_at": tokens.ends_at,
    }


def _host(credentials: Credentials) -> str:
    base = api.setting(credentials, "api_url").rstrip("/") or api.API_URL
    return TOKEN_HOST if base == api.API_URL else base


def _flow(credentials: Credentials) -> CodeFlow:
    host = _host(credentials)
    secret = api.setting(credentials, "client_secret")
    return CodeFlow(
        NAME,
        f"{AUTHORIZE_URL if host == TOKEN_HOST else host}/i/oauth2/authorize",
        f"{host}/2/oauth2/token",
        required(credentials, "client_id", "Client ID"),
        secret,
        is_basic=bool(secret),  # a public client has none
    )
