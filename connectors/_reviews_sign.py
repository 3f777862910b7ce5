"""The tokens that app stores ask for: JSON Web Tokens (RFC 7515, 7519), signed by `cryptography`.

Apple: ES256, at most twenty minutes: developer.apple.com/documentation/appstoreconnectapi, page
generating-tokens-for-api-requests.
Google: RS256, exchanged for an access token (developers.google.com/identity/protocols/oauth2/service-account).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.errors import BadCredentials

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

APPLE_SECONDS = 15 * 60
GOOGLE_SECONDS = 60 * 60
COORDINATE_BYTES = 32  # of a P-256 signature, RFC 7518, section 3.4


def apple_token(issuer: str, key_id: str, pem: str) -> str:
    """Return a token for App Store Connect. Raises BadCredentials where the key is none of Apple's kind."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

    key = _key(pem)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise BadCredentials("The private key is not the .p8 file that App Store Connect gave you.")
    now = _now()
    claims = {"iss": issuer, "iat": now, "exp": now + APPLE_SECONDS, "aud": "appstoreconnect-v1"}
    return _jwt({"alg": "ES256", "kid": key_id, "typ": "JWT"}, claims, lambda signed: _es256(key, signed))


def google_assertion(account: Mapping[str, Any], scope: str) -> str:
    """Return what a service account exchanges for an access token. Raises BadCredentials."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = _key(str(account.get("private_key") or ""))
    if not isinstance(key, RSAPrivateKey):
        raise BadCredentials("The service account's private key is none of Google's kind.")
    now = _now()
    claims = {
        "iss": account.get("client_email"),
        "scope": scope,
        "aud": account.get("token_uri"),
        "iat": now,
        "exp": now + GOOGLE_SECONDS,
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id")}
    return _jwt(header, claims, lambda signed: key.sign(signed, PKCS1v15(), SHA256()))


def _key(pem: str) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadCredentials("The private key cannot be read: paste the whole file, from BEGIN to END.") from None


def _es256(key: Any, signed: bytes) -> bytes:
    """Return the signature as two numbers of a fixed length, not as the DER that the library makes."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    numbers = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return b"".join(number.to_bytes(COORDINATE_BYTES, "big") for number in numbers)


def _jwt(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = b".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return (signed + b"." + _base64(sign(signed))).decode()


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
