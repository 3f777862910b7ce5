"""The three places reviews are read from, newest first by pages, and the two that take replies.

Apple's feed: ten pages of fifty for each country, nobody signs in, nothing can be answered.
App Store Connect: GET /v1/apps/{id}/customerReviews (sort=-createdDate, links.next), POST /v1/customerReviewResponses,
which replaces an earlier response; X-Rate-Limit tells 3,600 calls an hour.
Google Play: GET /androidpublisher/v3/applications/{package}/reviews (those of the last week; tokenPagination), POST
reviews/{id}:reply (350 characters; replaces); 200 GET an hour and 2,000 POST a day.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors._json_api import JsonApi, Reply, segment, words_of
from connectors._payload import at, line, mapping, objects, whole
from connectors._reviews_parse import reviews_in
from connectors._reviews_sign import apple_token, google_assertion
from connectors.base import Credentials
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json
from connectors.web_address import split

FEED, CONNECT, PLAY = "apple_feed", "apple", "google"
FEED_URL, CONNECT_URL = "https://itunes.apple.com", "https://api.appstoreconnect.apple.com"
PLAY_URL, TOKEN_URL = "https://androidpublisher.googleapis.com", "https://oauth2.googleapis.com/token"
PLAY_SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PAGE, MOST_PAGES = 100, 20
FEED_PAGES, MOST_COUNTRIES = 10, 10
MAX_PLAY_REPLY = 350
FRESH_SECONDS = 10 * 60.0  # a token is renewed before any store ends it
HOUR = 3600.0
Page = tuple[str, list[Mapping[str, Any]]]


class Store(ABC):
    """One app in one store. `pages` yields (country, reviews) newest first, a country's pages one after another."""

    def __init__(self, credentials: Credentials) -> None:
        self.app = line(credentials.get("app_id"), 200)
        if not self.app:
            raise BadCredentials("Say which app it is: its number in the App Store, or its package name.")

    @abstractmethod
    def pages(self) -> Iterator[Iterator[Page]]:
        """Yield, for each country or once, the pages. Raises Transient, BadCredentials or Rejected."""

    def reply(self, review_id: str, words: str) -> None:
        """Answer a review. Raises Transient, BadCredentials or Rejected."""
        del review_id, words
        raise Rejected("The public feed takes no replies: connect the store's own API to answer.")


class AppleFeed(Store):
    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self._api = JsonApi("The App Store", _url(credentials, FEED_URL))
        written = str(credentials.get("countries") or "us").replace(",", " ").lower().split()
        self._countries = list(dict.fromkeys(written))[:MOST_COUNTRIES]
        if not self.app.isdigit() or not all(len(c) == 2 and c.isascii() and c.isalpha() for c in self._countries):
            raise BadCredentials("An app is a number here, and a country two letters: us, de, jp.")

    def pages(self) -> Iterator[Iterator[Page]]:
        for country in self._countries:
            yield self._pages_of(country)

    def _pages_of(self, country: str) -> Iterator[Page]:
        for page in range(1, FEED_PAGES + 1):
            path = f"/{country}/rss/customerreviews/page={page}/id={self.app}/sortby=mostrecent/json"
            said = self._api.get(path)
            if not isinstance(at(said, "feed"), dict):
                raise Transient("The App Store gave no feed.")
            found = reviews_in(said)
            if not found:
                return
            yield country, found


class AppStoreConnect(Store):
    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self._issuer, self._key_id = line(credentials.get("issuer_id")), line(credentials.get("key_id"))
        self._pem = str(credentials.get("private_key") or "")
        self._base = _url(credentials, CONNECT_URL)
        if not self._issuer or not self._key_id or not self._pem:
            raise BadCredentials("App Store Connect needs the issuer id, the key id and the private key.")
        self._known: tuple[float, JsonApi] | None = None

    def pages(self) -> Iterator[Iterator[Page]]:
        yield self._pages()

    def _pages(self) -> Iterator[Page]:
        query: dict[str, str | int] = {"sort": "-createdDate", "limit": PAGE}
        for _ in range(MOST_PAGES):
            said = self._api().get(f"/v1/apps/{segment(self.app)}/customerReviews", **query)
            yield "", objects(at(said, "data"))
            onward = dict(parse_qsl(urlsplit(line(at(said, "links", "next"), 2000)).query))
            if "cursor" not in onward:
                return
            query["cursor"] = onward["cursor"]  # of the next address only this is taken: it cannot lead elsewhere

    def reply(self, review_id: str, words: str) -> None:
        review = {"data": {"type": "customerReviews", "id": review_id}}
        attributes = {"responseBody": words}
        data = {"type": "customerReviewResponses", "attributes": attributes, "relationships": {"review": review}}
        self._api().post("/v1/customerReviewResponses", {"data": data})

    def _api(self) -> JsonApi:
        now = time.monotonic()
        if self._known is None or self._known[0] < now:
            token = apple_token(self._issuer, self._key_id, self._pem)
            api = JsonApi("App Store Connect", self._base, {"authorization": f"Bearer {token}"}, _apple_words)
            self._known = (now + FRESH_SECONDS, api)
        return self._known[1]


class GooglePlay(Store):
    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self._base = _url(credentials, PLAY_URL)
        try:
            account = mapping(load_json(str(credentials.get("service_account") or "").encode()))
        except (Malformed, UnicodeEncodeError):
            account = {}
        if not line(account.get("client_email")) or not account.get("private_key"):
            raise BadCredentials("The service account is the JSON file that Google Cloud gave you: paste all of it.")
        self._account = {"token_uri": TOKEN_URL, **account}
        self._known: tuple[float, JsonApi] | None = None

    def pages(self) -> Iterator[Iterator[Page]]:
        yield self._pages()

    def _pages(self) -> Iterator[Page]:
        query: dict[str, str | int] = {"maxResults": PAGE}
        for _ in range(MOST_PAGES):
            said = self._api().get(self._path(), **query)
            yield "", objects(at(said, "reviews"))
            onward = line(at(said, "tokenPagination", "nextPageToken"), 1000)
            if not onward:
                return
            query["token"] = onward

    def reply(self, review_id: str, words: str) -> None:
        if len(words) > MAX_PLAY_REPLY:
            raise Rejected(phrase("Google Play takes replies of {most} characters.", most=MAX_PLAY_REPLY))
        self._api().post(f"{self._path()}/{segment(review_id)}:reply", {"replyText": words})

    def _path(self) -> str:
        return f"/androidpublisher/v3/applications/{segment(self.app)}/reviews"

    def _api(self) -> JsonApi:
        now = time.monotonic()
        if self._known is None or self._known[0] < now:
            headers = {"authorization": f"Bearer {self._access_token()}"}
            self._known = (now + FRESH_SECONDS, JsonApi("Google Play", self._base, headers, _google_words))
        return self._known[1]

    def _access_token(self) -> str:
        place = urlsplit(_checked(line(self._account.get("token_uri"), 500)))
        form = {"grant_type": GRANT, "assertion": google_assertion(self._account, PLAY_SCOPE)}
        api = JsonApi("Google", f"{place.scheme}://{place.netloc}", explain=_grant_words)
        said = api.post(place.path, form=form)
        token = line(at(said, "access_token"), 5000)
        if not token:
            raise Transient("Google gave no access token.")
        return token


def store_of(credentials: Credentials) -> Store:
    """Return the store that the settings name. Raises BadCredentials."""
    kinds: dict[str, type[AppleFeed | AppStoreConnect | GooglePlay]] = {
        FEED: AppleFeed,
        CONNECT: AppStoreConnect,
        PLAY: GooglePlay,
    }
    return kinds.get(line(credentials.get("store")) or FEED, AppleFeed)(credentials)


def _url(credentials: Credentials, default: str) -> str:
    return _checked(line(credentials.get("api_url"), 500) or default)


def _checked(url: str) -> str:
    try:
        split(url)
    except Rejected:
        raise BadCredentials("The address of the store is no web address.") from None
    return url.rstrip("/")


def _apple_words(reply: Reply) -> ConnectorError | None:
    """Read {"errors": [{"code", "title", "detail"}]}."""
    said = next((line(e.get("detail"), 300) or line(e.get("title")) for e in objects(at(reply.data, "errors"))), "")
    return JsonApi("App Store Connect", "").refusal(reply, said.rstrip(".")) if said else None


def _google_words(reply: Reply) -> ConnectorError | None:
    """A 403 may be about the quota: that ends by itself."""
    said = words_of(reply.data)
    is_quota = whole(reply.status) in {403, 429} and any(word in said.lower() for word in ("quota", "rate limit"))
    return (
        Transient(phrase("Google Play cannot take this now: {said}.", said=said), retry_after_seconds=HOUR)
        if is_quota
        else None
    )


def _grant_words(reply: Reply) -> ConnectorError | None:
    """A refused assertion is a 400: {"error": "invalid_grant", "error_description"}."""
    if line(at(reply.data, "error")) in {"invalid_grant", "invalid_client", "unauthorized_client"}:
        said = line(at(reply.data, "error_description"), 300).rstrip(".") or "the service account is unknown"
        return BadCredentials(phrase("Google does not accept this channel's credentials: {said}.", said=said))
    return None
