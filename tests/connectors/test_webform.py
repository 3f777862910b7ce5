"""Web forms: what browsers and programs send becomes one message, whatever the bytes."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Identity, InboundMessage, RawDelivery
from connectors.errors import BadCredentials, Malformed, Rejected
from connectors.registry import connector_for
from connectors.submission import Submission, SubmittedFile, read_submission
from connectors.webform import DEFAULT_FIELDS, Field, is_email, phone_number, problems_of, read_fields

FIXTURES = Path(__file__).parent.parent / "fixtures" / "webform"
CAPTURED = sorted(FIXTURES.glob("*.body"))
FORM = connector_for("webform")


def delivery(raw: bytes, content_type: str = "application/json", **meta: str) -> RawDelivery:
    return RawDelivery(
        raw=raw, received_at=datetime(2026, 11, 22, tzinfo=UTC), meta={"content_type": content_type, **meta}
    )


def one(raw: bytes, content_type: str = "application/json", **meta: str) -> InboundMessage:
    (message,) = FORM.parse(delivery(raw, content_type, **meta))
    return message


def said(message: InboundMessage) -> dict[str, object]:
    return {
        "from": [message.sender.kind, message.sender.address, message.sender.name],
        "also": [[identity.kind, identity.address] for identity in message.also],
        "subject": message.subject,
        "text": message.text,
        "custom": dict(message.custom),
        "files": [[file.filename, file.content_type, len(file.data)] for file in message.attachments],
    }


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_what_browsers_and_programs_really_sent_reads_as_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    assert said(one(path.read_bytes(), **expected["meta"])) == expected["message"]


def test_there_are_captured_requests_of_every_kind() -> None:
    kinds = {
        json.loads(path.with_suffix(".json").read_text())["meta"]["content_type"].split(";")[0] for path in CAPTURED
    }
    assert kinds == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}


def test_nobody_becomes_verified_by_typing_an_address() -> None:
    message = one(b'{"email": "Boss@Example.com", "phone": "+49 30 1234567", "message": "hi"}')
    assert message.sender == Identity("email", "boss@example.com", "", verified=False)
    assert message.also == (Identity("phone", "+49301234567", "", verified=False),)


def test_somebody_without_any_address_is_a_visitor_seen_once() -> None:
    first, second = one(b'{"message": "hi"}'), one(b'{"message": "ho"}')
    assert first.sender.kind == "visitor"
    assert first.sender.address != second.sender.address


def test_a_form_without_a_message_field_says_its_answers() -> None:
    fields = "email|E-mail|email\nsize|Shoe size|text\nnews|Newsletter|checkbox"
    message = one(b'{"email": "a@b.example", "size": "43", "news": true}', fields=fields, title="Boots")
    assert message.text == "Shoe size: 43\nNewsletter: yes"
    assert message.subject == "Boots"
    assert message.custom == {"size": "43", "news": "yes"}


def test_a_robot_is_malformed_until_a_person_releases_it() -> None:
    raw = b'{"email": "a@b.example", "message": "buy"}'
    with pytest.raises(Malformed, match="Looks like a robot: a field"):
        one(raw, robot="a field that people do not see was filled in")
    assert one(raw, robot="a field that people do not see was filled in", released="1").text == "buy"


def test_what_we_keep_for_ourselves_is_no_custom_value() -> None:
    assert one(b'{"message": "hi", "_stamp": "x", "_website": ""}').custom == {}


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b'{"message": ""}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"files": [{"data": "%%%"}], "message": "x"}', "application/json"),
        (b'{"files": {}, "message": "x"}', "application/json"),
        (b"message=hi", "text/plain"),
        (b"message=hi", ""),
        (b"\xff=\xfe", "application/x-www-form-urlencoded"),
        (b"&".join(b"k%d=1" % n for n in range(500)), "application/x-www-form-urlencoded"),
        (b"--x\r\n\r\nhi\r\n--x--", "multipart/form-data"),
        (b"--x\r\nno headers", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\ncut of", "multipart/form-data; boundary=x"),
        (b"--x\r\nA: b\r\n\r\n1\r\n" * 1000 + b"--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\n" + b"A" * 9_000 + b": 1\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_unusable_bytes_are_malformed(raw: bytes, content_type: str) -> None:
    with pytest.raises(Malformed):
        one(raw, content_type)


@settings(max_examples=300, deadline=None)
@given(
    raw=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    content_type=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a/b", "\x00;;="]
    ),
)
def test_any_bytes_give_a_message_or_malformed(raw: bytes, content_type: str) -> None:
    try:
        message = one(raw, content_type)
    except Malformed:
        return
    assert "\0" not in message.text
    message.text.encode()
    assert message == one(raw, content_type)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES_OF_VALUES = st.sampled_from(["name", "email", "message", "custom", "files", "x"]) | st.text()


@settings(max_examples=300, deadline=None)
@given(body=st.dictionaries(NAMES_OF_VALUES, JSON_VALUES, max_size=8))
def test_any_json_object_gives_a_message_or_malformed(body: dict[str, object]) -> None:
    try:
        message = one(json.dumps(body).encode())
    except Malformed:
        return
    for text in (message.text, message.subject, message.sender.name, *message.custom, *message.custom.values()):
        assert "\0" not in text
        text.encode()


@settings(max_examples=100, deadline=None)
@given(value=st.text(min_size=1).filter(lambda text: text.strip("\0 \r\n\t")), data=st.binary(min_size=1))
def test_a_multipart_form_comes_back_byte_for_byte(value: str, data: bytes) -> None:
    boundary = b"----browser7MA4YWxkTrZu0gW"
    raw = (
        b'--%b\r\nContent-Disposition: form-data; name="message"\r\n\r\n%b\r\n'
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n%b\r\n--%b--\r\n'
    ) % (boundary, value.encode("utf-8", "replace"), boundary, data, boundary)
    submission = read_submission(raw, f"multipart/form-data; boundary={boundary.decode()}")
    assert submission.files == (SubmittedFile("a.bin", "x/y", data),)


def test_file_names_cannot_climb_or_hide() -> None:
    raw = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="..\\..\\etc/pass\twd%22.png"\r\n\r\nabc\r\n'
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="../"\r\n\r\nabc\r\n--x--'
    )
    names = [file.filename for file in read_submission(raw, "multipart/form-data; boundary=x").files]
    assert names == ['pass wd".png', "file"]


def test_an_empty_file_field_is_no_file() -> None:
    raw = b'--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n\r\n--x--'
    assert read_submission(raw, "multipart/form-data; boundary=x") == Submission()


def test_25_megabytes_of_files_take_no_more_than_a_few_copies_of_memory() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"\r\n--" * 600_000 + b"\r\n"
    raw = part * 10 + b"--x--"
    tracemalloc.start()
    try:
        submission = read_submission(raw, "multipart/form-data; boundary=x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(submission.files) == 10
    assert peak < 5 * len(raw)


def test_fields_are_read_from_lines() -> None:
    fields, problems = read_fields(
        "name|Your name|text|required\n\n topic | Topic | choice:Order; Return |required\nnote"
    )
    assert problems == []
    assert fields == [
        Field("name", "Your name", "text", is_required=True),
        Field("topic", "Topic", "choice", is_required=True, choices=("Order", "Return")),
        Field("note", "Note", "text"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Name|x", "lower-case"),
        ("_website|x", "lower-case"),
        ("a|b|colour", "type must be"),
        ("a|b|choice", "write the choices"),
        ("a|b\na|c", "there twice"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_when_the_channel_is_checked(line: str, problem: str) -> None:
    with pytest.raises(BadCredentials, match=problem):
        FORM.check({"fields": line})


def test_checking_says_what_the_form_asks() -> None:
    assert FORM.check({}) == "The form asks for Your name, E-mail address, Subject, How can we help?."
    with pytest.raises(BadCredentials, match="no website address"):
        FORM.check({"origins": "shop.example"})


def test_each_problem_is_said_beside_its_field() -> None:
    fields, _ = read_fields(DEFAULT_FIELDS + "\nphone|Phone|phone\ntopic|Topic|choice:A;B")
    values = {"name": " ", "email": "nobody", "message": "x" * 20_001, "phone": "call me", "topic": "C"}
    problems = problems_of(Submission(values=values, files=(SubmittedFile("a", "b", b"c"),) * 11), fields)
    assert set(problems) == {"name", "email", "message", "phone", "topic", "files"}
    fine = {"name": "Ada", "email": "ada@b.example", "message": "hi", "phone": "030/123456", "topic": "B"}
    assert problems_of(Submission(values=fine), fields) == {}


@pytest.mark.parametrize("text", ["a@b.example", "o'hara+x@mail.co.uk", "jörg@bücher.example"])
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a@b",
        "a b@c.example",
        "a@b.example\nBcc: x@y.example",
        "<a@b.example>",
        "a@@b.example",
        "a@-b.example",
        "a,b@c.example",
        "@b.example",
        "a" * 65 + "@b.example",
        "a@" + "b." * 200 + "example",
    ],
)
def test_no_addresses(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("+49 (30) 12-34.56", "+4930123456"), ("030 123456", "030123456"), ("12", ""), ("1" * 50, ""), ("call", "")],
)
def test_phone_numbers(text: str, number: str) -> None:
    assert phone_number(text) == number


def test_a_form_has_no_way_back() -> None:
    from connectors.base import Address, OutboundMessage

    with pytest.raises(Rejected):
        FORM.send({}, OutboundMessage(idempotency_key="k", to=(Address("a@b.example"),), text="hi"))
