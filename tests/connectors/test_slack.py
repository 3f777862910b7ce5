"""Slack: signed events become messages, replies land in their thread, the history brings what was missed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _http
from connectors._slack_client import may_see_token
from connectors._slack_text import emoji, escaped, plain
from connectors.base import Action, Identity, InboundMessage, OutboundAttachment, Profile, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said
from tests.fakes.slack import (
    CHANNEL,
    DIRECT,
    REPLY,
    SHARED_TS,
    SIGNING_SECRET,
    TOKEN,
    Slack,
    credentials_for,
    signed,
    slack,
)

SLACK = connector_for("slack")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "slack"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
KNOWN = {"signing_secret": SIGNING_SECRET, "bot_token": TOKEN}
PICTURE = OutboundAttachment("a.png", "image/png", b"\x89PNG1")


@pytest.fixture(name="provider")
def _provider() -> Iterator[Slack]:
    with slack() as running:
        yield running


# ---------------------------------------------------------------- calls


def test_a_new_address_is_answered_with_its_challenge() -> None:
    body = b'{"token": "Jhj5", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"}'
    call = signed(KNOWN, body)
    SLACK.verify(KNOWN, call)
    received = SLACK.receive(KNOWN, call, NOW)
    assert received.deliveries == ()
    assert received.answer.body == b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"


def test_the_signature_is_slack_s_own() -> None:
    from slack_sdk.signature import SignatureVerifier

    call = signed(KNOWN, b'{"type": "event_callback"}')
    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(call.body, dict(call.headers))
    SLACK.verify(KNOWN, call)


@pytest.mark.parametrize("away", [-301, 301])
def test_a_call_of_another_time_is_refused(away: int) -> None:
    with pytest.raises(BadCredentials, match="five minutes"):
        SLACK.verify(KNOWN, signed(KNOWN, b"{}", at=time.time() + away))


@pytest.mark.parametrize("stamp", ["", "soon", "9" * 40, "²"])
def test_a_timestamp_that_is_none_is_refused(stamp: str) -> None:
    call = signed(KNOWN, b"{}")
    with pytest.raises(BadCredentials):
        SLACK.verify(KNOWN, replace(call, headers={**call.headers, "x-slack-request-timestamp": stamp}))


def test_a_repeated_event_is_the_same_delivery_and_says_why_it_was_repeated() -> None:
    body = (FIXTURES / "message.body").read_bytes()
    (first,) = SLACK.receive(KNOWN, signed(KNOWN, body), NOW).deliveries
    (again,) = SLACK.receive(
        KNOWN, signed(KNOWN, body, x_slack_retry_num="1", x_slack_retry_reason="http_timeout"), NOW
    ).deliveries
    assert first.external_id == again.external_id == json.loads(body)["event_id"]
    assert again.meta == {"retry": "1", "retry_reason": "http_timeout"}
    assert SLACK.parse(first) == SLACK.parse(again)


def test_who_is_listened_to_stays_with_the_delivery() -> None:
    known = {**KNOWN, "listens_to": "others", "channels": "C1\nC2"}
    (delivery,) = SLACK.receive(known, signed(known, b'{"type": "x"}'), NOW).deliveries
    assert delivery.meta == {"only_others": "1", "channels": "C1 C2"}


def test_a_mention_and_its_message_are_one() -> None:
    ids = {parsed(FIXTURES / f"{name}.body")[0].external_id for name in ("message", "app_mention")}
    assert len(ids) == 1


def parsed(path: Path) -> list[InboundMessage]:
    return SLACK.parse(RawDelivery(path.read_bytes(), NOW))


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.malformed")), ids=lambda path: path.stem)
def test_captured_nonsense_is_malformed(path: Path) -> None:
    with pytest.raises(Malformed):
        parsed(path)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<@U1> and <@U2|bob>", "@Ana and @bob"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<!channel> <!subteam^S1|@support> <!date^1392734382^{date}|18 Feb>", "@channel @support 18 Feb"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<https://a.example/x|here>", "here (https://a.example/x)"),
        ("<https://a.example|a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example> <tel:+49301|+49 30 1>", "a@b.example +49 30 1 (+49301)"),
        ("1 &lt; 2 &amp;amp; 3 > 2", "1 < 2 &amp; 3 > 2"),
        ("broken <@U1", "broken <@U1"),
        (":tada::fire: at 10:100:5 http://x:8080 :thumbsup::skin-tone-3:!", "🎉🔥 at 10:100:5 http://x:8080 👍!"),
        (":not_known: :", ":not_known: :"),
    ],
)
def test_markup_becomes_what_people_see(markup: str, words: str) -> None:
    assert plain(markup, {"U1": "Ana"}) == words


@given(st.text(alphabet="<>&;:@!#|ab 1tada", max_size=60))
@settings(max_examples=100, deadline=None)
def test_what_we_write_is_read_as_it_was_written(text: str) -> None:
    assert "<" not in escaped(text)
    if ":" not in text:
        assert plain(escaped(text), {}) == text
    plain(text, {})


def test_signs_of_reactions() -> None:
    assert [emoji(name) for name in ("+1::skin-tone-6", "heart", "party-parrot", "")] == [
        "👍",
        "❤️",
        ":party-parrot:",
        "",
    ]


def test_long_markup_takes_no_time_that_grows_faster_than_it() -> None:
    for hostile in ("<" * 100_000, ":" * 100_000, "<@" * 50_000 + ">" * 50_000, "&amp;" * 20_000, ":tada" * 20_000):
        assert len(plain(hostile, {})) <= len(hostile) + 50_000


BODIES = [json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.body"))]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 10**30, 1.5, "", "\ud800\0\n", "x" * 600, [], [{}], {}, {"id": {}}]
)


@given(body=st.sampled_from(BODIES), data=st.data())
@settings(max_examples=100, deadline=None)
def test_events_with_odd_values_are_messages_or_malformed(body: Any, data: st.DataObject) -> None:
    body = json.loads(json.dumps(body))
    one = body[0] if isinstance(body, list) else body
    event = one.get("event", one)
    inner = [
        one,
        event,
        *(event[key] for key in ("message", "previous_message", "item") if key in event),
        *event.get("files", []),
    ]
    place = data.draw(st.sampled_from(inner))
    place[data.draw(st.sampled_from([*place, "subtype"]))] = data.draw(ODD)
    try:
        messages = SLACK.parse(RawDelivery(json.dumps(body).encode(), NOW))
    except Malformed:
        return
    for message in messages:
        check_message(message)


# ---------------------------------------------------------------- replies


def test_a_reply_lands_in_its_thread_and_its_words_stay_words(provider: Slack) -> None:
    receipt = SLACK.send(credentials_for(provider), REPLY)
    (said,) = provider.messages[CHANNEL]
    assert said["thread_ts"] == "1355517523.000005"
    assert said["text"] == "Good &lt;news&gt; &amp; more"
    assert receipt.external_id == f"{CHANNEL}:{said['ts']}"


def test_a_reply_to_a_direct_message_stays_outside_threads(provider: Slack) -> None:
    SLACK.send(credentials_for(provider), replace(REPLY, thread_key=DIRECT))
    SLACK.send(credentials_for(provider), replace(REPLY, thread_key=None))
    assert [one["thread_ts"] for one in provider.messages[DIRECT]] == [None, None]


def test_files_and_words_are_one_message(provider: Slack) -> None:
    two = (PICTURE, OutboundAttachment("b.txt", "text/plain", b"hello"))
    receipt = SLACK.send(credentials_for(provider), replace(REPLY, attachments=two))
    assert receipt.external_id == f"{CHANNEL}:{SHARED_TS}"  # by which reactions name it
    assert [file["data"] for file in provider.files.values()] == [b"\x89PNG1", b"hello"]
    assert {file["thread_ts"] for file in provider.files.values()} == {"1355517523.000005"}
    assert {file["comment"] for file in provider.files.values()} == {"Good &lt;news&gt; &amp; more"}
    assert provider.messages[CHANNEL] == []


def test_a_file_that_is_not_shown_yet_is_known_by_its_own_id(provider: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.slack.LOOKS_FOR_SHARE", (0.0, 0.0))
    provider.shares_at_once = False
    receipt = SLACK.send(credentials_for(provider), replace(REPLY, attachments=(PICTURE,)))
    assert receipt.external_id == f"{CHANNEL}:file:F001"
    assert len(provider.heard("POST", ".*/files.info")) == 2


def test_a_file_that_does_not_arrive_is_tried_again_later(provider: Slack) -> None:
    provider.takes_uploads = False
    with pytest.raises(Transient):
        SLACK.send(credentials_for(provider), replace(REPLY, attachments=(PICTURE,)))


@pytest.mark.parametrize(
    ("answer", "error", "wait"),
    [
        (Said({"ok": False, "error": "ratelimited"}, 429, {"retry-after": "30"}), Transient, 30.0),
        (Said({"ok": False, "error": "internal_error"}), Transient, None),
        (Said({"ok": False, "error": "service_unavailable"}, 503), Transient, None),
        (Said(b"<html>Bad Gateway</html>", 502, {"content-type": "text/html"}), Transient, None),
        (Said(b"not json"), Transient, None),
        (Said({"ok": False, "error": "token_revoked"}), BadCredentials, None),
        (Said({"ok": False, "error": "missing_scope", "needed": "chat:write"}), BadCredentials, None),
        (Said({"ok": False, "error": "not_in_channel"}), Rejected, None),
        (Said({"ok": False, "error": "msg_too_long"}), Rejected, None),
        (Said({"ok": False, "error": "something_new"}), Rejected, None),
        (Said({"ok": False}), Rejected, None),
    ],
    ids=lambda value: str(getattr(value, "body", ""))[:50] or None,
)
def test_refusals_become_our_errors(
    provider: Slack, answer: Said, error: type[ConnectorError], wait: float | None
) -> None:
    provider.trouble = lambda _call: answer
    with pytest.raises(error) as caught:
        SLACK.send(credentials_for(provider), REPLY)
    assert TOKEN not in caught.value.reason
    assert len(provider.calls) == 1
    if isinstance(caught.value, Transient):
        assert caught.value.retry_after_seconds == wait


def test_a_missing_scope_is_named(provider: Slack) -> None:
    provider.trouble = lambda _call: Said({"ok": False, "error": "missing_scope", "needed": "chat:write"})
    with pytest.raises(BadCredentials, match="needs the scope chat:write"):
        SLACK.send(credentials_for(provider), REPLY)


def test_slack_that_is_not_there_is_transient() -> None:
    with pytest.raises(Transient):
        SLACK.send({**KNOWN, "api_url": "http://127.0.0.1:9/api/"}, REPLY)


def test_check_signs_in(provider: Slack) -> None:
    assert SLACK.check(credentials_for(provider)) == "Signed in to Acme as @tributary."
    for wrong in (
        {"bot_token": "xoxb-other"},
        {"bot_token": "x\r\ny"},
        {"signing_secret": ""},
        {"api_url": "file:///etc/passwd"},
    ):
        with pytest.raises(BadCredentials):
            SLACK.check(credentials_for(provider, **wrong))


def test_a_thumbs_up_is_set_once_and_taken_back_once(provider: Slack) -> None:
    known, target = credentials_for(provider), f"{CHANNEL}:1355517523.000005"
    for _ in range(2):
        SLACK.act(known, Action("like", target))
    assert provider.reactions == {(CHANNEL, "1355517523.000005", "thumbsup")}
    for _ in range(2):
        SLACK.act(known, Action("unlike", target))
    assert provider.reactions == set()
    with pytest.raises(Rejected):
        SLACK.act(known, Action("hide", target))


# ---------------------------------------------------------------- files


def test_a_file_comes_with_the_token_which_nobody_else_sees(provider: Slack) -> None:
    provider.files["F9"] = {
        "id": "F9",
        "name": "cat.png",
        "mimetype": "image/png",
        "data": b"\x89PNG",
        "url_private": f"{provider.url}/files-pri/F9/cat.png",
    }
    known = credentials_for(provider)
    named = RemoteFile("cat.png", "image/png", url=f"{provider.url}/files-pri/F9/cat.png", media_id="F9")
    shared = RemoteFile("file", "application/octet-stream", media_id="F9")
    for file in (named, shared):
        got = SLACK.download(known, file, _http.reachable)
        assert (got.filename, got.content_type, got.data) == ("cat.png", "image/png", b"\x89PNG")
    elsewhere = replace(named, url=named.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(Rejected, match="files:read"):
        SLACK.download(known, elsewhere, _http.reachable)
    assert provider.calls[-1].bearer == ""
    with pytest.raises(Rejected, match="may not be reached"):
        SLACK.download(known, elsewhere, lambda _address: False)
    with pytest.raises(Rejected, match="does not exist"):
        SLACK.download(known, replace(shared, media_id="F10"), _http.reachable)


@pytest.mark.parametrize(
    ("url", "is_slack"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("http://files.slack.com/a", False),
        ("https://files.slack.com.evil.example/a", False),
        ("https://evilslack.com/a", False),
        ("https://evil.example/slack.com", False),
    ],
)
def test_who_may_see_the_token(url: str, is_slack: bool) -> None:
    assert may_see_token(KNOWN, url) is is_slack


# ---------------------------------------------------------------- what was missed


def history(known: Any, cursor: Any, rounds: int = 4) -> tuple[list[InboundMessage], Any]:
    """Return the messages of the first round over both channels, and the cursor after it."""
    heard: list[InboundMessage] = []
    for batch in islice(SLACK.fetch(known, cursor), rounds):
        heard += [message for delivery in batch.deliveries for message in SLACK.parse(delivery)]
        cursor = batch.cursor or cursor
    return heard, cursor


def said(ts: str, text: str, **more: object) -> dict[str, Any]:
    return {"type": "message", "user": "U061F7AUR", "text": text, "ts": ts, **more}


def test_the_first_round_begins_now(provider: Slack) -> None:
    provider.messages[CHANNEL] = [said("1700000000.000100", "long ago")]
    heard, cursor = history(credentials_for(provider), {}, 2)
    assert heard == []
    assert set(cursor) == {CHANNEL, DIRECT}
    assert all(abs(float(ts) - time.time()) < 60 for ts in cursor.values())


def test_what_was_missed_comes_oldest_first_with_names_threads_and_over_pages(provider: Slack) -> None:
    start = 1_795_000_000
    stamps = [f"{start + n}.000100" for n in range(6)]
    provider.messages[CHANNEL] = [
        said(stamps[0], "seen", thread_ts=stamps[0], latest_reply=stamps[4], reply_count=2),
        said(stamps[1], "one"),
        said(stamps[2], "two"),
        said(stamps[3], "an old answer", thread_ts=stamps[0]),
        said(stamps[4], "a new answer", thread_ts=stamps[0]),
        {**said(stamps[5], "by a bot"), "bot_id": "B2"},
    ]
    provider.messages[DIRECT] = [said(stamps[2], "direct", user="U404")]
    heard, cursor = history(credentials_for(provider), {CHANNEL: stamps[0], DIRECT: stamps[1]})
    assert [(one.external_id, one.text) for one in heard] == [
        (f"{CHANNEL}:{stamps[1]}", "one"),
        (f"{CHANNEL}:{stamps[2]}", "two"),
        (f"{CHANNEL}:{stamps[3]}", "an old answer"),
        (f"{CHANNEL}:{stamps[4]}", "a new answer"),
        (f"{DIRECT}:{stamps[2]}", "direct"),
    ]
    assert {one.sender.name for one in heard} == {"Kim", ""}
    assert heard[3].thread_key == f"{CHANNEL}:{stamps[0]}"
    assert heard[4].thread_key == DIRECT
    assert cursor == {CHANNEL: stamps[5], DIRECT: stamps[2]}
    assert history(credentials_for(provider), cursor, 2) == ([], cursor)


def test_a_channel_that_throws_us_out_does_not_stop_the_others(provider: Slack) -> None:
    provider.messages[DIRECT] = [said("1795000001.000100", "still here")]
    provider.closed = {CHANNEL}
    heard, _ = history(credentials_for(provider), {CHANNEL: "1795000000.000100", DIRECT: "1795000000.000100"}, 3)
    assert [one.text for one in heard] == ["still here"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Said({"ok": False, "error": "ratelimited"}, 429, {"retry-after": "7"}), Transient),
        (Said({"ok": False, "error": "invalid_auth"}), BadCredentials),
        (Said({"ok": False, "error": "unknown_method"}), BadCredentials),
    ],
)
def test_trouble_while_fetching_ends_the_round_with_our_error(
    provider: Slack, answer: Said, error: type[ConnectorError]
) -> None:
    provider.trouble = lambda _call: answer
    with pytest.raises(error):
        next(SLACK.fetch(credentials_for(provider), {}))


# ---------------------------------------------------------------- who somebody is


def test_who_wrote_is_looked_up(provider: Slack) -> None:
    found = SLACK.look_up(credentials_for(provider), "U061F7AUR", DIRECT)
    shown = Profile("@kim", "", "https://avatars.slack-edge.com/kim_72.png")
    assert found == Identity("slack", "U061F7AUR", "Kim", verified=True, profile=shown)
    assert SLACK.look_up(credentials_for(provider), "U0STRANGER", None) is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said({"ok": False, "error": "missing_scope", "needed": "users:read"}), BadCredentials),
        (Said({"ok": False, "error": "ratelimited"}, 429, {"retry-after": "30"}), Transient),
        (Said(b"not json"), Transient),
    ],
)
def test_trouble_with_looking_up_is_told(provider: Slack, said: Said, error: type[ConnectorError]) -> None:
    provider.trouble = lambda _call: said
    with pytest.raises(error):
        SLACK.look_up(credentials_for(provider), "U061F7AUR", None)


def test_nobody_is_known_of_whom_slack_says_no_name(provider: Slack) -> None:
    provider.trouble = lambda _call: Said({"ok": True, "user": {"id": "U1", "profile": 7}})
    assert SLACK.look_up(credentials_for(provider), "U1", None) is None
