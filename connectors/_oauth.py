"""OAuth 2's authorization code, as providers keep it: where people sign in, codes for tokens, tokens for tokens.

RFC 6749 (4.1, 5.2, 6), RFC 7636 (PKCE). Some answer errors with status 200 (Slack, Reddit), so the answer decides.
No token and no secret is ever part of an address or of an error.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from connectors._json_api import JsonApi, Reply, words_of
from connectors._payload import line, mapping, whole
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Transient
from connectors.phrases import phrase

MOST_TOKEN_CHARS = 20_000
LONGEST_SECONDS = 10 * 365 * 86_400
ASK_AGAIN = frozenset({
    "invalid_grant", "interaction_required", "consent_required", "login_required",
    "invalid_code", "code_already_used", "invalid_refresh_token", "token_expired", "token_revoked",  # Slack's
})  # fmt: skip
LATER = frozenset({"temporarily_unavailable", "server_error", "ratelimited", "internal_error", "fatal_error"})


@dataclass(frozen=True, slots=True)
class CodeFlow:
    """One application at one provider. `is_basic`: it shows its secret in a header, not in the form."""

    name: str  # "Reddit": begins the sentences people read
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    is_basic: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was given. `ends_at` are Unix seconds, None: it does not end; `said` is the whole answer."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    ends_at: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)


def required(credentials: Credentials, key: str, label: str) -> str:
    """Return a setting that a sign-in needs first. Raises BadCredentials where it is missing or cannot be right."""
    value = str(credentials.get(key) or "").strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise BadCredentials(phrase("“{label}” is needed before anybody can sign in.", label=label))
    return value


def authorize_address(flow: CodeFlow, *, redirect_uri: str, state: str, scope: str, **more: str) -> str:
    """Return where a person consents; `more` are the provider's own parameters. Raises BadCredentials."""
    if urlsplit(flow.authorize_url).scheme not in {"https", "http"}:
        raise BadCredentials("The address where people sign in is missing or is no address.")
    query = {
        "response_type": "code",
        "client_id": flow.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        **more,
    }
    return f"{flow.authorize_url}?{urlencode({name: value for name, value in query.items() if value})}"


def pkce(challenge: str) -> dict[str, str]:
    """Return what PKCE adds to the address where a person consents."""
    return {"code_challenge": challenge, "code_challenge_method": "S256"}


def exchanged(flow: CodeFlow, *, code: str, redirect_uri: str, verifier: str = "") -> Tokens:
    """Return the tokens for a code. Raises BadCredentials, Transient or Rejected."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    return asked(flow, form)


def refreshed(flow: CodeFlow, refresh_token: str) -> Tokens:
    """Return new tokens; `refresh` is the old one where no other came. Raises BadCredentials, Transient or Rejected."""
    tokens = asked(flow, {"grant_type": "refresh_token", "refresh_token": refresh_token})
    return tokens if tokens.refresh else Tokens(tokens.access, refresh_token, tokens.ends_at, tokens.said)


def asked(flow: CodeFlow, form: Mapping[str, str]) -> Tokens:
    """Call the token endpoint. Raises BadCredentials, Transient or Rejected."""
    base, _, last = flow.token_url.rpartition("/")
    api = JsonApi(flow.name, base, headers=_headers(flow), explain=lambda reply: _explained(flow.name, reply))
    known = {} if flow.is_basic else {"client_id": flow.client_id, "client_secret": flow.client_secret}
    answer = mapping(api.post(last, form={name: value for name, value in {**known, **form}.items() if value}))
    if trouble := _explained(flow.name, Reply(200, answer)):
        raise trouble
    lifetime = whole(answer.get("expires_in"))
    return Tokens(
        access=token_in(flow.name, answer, "access_token"),
        refresh=token_in(flow.name, answer, "refresh_token") if answer.get("refresh_token") else "",
        ends_at=int(now_seconds()) + min(lifetime, LONGEST_SECONDS) if lifetime and lifetime > 0 else None,
        said=answer,
    )


def token_in(name: str, answer: Mapping[str, Any], key: str) -> str:
    """Return a token of an answer. Raises BadCredentials where there is none that a header could carry."""
    token = answer.get(key)
    is_token = isinstance(token, str) and 0 < len(token) <= MOST_TOKEN_CHARS
    if not is_token or not str(token).isascii() or not str(token).isprintable():
        raise BadCredentials(phrase("{name} gave no {value}: sign in again.", name=name, value=key.replace("_", " ")))
    return str(token)


def now_seconds() -> float:
    """Return the time now, in Unix seconds."""
    return _now().timestamp()


def _headers(flow: CodeFlow) -> dict[str, str]:
    if not flow.is_basic:
        return dict(flow.headers)
    pair = base64.b64encode(f"{flow.client_id}:{flow.client_secret}".encode()).decode()
    return {**flow.headers, "authorization": f"Basic {pair}"}


def _explained(name: str, reply: Reply) -> ConnectorError | None:
    """Turn the errors of RFC 6749, 5.2 into ours; None where the answer holds none."""
    answer = mapping(reply.data)
    error = line(answer.get("error"), 100)
    if not error or error.isdigit():
        return None
    said = (line(answer.get("error_description"), 200) or words_of(answer) or error).rstrip(".")
    if error in LATER:
        return Transient(phrase("{name} cannot take this now: {said}.", name=name, said=said))
    if error in ASK_AGAIN:
        return BadCredentials(phrase("{name} wants somebody to sign in again: {said}.", name=name, said=said))
    return BadCredentials(phrase("{name} does not accept this channel's application: {said}.", name=name, said=said))


def _now() -> datetime:
    return datetime.now(UTC)
