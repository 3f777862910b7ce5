"""Reviews of an app: Apple's public feed, App Store Connect, Google Play. New and edited ones come; answers are public.

See _reviews_stores.py for the calls and their limits, _reviews_parse.py for what a review holds. One channel is one app
in one store. What was written before the channel was made is not brought; a store tells of no deletion.

The cursor: {"seen": {country, or "" where there are none: {review id: mark of its words and stars}}}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from connectors._payload import line, mapping, whole
from connectors._reviews_parse import messages, read_review, reviews_in_xml
from connectors._reviews_stores import CONNECT, FEED, MAX_PLAY_REPLY, PLAY, Page, store_of
from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundMessage,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Setting,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Malformed, Rejected
from connectors.phrases import phrase
from connectors.submission import load_json

MOST_SEEN = 2_000  # reviews of one list of which the newest words are remembered: as many as are read at most
DEFAULT_MINUTES = 15  # Google allows 200 calls an hour
STEP_SECONDS = 10.0
EDIT = "edit:"
UNBROUGHT = "~"  # before the mark of a review that was there before the channel: once it is edited, it is brought whole


class ReviewsConnector(Defaults):
    kind: ClassVar[str] = "reviews"
    label: ClassVar[str] = phrase("App reviews")
    family: ClassVar[str] = "feeds"
    about: ClassVar[str] = phrase("Reviews in the App Store and on Google Play; answered where the store allows.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("reviews",),
        idempotent_send=True,  # a second reply to a review takes the place of the first
        threads=True,
        max_text=MAX_PLAY_REPLY,
        public=True,
        edits=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "store",
            "Store",
            kind="choice",
            default=FEED,
            choices=(
                (FEED, "App Store, public feed (reading only)"),
                (CONNECT, "App Store Connect"),
                (PLAY, "Google Play"),
            ),
            help="Where reviews are read; answering needs App Store Connect or Google Play, with the keys below",
        ),
        Setting(
            "app_id", "App", required=True, help="Its number in the App Store (id284882215: 284882215), or com.acme."
        ),
        Setting("countries", "Countries", default="us", help="Of the public feed: us, de, jp.", group="Public feed"),
        Setting(
            "issuer_id",
            "Issuer id",
            group="App Store Connect",
            help="From App Store Connect, Users and Access, Integrations; only for that store",
        ),
        Setting(
            "key_id", "Key id", group="App Store Connect", help="Of the key you made there; only for App Store Connect"
        ),
        Setting("private_key", "Private key", kind="secret", help="The .p8 file's text.", group="App Store Connect"),
        Setting(
            "service_account",
            "Service account",
            kind="secret",
            help="The JSON file's text; the account needs the permission to reply to reviews.",
            group="Google Play",
        ),
        Setting(
            "minutes",
            "Minutes between looks",
            kind="integer",
            default=DEFAULT_MINUTES,
            group="Advanced",
            help="How long a new review may wait until it is seen; stores count how often they are asked",
        ),
        Setting("api_url", "Address of the store's API", help="Empty: the store's own.", group="Advanced"),
    )

    def address(self, credentials: Credentials) -> str:
        """Return the app's number or package name."""
        return line(credentials.get("app_id"), 200)

    def check(self, credentials: Credentials) -> str:
        """Read the newest reviews. Raises BadCredentials or Transient."""
        count = 0
        try:
            for pages in store_of(credentials).pages():
                count += len(next(pages, ("", []))[1])
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        found = "1 review" if count == 1 else f"{count} reviews"
        return f"The newest page of each list holds {found}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield new and edited reviews, oldest first, then look again. Raises Transient, BadCredentials, Rejected."""
        store = store_of(credentials)
        memory = _Memory(cursor)
        seconds = 60.0 * min(max(whole(credentials.get("minutes")) or DEFAULT_MINUTES, 1), 1440)
        while True:
            for pages in store.pages():
                yield from memory.news(pages, store.app)
            yield from _waiting(seconds)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the review of a delivery, or those in an answer of a store. Raises Malformed."""
        is_xml = delivery.raw[:64].lstrip().startswith((b"<", b"\xef\xbb\xbf<"))
        return messages(reviews_in_xml(delivery.raw) if is_xml else load_json(delivery.raw))

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Answer a review for everybody to read. Raises Transient, BadCredentials or Rejected."""
        review_id = _review_of(message.answers or "") or message.thread_key or ""
        if not message.is_public:
            raise Rejected("A reply to a review is read by everybody: it cannot be private.")
        if not review_id:
            raise Rejected("It is not said which review this answers.")
        if message.attachments:
            raise Rejected("A reply to a review takes no files.")
        store_of(credentials).reply(review_id, message.text)
        return Receipt(f"reply:{review_id}", detail="published, or under the store's review")


def _review_of(answers: str) -> str:
    """Return the id of the review that a message's external id names; ids have colons in them."""
    return answers.removeprefix(EDIT).rsplit(":", 2)[0] if answers.startswith(EDIT) else answers


class _Memory:
    """Which reviews of each list are known, by what they said last."""

    def __init__(self, cursor: Cursor) -> None:
        lists = mapping(cursor.get("seen"))
        self._seen = {
            line(place): {line(key): line(mark) for key, mark in mapping(known).items()}
            for place, known in lists.items()
        }

    def as_cursor(self) -> Cursor:
        return {"seen": {place: dict(known) for place, known in self._seen.items()}}

    def news(self, pages: Iterator[Page], app: str) -> Iterator[Batch]:
        """Read pages down to one that holds nothing new; a list read for the first time is only remembered.

        Yields a sign of life for each page, and at the end what was found.
        """
        found: list[RawDelivery] = []
        marks: dict[str, str] = {}
        place: str | None = None
        for place, bodies in pages:
            known = self._seen.get(place, {})
            new = list(filter(None, (_new(body, place, app, known, marks) for body in bodies)))
            found += new
            if not new:
                break
            yield Batch()
        if place is None:
            yield Batch(cursor=self.as_cursor())
            return
        is_first = place not in self._seen
        self._remember(place, {key: UNBROUGHT + mark for key, mark in marks.items()} if is_first else marks)
        yield Batch(() if is_first else tuple(reversed(found)), self.as_cursor())

    def _remember(self, place: str, marks: Mapping[str, str]) -> None:
        seen = self._seen.setdefault(place, {})
        for review_id, mark in reversed(list(marks.items())):
            seen.pop(review_id, None)
            seen[review_id] = mark  # the newest last: forgotten last
        while len(seen) > MOST_SEEN:
            del seen[next(iter(seen))]


def _new(
    body: Mapping[str, Any], place: str, app: str, known: Mapping[str, str], marks: dict[str, str]
) -> RawDelivery | None:
    """Return the delivery of a review that is new or says something else than before; note what it says."""
    try:
        review = read_review(body, country=place, app=app)
    except Malformed:
        return None  # a rating without a number: nothing to show
    if review.review_id in marks:
        return None  # it moved to the next page while we read
    before = known.get(review.review_id)
    if before is not None and before.removeprefix(UNBROUGHT) == review.mark:
        marks[review.review_id] = before
        return None
    marks[review.review_id] = review.mark
    is_edited = before is not None and not before.startswith(UNBROUGHT)
    stored = {"review": body, "country": place, "app": app, "is_edited": is_edited}
    raw = json.dumps(stored, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return RawDelivery(raw, _now(), f"{review.review_id}:{review.version}")


def _waiting(seconds: float) -> Iterator[Batch]:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(left, STEP_SECONDS))
        yield Batch()


def _now() -> datetime:
    return datetime.now(UTC)
