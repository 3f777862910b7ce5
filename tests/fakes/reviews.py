"""App stores: Apple's public feed, App Store Connect and Google Play, with Google's token server.

They check the signature of every token with the public key that belongs to the account, its audience and its end;
page as their documentation says; keep one reply for a review; refuse a reply over 350 characters at Google
(developers.google.com/android-publisher/reply-to-reviews) and 5,970 at Apple.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.base import Credentials, OutboundMessage
from tests.fakes.provider import Call, Provider, Route, Said, serving

FIXTURES = Path(__file__).parent.parent / "fixtures" / "reviews"
APP, PACKAGE, ISSUER, KEY_ID = "284882215", "com.acme", "57246542-96fe-1a63-e053-0824d011072a", "2X9R4HXF34"
EMAIL = "reviews@acme.iam.gserviceaccount.com"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient="google:gp:1", answers="gp:1", is_public=True)


@cache
def apple_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def google_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def example(name: str) -> Any:
    """Return the review in a fixture."""
    return json.loads((FIXTURES / f"{name}.body").read_text("utf-8"))["review"]


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token: str, algorithm: str) -> dict[str, Any] | None:
    """Return what a token claims, None where its signature is not the account's or it has ended."""
    try:
        head, body, signature = token.split(".")
        signed, raw = f"{head}.{body}".encode(), decoded(signature)
        if json.loads(decoded(head))["alg"] != algorithm:
            return None
        if algorithm == "ES256":
            numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            apple_key().public_key().verify(encode_dss_signature(*numbers), signed, ec.ECDSA(SHA256()))
        else:
            google_key().public_key().verify(raw, signed, padding.PKCS1v15(), SHA256())
        claims: dict[str, Any] = {**json.loads(decoded(body)), "kid": json.loads(decoded(head)).get("kid")}
    except (ValueError, KeyError, InvalidSignature):
        return None
    return claims if claims["iat"] <= time.time() + 5 and claims["exp"] > time.time() else None


class Stores(Provider):
    """Holds reviews newest first; tests put them in and look at the replies."""

    def __init__(self) -> None:
        super().__init__()
        self.feeds: dict[str, list[dict[str, Any]]] = {"us": []}
        self.apple: list[dict[str, Any]] = []
        self.google: list[dict[str, Any]] = []
        self.replies: dict[str, str] = {}
        self.page_size = 50
        self._access = "ya29.access"
        self.on(
            "GET",
            r"/(?P<country>\w\w)/rss/customerreviews/page=(?P<page>\d+)/id=(?P<app>\d+)/sortby=mostrecent/json",
            self._feed,
        )
        self.on("GET", f"/v1/apps/{APP}/customerReviews", self._connected(self._apple_page))
        self.on("POST", "/v1/customerReviewResponses", self._connected(self._respond))
        self.on("POST", "/token", self._token)
        play = f"/androidpublisher/v3/applications/{PACKAGE}/reviews"
        self.on("GET", play, self._authorised(self._google_page))
        self.on("POST", rf"{play}/(?P<id>[^/]+):reply", self._authorised(self._google_reply))

    def _feed(self, call: Call) -> Said:
        first = (int(call.parts["page"]) - 1) * 50
        page = self.feeds.get(call.parts["country"], [])[first : first + 50]
        entry: dict[str, Any] = {"entry": page[0] if len(page) == 1 else page} if page else {}
        return Said({"feed": {"title": {"label": "iTunes Store: Customer Reviews"}, **entry}})

    def _connected(self, route: Route) -> Route:
        def answer(call: Call) -> Said:
            claims = claims_of(call.bearer, "ES256")
            known = (
                claims and claims["aud"] == "appstoreconnect-v1" and claims["iss"] == ISSUER and claims["kid"] == KEY_ID
            )
            if not claims or not known or claims["exp"] - claims["iat"] > 1200:
                error = {
                    "status": "401",
                    "code": "NOT_AUTHORIZED",
                    "title": "Authentication credentials are missing or invalid.",
                    "detail": "Provide a properly configured and signed bearer token.",
                }
                return Said({"errors": [error]}, 401)
            return route(call)

        return answer

    def _apple_page(self, call: Call) -> Said:
        if call.query.get("sort") != "-createdDate":
            return Said({"errors": [{"title": "unsorted"}]}, 400)
        start = int(call.query.get("cursor", 0))
        page = self.apple[start : start + self.page_size]
        more = (
            {"next": f"https://elsewhere.example/steal?cursor={start + self.page_size}"}
            if start + self.page_size < len(self.apple)
            else {}
        )
        return Said({"data": page, "links": {"self": "x", **more}})

    def _respond(self, call: Call) -> Said:
        data = call.json["data"]
        review_id, words = data["relationships"]["review"]["data"]["id"], data["attributes"]["responseBody"]
        if review_id not in {review["id"] for review in self.apple}:
            return Said(
                {
                    "errors": [
                        {
                            "status": "404",
                            "code": "NOT_FOUND",
                            "title": "The specified resource does not exist",
                            "detail": f"There is no resource of type 'customerReviews' with id '{review_id}'",
                        }
                    ]
                },
                404,
            )
        self.replies[review_id] = words
        return Said(
            {
                "data": {
                    "type": "customerReviewResponses",
                    "id": f"response-{review_id}",
                    "attributes": {"responseBody": words, "state": "PENDING_PUBLISH"},
                }
            },
            201,
        )

    def _token(self, call: Call) -> Said:
        claims = claims_of(call.form["assertion"], "RS256")
        is_known = claims and claims["iss"] == EMAIL and claims["aud"] == f"{self.url}/token"
        if not is_known or "androidpublisher" not in str(claims and claims["scope"]):
            return Said({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
        return Said({"access_token": self._access, "expires_in": 3599, "token_type": "Bearer"})

    def _authorised(self, route: Route) -> Route:
        def answer(call: Call) -> Said:
            if call.bearer != self._access:
                return Said(
                    {
                        "error": {
                            "code": 401,
                            "message": "Request had invalid authentication credentials.",
                            "status": "UNAUTHENTICATED",
                        }
                    },
                    401,
                )
            return route(call)

        return answer

    def _google_page(self, call: Call) -> Said:
        start = int(call.query.get("token", 0))
        end = start + min(int(call.query.get("maxResults", 10)), self.page_size)
        more = {"tokenPagination": {"nextPageToken": str(end)}} if end < len(self.google) else {}
        return Said({"reviews": self.google[start:end], **more} if self.google else {})

    def _google_reply(self, call: Call) -> Said:
        words = call.json["replyText"]
        if len(words) > 350:
            return Said(
                {"error": {"code": 400, "message": "Reply text is too long.", "status": "INVALID_ARGUMENT"}}, 400
            )
        self.replies[call.parts["id"].replace("%3A", ":")] = words
        return Said({"result": {"replyText": words, "lastEdited": {"seconds": "1795160126"}}})


def feed_credentials(stores: Stores, **more: Any) -> Credentials:
    return {"store": "apple_feed", "app_id": APP, "countries": "us", "api_url": stores.url, **more}


def apple_credentials(stores: Stores, **more: Any) -> Credentials:
    known = {"store": "apple", "app_id": APP, "issuer_id": ISSUER, "key_id": KEY_ID, "private_key": pem(apple_key())}
    return {**known, "api_url": stores.url, **more}


def google_credentials(stores: Stores, **more: Any) -> Credentials:
    account = {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key_id": "1",
        "private_key": pem(google_key()),
        "token_uri": f"{stores.url}/token",
    }
    return {"store": "google", "app_id": PACKAGE, "service_account": json.dumps(account), "api_url": stores.url, **more}


@contextmanager
def open_stores() -> Iterator[Stores]:
    with serving(Stores()) as stores:
        assert isinstance(stores, Stores)
        yield stores


@contextmanager
def running() -> Iterator[Credentials]:
    with open_stores() as stores:
        yield google_credentials(stores)
