"""Feeds: what is new comes once, what has not changed is not sent again, and nothing in a feed takes long to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import rss
from connectors._http import reachable
from connectors._rss_feed import LONGEST_AUTHOR, MOST_BYTES, MOST_TAGS, read_feed
from connectors.base import InboundMessage, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from tests.connectors.test_contract import check_message
from tests.fakes.rss import CHANGED, Site, entry, open_site

CONNECTOR = rss.RssConnector()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rss, "_waiting", lambda _seconds: iter(()))


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as running:
        yield running


def heard(site: Site, cursor: Any, most: int = 1, **more: Any) -> tuple[list[InboundMessage], Any]:
    """Return what so many batches bring, and the last cursor as it is stored."""
    messages: list[InboundMessage] = []
    for batch in islice(CONNECTOR.fetch({"feeds": f"{site.url}/a.xml", **more}, cursor), most):
        messages += [message for delivery in batch.deliveries for message in CONNECTOR.parse(delivery)]
        cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor is not None else cursor
    return messages, cursor


def feed(inside: str) -> bytes:
    return f'<rss version="2.0"><channel><title>x</title><item>{inside}</item></channel></rss>'.encode()


# ---------------------------------------------------------------- fetch


def test_what_was_there_before_is_not_brought_and_what_comes_is_brought_once_oldest_first(site: Site) -> None:
    messages, cursor = heard(site, {})
    assert messages == []
    site.feeds["/a.xml"] += [entry(2), entry(3)]
    messages, cursor = heard(site, cursor)
    assert [message.url for message in messages] == ["https://blog.example/2", "https://blog.example/3"]
    assert all(message.is_public for message in messages)
    assert heard(site, cursor, 3)[0] == []


def test_what_is_there_is_brought_where_the_settings_say_so(site: Site) -> None:
    assert len(heard(site, {}, import_existing=True)[0]) == 1


@pytest.mark.parametrize(("has_etag", "header"), [(True, "if-none-match"), (False, "if-modified-since")])
def test_a_feed_that_has_not_changed_is_not_sent_again(site: Site, has_etag: bool, header: str) -> None:
    site.has_etag = has_etag
    _, cursor = heard(site, {}, 3)
    first, second, third = site.calls
    assert header not in first.headers
    assert second.headers[header] == third.headers[header]
    state = cursor["feeds"][f"{site.url}/a.xml"]
    assert state["modified" if header == "if-modified-since" else "etag"]
    assert has_etag or state["modified"] == CHANGED
    assert len(state["seen"]) == 1


def test_an_entry_that_leaves_and_returns_is_not_new(site: Site) -> None:
    _, cursor = heard(site, {})
    site.feeds["/a.xml"] = [entry(5)]
    messages, cursor = heard(site, cursor)
    assert len(messages) == 1
    site.feeds["/a.xml"] = [entry(1), entry(5)]
    assert heard(site, cursor)[0] == []


def test_only_so_many_entries_are_remembered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rss, "FEWEST_SEEN", 5)
    cursor: Any = {}
    for first in range(0, 20, 2):
        site.feeds["/a.xml"] = [entry(first), entry(first + 1)]
        _, cursor = heard(site, cursor)
    assert len(cursor["feeds"][f"{site.url}/a.xml"]["seen"]) == 5


def test_words_decide_what_is_brought(site: Site) -> None:
    _, cursor = heard(site, {})
    site.feeds["/a.xml"] += [
        entry(2, "my ACME kettle leaks"),
        entry(3, "acmella is a plant"),
        entry(4, "nothing", title="Acme, again"),
        entry(5, "acme hiring: join us"),
        entry(6, "ein Gie&#223;kannen-Test"),
    ]
    words = "acme\nGIESSKANNEN-test\n-hiring"
    messages, _ = heard(site, cursor, words=words)
    assert [message.url[-1] for message in messages] == ["2", "4", "6"]


def test_one_broken_feed_keeps_no_other_from_being_read_and_is_told(site: Site) -> None:
    _, cursor = heard(site, {})
    site.feeds["/a.xml"].append(entry(2))
    feeds = f"{site.url}/gone.xml\n{site.url}/a.xml\n{site.url}/odd.xml"
    site.raw["/odd.xml"] = b"<html><body>Welcome</body></html>"
    batches = CONNECTOR.fetch({"feeds": feeds, "minutes": 7}, cursor)
    brought = [len(batch.deliveries) for batch in islice(batches, 3)]
    assert brought == [0, 1, 0]
    with pytest.raises(Transient, match=r"gone\.xml: The site answers with status 404.*odd\.xml: ") as caught:
        next(batches)
    assert caught.value.retry_after_seconds == 420


def test_a_feed_that_moved_is_followed_and_a_guarded_place_is_not(site: Site) -> None:
    site.moved["/old.xml"] = "/a.xml"
    assert CONNECTOR.check({"feeds": f"{site.url}/old.xml"}) == "Read 1 feed with 1 entry."
    site.moved["/evil.xml"] = "http://169.254.169.254/latest/meta-data"
    with pytest.raises(BadCredentials, match="may not be reached"):
        CONNECTOR.check({"feeds": f"{site.url}/evil.xml"})


def test_a_huge_feed_is_refused(site: Site) -> None:
    site.raw["/huge.xml"] = feed("<title>x</title>" + " " * MOST_BYTES)
    with pytest.raises(BadCredentials, match="larger than"):
        CONNECTOR.check({"feeds": f"{site.url}/huge.xml"})


def test_a_long_wait_is_full_of_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    slept: list[float] = []
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("connectors.rss.time.sleep", slept.append)
    monkeypatch.setattr("connectors.rss.time.monotonic", lambda: float(next(clock)))
    batches = list(rss._waiting(100.0))
    assert len(batches) == len(slept) > 5
    assert max(slept) <= 10


@pytest.mark.parametrize(
    "feeds", ["", "ftp://x/a.xml", "https://u:p@x.example/a", "\n".join(f"https://x.example/{n}" for n in range(60))]
)
def test_settings_that_cannot_be_right_are_told(feeds: str) -> None:
    with pytest.raises(BadCredentials):
        next(iter(CONNECTOR.fetch({"feeds": feeds}, {})))


def test_checking_tells_which_feed_is_none(site: Site) -> None:
    site.raw["/odd.xml"] = b"<html><body>Welcome</body></html>"
    with pytest.raises(BadCredentials, match=r"odd\.xml: This is no feed"):
        CONNECTOR.check({"feeds": f"{site.url}/a.xml\n{site.url}/odd.xml"})
    with pytest.raises(Transient):
        CONNECTOR.check({"feeds": f"{site.url}/none.xml"})


def test_an_enclosure_comes_guarded(site: Site) -> None:
    file = RemoteFile("12.mp3", "audio/mpeg", url=f"{site.url}/files/12.mp3")
    assert CONNECTOR.download({}, file, reachable).data == b"x"
    with pytest.raises(Rejected):
        CONNECTOR.download({}, file, lambda _: False)


# ---------------------------------------------------------------- parse


def test_bytes_that_name_a_file_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "<rss"
    secret.write_bytes(feed("<title>secret</title>"))
    for raw in (b"<rss", str(secret).encode(), f"file://{secret}".encode()):
        with pytest.raises(Malformed):
            CONNECTOR.parse(RawDelivery(raw, NOON))


def test_an_entity_reads_no_file() -> None:
    raw = b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + feed(
        "<title>a &x; b</title>"
    )
    assert all("root" not in message.text for message in CONNECTOR.parse(RawDelivery(raw, NOON)))


@pytest.mark.parametrize(
    "inside",
    [
        f"<author>{'a.' * 20_000}</author><title>t</title>",
        f"<author>{'&#97;.' * 20_000}</author><title>t</title>",
        f"<title>{'&lt;' * 50_000}</title>",
        f"<pubDate>{'1:' * 50_000}</pubDate><title>t</title>",
        f"<description>{'<![CDATA[' * 20_000}</description>",
    ],
)
def test_an_entry_made_to_take_long_does_not(inside: str) -> None:
    """Without the bounds the first two take minutes, which the time limit of every test catches."""
    read_feed(feed(inside))


def test_an_author_is_cut_where_the_search_for_an_address_is_bounded() -> None:
    (found,) = read_feed(feed(f"<author>{'a.' * 1000}</author><title>t</title>")).entries
    assert len(found["author"]) <= LONGEST_AUTHOR


@pytest.mark.parametrize(
    "raw",
    [b"", b"<", b"{}", b"<html><p>hello</p></html>", b"<?xml " + b" " * 5000 + b"?><rss/>", b"<a>" * (MOST_TAGS + 1),
     b'{"version": "https://jsonfeed.org/version/1.1", "items": 3', b'{"entry": {}}', b"<rss" + b"x" * MOST_BYTES],
)  # fmt: skip
def test_what_is_no_feed_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, NOON))


def test_what_is_stored_of_an_entry_is_parsed_as_the_feed_was(site: Site) -> None:
    raw = (Path(__file__).parent.parent / "fixtures" / "rss" / "atom_forum.body").read_bytes()
    site.raw["/a.xml"] = raw
    url = f"{site.url}/a.xml"
    whole = CONNECTOR.parse(RawDelivery(raw, NOON, meta={"url": url, "content_type": "application/rss+xml"}))
    assert heard(site, {}, import_existing=True)[0] == whole[::-1]


PIECES = st.sampled_from([
    "<title>", "</title>", "<link>", "https://[", "http://x.example/1", "</link>", "<guid>", "</guid>", "<author>", "a@b.example (x", "</author>",
    "<pubDate>", "Fri, 31 Feb 2026 25:61:00 +9999", "</pubDate>", "<enclosure url='x y' length='-1'/>", "&#xD800;", "&#0;", "\0", "<category/>",
    "<content:encoded>", "]]>", "<![CDATA[", "<p>", "\ud7ff", "<thr:in-reply-to ref='1'/>", "</item><item>",
])  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join), st.sampled_from(["", "utf-16", "x-none"]))
@settings(max_examples=100, deadline=None)
def test_any_feed_gives_messages_or_malformed(inside: str, charset: str) -> None:
    meta = {"content_type": f"text/xml; charset={charset}", "url": "https://x.example/f"}
    raw = f'<rss version="2.0"><channel><item>{inside}</item></channel></rss>'.encode("utf-8", "surrogatepass")
    try:
        messages = CONNECTOR.parse(RawDelivery(raw, NOON, meta=meta))
    except Malformed:
        return
    for message in messages:
        check_message(message)
