"""WhatsApp against a Cloud API on loopback: what customers wrote, what leaves, templates, files, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import (
    Credentials,
    Identity,
    InboundMessage,
    OutboundAttachment,
    OutboundMessage,
    RawDelivery,
    RemoteFile,
    Template,
)
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.fakes.graph import refusal
from tests.fakes.provider import Call, Said
from tests.fakes.whatsapp import IN_WINDOW, NOT_THERE, NUMBER, OUTSIDE, REPLY, WhatsappApi, serving_whatsapp

WHATSAPP = connector_for("whatsapp")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "whatsapp"
PNG = OutboundAttachment("receipt.png", "image/png", b"\x89PNG\r\n\x1a\n")
Server = tuple[WhatsappApi, Credentials]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving_whatsapp() as running:
        yield running


def parsed(value: Any) -> list[InboundMessage]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return WHATSAPP.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))


def sent(api: WhatsappApi) -> list[dict[str, Any]]:
    return [call.json for call in api.heard("POST", rf"/v25.0/{NUMBER}/messages")]


def anywhere(_: IPv4Address | IPv6Address) -> bool:
    return True


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"object": "whatsapp_business_account"}',
        b'{"entry": 5}',
        b'{"update_id": 1, "message": {}}',
    ],
)
def test_what_is_not_whatsapp_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(raw)


def test_a_message_of_nobody_is_malformed_and_takes_no_neighbour_with_it() -> None:
    lost = {"id": "wamid.1", "type": "text", "text": {"body": "Who am I?"}}
    good = {"from": "16505551234", "id": "wamid.2", "type": "text", "text": {"body": "Hi"}}
    with pytest.raises(Malformed):
        parsed({"messages": [lost]})
    assert [message.external_id for message in parsed({"messages": [lost, good]})] == ["wamid.2"]


def test_what_we_said_ourselves_is_not_heard() -> None:
    ours = {
        "from": "15550783881",
        "to": "16505551234",
        "id": "wamid.3",
        "type": "text",
        "text": {"body": "From the app"},
    }
    assert parsed({"metadata": {"display_phone_number": "15550783881"}, "messages": [ours]}) == []


def test_a_person_with_number_and_user_id_is_one_person() -> None:
    (message,) = parsed((FIXTURES / "user_id_and_number.body").read_bytes())
    assert (message.sender.kind, message.sender.address) == ("phone", "+16505551234")
    assert [(each.kind, each.address, each.verified) for each in message.also] == [
        ("whatsapp", "US.13491208655302741918", True)
    ]


def test_payloads_come_in_any_envelope() -> None:
    whole = json.loads((FIXTURES / "text.body").read_bytes())
    entry = whole["entry"]
    change = entry[0]["changes"][0]
    forms = [
        whole,
        [whole],
        entry,
        entry[0],
        change,
        change["value"],
        {"entry": entry[0]},
        change["value"]["messages"],
        change["value"]["messages"][0],
    ]
    assert {message.external_id for form in forms for message in parsed(form)} == {change["value"]["messages"][0]["id"]}
    assert all(len(parsed(form)) == 1 for form in forms)


def test_ten_thousand_messages_in_one_call_are_all_kept() -> None:
    contacts = [{"wa_id": str(15_550_000_000 + n), "profile": {"name": f"N{n}"}} for n in range(10_000)]
    messages = [
        {"from": each["wa_id"], "id": f"wamid.{each['wa_id']}", "type": "text", "text": {"body": "x"}}
        for each in contacts
    ]
    found = parsed({"contacts": contacts, "messages": messages})
    assert len(found) == 10_000
    assert found[-1].sender == Identity("phone", "+15550009999", "N9999", verified=True)


def interactive(**reply: Any) -> InboundMessage:
    (message,) = parsed(
        {
            "id": "w",
            "from": "919999999999",
            "type": "interactive",
            "interactive": {"type": "nfm_reply", "nfm_reply": reply},
        }
    )
    return message


def test_an_address_reads_as_it_was_written_and_keeps_its_parts() -> None:
    values = {"values": {"in_pin_code": "400063", "name": "Ana", "nested": {"x": 1}}}
    message = interactive(name="address_message", body="Ana\n1 Street, 400063", response_json=json.dumps(values))
    assert message.text == "Ana\n1 Street, 400063"
    assert message.custom == {"values": "in_pin_code: 400063, name: Ana"}


@pytest.mark.parametrize("response", ["{", "[]", "[" * 5000, None, 5])
def test_a_form_that_cannot_be_read_keeps_its_words(response: Any) -> None:
    assert interactive(name="flow", body="Sent", response_json=response).text == "Sent"


@pytest.mark.parametrize("key", ["message_id", "messsage_id"])
def test_a_reaction_is_about_its_message(key: str) -> None:
    (message,) = parsed({"id": "w", "from": "1555", "type": "reaction", "reaction": {key: "wamid.1", "emoji": "👍"}})
    assert (message.kind, message.target, message.reaction) == ("reaction", "wamid.1", "👍")


WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 1e308, 10**30, "", "\0\ud800", [], {}, [[]], [None], {"id": {}}]
)


def broken(value: Any, pick: Callable[[int], int], wrong: Any) -> Any:
    """One place of a payload, however deep, gets something else."""
    if isinstance(value, dict) and value:
        key = sorted(value)[pick(len(value))]
        return (
            {**value, key: broken(value[key], pick, wrong)} if pick(6) else {k: v for k, v in value.items() if k != key}
        )
    if isinstance(value, list) and value:
        place = pick(len(value))
        return [*value[:place], broken(value[place], pick, wrong), *value[place + 1 :]]
    return wrong


@given(name=st.sampled_from(sorted(path.name for path in FIXTURES.glob("*.body"))), data=st.data(), wrong=WRONG)
@settings(max_examples=100, deadline=None)
def test_a_payload_with_anything_wrong_in_it_is_read_or_malformed(name: str, data: st.DataObject, wrong: Any) -> None:
    value = json.loads((FIXTURES / name).read_bytes())
    raw = json.dumps(broken(value, lambda size: data.draw(st.integers(0, size - 1)), wrong)).encode()
    try:
        messages = parsed(raw)
    except Malformed:
        return
    for message in messages:
        assert message.external_id
        assert message.sender.address
        assert bool(message.target) is (message.kind in {"edit", "delete", "reaction", "status"})
        assert all(file.media_id or file.url for file in message.remote_files)


# ---------------------------------------------------------------- send


def test_a_reply_goes_to_the_number_and_quotes_what_it_answers(server: Server) -> None:
    api, credentials = server
    receipt = WHATSAPP.send(credentials, replace(REPLY, answers="wamid.question"))
    assert receipt.external_id.startswith("wamid.")
    assert sent(api) == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "context": {"message_id": "wamid.question"},
            "to": IN_WINDOW,
            "type": "text",
            "text": {"body": "Good news", "preview_url": False},
        }
    ]


@pytest.mark.parametrize(
    ("recipient", "thread", "wanted"),
    [
        (
            "US.13491208655302741918",
            "US.13491208655302741918",
            {"recipient_type": "individual", "recipient": "US.13491208655302741918"},
        ),
        ("+16505551234", "group:HBgL", {"recipient_type": "group", "to": "HBgL"}),
        ("+16505551234", None, {"recipient_type": "individual", "to": "16505551234"}),
    ],
)
def test_people_without_a_number_and_groups_are_reached(
    server: Server, recipient: str, thread: str | None, wanted: dict[str, str]
) -> None:
    api, credentials = server
    WHATSAPP.send(credentials, replace(REPLY, recipient=recipient, thread_key=thread))
    (body,) = sent(api)
    assert {key: body.get(key) for key in wanted} == wanted
    assert len({"to", "recipient"} & body.keys()) == 1


def test_a_reply_to_nobody_is_rejected(server: Server) -> None:
    with pytest.raises(Rejected):
        WHATSAPP.send(server[1], replace(REPLY, recipient="", thread_key=None))


def test_a_picture_is_uploaded_and_carries_its_text(server: Server) -> None:
    api, credentials = server
    WHATSAPP.send(credentials, replace(REPLY, attachments=(PNG,), text="Your receipt"))
    ((media_id, stored),) = api.media.items()
    assert stored == ("image/png", PNG.data)
    assert [body["image"] for body in sent(api)] == [{"id": media_id, "caption": "Your receipt"}]


def test_a_document_keeps_its_name(server: Server) -> None:
    api, credentials = server
    file = OutboundAttachment("Rechnung März.pdf", "application/pdf", b"%PDF-1.7")
    WHATSAPP.send(credentials, replace(REPLY, attachments=(file,), text=""))
    assert [body["document"]["filename"] for body in sent(api)] == ["Rechnung März.pdf"]


@pytest.mark.parametrize(
    ("file", "text"), [(OutboundAttachment("v.ogg", "audio/ogg; codecs=opus", b"OggS"), "Listen"), (PNG, "x" * 1025)]
)
def test_words_that_are_no_caption_follow_as_a_message_of_their_own(
    server: Server, file: OutboundAttachment, text: str
) -> None:
    api, credentials = server
    receipt = WHATSAPP.send(credentials, replace(REPLY, attachments=(file,), text=text))
    first, second = sent(api)
    assert first["type"] in {"audio", "image"}
    assert second["text"]["body"] == text
    assert receipt.external_id.endswith("2")


def test_a_file_that_left_is_never_sent_again_when_its_words_fail(server: Server) -> None:
    api, credentials = server
    heard: list[Call] = []

    def trouble(call: Call) -> Said:
        if call.path.endswith("/media"):
            return Said({"id": "1"})
        heard.append(call)
        return Said({"messages": [{"id": "wamid.1"}]}) if len(heard) == 1 else refusal(130429, "Rate limit hit")

    api.trouble = trouble
    with pytest.raises(Rejected, match="The file was sent, but its text was not"):
        WHATSAPP.send(credentials, replace(REPLY, attachments=(PNG,), text="x" * 1025))


@pytest.mark.parametrize(
    "files",
    [
        (PNG, PNG),
        (OutboundAttachment("a.exe", "application/x-msdownload", b"MZ"),),
        (OutboundAttachment("a.png", "image/png", b"x" * 5_242_881),),
    ],
)
def test_files_that_whatsapp_does_not_take_are_rejected_before_anything_leaves(
    server: Server, files: tuple[OutboundAttachment, ...]
) -> None:
    api, credentials = server
    with pytest.raises(Rejected):
        WHATSAPP.send(credentials, replace(REPLY, attachments=files))
    assert api.calls == []


@pytest.mark.parametrize(
    ("to", "words"),
    [(OUTSIDE, "more than 24 hours have passed"), (NOT_THERE, "cannot be reached on WhatsApp")],
)
def test_a_closed_window_and_an_unknown_number_are_final(server: Server, to: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        WHATSAPP.send(server[1], replace(REPLY, recipient=f"+{to}", thread_key=f"+{to}"))


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (refusal(130429, "(#130429) Rate limit hit"), Transient),
        (refusal(131056, "(#131056) (Business Account, Consumer Account) pair rate limit hit"), Transient),
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(100, "(#100) Invalid parameter"), Rejected),
        (Said(b"", 500), Transient),
        (Said({"messages": []}), Rejected),
    ],
)
def test_every_refusal_has_its_error(server: Server, said: Said, error: type[Exception]) -> None:
    server[0].trouble = lambda _: said
    with pytest.raises(error):
        WHATSAPP.send(server[1], REPLY)


def test_nobody_there_is_transient() -> None:
    with serving_whatsapp() as (_, credentials):
        pass
    with pytest.raises(Transient):
        WHATSAPP.send(credentials, REPLY)


# ---------------------------------------------------------------- templates


def test_templates_of_text_are_offered_with_numbered_places(server: Server) -> None:
    api, credentials = server
    assert WHATSAPP.templates(credentials) == (
        Template(
            "order_shipped",
            "en_US",
            "Order {{1}}\n\nHello {{3}}, your order {{2}} has left.\n\nLucky Shrub\n\n[Thanks]\n[Track] https://shop.example/track/{{4}}",
        ),
        Template("reservation_confirmation", "de", "Tisch für {{1}} Personen am {{2}}. Bis {{2}}!"),
        Template("hello_world", "en_US", "Welcome."),
    )
    assert len(api.heard("GET", r".*/message_templates")) == 3


def test_without_an_account_there_are_no_templates(server: Server) -> None:
    assert WHATSAPP.templates({**server[1], "account_id": ""}) == ()


def test_a_template_leaves_outside_the_window_with_its_places_filled_in(server: Server) -> None:
    api, credentials = server
    template = Template("order_shipped", "en_US", "", ("4711", "4711", "Ana\nMaria", "t/4711"))
    WHATSAPP.send(credentials, OutboundMessage("k", (), "", recipient=f"+{OUTSIDE}", template=template))
    (body,) = sent(api)
    assert body["template"] == {
        "name": "order_shipped",
        "language": {"code": "en_US"},
        "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "4711"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "4711"}, {"type": "text", "text": "Ana Maria"}]},
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "t/4711"}]},
        ],
    }


def test_named_places_are_filled_by_their_names(server: Server) -> None:
    api, credentials = server
    template = Template("reservation_confirmation", "de", "", ("4", "Samstag"))
    WHATSAPP.send(credentials, replace(REPLY, template=template))
    parameters = sent(api)[0]["template"]["components"][0]["parameters"]
    assert [(each["parameter_name"], each["text"]) for each in parameters] == [
        ("number_of_guests", "4"),
        ("day", "Samstag"),
    ]


@pytest.mark.parametrize(
    "template",
    [
        Template("order_shipped", "en_US", "", ("4711",)),
        Template("order_shipped", "en_US", "", ("4711", "4711", " \n", "x")),
        Template("order_shipped", "fr", "", ("4711", "Ana", "x")),
        Template("picture_offer", "en_US", ""),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_rejected(server: Server, template: Template) -> None:
    with pytest.raises(Rejected):
        WHATSAPP.send(server[1], replace(REPLY, template=template))
    assert sent(server[0]) == []


# ---------------------------------------------------------------- files, check


def test_a_file_comes_by_its_id_with_the_token(server: Server) -> None:
    api, credentials = server
    api.media["1003"] = ("image/jpeg", b"\xff\xd8\xff")
    found = WHATSAPP.download(credentials, RemoteFile("image.jpg", "image/jpeg", media_id="1003"), anywhere)
    assert (found.filename, found.content_type, found.data) == ("image.jpg", "image/jpeg", b"\xff\xd8\xff")


def test_a_file_without_a_type_gets_the_servers(server: Server) -> None:
    api, credentials = server
    api.media["1004"] = ("audio/ogg", b"OggS")
    assert (
        WHATSAPP.download(credentials, RemoteFile("audio", "", media_id="1004"), anywhere).content_type == "audio/ogg"
    )


def test_a_file_is_never_fetched_from_where_it_may_not_be(server: Server) -> None:
    api, credentials = server
    api.media["1003"] = ("image/jpeg", b"\xff\xd8\xff")
    with pytest.raises(Rejected, match="may not be reached"):
        WHATSAPP.download(credentials, RemoteFile("image.jpg", "image/jpeg", media_id="1003"), lambda _: False)


def test_a_file_that_is_gone_is_rejected(server: Server) -> None:
    with pytest.raises(Rejected):
        WHATSAPP.download(server[1], RemoteFile("image.jpg", "image/jpeg", media_id="404"), anywhere)


def test_a_file_too_large_is_not_begun(server: Server) -> None:
    api, credentials = server
    api.trouble = lambda _: Said({"url": f"{api.url}/x", "file_size": 99_000_000})
    with pytest.raises(Rejected, match="larger than"):
        WHATSAPP.download(credentials, RemoteFile("v.mp4", "video/mp4", media_id="1"), anywhere)
    assert len(api.calls) == 1


def test_a_file_named_by_its_address_alone_never_gets_the_token(server: Server) -> None:
    api, credentials = server
    api.on("GET", "/elsewhere.jpg", lambda call: Said(call.headers.get("authorization", "none").encode()))
    found = WHATSAPP.download(credentials, RemoteFile("a.jpg", "image/jpeg", url=f"{api.url}/elsewhere.jpg"), anywhere)
    assert found.data == b"none"


def test_check_says_whose_number_it_is(server: Server) -> None:
    assert WHATSAPP.check(server[1]) == "Signed in as Lucky Shrub, +1 555-078-3881, quality green."
    assert WHATSAPP.address(server[1]) == "+1 555-078-3881"


@pytest.mark.parametrize(
    "change",
    [{"access_token": "other"}, {"phone_number_id": "12345"}, {"phone_number_id": "+1 555"}, {"app_secret": "other"}],
)
def test_check_finds_wrong_credentials(server: Server, change: dict[str, str]) -> None:
    with pytest.raises(BadCredentials):
        WHATSAPP.check({**server[1], **change})
