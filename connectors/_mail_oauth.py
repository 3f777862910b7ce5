"""Signing in to mail servers without a password: access tokens by OAuth 2, kept in the process.

Google: developers.google.com/gmail/imap/xoauth2-protocol, developers.google.com/identity/protocols/oauth2/web-server.
Microsoft: learn.microsoft.com "Authenticate an IMAP, POP or SMTP connection using OAuth" and "Microsoft identity
platform and OAuth 2.0 authorization code flow". XOAUTH2 is both companies'; OAUTHBEARER: RFC 7628.

A token is never written anywhere; it is found again by the digest of what it was got with.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from connectors._json_api import JsonApi, Reply, words_of
from connectors._payload import mapping
from connectors.errors import BadCredentials, ConnectorError
from connectors.phrases import phrase

GOOGLE, MICROSOFT, OTHER, PASSWORD = "google", "microsoft", "other", "password"
_GOOGLE_AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
_GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_GOOGLE_SCOPE = "https://mail.google.com/"
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_MICROSOFT_SCOPE = (
    "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"
)
_MARGIN_SECONDS = 120  # a token that ends sooner is not used any more
_DEFAULT_SECONDS = 3600
_MOST_KEPT = 1_000
_MOST_TOKEN_CHARS = 20_000
_ASK_AGAIN = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
_TRANSIENT_ERRORS = {"temporarily_unavailable", "server_error"}


@dataclass(frozen=True, slots=True)
class OAuth:
    """How to get access tokens for one mailbox."""

    name: str  # "Google": begins the sentences people read
    authorize_url: str
    token_url: str
    scope: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def key(self) -> str:
        """Return under what its access token is kept: a digest that tells nothing."""
        parts = (self.token_url, self.client_id, self.refresh_token, self.scope)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(slots=True)
class _Kept:
    token: str = field(repr=False)
    ends_at: float  # time.monotonic()
    uses: int = 1


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


def provider_of(kind: str, values: Mapping[str, str]) -> OAuth:
    """Fill in what is known of Google and Microsoft; `values` are the settings without their "oauth_"."""
    tenant = values.get("tenant") or "common"
    microsoft = _MICROSOFT.format(tenant=tenant)
    name, authorize, token, scope = {
        GOOGLE: ("Google", _GOOGLE_AUTHORIZE, _GOOGLE_TOKEN, _GOOGLE_SCOPE),
        MICROSOFT: ("Microsoft", f"{microsoft}/authorize", f"{microsoft}/token", _MICROSOFT_SCOPE),
    }.get(kind, ("The sign-in server", "", "", ""))
    return OAuth(
        name=name,
        authorize_url=values.get("authorize_url") or authorize,
        token_url=values.get("token_url") or token,
        scope=values.get("scope") or scope,
        client_id=values.get("client_id", ""),
        client_secret=values.get("client_secret", ""),
        refresh_token=values.get("refresh_token", ""),
    )


def access_token(oauth: OAuth) -> str:
    """Return a token that is good for some minutes. Raises BadCredentials, Transient, Rejected."""
    if not oauth.refresh_token:
        raise BadCredentials(
            phrase("Nobody has signed in with {name} yet: do so on the channel's page.", name=oauth.name)
        )
    with _lock:
        kept = _kept.get(oauth.key)
        if kept is not None and kept.ends_at - _MARGIN_SECONDS > time.monotonic():
            kept.uses += 1
            return kept.token
    answer = _ask(oauth, grant_type="refresh_token", refresh_token=oauth.refresh_token, scope=oauth.scope)
    token = _token_in(oauth, answer, "access_token")
    with _lock:
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[oauth.key] = _Kept(token, time.monotonic() + _lifetime(answer))
    return token


def was_kept(oauth: OAuth) -> bool:
    """Forget the token that a server refused; say whether it had served before (a new one may then be better)."""
    with _lock:
        kept = _kept.pop(oauth.key, None)
    return kept is not None and kept.uses > 1


def renewed(oauth: OAuth) -> str:
    """Return the refresh token to keep from now on: Microsoft's end after 90 days unless they are replaced.

    Raises BadCredentials, Transient, Rejected.
    """
    answer = _ask(oauth, grant_type="refresh_token", refresh_token=oauth.refresh_token, scope=oauth.scope)
    return str(mapping(answer).get("refresh_token") or "")[:_MOST_TOKEN_CHARS] or oauth.refresh_token


def authorize_address(oauth: OAuth, *, redirect_uri: str, state: str, challenge: str, login_hint: str) -> str:
    """Return where a person consents; `challenge` is the S256 of PKCE (RFC 7636). Raises BadCredentials."""
    if not oauth.authorize_url.startswith(("https://", "http://")):
        raise BadCredentials("The address where people sign in is missing or is no address.")
    query = {
        "client_id": oauth.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": oauth.scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": login_hint,
        "access_type": "offline",  # Google: with a refresh token; others overlook it
        "prompt": "consent",
    }
    return f"{oauth.authorize_url}{'&' if '?' in oauth.authorize_url else '?'}{urlencode(query)}"


def exchange(oauth: OAuth, *, code: str, verifier: str, redirect_uri: str) -> str:
    """Return the refresh token for the code that the provider sent back. Raises BadCredentials, Transient, Rejected."""
    answer = _ask(oauth, grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri)
    return _token_in(oauth, answer, "refresh_token")


def sasl_string(mechanism: str, user: str, token: str, host: str, port: int) -> str:
    """Return what a client says first: OAUTHBEARER (RFC 7628, 3.1) or XOAUTH2."""
    if mechanism == "OAUTHBEARER":
        name = user.replace("=", "=3D").replace(",", "=2C")
        return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01"
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def _ask(oauth: OAuth, **form: str) -> Any:
    """Call the token endpoint. Raises BadCredentials, Transient, Rejected."""
    parts = urlsplit(oauth.token_url)
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        raise BadCredentials("The address of the sign-in server's tokens is missing or is no address.")
    base, _, last = oauth.token_url.rpartition("/")
    api = JsonApi(oauth.name, base, explain=lambda reply: _explained(oauth, reply))
    known = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    return api.post(last, form={name: value for name, value in (known | form).items() if value})


def _explained(oauth: OAuth, reply: Reply) -> ConnectorError | None:
    """Turn the errors of RFC 6749, 5.2 into ours."""
    answer = mapping(reply.data)
    error = str(answer.get("error") or "")
    said = str(answer.get("error_description") or "").split("\r\n")[0].split(" Trace ID")[0]
    said = " ".join(said.split())[:200].rstrip(".") or error or words_of(reply.data)
    if error in _ASK_AGAIN:
        return BadCredentials(phrase("{name} wants somebody to sign in again: {said}.", name=oauth.name, said=said))
    if error and error not in _TRANSIENT_ERRORS and reply.status < 429:
        return BadCredentials(
            phrase("{name} does not accept this channel's application: {said}.", name=oauth.name, said=said)
        )
    return None


def _token_in(oauth: OAuth, answer: Any, name: str) -> str:
    token = mapping(answer).get(name)
    if not isinstance(token, str) or not 0 < len(token) <= _MOST_TOKEN_CHARS or not token.isprintable():
        raise BadCredentials(
            phrase(
                "{name} gave no {value}: sign in again and consent to both.",
                name=oauth.name,
                value=name.replace("_", " "),
            )
        )
    return token


def _lifetime(answer: Any) -> float:
    seconds = mapping(answer).get("expires_in")
    try:
        return min(max(float(seconds or _DEFAULT_SECONDS), 0.0), 86_400.0)
    except (TypeError, ValueError):
        return _DEFAULT_SECONDS
