"""App reviews: what is new and edited in three stores, and replies in the two that take them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _reviews_stores as stores_module
from connectors import reviews
from connectors.base import Credentials, InboundMessage, OutboundAttachment, RawDelivery
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said
from tests.fakes.reviews import (
    REPLY,
    Stores,
    apple_credentials,
    apple_key,
    example,
    feed_credentials,
    google_credentials,
    google_key,
    open_stores,
    pem,
)

CONNECTOR = reviews.ReviewsConnector()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = [feed_credentials, apple_credentials, google_credentials]
every_store = pytest.mark.parametrize("credentials", ALL)
Login = Callable[..., Credentials]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "_waiting", lambda _seconds: iter(()))


@pytest.fixture
def stores() -> Iterator[Stores]:
    with open_stores() as running:
        yield running


def written(login: Login, number: int, words: str = "words", stars: int = 4) -> dict[str, Any]:
    """Return a review as the store of these credentials writes it."""
    review: dict[str, Any]
    if login is feed_credentials:
        said = {"id": {"label": str(number)}, "content": {"label": words}, "im:rating": {"label": str(stars)}}
        review = copy.deepcopy(example("apple_feed_review"))
        return review | said
    if login is apple_credentials:
        review = copy.deepcopy(example("connect_review"))
        review["attributes"] |= {"body": words, "rating": stars}
        return review | {"id": str(number)}
    review = copy.deepcopy(example("play_review"))
    review["comments"][0]["userComment"] |= {"text": words, "starRating": stars}
    return review | {"reviewId": str(number)}


def put(stores: Stores, login: Login, *new: dict[str, Any]) -> None:
    """Put reviews on top of the store's list, the last one first."""
    place = {feed_credentials: stores.feeds["us"], apple_credentials: stores.apple, google_credentials: stores.google}[
        login
    ]
    place[:0] = new[::-1]


def heard(known: Credentials, cursor: Any, most: int = 1) -> tuple[list[InboundMessage], Any]:
    """Return what so many rounds bring, and the last cursor as it is stored."""
    messages: list[InboundMessage] = []
    rounds = (batch for batch in CONNECTOR.fetch(known, cursor) if batch.cursor is not None)
    for batch in islice(rounds, most):
        messages += [message for delivery in batch.deliveries for message in CONNECTOR.parse(delivery)]
        cursor = json.loads(json.dumps(batch.cursor))
    return messages, cursor


# ---------------------------------------------------------------- fetch


@every_store
def test_new_reviews_come_once_oldest_first_over_pages(stores: Stores, credentials: Login) -> None:
    stores.page_size = 7
    put(stores, credentials, *(written(credentials, number) for number in range(30)))
    messages, cursor = heard(credentials(stores), {})
    assert messages == []
    put(stores, credentials, *(written(credentials, number) for number in range(100, 160)))
    messages, cursor = heard(credentials(stores), cursor)
    assert [message.external_id for message in messages] == [str(number) for number in range(100, 160)]
    assert all(m.is_public and m.custom["stars"] == "4" and m.text.startswith("★★★★☆") for m in messages)
    assert heard(credentials(stores), cursor, 2)[0] == []


@every_store
def test_an_edited_review_changes_the_message_and_one_from_before_comes_whole(
    stores: Stores, credentials: Login
) -> None:
    put(stores, credentials, written(credentials, 1))
    _, cursor = heard(credentials(stores), {})
    put(stores, credentials, written(credentials, 2))
    _, cursor = heard(credentials(stores), cursor)
    place = {feed_credentials: stores.feeds["us"], apple_credentials: stores.apple, google_credentials: stores.google}[
        credentials
    ]
    place[:] = [written(credentials, 2, "worse", 1), written(credentials, 1, "different", 5)]
    messages, cursor = heard(credentials(stores), cursor)
    assert [(m.kind, m.target, m.custom["stars"]) for m in messages] == [("text", None, "5"), ("edit", "2", "1")]
    assert messages[1].text.endswith("worse")
    place[:] = [written(credentials, 2, "worse", 1), written(credentials, 1, "different again", 5)]
    messages, cursor = heard(credentials(stores), cursor)
    assert [(m.kind, m.target) for m in messages] == [("edit", "1")]
    assert heard(credentials(stores), cursor)[0] == []


def test_a_country_that_is_added_begins_with_what_comes(stores: Stores) -> None:
    stores.feeds["de"] = [written(feed_credentials, 1)]
    _, cursor = heard(feed_credentials(stores), {})
    both = feed_credentials(stores, countries="US, de")
    messages, cursor = heard(both, cursor, 2)
    assert messages == []
    stores.feeds["de"].insert(0, written(feed_credentials, 2))
    messages, _ = heard(both, cursor, 2)
    assert [message.custom["country"] for message in messages] == ["DE"]


def test_only_so_many_reviews_are_remembered(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "MOST_SEEN", 5)
    put(stores, google_credentials, *(written(google_credentials, number) for number in range(20)))
    _, cursor = heard(google_credentials(stores), {})
    assert list(cursor["seen"][""]) == ["15", "16", "17", "18", "19"]


def test_a_next_page_elsewhere_is_not_asked_there(stores: Stores) -> None:
    stores.page_size = 2
    put(stores, apple_credentials, *(written(apple_credentials, number) for number in range(5)))
    _, cursor = heard(apple_credentials(stores), {})
    assert len(cursor["seen"][""]) == 5


def test_a_token_is_made_anew_before_it_ends(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores_module, "FRESH_SECONDS", -1.0)
    heard(google_credentials(stores), {}, 3)
    assert len(stores.heard("POST", "/token")) == 3


# ---------------------------------------------------------------- send


def test_a_reply_to_google_takes_the_place_of_the_one_before(stores: Stores) -> None:
    known = google_credentials(stores)
    first = CONNECTOR.send(known, REPLY)
    second = CONNECTOR.send(known, replace(REPLY, text="Better news", answers="edit:gp:1:abc:17"))
    assert first.external_id == second.external_id == "reply:gp:1"
    assert stores.replies == {"gp:1": "Better news"}
    CONNECTOR.send(known, replace(REPLY, text="x" * CONNECTOR.capabilities.max_text))
    with pytest.raises(Rejected, match="350"):
        CONNECTOR.send(known, replace(REPLY, text="x" * 351))


def test_a_reply_reaches_app_store_connect(stores: Stores) -> None:
    put(stores, apple_credentials, written(apple_credentials, 7))
    CONNECTOR.send(apple_credentials(stores), replace(REPLY, answers=None, thread_key="7"))
    assert stores.replies == {"7": "Good news"}
    with pytest.raises(Rejected, match="no resource of type"):
        CONNECTOR.send(apple_credentials(stores), replace(REPLY, answers="8"))


def test_what_cannot_be_answered_is_refused_with_the_reason(stores: Stores) -> None:
    with pytest.raises(Rejected, match="public feed takes no replies"):
        CONNECTOR.send(feed_credentials(stores), REPLY)
    with pytest.raises(Rejected, match="which review"):
        CONNECTOR.send(google_credentials(stores), replace(REPLY, answers=None))
    with pytest.raises(Rejected, match="cannot be private"):
        CONNECTOR.send(google_credentials(stores), replace(REPLY, is_public=False))
    assert stores.replies == {}
    with pytest.raises(Rejected, match="no files"):
        CONNECTOR.send(google_credentials(stores), replace(REPLY, attachments=(OutboundAttachment("a", "b/c", b"x"),)))


def test_an_id_leads_nowhere_else(stores: Stores) -> None:
    with pytest.raises(Rejected):
        CONNECTOR.send(google_credentials(stores, app_id="../../v1/secret"), REPLY)
    assert stores.calls[-1].path.startswith("/androidpublisher/v3/applications/..%2F..%2F")


TROUBLES: list[tuple[Said, type[ConnectorError], float | None]] = [
    (Said({"error": {"code": 401, "message": "Invalid Credentials"}}, 401), BadCredentials, None),
    (Said({"error": {"code": 403, "message": "The caller does not have permission"}}, 403), BadCredentials, None),
    (Said({"error": {"code": 403, "message": "Quota exceeded for quota metric 'Reviews'"}}, 403), Transient, 3600),
    (Said({"error": {"code": 429, "message": "Slow down"}}, 429, {"retry-after": "30"}), Transient, 30),
    (Said({"errors": [{"title": "Unexpected", "detail": "An unexpected error occurred."}]}, 500), Transient, None),
    (Said({"error": {"code": 400, "message": "Invalid"}}, 400), Rejected, None),
]


@pytest.mark.parametrize(("said", "error", "seconds"), TROUBLES)
def test_each_refusal_becomes_the_right_error(
    stores: Stores, said: Said, error: type[ConnectorError], seconds: float | None
) -> None:
    google, apple = google_credentials(stores), apple_credentials(stores)
    stores.trouble = lambda call: stores._token(call) if call.path == "/token" else said
    for known in (google, apple):
        if known is apple and seconds == 3600:
            continue  # that is how Google speaks of its quota
        with pytest.raises(error) as caught:
            CONNECTOR.send(known, REPLY)
        assert "PRIVATE KEY" not in caught.value.reason
        if isinstance(caught.value, Transient):
            assert caught.value.retry_after_seconds == seconds


# ---------------------------------------------------------------- settings


@every_store
def test_checking_reads_the_newest_reviews(stores: Stores, credentials: Login) -> None:
    put(stores, credentials, written(credentials, 1))
    assert CONNECTOR.check(credentials(stores)) == "The newest page of each list holds 1 review."
    with pytest.raises(BadCredentials):
        CONNECTOR.check(credentials(stores, app_id=""))
    with pytest.raises(Transient):
        CONNECTOR.check(credentials(stores, api_url="http://127.0.0.1:9"))
    with pytest.raises(BadCredentials):
        CONNECTOR.check(credentials(stores, api_url="file:///etc/passwd"))
    with pytest.raises(BadCredentials, match="may not be reached"):
        CONNECTOR.check(credentials(stores, api_url="http://169.254.169.254"))


def test_keys_that_cannot_be_right_are_told(stores: Stores) -> None:
    for key in ("", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", pem(google_key()), "\0é"):
        with pytest.raises(BadCredentials):
            CONNECTOR.check(apple_credentials(stores, private_key=key))
    with pytest.raises(BadCredentials, match="credentials"):
        CONNECTOR.check(apple_credentials(stores, key_id="OTHER"))
    account = json.loads(str(google_credentials(stores)["service_account"]))
    for change in (
        {"private_key": pem(apple_key())},
        {"client_email": "x@y"},
        {"client_email": ""},
        {"token_uri": "x"},
    ):
        with pytest.raises(BadCredentials):
            CONNECTOR.check(google_credentials(stores, service_account=json.dumps(account | change)))
    with pytest.raises(BadCredentials):
        CONNECTOR.check(google_credentials(stores, service_account="[1]"))
    with pytest.raises(BadCredentials):
        CONNECTOR.check(feed_credentials(stores, countries="germany"))


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "body",
    [None, {}, [{}], "x", {"review": {}}, {"reviewId": "1", "comments": []}, {"im:rating": {"label": "9"}, "id": {"label": "1"}},
     {"data": [{"type": "customerReviews", "id": "1", "attributes": {"rating": 0}}]}, {"reviewId": "", "comments": [{"userComment": {"starRating": 3}}]}],
)  # fmt: skip
def test_what_is_no_review_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(json.dumps(body).encode(), NOON))


ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just("\ud800\0")
)


@given(name=st.sampled_from(["apple_feed_review", "connect_review", "play_review"]), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_field_of_another_type_breaks_nothing(name: str, data: st.DataObject) -> None:
    payload = {"review": example(name), "country": "us", "app": "1", "is_edited": data.draw(st.booleans())}
    place: Any = payload
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(ODD)
            break
        place = place[key]
    try:
        messages = CONNECTOR.parse(RawDelivery(json.dumps(payload).encode(), NOON))
    except Malformed:
        return
    for message in messages:
        check_message(message)
