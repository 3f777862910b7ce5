"""What Reddit's things mean where the captured ones do not show it."""

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
from connectors.reddit import RedditConnector
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.reddit import OWN, comment, message, post

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "reddit").glob("*.body"))
r = RedditConnector()


def parsed(payload: Any, **meta: str) -> list[InboundMessage]:
    return r.parse(RawDelivery(json.dumps(payload).encode(), datetime(2026, 11, 22, tzinfo=UTC), meta=meta))


@pytest.mark.parametrize(
    "payload", [7, "text", None, {}, {"hello": 1}, [{"hello": 1}], {"kind": "t1"}, {"kind": "t9", "data": {"id": "x"}}]
)
def test_what_reddit_does_not_give_is_malformed(payload: Any) -> None:
    with pytest.raises(Malformed):
        parsed(payload)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"kind": "Listing", "data": {"children": []}},
        {"kind": "t5", "data": {"name": "t5_a"}},
        {"json": {"errors": [], "data": {"things": []}}},
    ],
)
def test_what_says_nothing_gives_nothing(payload: Any) -> None:
    assert parsed(payload) == []


def test_all_shapes_of_one_comment_mean_the_same() -> None:
    thing = comment("c1", 1759694492)
    listing = {"kind": "Listing", "data": {"children": [thing]}}
    wrapped = [thing, thing["data"], [thing], listing, [listing], {"json": {"data": {"things": [thing]}}}]
    assert {repr(parsed(shape)) for shape in wrapped} == {repr(parsed(thing))}


def test_a_thing_without_a_full_name_is_known_by_its_kind() -> None:
    (said,) = parsed({"kind": "t3", "data": {"id": "abc", "title": "Hello"}})
    assert (said.external_id, said.text, said.subject) == ("t3_abc", "Hello", "Hello")


def test_one_genuine_thing_beside_nonsense_is_kept() -> None:
    assert [one.text for one in parsed([None, {"hello": 1}, message("m", 1)])] == ["hello"]


def test_our_own_words_are_known_by_the_account_of_the_channel() -> None:
    assert parsed(comment("c1", 1, author=OWN.upper()), account=OWN) == []


def test_a_tree_of_any_depth_is_read_or_cut_but_never_fails() -> None:
    tree = comment("leaf", 1)
    for number in range(150):
        tree = comment(f"c{number}", 1, replies={"kind": "Listing", "data": {"children": [tree]}})
    found = parsed(tree)
    assert 10 < len(found) < 151
    assert found[0].external_id == "t1_c149"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.jpeg",
        "http://i.redd.it/a.jpeg",
        "https://i.redd.it.evil.example/a.jpeg",
        "https://i.redd.it/no-type",
        "https://[broken",
        "javascript:alert(1)",
        "https://i.redd.it/" + "a" * 3000 + ".jpeg",
    ],
)
def test_only_what_reddit_keeps_is_a_file(url: str) -> None:
    (said,) = parsed(post("p", 1, is_self=False, url=url))
    assert said.remote_files == ()
    assert said.kind == "text"


def test_a_post_removed_without_a_trace_of_words_is_gone_and_a_filtered_one_is_not() -> None:
    assert parsed(post("p", 1, body="", removed_by_category="moderator"))[0].kind == "delete"
    assert parsed(post("p", 1, body="", removed_by_category="automod_filtered"))[0].kind == "text"
    assert parsed(post("p", 1, body="still here", removed_by_category="moderator"))[0].kind == "text"


@given(path=st.sampled_from(FIXTURES), seed=st.integers(0, 10**6), odd=ODD)
@settings(max_examples=100, deadline=None)
def test_a_broken_payload_gives_messages_or_malformed_and_nothing_else(path: Path, seed: int, odd: Any) -> None:
    whole = json.loads(path.read_bytes())
    place = random.Random(seed).choice(places(whole))
    raw = json.dumps(broken(whole, place, odd)).encode()
    try:
        messages = r.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))
    except Malformed:
        return
    for one in messages:
        check_message(one)
