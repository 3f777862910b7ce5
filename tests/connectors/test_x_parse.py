"""What X's payloads mean where the captured ones do not show it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import InboundMessage, RawDelivery
from connectors.errors import Malformed
from connectors.x import XConnector
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.x import ACCOUNT, CUSTOMER, message, post

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "x").glob("*.body"))
x = XConnector()


def parsed(payload: Any, **meta: str) -> list[InboundMessage]:
    return x.parse(RawDelivery(json.dumps(payload).encode(), datetime(2026, 11, 22, tzinfo=UTC), meta=meta))


@pytest.mark.parametrize(
    "payload",
    [
        7,
        "text",
        None,
        {},
        {"hello": "world"},
        [{"hello": "world"}],
        {"data": {"hello": "world"}},
        {"entry": [{"messaging": []}]},
        {"update_id": 1, "message": {"text": "x"}},
    ],
)
def test_what_x_does_not_send_is_malformed(payload: Any) -> None:
    with pytest.raises(Malformed):
        parsed(payload)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b'{"data": [', b"crc_token=1"])
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        x.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"data": []},
        {"meta": {"result_count": 0}},
        {"errors": [{"title": "operational-disconnect"}]},
        {"for_user_id": "1", "mute_events": [{"type": "mute"}]},
        {"data": {"event_type": "spaces.start", "payload": {"broadcast_id": "1"}}},
        {"for_user_id": "1", "tweet_create_events": "nonsense"},
        {"for_user_id": "1", "direct_message_events": [{"type": "message_create"}]},
    ],
)
def test_what_says_nothing_gives_nothing(payload: Any) -> None:
    assert parsed(payload) == []


def test_all_shapes_of_one_post_mean_the_same() -> None:
    given_ = post(2080765813578191303)
    wrapped = [
        given_,
        [given_],
        {"data": given_},
        {"data": [given_], "meta": {}},
        [{"data": given_}],
        {"data": {"event_type": "post.mention.create", "filter": {"user_id": ACCOUNT}, "payload": given_}},
        {"event_type": "post.mention.create", "payload": given_},
        {"for_user_id": ACCOUNT, "tweet_create_events": [given_]},
        [[{"data": [given_]}]],
    ]
    assert {repr(parsed(shape)) for shape in wrapped} == {repr(parsed(given_))}
    assert len(parsed(given_)) == 1


def test_one_genuine_message_beside_nonsense_is_kept() -> None:
    assert [one.text for one in parsed([None, 7, {"hello": 1}, {"data": message(5)}])] == ["hello"]


def test_our_own_words_are_known_by_the_account_of_the_channel() -> None:
    mine = [post(1, author=ACCOUNT), message(2, sender=ACCOUNT)]
    assert parsed(mine, account=ACCOUNT) == []
    assert len(parsed(mine)) == 2
    event = {"event_type": "post.create", "filter": {"user_id": CUSTOMER}, "payload": post(3)}
    assert [one.external_id for one in parsed({"data": event}, account=ACCOUNT)] == ["3"]


def test_an_account_that_only_saw_a_like_of_others_is_not_told() -> None:
    status = {"id_str": "5", "user": {"id_str": "777"}}
    event = {"id": "e1", "favorited_status": status, "user": {"id_str": CUSTOMER}}
    assert parsed({"for_user_id": ACCOUNT, "favorite_events": [event]}) == []
    own = {**event, "favorited_status": {**status, "user": {"id_str": ACCOUNT}}, "user": {"id_str": ACCOUNT}}
    assert parsed({"for_user_id": ACCOUNT, "favorite_events": [own]}) == []


def test_a_customers_deletion_is_theirs_and_that_of_our_post_is_told_by_x() -> None:
    status = {"id": "5", "user_id": CUSTOMER}
    payload = {"tweet_delete_events": [{"status": status, "timestamp_ms": "1432228155593"}]}
    (theirs,) = parsed({"for_user_id": ACCOUNT, **payload})
    assert (theirs.kind, theirs.target, theirs.sender.kind, theirs.sender.address) == ("delete", "5", "x", CUSTOMER)
    (ours,) = parsed({"for_user_id": CUSTOMER, **payload})
    assert (ours.kind, ours.target, ours.sender.kind) == ("delete", "5", "provider")
    watched = {
        "event_type": "post.delete",
        "filter": {"user_id": CUSTOMER},
        "payload": {"id": "5", "author_id": CUSTOMER},
    }
    assert parsed({"data": watched}, account=ACCOUNT)[0].sender.address == CUSTOMER
    assert parsed({"delete": {"status": {"id_str": "5"}}})[0].sender.kind == "provider"


def test_a_message_whose_sender_is_not_told_is_still_a_message() -> None:
    (said,) = parsed({"id": "1460323737035677698", "text": "hello"})
    assert (said.text, said.sender.address, said.sender.verified) == ("hello", "author-of-1460323737035677698", False)


def test_an_edit_and_a_deletion_of_a_direct_message_point_at_it() -> None:
    edit = {**message(9, "better words"), "event_type": "MessageEdit", "message_id": "5"}
    delete = {"type": "message_delete", "id": "5", "message_delete": {"id": "5"}, "sender_id": CUSTOMER}
    edited, deleted = parsed([edit, delete])
    assert (edited.kind, edited.target, edited.external_id, edited.text) == ("edit", "5", "9", "better words")
    assert (deleted.kind, deleted.target, deleted.external_id) == ("delete", "5", "5:messagedelete")


def test_an_event_in_a_direct_conversation_without_words_is_shown_as_something() -> None:
    wordless = {**message(5), "text": ""}
    (said,) = parsed(wordless)
    assert said.kind == "unsupported"
    assert said.text


def test_followers_are_told_also_where_they_are_none() -> None:
    for metrics, count in (({"followers_count": 0}, 0), ({}, None)):
        user = {"id": CUSTOMER, "name": "Ana", "username": "ana", "public_metrics": metrics}
        (said,) = parsed({"data": post(1), "includes": {"users": [user]}})
        assert said.sender.profile
        assert said.sender.profile.followers == count


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://pbs.twimg.com/a.jpg", "https://" + "a" * 3000, "", None, 7]
)
def test_a_file_is_only_what_can_be_fetched(url: Any) -> None:
    media = [{"media_key": "3_1", "type": "photo", "url": url}]
    payload = {"data": post(1, attachments={"media_keys": ["3_1"]}), "includes": {"media": media}}
    (said,) = parsed(payload)
    assert said.kind == "image"
    assert said.remote_files == ()


def test_of_a_huge_list_only_so_much_is_read() -> None:
    found = parsed({"data": [post(number, "x" * 300) for number in range(20_000)]})
    assert len(found) == 5_000


# ---------------------------------------------------------------- bad input: captured payloads, broken


@given(path=st.sampled_from(FIXTURES), seed=st.integers(0, 10**6), odd=ODD)
@settings(max_examples=100, deadline=None)
def test_a_broken_payload_gives_messages_or_malformed_and_nothing_else(path: Path, seed: int, odd: Any) -> None:
    whole = json.loads(path.read_bytes())
    place = random.Random(seed).choice(places(whole))
    raw = json.dumps(broken(whole, place, odd)).encode()
    try:
        messages = x.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))
    except Malformed:
        return
    for one in messages:
        check_message(one)
