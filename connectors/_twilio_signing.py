"""Calls that Twilio signed: HMAC-SHA1 over the address and the sorted fields, or over the address and a body's hash.

Rules: www.twilio.com/docs/usage/security#validating-requests. The address is the one Twilio called, with its query;
Twilio is known to sign it with or without the scheme's own port, so both are tried, as its libraries do.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from urllib.parse import parse_qs, parse_qsl, urlsplit

from connectors._signing import require_same, require_secret
from connectors.base import WebRequest
from connectors.errors import BadCredentials

HEADER = "x-twilio-signature"
MOST_FIELDS = 500
PORTS = {"https": 443, "http": 80}


def twilio_signature(auth_token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """Return what X-Twilio-Signature says of a call to `url` with these form fields."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    made = hmac.new(auth_token.encode("utf-8", "replace"), signed.encode("utf-8", "replace"), "sha1")
    return base64.b64encode(made.digest()).decode()


def require_twilio(auth_token: object, request: WebRequest) -> None:
    """Raise BadCredentials unless Twilio signed this call with the account's auth token."""
    secret, given = require_secret(auth_token), request.headers.get(HEADER)
    fields: list[tuple[str, str]] = []
    body_hash = parse_qs(urlsplit(request.url).query).get("bodySHA256")
    if body_hash:
        require_same(body_hash[0].lower(), sha256(request.body).hexdigest(), "hash of the body")
    elif request.method == "POST":
        fields = form_fields(request.body)
    wanted = [twilio_signature(secret, url, fields) for url in _spellings(request.url)]
    fitting = next(
        (one for one in wanted if given and hmac.compare_digest(given.encode("utf-8", "replace"), one.encode())),
        wanted[0],
    )
    require_same(given, fitting)


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a urlencoded body. Raises BadCredentials: what is none was not signed as one."""
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadCredentials("The body of this call is not the form that Twilio sends.") from None


def _spellings(url: str) -> list[str]:
    """Return an address as it is, and with the scheme's own port added or taken away."""
    parts = urlsplit(url)
    own = PORTS.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        return [url]
    if own is None or port not in {None, own}:
        return [url]
    host = parts.netloc.removesuffix(f":{own}")
    return [
        url,
        *(parts._replace(netloc=netloc).geturl() for netloc in (host, f"{host}:{own}") if netloc != parts.netloc),
    ]
