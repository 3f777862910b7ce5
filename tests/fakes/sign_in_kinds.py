"""Where people sign in at Reddit, Mastodon, Slack and X: their own rules, over the fakes of their interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes import mastodon, reddit, slack, x
from tests.fakes.provider import Call, Said
from tests.fakes.sign_in import CLIENT_ID, CLIENT_SECRET, Desk


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
