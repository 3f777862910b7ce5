"""Signing in at Meta for a page or an Instagram account, by Facebook Login on the server's side.

developers.facebook.com: docs/facebook-login/guides/advanced/manual-flow (dialog/oauth, the code, error=access_denied),
docs/facebook-login/guides/access-tokens/get-long-lived (fb_exchange_token; a page's token got with a long-lived one
does not end), docs/pages/access-tokens (/me/accounts), docs/instagram-platform/instagram-api-with-facebook-login
(instagram_business_account), docs/graph-api/reference/page/subscribed_apps (without it nothing is posted here),
docs/facebook-login/facebook-login-for-business (config_id instead of scopes). Secrets travel in a form, never in an
address. Facebook's web login knows no PKCE: the app's secret stands in for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connectors._graph import API_URL, API_VERSION, graph
from connectors._graph_errors import explain
from connectors._json_api import JsonApi, Reply, segment
from connectors._oauth import CodeFlow, authorize_address, required, token_in
from connectors._payload import at, items, line, mapping, objects
from connectors.base import Credentials, Setting
from connectors.errors import BadCredentials, ConnectorError
from connectors.phrases import phrase
from connectors.sign_in import ProviderAccount, SignIn

NAME, DIALOG_URL, GROUP = "Facebook", "https://www.facebook.com", "Sign in instead of pasting a token"
MOST_ROUNDS, ROWS = 20, 100
PAGES = ("pages_show_list", "pages_manage_metadata", "pages_read_engagement", "business_management")
FORGOTTEN = "There is no {word} among what you gave access to: sign in again and choose it there."
APP_SETTINGS = (
    Setting("app_id", "App id", group=GROUP, help="App settings, Basic. Digits only."),
    Setting(
        "login_config", "Login configuration id", group=GROUP,
        help="Only for apps that have Facebook Login for Business.",
    ),
)  # fmt: skip
STEPS = (
    "In the app's Facebook Login settings at Meta, add the address above under Valid OAuth Redirect URIs.",
    "Copy the app's id and its secret into the channel's settings.",
)


class PageSignIn(ABC):
    """What the connector of a kind that lives on pages has besides, for a sign-in."""

    sign_in: ClassVar[SignIn]
    sign_in_scopes: ClassVar[tuple[str, ...]]
    page_fields: ClassVar[str]
    subscribed: ClassVar[tuple[str, ...]]  # webhook fields of the page

    @abstractmethod
    def account_in(self, page: Mapping[str, Any]) -> ProviderAccount | None:
        """Return what a page of /me/accounts stands for, None where it is nothing for this kind."""

    def sign_in_address(
        self,
        credentials: Credentials,
        *,
        redirect_uri: str,
        state: str,
        challenge: str,  # noqa: ARG002 - the protocol's
    ) -> tuple[str, str]:
        """Say with whom and where a person signs in. Raises BadCredentials."""
        config = line(credentials.get("login_config"), 60)
        scope = "" if config else ",".join(self.sign_in_scopes)
        address = authorize_address(
            _flow(credentials), redirect_uri=redirect_uri, state=state, scope=scope, config_id=config
        )
        return NAME, address

    def signed_in(
        self,
        credentials: Credentials,
        *,
        code: str,
        verifier: str,  # noqa: ARG002 - the protocol's
        redirect_uri: str,
    ) -> tuple[ProviderAccount, ...]:
        """Return the pages that were given access to, each with a token that does not end. Raises as `_ask` does."""
        flow = _flow(credentials)
        first = _ask(flow, {"code": code, "redirect_uri": redirect_uri})
        token = token_in(NAME, first, "access_token")
        if first.get("expires_in"):  # a person's token; that of a system user lasts
            form = {"grant_type": "fb_exchange_token", "fb_exchange_token": token}
            token = token_in(NAME, _ask(flow, form), "access_token")
        accounts = tuple(filter(None, map(self.account_in, self._pages({**credentials, "access_token": token}))))
        if not accounts:
            raise BadCredentials(FORGOTTEN.format(word=self.sign_in.account_word))
        return accounts

    def settled(self, credentials: Credentials) -> None:
        """Have the app told of what happens on the page. Raises Transient, BadCredentials or Rejected."""
        page = line(credentials.get("page_id"), 60)
        if not page:
            return
        api, place = graph(credentials, NAME), f"{segment(page)}/subscribed_apps"
        own = line(credentials.get("app_id"), 60)
        # what is asked for replaces what was: another kind of channel may live on the same page
        apps = [app for app in objects(at(api.get(place), "data")) if line(app.get("id"), 60) == own]
        known = [line(name, 60) for app in apps for name in items(app.get("subscribed_fields"))]
        api.post(place, {"subscribed_fields": ",".join(dict.fromkeys([*known, *self.subscribed]))})

    def _pages(self, credentials: Credentials) -> Iterator[Mapping[str, Any]]:
        api, after = graph(credentials, NAME), ""
        for _ in range(MOST_ROUNDS):
            more = {"after": after} if after else {}
            said = api.get("me/accounts", fields=self.page_fields, limit=ROWS, **more)
            yield from objects(at(said, "data"))
            after = line(at(said, "paging", "cursors", "after"), 500)
            if not after or not at(said, "paging", "next"):
                return


def _ask(flow: CodeFlow, form: Mapping[str, str]) -> Mapping[str, Any]:
    """Ask for a token. Raises Transient, BadCredentials or Rejected."""
    base, _, last = flow.token_url.rpartition("/")
    api = JsonApi(NAME, base, explain=_explained)
    return mapping(api.post(last, form={"client_id": flow.client_id, "client_secret": flow.client_secret, **form}))


def _explained(reply: Reply) -> ConnectorError | None:
    """A code that is used or too old is an error 100 (docs/graph-api/guides/error-handling): sign in again."""
    error = explain(NAME, reply)
    if error is not None and at(reply.data, "error", "code") == 100:
        return BadCredentials(phrase("{value}. Sign in again.", value=error.reason.rstrip(".")))
    return error


def _flow(credentials: Credentials) -> CodeFlow:
    base = (line(credentials.get("api_url")) or API_URL).rstrip("/")
    version = (line(credentials.get("api_version"), 20) or API_VERSION).strip("/")
    return CodeFlow(
        NAME,
        f"{DIALOG_URL if base == API_URL else base}/{version}/dialog/oauth",
        f"{base}/{version}/oauth/access_token",
        required(credentials, "app_id", "App id"),
        required(credentials, "app_secret", "App secret"),
    )
