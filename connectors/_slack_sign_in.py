"""Signing in at Slack: docs.slack.dev/authentication/installing-with-oauth (v2, a bot's token; the client's id and
secret by HTTP Basic), docs.slack.dev/reference/methods/oauth.v2.access, docs.slack.dev/authentication/
using-token-rotation (apps that have it: a token ends after twelve hours, a refresh token is good for once).
"""

from __future__ import annotations

from typing import ClassVar

from connectors._oauth import CodeFlow, Tokens, authorize_address, exchanged, refreshed, required
from connectors._payload import at, line, whole
from connectors._slack_client import api_url
from connectors.base import Credentials, Setting
from connectors.errors import BadCredentials
from connectors.sign_in import ProviderAccount, SignIn

NAME, GROUP = "Slack", "Sign in instead of pasting a token"
RENEW_BEFORE_SECONDS = 2 * 3600
SCOPES = (
    "channels:history", "groups:history", "im:history", "mpim:history", "channels:read", "groups:read", "im:read",
    "mpim:read", "users:read", "files:read", "files:write", "chat:write", "reactions:read", "reactions:write",
    "im:write",
)  # fmt: skip
APP_SETTINGS = (
    Setting("client_id", "Client ID", group=GROUP, help="Of the app's page Basic Information."),
    Setting("client_secret", "Client secret", "secret", group=GROUP, help="Of the same page."),
    Setting("workspace", "Workspace signed in to", kind="kept"),
    Setting("bot_refresh_token", "What renews the bot token", kind="kept"),
    Setting("bot_token_ends_at", "When the bot token ends", kind="kept"),
)


class SlackSignIn:
    """What the connector of Slack has besides, for a sign-in."""

    sign_in: ClassVar[SignIn] = SignIn(
        steps=(
            "At api.slack.com/apps, on the app's page OAuth & Permissions, add the address above under Redirect URLs.",
            "Copy the client id and the client secret from the page Basic Information into the channel's settings.",
        ),
        account_keys=("workspace",),
        replaced_by=("bot_token",),
        account_word="workspace",
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
        address = authorize_address(_flow(credentials), redirect_uri=redirect_uri, state=state, scope=",".join(SCOPES))
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
        if line(tokens.said.get("token_type")) not in {"bot", ""}:
            raise BadCredentials("Slack gave no bot token: give the app bot scopes, then sign in again.")
        team, name = line(at(tokens.said, "team", "id"), 60), line(at(tokens.said, "team", "name"), 100)
        return (ProviderAccount({**_kept(tokens), "workspace": team}, team, name),)

    def renews_at(self, credentials: Credentials) -> float | None:
        """Return when the token should be replaced: None where it does not end."""
        ends_at = whole(credentials.get("bot_token_ends_at"))
        return ends_at - RENEW_BEFORE_SECONDS if ends_at and credentials.get("bot_refresh_token") else None

    def renewed(self, credentials: Credentials) -> Credentials:
        """Return what to keep instead. Raises as `signed_in`."""
        return _kept(refreshed(_flow(credentials), str(credentials.get("bot_refresh_token") or "")))


def _kept(tokens: Tokens) -> dict[str, object]:
    return {
        "bot_token": tokens.access,
        "bot_refresh_token": tokens.refresh or None,
        "bot_token_ends_at": tokens.ends_at,
    }


def _flow(credentials: Credentials) -> CodeFlow:
    api = api_url(credentials)
    return CodeFlow(
        NAME,
        f"{api.removesuffix('/').removesuffix('/api')}/oauth/v2/authorize",
        f"{api}oauth.v2.access",
        required(credentials, "client_id", "Client ID"),
        required(credentials, "client_secret", "Client secret"),
        is_basic=True,
    )
