"""Providers' own pages where people sign in, and their token endpoints: RFC 6749 and RFC 7636 as each of them keeps them.

Enforced everywhere: the redirect address exactly as registered, at both ends; a code is good once, for `code_seconds`,
for the client it was given to; PKCE's verifier where the provider knows PKCE; a refresh token that was replaced is gone.
What differs stands in the class of each provider, with the page it was read on. `clock` moves their time.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes import mastodon, reddit, slack, x
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


class Desk:
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

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """Return what an admin types before the sign-in."""
        raise NotImplementedError

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


class RedditDesk(Desk, reddit.Reddit):
    """github.com/reddit-archive/reddit/wiki/OAuth2: errors come with status 200; a refresh token stays."""

    kind = "reddit"
    authorize_path = "/api/v1/authorize"
    is_basic = True
    scope_words = ("identity", "read", "privatemessages", "submit")

    def __init__(self) -> None:
        self.open_desk()
        super().__init__()
        self.clients = {reddit.KEYS["client_id"]: reddit.KEYS["client_secret"]}
        self.people: dict[str, str] = {}
        self._routes.insert(0, self._route("GET", "/api/v1/me", self._whoever))

    def _route(self, method: str, path: str, route: Any) -> Any:
        self.on(method, path, route)
        return self._routes.pop()

    def asked(self, address: str) -> dict[str, str]:
        asked = super().asked(address)
        assert asked["duration"] == "permanent"
        return asked

    def _token(self, call: Call) -> Said:
        return self.exchange(call)

    def refuse(self, error: str, status: int = 200) -> Said:
        return Said({"message": "Unauthorized", "error": 401}, 401) if status == 401 else Said({"error": error})

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        self.people[reddit.TOKEN] = person
        given = {"access_token": reddit.TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"}
        return given | ({"refresh_token": refresher} if refresher else {})

    def _whoever(self, call: Call) -> Said:
        token = call.headers.get("authorization", "").removeprefix("bearer ")
        if token not in self.people or "tributary" not in call.headers.get("user-agent", ""):
            return Said({"message": "Unauthorized", "error": 401}, 401)
        return Said({"name": self.people[token], "total_karma": 1204})

    def settings(self) -> dict[str, str]:
        keys = {key: reddit.KEYS[key] for key in ("client_id", "client_secret")}
        return {**keys, "api_url": self.url, "sign_in_url": self.url}


class MastodonDesk(Desk, mastodon.Mastodon):
    """docs.joinmastodon.org/methods/apps, /methods/oauth: anybody may make an app; tokens do not end."""

    kind = "mastodon"
    authorize_path = "/oauth/authorize"
    knows_pkce = True
    scope_words = ("read", "write:statuses", "write:media")

    def __init__(self) -> None:
        self.open_desk()
        super().__init__()
        self.clients, self.redirects = {}, set()
        self.person = ""
        self.on("POST", "/api/v1/apps", self._made)
        self.on("POST", "/oauth/token", self.exchange)

    def _made(self, call: Call) -> Said:
        form = call.form
        if not form.get("client_name") or not form.get("redirect_uris"):
            return Said({"error": "Validation failed: Redirect URI must be an absolute URI."}, 422)
        key, secret = f"app-{next(self._numbers)}", "key-of-the-app"
        self.clients[key] = secret
        self.redirects.add(form["redirect_uris"])
        return Said({"id": "563419", "name": form["client_name"], "client_id": key, "client_secret": secret})

    def _me(self, call: Call) -> Said:
        said = super()._me(call)
        return Said({**said.body, "acct": self.person or "acme"}, said.status, said.headers)

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        self.person = person
        return {"access_token": mastodon.TOKEN, "token_type": "Bearer", "scope": "read", "created_at": 1573979017}

    def settings(self) -> dict[str, str]:
        return {"api_url": self.url, "public_replies": "unlisted"}


class SlackDesk(Desk, slack.Slack):
    """docs.slack.dev/reference/methods/oauth.v2.access and …/using-token-rotation (`lifetime` set: the app has it)."""

    kind = "slack"
    authorize_path = "/oauth/v2/authorize"
    is_basic = True
    rotates = True
    scope_words = ("channels:history", "chat:write", "users:read")

    def __init__(self) -> None:
        self.open_desk()
        self.lifetime = 0
        self.good = {slack.TOKEN}
        super().__init__()
        self.on("POST", "/api/oauth.v2.access", self.exchange)

    def _signed_in(self, handler: Any, call: Call) -> Said:
        if call.bearer not in self.good:
            return Said({"ok": False, "error": "token_expired" if call.bearer else "not_authed"})
        body = Call(
            call.method, call.path, call.query, {**call.headers, "authorization": f"Bearer {slack.TOKEN}"}, call.body
        )
        return super()._signed_in(handler, body)

    def refuse(self, error: str, status: int = 200) -> Said:
        names = {"invalid_client": "bad_client_secret", "invalid_grant": "invalid_code"}
        del status
        return Said({"ok": False, "error": names[error]})

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        token = f"xoxb-{next(self._numbers)}-{person}"
        self.good = {token}
        rotation = {"refresh_token": refresher, "expires_in": self.lifetime} if self.lifetime else {}
        team = {"id": f"T0{person.upper()}", "name": person.capitalize()}
        return {"ok": True, "access_token": token, "token_type": "bot", "scope": "chat:write", "team": team, **rotation}

    def settings(self) -> dict[str, str]:
        keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "signing_secret": slack.SIGNING_SECRET}
        return {**keys, "api_url": f"{self.url}/api/", "listens_to": "everybody"}


class XDesk(Desk, x.X):
    """docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token: a code lasts 30 seconds, a token two hours;
    a refresh token is good for once. A `state` holds at most 500 characters.
    """

    kind = "x"
    authorize_path = "/i/oauth2/authorize"
    knows_pkce = True
    is_basic = True
    rotates = True
    code_seconds = 30.0
    scope_words = ("tweet.read", "users.read", "dm.read", "dm.write", "offline.access")

    def __init__(self) -> None:
        self.open_desk()
        self.good: dict[str, tuple[str, float]] = {}  # access tokens: whose, until when
        super().__init__()
        self.on("POST", "/2/oauth2/token", self.exchange)

    def asked(self, address: str) -> dict[str, str]:
        asked = super().asked(address)
        assert len(asked["state"]) <= 500
        return asked

    def _as_user(self, call: Call, route: Any) -> Said:
        person, until = self.good.get(call.bearer, ("", 0.0))
        if not person or until < self.now():
            return x.problem(401, "Unauthorized", "Unauthorized", "about:blank")
        if call.path == "/2/users/me":
            number = x.ACCOUNT if person == "acme" else "44"
            return Said({"data": {"id": number, "name": person, "username": person}})
        return self._limited(call, route)

    def give(self, person: str, refresher: str) -> Mapping[str, Any]:
        token = f"access-{next(self._numbers)}-of-{person}"
        self.good[token] = (person, self.now() + 7200)
        return {"token_type": "bearer", "expires_in": 7200, "access_token": token, "refresh_token": refresher}

    def settings(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "api_url": self.url, "poll_seconds": "90"}


@contextmanager
def desk_of(kind: type[Provider]) -> Iterator[Any]:
    """Run one provider."""
    with serving(kind()) as provider:
        yield provider
