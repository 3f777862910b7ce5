"""Signing in at Reddit: github.com/reddit-archive/reddit/wiki/OAuth2 (authorization, token retrieval, refreshing).

For apps of the kind "web app". duration=permanent brings a refresh token, which stays the same until somebody takes the
permission back; praw asks for access tokens by itself. Reddit knows no PKCE: the app's secret stands in for it.
"""

from __future__ import annotations

from typing import ClassVar

from connectors import _reddit_api as api
from connectors._json_api import JsonApi
from connectors._oauth import CodeFlow, authorize_address, exchanged, required
from connectors._payload import line, mapping
from connectors.base import Credentials
from connectors.errors import BadCredentials
from connectors.sign_in import ProviderAccount, SignIn

NAME = "Reddit"
SCOPE = "identity read privatemessages submit vote modposts"
USER_AGENT = {"user-agent": "server:tributary:1"}


class RedditSignIn:
    """What the connector of Reddit has besides, for a sign-in."""

    sign_in: ClassVar[SignIn] = SignIn(
        steps=(
            "At reddit.com/prefs/apps, make an app of the kind “web app”, with the address above as its redirect uri.",
            "Copy its id and its secret into the channel's settings.",
        ),
        account_keys=("username",),
    )

    def sign_in_address(
        self,
        credentials: Credentials,
        *,
        redirect_uri: str,
        state: str,
        challenge: str,  # noqa: ARG002 - the protocol's
    ) -> tuple[str, str]:
        """Say with whom and where a person signs in. Raises BadCredentials."""
        flow = _flow(credentials)
        address = authorize_address(flow, redirect_uri=redirect_uri, state=state, scope=SCOPE, duration="permanent")
        return NAME, address

    def signed_in(
        self,
        credentials: Credentials,
        *,
        code: str,
        verifier: str,  # noqa: ARG002 - the protocol's
        redirect_uri: str,
    ) -> tuple[ProviderAccount, ...]:
        """Turn the code into what is kept. Raises BadCredentials, Transient, Rejected."""
        tokens = exchanged(_flow(credentials), code=code, redirect_uri=redirect_uri)
        if not tokens.refresh:
            raise BadCredentials("Reddit gave no refresh token: sign in again.")
        base = api.setting(credentials, "api_url", api.API_URL)
        me = JsonApi(NAME, base, {**USER_AGENT, "authorization": f"bearer {tokens.access}"})
        name = line(mapping(me.get("api/v1/me")).get("name"), 60)
        if not name:
            raise BadCredentials("Reddit does not say who signed in: sign in again.")
        return (ProviderAccount({"username": name, "refresh_token": tokens.refresh}, name, f"u/{name}"),)


def _flow(credentials: Credentials) -> CodeFlow:
    base = api.setting(credentials, "sign_in_url", api.SIGN_IN_URL).rstrip("/")
    return CodeFlow(
        NAME,
        f"{base}/api/v1/authorize",
        f"{base}/api/v1/access_token",
        required(credentials, "client_id", "App id"),
        required(credentials, "client_secret", "App secret"),
        is_basic=True,
        headers=USER_AGENT,
    )
