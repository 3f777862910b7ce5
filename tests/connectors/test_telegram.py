"""Telegram: updates become messages, replies reach the right chat, and nothing that waits is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import (
    Action,
    Batch,
    InboundMessage,
    OutboundAttachment,
    OutboundMessage,
    RawDelivery,
    RemoteFile,
    WebRequest,
)
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.telegram import Pace, TelegramConnector
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said, serving
from tests.fakes.telegram import BLOCKED, CHAT, OLD, REPLY, SECRET, Telegram, signed, too_many

CONNECTOR = TelegramConnector(Pace(wait_seconds=0))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "telegram").glob("*.body"))
ANA = {"id": CHAT, "is_bot": False, "first_name": "Ana"}
HERE = {"id": CHAT, "type": "private", "first_name": "Ana"}


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    provider = Telegram()
    with serving(provider):
        yield provider


def said(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"message_id": number, "from": ANA, "chat": HERE, "date": 1763800000, "text": text, **more}


def parse(update: object, **meta: str) -> list[InboundMessage]:
    return CONNECTOR.parse(RawDelivery(json.dumps(update).encode(), NOW, meta=meta))


def texts(batch: Batch) -> list[str]:
    return [message.text for delivery in batch.deliveries for message in CONNECTOR.parse(delivery)]


# ---------------------------------------------------------------- parse


def test_ids_count_within_their_chat_so_the_chat_is_part_of_them() -> None:
    here, there = said(5, "a"), {**said(5, "b"), "chat": {"id": -77, "type": "group", "title": "g"}}
    ids = {parse({"update_id": 1, "message": message})[0].external_id for message in (here, there)}
    assert ids == {f"{CHAT}:5", "-77:5"}


def test_two_edits_are_two_events_and_the_same_edit_twice_is_one() -> None:
    first, second = ({"update_id": n, "edited_message": said(5, f"v{n}", edit_date=1763800005)} for n in (1, 2))
    ids = [parse(update)[0].external_id for update in (first, second, first)]
    assert ids[0] == ids[2] != ids[1]


def test_a_mention_is_found_behind_signs_of_two_units() -> None:
    entity = {"type": "mention", "offset": 2, "length": 9}
    group = {"id": -5, "type": "group", "title": "g"}
    update = {"update_id": 1, "message": {**said(5, "😀@acme_bot hello"), "chat": group, "entities": [entity]}}
    assert len(parse(update, groups="addressed", username="acme_bot", bot="9")) == 1
    assert parse(update, groups="addressed", username="other_bot", bot="9") == []
    assert len(parse(update, groups="addressed", bot="9")) == 1  # by webhook our name is not known
    assert parse(update, groups="none", username="acme_bot", bot="9") == []


def test_of_many_updates_one_that_cannot_be_read_does_not_cost_the_others() -> None:
    assert [m.text for m in parse([{"update_id": 1, "message": {}}, {"update_id": 2, "message": said(1, "hi")}])] == [
        "hi"
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"7",
        b'"x"',
        b"{}",
        b"[1, 2]",
        b'{"update_id": "x"}',
        b'{"update_id": 1, "message": "text"}',
        b'{"update_id": 1, "message": {}}',
        b'{"update_id": 1, "message": {"message_id": 1, "text": "x"}}',
        b'{"update_id": 1, "message": {"message_id": 1, "text": "x", "chat": {"id": true}}}',
        b'{"update_id": 1, "message_reaction": {"chat": {"id": 1, "type": "group"}, "message_id": 2}}',
        b'{"update_id": 1, "callback_query": {"id": "1"}}',
        b'{"update_id": 1, "message": {"message_id": 1',
    ],
)
def test_what_is_no_update_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, NOW))


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(FIXTURES), choose=st.data(), by=ODD)
def test_damaged_updates_give_whole_messages_or_malformed(path: Path, choose: st.DataObject, by: Any) -> None:
    said = json.loads(path.read_bytes())
    there = choose.draw(st.sampled_from(places(said)))
    update = broken(said, there, by)
    try:
        for message in parse(update, bot="7102345678", username="acme_support_bot", groups="addressed"):
            check_message(message)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends


# ---------------------------------------------------------------- fetch


def test_polling_takes_what_waits_and_confirms_it_only_once_it_is_stored(telegram: Telegram) -> None:
    first = telegram.say("message", said(1, "one"))
    telegram.say("message", said(2, "two"))
    batches = CONNECTOR.fetch(telegram.credentials, {})
    batch = next(batches)
    assert texts(batch) == ["one", "two"]
    assert len(telegram.waiting) == 2  # not stored yet, so not confirmed
    assert batch.cursor is not None
    assert batch.cursor["offset"] == first + 2
    assert next(batches) == Batch()
    assert telegram.waiting == []


def test_after_an_outage_everything_missed_comes_once_and_in_order(telegram: Telegram) -> None:
    telegram.say("message", said(1, "before"))
    batch = next(CONNECTOR.fetch(telegram.credentials, {}))
    for number in range(2, 252):
        telegram.say("message", said(number, f"missed {number}"))
    heard: list[str] = []
    for later in islice(CONNECTOR.fetch(telegram.credentials, batch.cursor or {}), 4):
        heard += texts(later)
    assert heard == [f"missed {number}" for number in range(2, 252)]


def test_a_lost_confirmation_brings_the_same_delivery_again_under_the_same_id(telegram: Telegram) -> None:
    telegram.say("message", said(1, "once"))
    ids = [next(CONNECTOR.fetch(telegram.credentials, {})).deliveries[0].external_id for _ in range(2)]
    assert ids[0] == ids[1]
    assert ids[0]


def test_a_cursor_older_than_numbers_live_is_not_used(telegram: Telegram) -> None:
    telegram.say("message", said(1, "begun anew at a small number"))
    batch = next(CONNECTOR.fetch(telegram.credentials, {"offset": 900_000_000, "at": 1_600_000_000}))
    assert texts(batch) == ["begun anew at a small number"]


def test_what_waited_before_connecting_can_be_left_out_once(telegram: Telegram) -> None:
    telegram.say("message", said(1, "old"))
    credentials = {**telegram.credentials, "skip_waiting": True}
    assert next(CONNECTOR.fetch(credentials, {})) == Batch()
    number = telegram.say("message", said(2, "missed while we were down"))
    batch = next(CONNECTOR.fetch(credentials, {"offset": number, "at": 2_000_000_000}))
    assert texts(batch) == ["missed while we were down"]


def test_a_pressed_button_is_acknowledged_after_it_was_stored_and_too_late_is_no_error(telegram: Telegram) -> None:
    for id_ in ("old", "new"):
        telegram.say("callback_query", {"id": id_, "from": ANA, "data": "yes", "message": said(9, "Well?")})
    batches = CONNECTOR.fetch(telegram.credentials, {})
    assert len(next(batches).deliveries) == 2
    assert telegram.answered == []
    next(batches)
    assert telegram.answered == ["new"]


def test_polling_takes_over_from_a_webhook(telegram: Telegram) -> None:
    telegram.webhook = {"url": "https://elsewhere.example"}
    telegram.say("message", said(1, "hi"))
    assert texts(next(CONNECTOR.fetch(telegram.credentials, {}))) == ["hi"]


def test_a_limit_of_calls_says_when_to_come_again(telegram: Telegram) -> None:
    batches = CONNECTOR.fetch(telegram.credentials, {})
    next(batches)
    telegram.trouble = lambda _call: too_many(17)
    with pytest.raises(Transient) as caught:
        next(batches)
    assert caught.value.retry_after_seconds == 17


def test_by_webhook_nothing_is_polled(telegram: Telegram) -> None:
    assert list(CONNECTOR.fetch({**telegram.credentials, "receive_by": "webhook"}, {})) == []
    assert telegram.calls == []


# ---------------------------------------------------------------- webhook


def test_a_call_needs_the_secret_and_a_pressed_button_is_answered_in_it(telegram: Telegram) -> None:
    update = {"update_id": 8, "callback_query": {"id": "c1", "from": ANA, "data": "yes", "message": said(9, "Well?")}}
    call = signed(telegram.credentials, json.dumps(update).encode())
    CONNECTOR.verify(telegram.credentials, call)
    received = CONNECTOR.receive(telegram.credentials, call, NOW)
    assert json.loads(received.answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "c1"}
    (delivery,) = received.deliveries
    assert (delivery.raw, delivery.external_id) == (call.body, "update:8")
    assert delivery.meta["groups"] == "addressed"
    for headers in ({}, {"x-telegram-bot-api-secret-token": SECRET + "x"}, {"x-telegram-bot-api-secret-token": ""}):
        with pytest.raises(BadCredentials):
            CONNECTOR.verify(telegram.credentials, replace(call, headers=headers))
    with pytest.raises(BadCredentials):
        CONNECTOR.verify({**telegram.credentials, "webhook_secret": ""}, call)


def test_a_call_that_is_no_json_is_malformed(telegram: Telegram) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.receive(telegram.credentials, WebRequest("POST", "/", {}, {}, b"\xff{"), NOW)


def test_testing_the_channel_tells_telegram_whom_to_call(telegram: Telegram) -> None:
    by_webhook = {**telegram.credentials, "receive_by": "webhook"}
    assert "enter the webhook address" in CONNECTOR.check(by_webhook)  # it is known once the channel exists
    assert telegram.webhook == {}
    words = CONNECTOR.check({**by_webhook, "webhook": "https://acme.example/webhooks/telegram/t"})
    assert words.startswith("Signed in as @acme_support_bot (Acme)")
    assert telegram.webhook["secret_token"] == SECRET
    assert "message_reaction" in telegram.webhook["allowed_updates"]
    with pytest.raises(Rejected, match="HTTPS"):
        CONNECTOR.check({**by_webhook, "webhook": "http://acme.example/"})


# ---------------------------------------------------------------- send


def test_a_reply_answers_the_customers_message(telegram: Telegram) -> None:
    receipt = CONNECTOR.send(telegram.credentials, REPLY)
    (sent,) = telegram.sent
    assert receipt.external_id.startswith(f"{CHAT}:")
    assert sent["reply_parameters"] == {"message_id": 41, "allow_sending_without_reply": True}
    assert (sent["chat_id"], sent["text"]) == (CHAT, "Good news")


@pytest.mark.parametrize(
    ("thread_key", "wanted"),
    [
        ("-1001662890417:topic:12", {"chat_id": -1001662890417, "message_thread_id": 12}),
        ("-1002999888777:direct:521", {"chat_id": -1002999888777, "direct_messages_topic_id": 521}),
        ("business:AQADbizconn:5210774512", {"chat_id": 5210774512, "business_connection_id": "AQADbizconn"}),
    ],
)
def test_a_reply_goes_to_the_part_of_the_chat_it_answers(
    telegram: Telegram, thread_key: str, wanted: dict[str, Any]
) -> None:
    CONNECTOR.send(telegram.credentials, replace(REPLY, thread_key=thread_key, answers=None))
    (sent,) = telegram.sent
    assert {key: sent[key] for key in wanted} == wanted
    assert "reply_parameters" not in sent


def file(name: str, content_type: str, data: bytes = b"x") -> OutboundAttachment:
    return OutboundAttachment(name, content_type, data)


PNG, PDF = file('a "b".png', "image/png", b"\x89PNG\r\n--"), file("c.pdf", "application/pdf", b"%PDF")


def test_one_photo_goes_as_a_photo_with_the_text_below_it(telegram: Telegram) -> None:
    CONNECTOR.send(telegram.credentials, replace(REPLY, attachments=(PNG,)))
    (sent,) = telegram.sent
    assert sent["caption"] == "Good news"
    assert sent["files"]["photo"][2] == PNG.data
    assert json.loads(sent["reply_parameters"])["message_id"] == 41


def test_a_text_too_long_for_a_caption_goes_first(telegram: Telegram) -> None:
    CONNECTOR.send(telegram.credentials, replace(REPLY, text="😀" * 513, attachments=(PDF,)))
    first, second = telegram.sent
    assert first["text"] == "😀" * 513
    assert second["files"]["document"][0] == "c.pdf"
    assert "caption" not in second


def test_several_files_go_as_one_album_of_documents_where_one_is_no_photo(telegram: Telegram) -> None:
    CONNECTOR.send(telegram.credentials, replace(REPLY, attachments=(PNG, PDF)))
    media = json.loads(telegram.sent[0]["media"])
    assert [one["type"] for one in media] == ["document", "document"]
    assert media[1]["caption"] == "Good news"


def test_a_photo_too_large_for_one_goes_as_a_document(telegram: Telegram) -> None:
    large = file("large.png", "image/png", bytes(10_000_001))
    CONNECTOR.send(telegram.credentials, replace(REPLY, attachments=(large,)))
    assert "document" in telegram.sent[0]["files"]


def test_files_that_fail_after_the_text_was_sent_are_never_tried_again_with_it(telegram: Telegram) -> None:
    telegram.refused = {"sendDocument"}
    with pytest.raises(Rejected, match="text was sent, but not the files"):
        CONNECTOR.send(telegram.credentials, replace(REPLY, text="x" * 1025, attachments=(PDF,)))
    assert [sent["text"] for sent in telegram.sent] == ["x" * 1025]


def test_a_group_that_became_a_supergroup_gets_the_reply_under_its_new_id(telegram: Telegram) -> None:
    telegram.moved[-44] = -1004444
    receipt = CONNECTOR.send(telegram.credentials, replace(REPLY, thread_key="-44", answers="-44:7"))
    assert receipt.external_id.startswith("-1004444:")


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Transient), (500, Transient), (502, Transient), (409, Transient), (400, Rejected),
                         (403, Rejected), (401, BadCredentials), (404, BadCredentials)]
)  # fmt: skip
def test_each_refusal_is_the_error_that_fits(telegram: Telegram, status: int, kind: type[Exception]) -> None:
    telegram.trouble = lambda _call: Said({"ok": False, "error_code": status, "description": "Because"}, status)
    with pytest.raises(kind) as caught:
        CONNECTOR.send(telegram.credentials, REPLY)
    assert "Because" in str(caught.value)
    assert "AAH-x1" not in str(caught.value)


def test_a_person_who_blocked_the_bot_is_no_reason_to_pause_the_channel(telegram: Telegram) -> None:
    with pytest.raises(Rejected, match="bot was blocked by the user"):
        CONNECTOR.send(telegram.credentials, replace(REPLY, thread_key=str(BLOCKED)))


@pytest.mark.parametrize("token", ["", "no-token", "12:ab/../getMe", "12:", ":ab", "12:ab cd"])
def test_a_token_that_is_none_goes_nowhere(telegram: Telegram, token: str) -> None:
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**telegram.credentials, "token": token})
    assert telegram.calls == []


def test_a_wrong_token_and_a_server_that_is_away_tell_nothing_secret(telegram: Telegram) -> None:
    with pytest.raises(BadCredentials) as refused:
        CONNECTOR.check({**telegram.credentials, "token": "1:wrong-but-secret"})
    with pytest.raises(Transient) as away:
        CONNECTOR.check({**telegram.credentials, "api_url": "http://127.0.0.1:1"})
    assert "secret" not in str(refused.value)
    assert "AAH-x1" not in str(away.value)


def test_a_reply_to_no_chat_is_refused(telegram: Telegram) -> None:
    for thread_key, recipient in (("", ""), ("x", "y"), ("5:topic:", "z")):
        with pytest.raises(Rejected):
            CONNECTOR.send(telegram.credentials, OutboundMessage("k", (), "t", recipient, thread_key=thread_key))
    assert telegram.calls == []


# ---------------------------------------------------------------- actions


def test_a_thumb_up_is_shown_and_taken_back(telegram: Telegram) -> None:
    for kind, shown in (("like", ["👍"]), ("like", ["👍"]), ("unlike", []), ("unlike", [])):
        CONNECTOR.act(telegram.credentials, Action(kind, f"{CHAT}:41"))  # type: ignore[arg-type]  # a word of the list
        assert telegram.reactions == {41: shown}


def test_deleting_twice_is_deleting_once(telegram: Telegram) -> None:
    for _ in range(2):
        CONNECTOR.act(telegram.credentials, Action("delete", "-1001662890417:88"))
    assert telegram.deleted == {88}
    with pytest.raises(Rejected, match="can't be deleted"):
        CONNECTOR.act(telegram.credentials, Action("delete", f"{CHAT}:{OLD}"))


def test_what_telegram_does_not_offer_is_refused(telegram: Telegram) -> None:
    for action in (
        Action("hide", f"{CHAT}:41"),
        Action("like", "callback:77"),
        Action("like", "business:c:5:41"),
        Action("like", ""),
    ):
        with pytest.raises(Rejected):
            CONNECTOR.act(telegram.credentials, action)
    assert telegram.calls == []


# ---------------------------------------------------------------- files


def anywhere(_address: object) -> bool:
    return True


def test_a_file_is_fetched_by_its_id(telegram: Telegram) -> None:
    telegram.files["F1"] = ("documents/file_7.pdf", b"%PDF-1.7")
    found = CONNECTOR.download(
        telegram.credentials, RemoteFile("invoice.pdf", "application/pdf", media_id="F1"), anywhere
    )
    assert (found.filename, found.content_type, found.data) == ("invoice.pdf", "application/pdf", b"%PDF-1.7")


def test_a_file_that_is_too_large_or_unknown_is_refused_for_good(telegram: Telegram) -> None:
    telegram.files["big"] = ("videos/big.mp4", bytes(20_000_001))
    for media_id, words in (("big", "too big"), ("none", "invalid file_id")):
        with pytest.raises(Rejected, match=words):
            CONNECTOR.download(telegram.credentials, RemoteFile("x", "video/mp4", media_id=media_id), anywhere)


def test_a_path_that_leads_out_is_not_followed(telegram: Telegram) -> None:
    telegram.files["up"] = ("../../secrets", b"x")
    with pytest.raises(Rejected):
        CONNECTOR.download(telegram.credentials, RemoteFile("x", "x/y", media_id="up"), anywhere)


def test_the_address_an_admin_copies_is_that_of_the_channel() -> None:
    ((_, address),) = CONNECTOR.snippets("https://desk.acme.example", "t0k3n")
    assert address == "https://desk.acme.example/webhooks/telegram/t0k3n"
