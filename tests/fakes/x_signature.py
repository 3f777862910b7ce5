"""The keys of an app and an account on X, and who knows them: OAuth 1.0a.

docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote, unquote

from tests.fakes.provider import Call, Said

ACCOUNT = "1586741983248650242"
SIGNED_HOST = "https://api.twitter.com"  # what tweepy signs
KEYS = {
    "consumer_key": "ck-xvz1evFS4wEEPTGEFPHBog",
    "consumer_secret": "cs-kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "access_token": f"{ACCOUNT}-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "access_token_secret": "ts-LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR3YPi5kE",
    "bearer_token": "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0",
}


def problem(status: int, title: str, detail: str, about: str = "invalid-request") -> Said:
    """An error in X's own format."""
    kind = about if ":" in about else f"https://api.twitter.com/2/problems/{about}"
    return Said({"title": title, "detail": detail, "type": kind, "status": status}, status)


def is_signed(call: Call, host: str) -> bool:
    """Check the OAuth 1.0a signature over method, address and parameters."""
    said = call.headers.get("authorization", "")
    if not said.startswith("OAuth "):
        return False
    parts = (part.strip().partition("=") for part in said.removeprefix("OAuth ").split(","))
    given = {unquote(name): unquote(value.strip('"')) for name, _, value in parts}
    signature = given.pop("oauth_signature", "")
    if given.get("oauth_consumer_key") != KEYS["consumer_key"] or given.get("oauth_token") != KEYS["access_token"]:
        return False
    pairs = sorted((escaped(name), escaped(value)) for name, value in {**given, **call.query}.items())
    text = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join([call.method, escaped(host + call.path), escaped(text)])
    key = f"{escaped(KEYS['consumer_secret'])}&{escaped(KEYS['access_token_secret'])}"
    wanted = base64.b64encode(hmac.new(key.encode(), base.encode(), "sha1").digest()).decode()
    return hmac.compare_digest(wanted, signature)


def escaped(text: str) -> str:
    return quote(text, safe="~")
