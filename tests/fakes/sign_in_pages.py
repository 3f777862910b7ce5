"""Facebook Login, as far as a server uses it: docs/facebook-login/guides/advanced/manual-flow, …/access-tokens/
get-long-lived, docs/pages/access-tokens, docs/graph-api/reference/page/subscribed_apps, docs/graph-api/guides/
secure-requests (the proof of every token), all on developers.facebook.com.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from tests.fakes.graph import APP_SECRET, VERIFY_TOKEN, VERSION, page, refusal
from tests.fakes.provider import Call, Provider, Route, Said
from tests.fakes.sign_in import Desk

APP_ID = "1067280970047400"
PAGES = {
    "106728097004746": ("Acme Shop", "acme.shop", "17841405822304914"),
    "106728097004747": ("Acme Help", "acme.help", "17841405822304915"),
    "106728097004748": ("Acme without Instagram", "", ""),
}


class PageDesk(Desk, Provider):
    """A person who may manage `of[person]`, and the app's subscriptions on those pages."""

    kind = "facebook"
    authorize_path = f"/{VERSION}/dialog/oauth"
    scope_words = ("pages_show_list", "pages_messaging", "pages_manage_metadata")

    def __init__(self) -> None:
        Provider.__init__(self)
        self.open_desk()
        self.clients = {APP_ID: APP_SECRET}
        self.of: dict[str, list[str]] = {"acme": list(PAGES), "other": ["106728097004747"], "nobody": []}
        self.lasting = False
        self.long_lived: dict[str, str] = {}
        self.short_lived: dict[str, str] = {}
        self.subscribed: dict[str, list[str]] = {}
        self.on("GET", self.authorize_path, self.page)
        self.on("POST", f"/{VERSION}/oauth/access_token", self._token)
        self._proved("GET", "me/accounts", self._accounts)
        self._proved("GET", r"(?P<page>\d+)/subscribed_apps", self._told)
        self._proved("POST", r"(?P<page>\d+)/subscribed_apps", self._subscribe)
        self._proved("GET", r"(?P<page>\d+)", self._node)

    def _proved(self, method: str, path: str, route: Route) -> None:
        def checked(call: Call) -> Said:
            proof = hmac.new(APP_SECRET.encode(), call.bearer.encode(), hashlib.sha256).hexdigest()
            if call.query.get("appsecret_proof") != proof:
                return refusal(100, "Invalid appsecret_proof provided in the API argument")
            return route(call)

        self.on(method, f"/{VERSION}/{path}", checked)

    def _token(self, call: Call) -> Said:
        assert not call.query, "secrets stay out of addresses"
        if call.form.get("grant_type") != "fb_exchange_token":
            return self.exchange(call)
        person = self.short_lived.get(call.form.get("fb_exchange_token", ""))
        if not self._is_client(call) or person is None:
            return refusal(190, "Error validating access token.")
        token = f"long-{person}"
        self.long_lived[token] = person
        return Said({"access_token": token, "token_type": "bearer", "expires_in": 5183944})

    def refuse(self, error: str, status: int = 400) -> Said:
        words = {
            "invalid_client": "Error validating client secret.",
            "invalid_grant": "This authorization code has been used.",
        }
        return refusal(1 if error == "server_error" else 100, words[error], status=status, subcode=36009)

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        if self.lasting:  # of a system user: docs/facebook-login/facebook-login-for-business
            self.long_lived[f"system-{person}"] = person
            return {"access_token": f"system-{person}", "token_type": "bearer"}
        token = f"short-{person}"
        self.short_lived[token] = person
        return {"access_token": token, "token_type": "bearer", "expires_in": 5400}

    def _accounts(self, call: Call) -> Said:
        person = self.long_lived.get(call.bearer)
        if person is None:
            return refusal(190, "Invalid OAuth access token.", status=401)
        fields = call.query["fields"]
        rows = [_row(key, with_instagram="instagram_business_account" in fields) for key in self.of[person]]
        return page(call, rows, most=2)

    def _is_page(self, call: Call) -> bool:
        return call.bearer == f"page-token-{call.parts['page']}" or call.parts["page"] not in PAGES

    def _told(self, call: Call) -> Said:
        known = self.subscribed.get(call.parts["page"])
        return Said({"data": [{"id": APP_ID, "name": "Tributary", "subscribed_fields": known}] if known else []})

    def _subscribe(self, call: Call) -> Said:
        if not self._is_page(call):
            return refusal(210, "(#210) A page access token is required to request this resource.")
        self.subscribed[call.parts["page"]] = call.json["subscribed_fields"].split(",")
        return Said({"success": True})

    def _node(self, call: Call) -> Said:
        if not call.bearer.startswith("page-token-") or not self._is_page(call):
            return refusal(190, "Invalid OAuth access token.", status=401)
        return Said({"id": call.parts["page"], "name": "Acme Shop", "username": "acme.shop", "followers_count": 1204})

    def settings(self) -> dict[str, str]:
        secrets = {"app_id": APP_ID, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
        return {**secrets, "api_url": self.url, "api_version": VERSION}


class InstagramDesk(PageDesk):
    """The same, asked for the accounts behind the pages."""

    kind = "instagram"
    scope_words = ("pages_show_list", "instagram_basic", "instagram_manage_messages")


def _row(key: str, *, with_instagram: bool) -> dict[str, Any]:
    name, username, instagram = PAGES[key]
    row: dict[str, Any] = {"id": key, "name": name, "access_token": f"page-token-{key}"}
    if not with_instagram:
        return row | ({"username": username} if username else {})
    return row | ({"instagram_business_account": {"id": instagram, "username": username}} if instagram else {})
