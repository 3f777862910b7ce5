"""Reviews of app stores as messages: the stars stand in the text and in `custom`.

Apple's public feed (itunes.apple.com/COUNTRY/rss/customerreviews, the JSON form), App Store Connect's CustomerReview
(developer.apple.com/documentation/appstoreconnectapi/customerreview), Google's Review
(developers.google.com/android-publisher/api-ref/rest/v3/reviews, /android-publisher/reply-to-reviews).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors._payload import at, line, mapping, moment, objects, text, whole
from connectors._rss_feed import read_feed, words_of
from connectors.base import Identity, InboundMessage, Profile
from connectors.errors import Malformed
from connectors.submission import clean_text

MOST_STARS = 5


@dataclass(frozen=True, slots=True)
class Review:
    """One review in the words that all stores share. `mark` changes when its author changes it."""

    review_id: str
    author: Identity
    stars: int
    title: str
    body: str
    written_at: datetime | None
    url: str = ""
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        said = f"{self.stars}\n{self.title}\n{self.body}"
        return sha256(said.encode("utf-8", "replace")).hexdigest()[:12]

    @property
    def version(self) -> str:
        """What tells one wording from another, also where an author goes back to an earlier one."""
        return f"{self.mark}:{int(self.written_at.timestamp()) if self.written_at else 0}"


def messages(body: Any) -> list[InboundMessage]:
    """Return the messages in a stored review or in an answer of a store. Raises Malformed where there is none."""
    if isinstance(body, dict) and isinstance(body.get("review"), dict):
        review = read_review(body["review"], country=line(body.get("country")), app=line(body.get("app")))
        return [_edit(review) if body.get("is_edited") is True else _message(review)]
    heard: list[InboundMessage] = []
    odd: Malformed | None = None
    for entry in reviews_in(body):
        try:
            heard.append(_message(read_review(entry)))
        except Malformed as error:
            odd = error
    if odd and not heard:
        raise odd
    return heard


def reviews_in_xml(raw: bytes) -> dict[str, Any]:
    """Return Apple's feed in its XML form as it is in its JSON form. Raises Malformed."""
    return {"feed": {"entry": [_as_json(entry) for entry in read_feed(raw).entries if line(entry.get("rating"))]}}


def _as_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "id": entry.get("id"),
        "title": entry.get("title"),
        "content": words_of(entry),
        "updated": entry.get("published"),
        "im:rating": entry.get("rating"),
        "im:version": entry.get("app_version"),
    }
    author = {"name": {"label": entry.get("author")}, "uri": {"label": entry.get("author_url")}}
    labels = {key: {"label": value} for key, value in told.items() if value}
    return {**labels, "author": author, "link": {"attributes": {"href": entry.get("link")}}}


def reviews_in(body: Any, deepest: int = 3) -> list[Mapping[str, Any]]:
    """Return the reviews in an answer of any of the stores, in its order; the app itself in Apple's feed is none.

    Lists within lists are looked into as deep as `deepest`.
    """
    if isinstance(body, list):
        return [entry for part in body[:1000] for entry in reviews_in(part, deepest - 1)] if deepest else []
    known = mapping(body)
    if "feed" in known:
        entries = at(known, "feed", "entry")
        found = objects(entries) or ([entries] if isinstance(entries, dict) else [])
        return [entry for entry in found if "im:rating" in entry]
    for key in ("reviews", "data"):
        if isinstance(known.get(key), list):
            return objects(known[key])
        if isinstance(known.get(key), dict):
            return [known[key]]
    return [] if known.keys() <= {"tokenPagination", "pageInfo"} and known else [known]


def read_review(body: Mapping[str, Any], *, country: str = "", app: str = "") -> Review:
    """Read a review of any of the stores. Raises Malformed."""
    if "im:rating" in body:
        review = _of_feed(body, country, app)
    elif line(body.get("type")) == "customerReviews":
        review = _of_apple(body, app)
    elif "reviewId" in body:
        review = _of_google(body, app)
    else:
        raise Malformed("This is no review of an app store.")
    if not review.review_id or not review.stars:
        raise Malformed("A review has an id and between one and five stars.")
    return review


def _of_feed(body: Mapping[str, Any], country: str, app: str) -> Review:
    review_id, page = line(at(body, "id", "label")), line(at(body, "author", "uri", "label"), 2000)
    name = line(at(body, "author", "name", "label"), 200)
    author = Identity("reviews", page or f"apple:{review_id}", name, verified=True, profile=Profile(name, page))
    told = {"store": "App Store", "app_version": line(at(body, "im:version", "label")), "country": country.upper()}
    return Review(
        review_id=review_id,
        author=author,
        stars=_stars(at(body, "im:rating", "label")),
        title=line(at(body, "title", "label")),
        body=text(at(body, "content", "label")),
        written_at=moment(at(body, "updated", "label")),
        url=line(at(body, "link", "attributes", "href"), 2000),
        told={**told, "app": app, "helpful_votes": line(at(body, "im:voteSum", "label"))},
    )


def _of_apple(body: Mapping[str, Any], app: str) -> Review:
    review_id, said = line(body.get("id")), mapping(body.get("attributes"))
    name = line(said.get("reviewerNickname"), 200)
    return Review(
        review_id=review_id,
        author=Identity("reviews", f"apple:{review_id}", name, verified=True, profile=Profile(name)),
        stars=_stars(said.get("rating")),
        title=line(said.get("title")),
        body=text(said.get("body")),
        written_at=moment(said.get("createdDate")),
        told={"store": "App Store", "country": line(said.get("territory")), "app": app},
    )


def _of_google(body: Mapping[str, Any], app: str) -> Review:
    review_id, name = line(body.get("reviewId")), line(body.get("authorName"), 200)
    comments = (mapping(comment.get("userComment")) for comment in objects(body.get("comments")))
    said = next((comment for comment in comments if comment), {})
    first, tab, rest = text(said.get("originalText") or said.get("text")).partition("\t")
    device = mapping(said.get("deviceMetadata"))
    told = {
        "store": "Google Play",
        "app": app,
        "app_version": line(said.get("appVersionName")),
        "language": line(said.get("reviewerLanguage")),
        "device": " ".join(filter(None, (line(device.get("manufacturer")), line(device.get("productName"))))),
        "android_version": line(said.get("androidOsVersion")),
        "helpful_votes": line(said.get("thumbsUpCount")),
    }
    return Review(
        review_id=review_id,
        author=Identity(
            "reviews", f"google:{review_id}", name or "A Google user", verified=True, profile=Profile(name)
        ),
        stars=_stars(said.get("starRating")),
        title=first.strip() if tab else "",  # old reviews hold title and text with a tab between them
        body=rest.strip() if tab else first,
        written_at=moment(at(said, "lastModified", "seconds")),
        told=told,
    )


def _message(review: Review) -> InboundMessage:
    told = {"stars": str(review.stars), **{key: value for key, value in review.told.items() if value}}
    return InboundMessage(
        external_id=review.review_id,
        sender=review.author,
        subject=review.title,
        text=_words(review),
        thread_key=review.review_id,
        sent_at=review.written_at,
        custom=told,
        is_public=True,
        url=review.url,
    )


def _edit(review: Review) -> InboundMessage:
    return InboundMessage(
        external_id=f"edit:{review.review_id}:{review.version}",
        sender=review.author,
        text=_words(review),
        kind="edit",
        target=review.review_id,
        thread_key=review.review_id,
        sent_at=review.written_at,
        custom={"stars": str(review.stars)},
        is_public=True,
        url=review.url,
    )


def _words(review: Review) -> str:
    shown = "★" * review.stars + "☆" * (MOST_STARS - review.stars)
    head = f"{shown} {review.title}".strip()
    return clean_text(f"{head}\n\n{review.body}" if review.body else head)


def _stars(given: Any) -> int:
    """Return between one and five, 0 for what is no number of stars."""
    stars = whole(given) or 0
    return stars if 1 <= stars <= MOST_STARS else 0
