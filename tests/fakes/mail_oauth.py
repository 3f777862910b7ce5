"""A provider of OAuth 2 for mail: codes, PKCE, refresh, introspection. RFC 6749, 7636, 7662; as Google and Microsoft answer.

`signed_in` are the refresh tokens it gave; `tokens` the access tokens that are good, each with its user.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from tests.fakes.provider import Call, Provider, Said, serving

CLIENT_ID, CLIENT_SECRET = "client-4711", "s3cret"


class MailOAuth(Provider):
    """Refresh tokens stay good; with `rotates` each refresh gives another one, as Microsoft's does."""

    def __init__(self) -> None:
        super().__init__()
        self.rotates = False
        self.lifetime = 3600
        self.codes: dict[str, tuple[str, str, str]] = {}  # code: user, S256 challenge, redirect address
        self.signed_in: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self._numbers = count(1)
        self.on("POST", "/token", self._token)
        self.on("POST", "/introspect", self._introspect)

    def sign_in(self, user: str) -> str:
        """Return a refresh token, as if a person had consented."""
        token = f"refresh-{next(self._numbers)}"
        self.signed_in[token] = user
        return token

    def settings(self, **more: object) -> dict[str, object]:
        """Return the settings of a mail channel that signs in here."""
        return {
            "auth": "other",
            "oauth_client_id": CLIENT_ID,
            "oauth_client_secret": CLIENT_SECRET,
            "oauth_authorize_url": f"{self.url}/authorize",
            "oauth_token_url": f"{self.url}/token",
            "oauth_scope": "mail",
            **more,
        }

    def calls_to_token(self) -> list[Call]:
        return self.heard("POST", "/token")

    def _token(self, call: Call) -> Said:
        form = call.form
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Said({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}, 401)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form.get("refresh_token", ""))
        return self._exchange(form)

    def _refresh(self, refresh: str) -> Said:
        user = self.signed_in.get(refresh)
        if user is None:
            return Said({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        return Said(self._granted(user, self.sign_in(user) if self.rotates else None))

    def _exchange(self, form: dict[str, str]) -> Said:
        user, challenge, redirect = self.codes.pop(form.get("code", ""), ("", "", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not user or proof != challenge or form.get("redirect_uri") != redirect:
            return Said({"error": "invalid_grant", "error_description": "Malformed auth code."}, 400)
        return Said(self._granted(user, self.sign_in(user)))

    def _granted(self, user: str, refresh: str | None) -> dict[str, object]:
        token = f"access-{next(self._numbers)}"
        self.tokens[token] = user
        told: dict[str, object] = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        return told | ({"refresh_token": refresh} if refresh else {})

    def _introspect(self, call: Call) -> Said:
        user = self.tokens.get(call.form.get("token", ""))
        return Said({"active": True, "username": user} if user else {"active": False})


@contextmanager
def mail_oauth() -> Iterator[MailOAuth]:
    provider = MailOAuth()
    with serving(provider):
        yield provider
