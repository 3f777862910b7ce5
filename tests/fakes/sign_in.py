"""Providers' own pages where people sign in, and their token endpoints: RFC 6749 and RFC 7636 as each of them keeps them.

Enforced everywhere: the redirect address exactly as registered, at both ends; a code is good once, for `code_seconds`,
for the client it was given to; PKCE's verifier where the provider knows PKCE; a refresh token that was replaced is gone.
What differs stands in the class of each provider (sign_in_kinds, sign_in_pages), with the page it was read on. `clock` moves their time.
"""

from __future__ import annotations

import base64
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.provider import Call, Provider, Said, serving

REDIRECT = "http://localhost/settings/channels/signed-in"
CLIENT_ID, CLIENT_SECRET = "client-4711", "s3cret-of-the-app"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    person: str
    redirect: str
    challenge: str
    until: float


class Desk(ABC):
    """The rules that all keep. A provider's class mixes this in and says `refuse`, `give` and its addresses."""

    kind: ClassVar[str]
    authorize_path: ClassVar[str]
    knows_pkce: ClassVar[bool] = False
    is_basic: ClassVar[bool] = False
    code_seconds: ClassVar[float] = 600.0
    rotates: ClassVar[bool] = False
    scope_words: ClassVar[tuple[str, ...]]  # some that have to be asked for
    url: str

    def open_desk(self) -> None:
        self.redirects = {REDIRECT}
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.codes: dict[str, Grant] = {}
        self.refreshers: dict[str, str] = {}  # refresh tokens that are good, and whose
        self.clock = 0.0
        self._numbers = count(1)

    def now(self) -> float:
        return time.time() + self.clock

    def consent(self, address: str, person: str = "acme") -> dict[str, str]:
        """Do what a person does on the provider's page; return what it sends back. Fails as the page would."""
        asked = self.asked(address)
        code = f"code-{next(self._numbers)}-of-{person}"
        self.codes[code] = Grant(
            person, asked["redirect_uri"], asked.get("code_challenge", ""), self.now() + self.code_seconds
        )
        return {"code": code, "state": asked["state"]}

    def page(self, call: Call) -> Said:
        """Answer a browser that asks for the page where people consent."""
        back = self.consent(f"{self.url}{call.path}?{urlencode(call.query)}")
        links = {"Allow": back, "Cancel": {"error": "access_denied", "state": back["state"]}}
        shown = "".join(
            f'<p><a href="{escape(call.query["redirect_uri"] + "?" + urlencode(query))}">{word}</a></p>'
            for word, query in links.items()
        )
        return Said(
            f"<!doctype html><title>Provider</title><link rel=icon href=data:,>{shown}".encode(),
            headers={"content-type": "text/html"},
        )

    def deny(self, address: str) -> dict[str, str]:
        """Press “Cancel” there (RFC 6749, 4.1.2.1)."""
        return {"error": "access_denied", "state": self.asked(address)["state"]}

    def asked(self, address: str) -> dict[str, str]:
        parts = urlsplit(address)
        assert address.startswith(f"{self.url}{self.authorize_path}?"), address
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] in self.clients
        assert asked["redirect_uri"] in self.redirects
        assert asked["state"]
        assert set(self.scope_words) <= set(asked["scope"].replace(",", " ").split())
        assert (asked.get("code_challenge_method") == "S256") == self.knows_pkce
        return asked

    def exchange(self, call: Call) -> Said:
        """Answer the token endpoint."""
        form = call.form
        if not self._is_client(call):
            return self.refuse("invalid_client", 401)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form.get("refresh_token", ""))
        grant = self.codes.pop(form.get("code", ""), None)
        if grant is None or grant.until < self.now() or form.get("redirect_uri") != grant.redirect:
            return self.refuse("invalid_grant")
        if grant.challenge and _challenge(form.get("code_verifier", "")) != grant.challenge:
            return self.refuse("invalid_grant")
        return Said(self.give(grant.person, self.new_refresher(grant.person)))

    def _refresh(self, token: str) -> Said:
        person = self.refreshers.get(token)
        if person is None:
            return self.refuse("invalid_grant")
        if self.rotates:
            del self.refreshers[token]
        return Said(self.give(person, self.new_refresher(person) if self.rotates else ""))

    def new_refresher(self, person: str) -> str:
        token = f"refresh-{next(self._numbers)}-of-{person}"
        self.refreshers[token] = person
        return token

    def refuse(self, error: str, status: int = 400) -> Said:
        return Said({"error": error, "error_description": "Value passed for the token or code was invalid."}, status)

    @abstractmethod
    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        """Return what the token endpoint gives out."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Return what an admin types before the sign-in."""

    def _is_client(self, call: Call) -> bool:
        if self.is_basic:
            kind, _, pair = call.headers.get("authorization", "").partition(" ")
            client, _, key = base64.b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
            return self.clients.get(client) == key and "client_secret" not in call.form
        return self.clients.get(call.form.get("client_id", "")) == call.form.get("client_secret")


def _challenge(verifier: str) -> str:
    """Return the challenge of a verifier, "" for one that RFC 7636 (4.1) does not allow."""
    if not 43 <= len(verifier) <= 128:
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@contextmanager
def desk_of(kind: type[Provider]) -> Iterator[Any]:
    """Run one provider."""
    with serving(kind()) as provider:
        yield provider
