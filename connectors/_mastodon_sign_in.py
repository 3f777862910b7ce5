"""Signing in at a Mastodon server: docs.joinmastodon.org/methods/apps (an app is made by a call, on any server),
/methods/oauth (authorize, token, PKCE with S256 since 4.3), /api/oauth-scopes. Tokens do not end.
"""

from __future__ import annotations

from typing import ClassVar

from connectors._json_api import JsonApi
from connectors._mastodon_client import NAME, SECONDS, server_url
from connectors._mastodon_parse import handle_of
from connectors._oauth import CodeFlow, authorize_address, exchanged, pkce, token_in
from connectors._payload import line, mapping
from connectors.base import Credentials, Setting
from connectors.errors import BadCredentials
from connectors.phrases import phrase
from connectors.sign_in import ProviderAccount, SignIn

SCOPE = "read write:statuses write:media write:favourites"
APP_SETTINGS = (
    Setting("app_id", "App made on the server", kind="kept"),
    Setting("app_key", "Key of the app made on the server", kind="kept"),
    Setting("app_redirect", "Where that app leads people back to", kind="kept"),
)


class MastodonSignIn:
    """What the connector of Mastodon has besides, for a sign-in."""

    sign_in: ClassVar[SignIn] = SignIn(account_keys=("handle",), replaced_by=("access_token",))

    def is_registered(self, credentials: Credentials, *, redirect_uri: str) -> bool:
        """Say whether an app on the server leads back to here."""
        return bool(credentials.get("app_id")) and credentials.get("app_redirect") == redirect_uri

    def register(self, credentials: Credentials, *, redirect_uri: str) -> Credentials:
        """Make an app on the server. Raises BadCredentials, Transient, Rejected."""
        form = {"client_name": "Tributary", "redirect_uris": redirect_uri, "scopes": SCOPE}
        made = mapping(JsonApi(NAME, server_url(credentials), seconds=SECONDS).post("api/v1/apps", form=form))
        key, secret = (token_in(NAME, made, name) for name in ("client_id", "client_secret"))
        return {"app_id": key, "app_key": secret, "app_redirect": redirect_uri}

    def sign_in_address(
        self, credentials: Credentials, *, redirect_uri: str, state: str, challenge: str
    ) -> tuple[str, str]:
        """Say with whom and where a person signs in. Raises BadCredentials."""
        flow = _flow(credentials)
        address = authorize_address(flow, redirect_uri=redirect_uri, state=state, scope=SCOPE, **pkce(challenge))
        return server_url(credentials).partition("://")[2], address

    def signed_in(
        self, credentials: Credentials, *, code: str, verifier: str, redirect_uri: str
    ) -> tuple[ProviderAccount, ...]:
        """Turn the code into what is kept. Raises BadCredentials, Transient, Rejected."""
        tokens = exchanged(_flow(credentials), code=code, redirect_uri=redirect_uri, verifier=verifier)
        server = server_url(credentials)
        api = JsonApi(NAME, server, {"authorization": f"Bearer {tokens.access}"}, seconds=SECONDS)
        me = mapping(api.get("api/v1/accounts/verify_credentials"))
        handle = handle_of(me)
        if not handle:
            raise BadCredentials(phrase("{name} does not say who signed in: sign in again.", name=NAME))
        kept = {"access_token": tokens.access, "handle": handle}
        return (ProviderAccount(kept, line(me.get("id"), 60), handle),)


def _flow(credentials: Credentials) -> CodeFlow:
    server, app = server_url(credentials), str(credentials.get("app_id") or "")
    if not app:
        raise BadCredentials("Tributary is not known to this server yet.")
    key = str(credentials.get("app_key") or "")
    return CodeFlow(NAME, f"{server}/oauth/authorize", f"{server}/oauth/token", app, key)
