"""LINE: signed calls become messages, a reply is pushed once however often it is tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Identity, InboundMessage, OutboundAttachment, Profile, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.line import LineConnector
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.line import CUSTOMER, REPLY, TOKEN, Line, signed
from tests.fakes.provider import Said, serving

CONNECTOR = LineConnector()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "line").glob("*.body"))
MESSAGE = {"type": "message", "source": {"type": "user", "userId": CUSTOMER}, "timestamp": 1763800000625,
           "message": {"type": "text", "id": "1", "text": "hi"}}  # fmt: skip


@pytest.fixture
def line() -> Iterator[Line]:
    provider = Line()
    with serving(provider):
        yield provider


def parse(said: object, **meta: str) -> list[InboundMessage]:
    return CONNECTOR.parse(RawDelivery(json.dumps(said).encode(), NOW, meta=meta))


# ---------------------------------------------------------------- parse


def test_one_event_that_cannot_be_read_does_not_cost_the_others() -> None:
    broken: dict[str, Any] = {"type": "message", "message": {}}
    assert [message.text for message in parse({"events": [broken, MESSAGE]})] == ["hi"]
    with pytest.raises(Malformed):
        parse({"events": [broken]})


def test_a_redelivered_message_is_the_same_message() -> None:
    again = {**MESSAGE, "deliveryContext": {"isRedelivery": True}}
    assert parse(MESSAGE)[0].external_id == parse(again)[0].external_id


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"7",
        b"{}",
        b"[1]",
        b'{"events": 5}',
        b'{"events": [5]}',
        b'{"events": [{"type": "message", "message": {"id": "1", "type": "text", "text": "x"}}]}',
        b'{"events": [{"type": "unsend", "source": {"userId": "U1"}}]}',
    ],
)
def test_what_is_no_call_of_line_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, NOW))


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(FIXTURES), choose=st.data(), by=ODD)
def test_damaged_calls_give_whole_messages_or_malformed(path: Path, choose: st.DataObject, by: Any) -> None:
    said = json.loads(path.read_bytes())
    there = choose.draw(st.sampled_from(places(said)))
    try:
        for message in parse(broken(said, there, by), groups="addressed"):
            check_message(message)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends


# ---------------------------------------------------------------- calls


def test_a_call_without_events_only_asks_whether_anybody_is_there(line: Line) -> None:
    call = signed(line.credentials, b'{"destination": "U0", "events": []}')
    CONNECTOR.verify(line.credentials, call)
    assert CONNECTOR.receive(line.credentials, call, NOW).deliveries == ()


def test_a_call_is_one_delivery_with_its_bytes_and_the_wish_about_groups(line: Line) -> None:
    body = json.dumps({"destination": "U0", "events": [MESSAGE]}, indent=3).encode()
    (delivery,) = CONNECTOR.receive(
        {**line.credentials, "groups": "none"}, signed(line.credentials, body), NOW
    ).deliveries
    assert (delivery.raw, delivery.meta["groups"]) == (body, "none")


def test_a_call_signed_with_another_secret_is_refused(line: Line) -> None:
    call = signed({**line.credentials, "channel_secret": "another"}, b"{}")
    with pytest.raises(BadCredentials):
        CONNECTOR.verify(line.credentials, call)
    with pytest.raises(Malformed):
        CONNECTOR.receive(line.credentials, signed(line.credentials, b"no json"), NOW)


# ---------------------------------------------------------------- send


def test_a_reply_tried_again_is_not_sent_again(line: Line) -> None:
    receipts = [CONNECTOR.send(line.credentials, REPLY).external_id for _ in range(3)]
    assert receipts == ["461230966842064897"] * 3
    assert line.sent == [{"to": CUSTOMER, "messages": [{"type": "text", "text": "Good news"}]}]
    CONNECTOR.send(line.credentials, replace(REPLY, idempotency_key="reply-78"))
    assert len(line.sent) == 2


def test_a_reply_to_a_group_goes_to_the_group(line: Line) -> None:
    CONNECTOR.send(line.credentials, replace(REPLY, thread_key="C123"))
    assert line.sent[0]["to"] == "C123"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (Said({"message": "Authentication failed"}, 401), BadCredentials, "Authentication failed"),
        (Said({"message": "Access to this API is not available for your account"}, 403), Rejected, "not available"),
        (Said({"message": "The API rate limit has been exceeded. Try again later."}, 429), Transient, "rate limit"),
        (Said({"message": "You have reached your monthly limit."}, 429), Rejected, "this month"),
        (Said({"message": "Failed to send messages"}, 400), Rejected, "Failed to send"),
        (Said({"message": "Internal server error"}, 500), Transient, "Internal"),
        (Said(b"", 502), Transient, "502"),
    ],
)
def test_each_refusal_is_the_error_that_fits(line: Line, said: Said, kind: type[Exception], words: str) -> None:
    line.trouble = lambda _call: said
    with pytest.raises(kind, match=words) as caught:
        CONNECTOR.send(line.credentials, REPLY)
    assert TOKEN not in str(caught.value)


def test_details_of_a_refusal_are_told(line: Line) -> None:
    with pytest.raises(Rejected, match="Length must be between 0 and 5000"):
        CONNECTOR.send(line.credentials, replace(REPLY, text="😀" * 2501))


def test_files_and_replies_to_nobody_are_refused(line: Line) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x")
    for message in (replace(REPLY, attachments=(png,)), replace(REPLY, thread_key=None, recipient="")):
        with pytest.raises(Rejected):
            CONNECTOR.send(line.credentials, message)
    assert line.calls == []


# ---------------------------------------------------------------- files and settings


def test_a_file_is_fetched_from_the_host_of_files(line: Line) -> None:
    line.files["354718"] = (200, "image/png", b"\x89PNG")
    file = RemoteFile("image.jpg", "image/jpeg", media_id="354718")
    found = CONNECTOR.download(line.credentials, file, lambda _address: False)
    assert (found.content_type, found.data) == ("image/png", b"\x89PNG")


def test_a_video_being_prepared_comes_later_and_one_that_is_gone_never(line: Line) -> None:
    line.files["1"] = (202, "application/json", b"")
    line.files["2"] = (410, "application/json", b"")
    for media_id, kind in (("1", Transient), ("2", Rejected), ("3", Rejected), ("../../info", Rejected)):
        with pytest.raises(kind):
            CONNECTOR.download(line.credentials, RemoteFile("v", "video/mp4", media_id=media_id), lambda _address: True)


def test_a_file_kept_elsewhere_is_guarded_and_never_told_our_token(line: Line) -> None:
    file = RemoteFile("a.jpg", "image/jpeg", url=f"{line.url}/elsewhere")
    assert b"authorization" not in CONNECTOR.download(line.credentials, file, lambda _address: True).data
    with pytest.raises(Rejected):
        CONNECTOR.download(line.credentials, file, lambda _address: False)


def test_checking_names_the_account_and_tells_line_whom_to_call(line: Line) -> None:
    assert CONNECTOR.check(line.credentials) == "Signed in as Acme (@216ruabc)."
    ((_, address),) = CONNECTOR.snippets("https://desk.acme.example", "t0k3n")
    CONNECTOR.check({**line.credentials, "webhook": address})
    assert line.endpoint == "https://desk.acme.example/webhooks/line/t0k3n"
    with pytest.raises(Rejected):
        CONNECTOR.check({**line.credentials, "webhook": "http://x.example"})
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**line.credentials, "access_token": "old"})


# ---------------------------------------------------------------- who somebody is


@pytest.mark.parametrize(
    ("address", "thread", "place"),
    [
        (CUSTOMER, CUSTOMER, f"profile/{CUSTOMER}"),
        (CUSTOMER, None, f"profile/{CUSTOMER}"),
        (CUSTOMER, "C123", f"group/C123/member/{CUSTOMER}"),
        (CUSTOMER, "R123", f"room/R123/member/{CUSTOMER}"),
    ],
)
def test_a_person_is_looked_up_where_they_wrote(line: Line, address: str, thread: str | None, place: str) -> None:
    line.profiles[place] = {"displayName": "Brown", "userId": address, "pictureUrl": "https://profile.line.example/1"}
    shown = Profile(avatar_url="https://profile.line.example/1")
    found = CONNECTOR.look_up(line.credentials, address, thread)
    assert found == Identity("line", address, "Brown", verified=True, profile=shown)


def test_a_group_has_a_name_and_a_room_has_none(line: Line) -> None:
    line.profiles["group/C123/summary"] = {"groupId": "C123", "groupName": "Neighbours"}
    found = CONNECTOR.look_up(line.credentials, "C123", "C123")
    assert found is not None
    assert found.name == "Neighbours"
    assert CONNECTOR.look_up(line.credentials, "R123", "R123") is None
    assert len(line.calls) == 1


def test_who_left_is_unknown_and_ids_never_lead_elsewhere(line: Line) -> None:
    assert CONNECTOR.look_up(line.credentials, CUSTOMER, None) is None
    assert CONNECTOR.look_up(line.credentials, "U/../../info", None) is None
    assert all("/v2/bot/info" not in call.path for call in line.calls)


@pytest.mark.parametrize(("status", "error"), [(401, BadCredentials), (429, Transient), (500, Transient)])
def test_trouble_with_looking_up_is_told(line: Line, status: int, error: type[Exception]) -> None:
    line.trouble = lambda _call: Said({"message": "No"}, status)
    with pytest.raises(error):
        CONNECTOR.look_up(line.credentials, CUSTOMER, None)


def test_pictures_leave_beside_the_words_as_addresses_that_line_fetches(line: Line) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    CONNECTOR.send(line.credentials, replace(REPLY, attachments=(png, png)))
    CONNECTOR.send(line.credentials, replace(REPLY, idempotency_key="78", text="", attachments=(png,)))
    picture = {"type": "image", "originalContentUrl": png.url, "previewImageUrl": png.url}
    assert [sent["messages"] for sent in line.sent] == [
        [{"type": "text", "text": "Good news"}, picture, picture],
        [picture],
    ]


def test_a_picture_that_is_too_large_for_a_preview_is_refused(line: Line) -> None:
    large = OutboundAttachment(
        "a.png", "image/png", b"x" * 1_000_001, url="https://desk.acme.example/files/t0k3n/file.png"
    )
    with pytest.raises(Rejected, match="1 MB"):
        CONNECTOR.send(line.credentials, replace(REPLY, attachments=(large,)))
    assert line.sent == []
