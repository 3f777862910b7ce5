"""Web forms over HTTP: nothing is lost, nothing is doubled, robots are parked, websites not allowed are refused."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import transaction
from app.models import Delivery, DeliveryState
from app.services import ingest
from app.web import webform
from tests.public_channels import deliveries, open_channel, take_in

HIDDEN = re.compile(r'name="_stamp" value="([^"]+)"')
FINE = {"name": "Ada", "email": "ada@example.com", "subject": "Late", "message": "Where is it?"}


class Page:
    """Somebody with a browser on a hosted form."""

    def __init__(self, house: Flask, token: str, address: str = "192.0.2.1") -> None:
        self.client: FlaskClient = house.test_client()
        self.path = f"/forms/{token}"
        self.address = {"REMOTE_ADDR": address}
        self.html = ""
        self.stamp = ""

    def open(self, **query: str) -> TestResponse:
        return self._seen(self.client.get(self.path, query_string=query, environ_base=self.address))

    def send(self, values: Mapping[str, object], **query: str) -> TestResponse:
        data = {"_stamp": self.stamp, "_website": "", **values}
        sent = self.client.post(
            self.path, data=data, query_string=query, content_type="multipart/form-data", environ_base=self.address
        )
        return self._seen(sent)

    def _seen(self, response: TestResponse) -> TestResponse:
        self.html = response.text
        stamp = HIDDEN.search(self.html)
        self.stamp = stamp.group(1) if stamp else self.stamp
        return response


@pytest.fixture
def page(house: Flask) -> Page:
    """A form that was opened a minute ago."""
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False):
        page = Page(house, open_channel("webform").token)
        assert page.open().status_code == 200
    return page


@pytest.fixture(autouse=True)
def a_minute_later() -> Iterator[None]:
    with time_machine.travel("2026-11-22 10:01:00Z", tick=True):
        yield


def test_a_sent_form_is_one_message_from_the_person_who_wrote(page: Page) -> None:
    sent = page.send({**FINE, "files": (io.BytesIO(b"\x89PNG123"), "photo.png")})
    assert (sent.status_code, sent.location) == (303, f"{page.path}?sent=1")
    assert "Thank you" in page.client.get(sent.location).text
    (message,) = take_in()
    assert (message.sender, message.subject, message.text) == ("ada@example.com", "Late", "Where is it?")
    assert not message.is_verified


def test_what_is_missing_is_said_beside_the_field_and_nothing_typed_is_lost(page: Page) -> None:
    sent = page.send({"name": "", "email": "ada(at)example", "message": "<b>hello</b>\nthere", "subject": '"x"'})
    assert sent.status_code == 422
    assert "Please fill this in." in page.html
    assert "This does not look like an e-mail address." in page.html
    assert 'value="ada(at)example"' in page.html
    assert "&lt;b&gt;hello&lt;/b&gt;\nthere</textarea>" in page.html
    assert 'value="&#34;x&#34;"' in page.html
    assert 'aria-describedby="email-problem" required aria-invalid="true"' in page.html
    assert deliveries() == []
    assert page.send(FINE).status_code == 303
    assert len(take_in()) == 1


def test_a_double_click_is_stored_once_and_a_second_message_from_the_same_page_is_stored_too(page: Page) -> None:
    page.send(FINE)
    page.send(FINE)
    page.send({**FINE, "message": "And another thing"})
    assert [message.text for message in take_in()] == ["Where is it?", "And another thing"]


def test_a_robot_gets_the_same_thanks_and_is_parked_with_the_reason(page: Page) -> None:
    person = page.send(FINE)
    robot = page.send({**FINE, "_website": "https://spam.example"})
    assert (robot.status_code, robot.location) == (person.status_code, person.location)
    assert len(take_in()) == 1
    parked = deliveries()[1]
    assert parked.state is DeliveryState.PARKED
    assert parked.reason == "Looks like a robot: a field that people do not see was filled in."


def test_a_person_can_release_what_was_taken_for_a_robots(page: Page) -> None:
    page.send({**FINE, "_website": "my own site"})
    assert take_in() == []
    with transaction() as session:
        ingest.retry_parked(session, delivery=session.scalars(select(Delivery)).one())
    assert [message.text for message in take_in()] == ["Where is it?"]


def test_a_form_filled_in_faster_than_anybody_types_is_parked(house: Flask) -> None:
    page = Page(house, open_channel("webform").token)
    page.open()
    assert page.send(FINE).status_code == 303
    assert take_in() == []
    assert deliveries()[0].reason == "Looks like a robot: filled in within 2 seconds."


@pytest.mark.parametrize("stamp", ["", "x", "1-a-ü", "1753000000.0-abc-" + "0" * 64])
def test_a_page_we_did_not_make_is_asked_to_send_again_with_everything_still_there(page: Page, stamp: str) -> None:
    page.stamp = stamp
    sent = page.send(FINE)
    assert sent.status_code == 422
    assert "Please send it once more." in page.html
    assert "Where is it?" in page.html
    assert deliveries() == []
    with time_machine.travel("2026-11-22 10:02:00Z"):
        assert page.send(FINE).status_code == 303


def test_too_often_keeps_what_was_typed(page: Page) -> None:
    answers = [page.send({**FINE, "message": f"number {n}"}).status_code for n in range(21)]
    assert answers == [303] * 20 + [429]
    assert "number 20" in page.html
    assert "everything is still here" in page.html
    other = Page(page.client.application, page.path.removeprefix("/forms/"), address="192.0.2.2")
    other.stamp = page.stamp
    assert other.send({**FINE, "message": "from elsewhere"}).status_code == 303


def test_more_than_25_megabytes_are_refused_in_words(page: Page) -> None:
    sent = page.send({**FINE, "files": (io.BytesIO(b"x" * webform.MAX_BYTES), "big.bin")})
    assert sent.status_code == 413
    assert "more than 25 MB" in page.html
    assert deliveries() == []


def test_eleven_files_are_refused_and_ten_arrive(page: Page) -> None:
    def files(count: int) -> list[tuple[io.BytesIO, str]]:
        return [(io.BytesIO(b"%d" % n), f"{n}.txt") for n in range(count)]

    assert page.send({**FINE, "files": files(11)}).status_code == 422
    assert "Add at most 10 files." in page.html
    assert "Please add your files once more" in page.html
    assert page.send({**FINE, "files": files(10)}).status_code == 303
    assert len(take_in()) == 1


def test_bytes_that_are_no_form_are_kept_and_parked_once(page: Page) -> None:
    for _ in range(2):
        sent = page.client.post(page.path, data=b"\x00\xffnot a form", content_type="text/plain")
        assert sent.status_code == 422
    assert take_in() == []
    (parked,) = deliveries()
    assert parked.state is DeliveryState.PARKED
    assert "not 'text/plain'" in parked.reason


def test_a_paused_or_unknown_form_is_not_there(house: Flask) -> None:
    channel = open_channel("webform")
    chat = open_channel("webchat")
    for token in ("nothing", "%00", "a" * 5_000, chat.token):
        assert house.test_client().get(f"/forms/{token}").status_code == 404
        assert house.test_client().post(f"/api/forms/{token}", json=FINE).status_code == 404
    assert house.test_client().get(f"/forms/{channel.token}").status_code == 200


def test_the_page_says_who_may_frame_it_and_runs_nothing_but_our_scripts(house: Flask) -> None:
    anywhere = house.test_client().get(f"/forms/{open_channel('webform').token}")
    policy = anywhere.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe-inline" not in policy
    assert "X-Frame-Options" not in anywhere.headers
    some = open_channel("webform", origins="https://shop.example\nnonsense; script-src *")
    policy = house.test_client().get(f"/forms/{some.token}").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://shop.example")


def test_words_of_the_admin_cannot_break_out_of_the_page(house: Flask) -> None:
    nasty = "</title><script>alert(1)</script>"
    channel = open_channel(
        "webform", title=nasty, intro=nasty, button=nasty, colour="red;}</style>", fields=f"a|{nasty}|choice:{nasty}"
    )
    html = house.test_client().get(f"/forms/{channel.token}").text
    assert "<script>alert" not in html
    assert "--accent: #4f46e5" in html
    script = house.test_client().get(f"/forms/{channel.token}.js")
    if script.status_code == 200:  # only where the front end has been built
        assert json.loads(script.text.splitlines()[0].removeprefix("window.TributaryFormChannel=").removesuffix(";"))


class TestJson:
    def post(self, house: Flask, token: str, body: object, **headers: str) -> TestResponse:
        return house.test_client().post(f"/api/forms/{token}", json=body, headers=headers)

    def test_it_is_stored_and_becomes_a_message(self, house: Flask) -> None:
        channel = open_channel("webform")
        body = {
            **FINE,
            "custom": {"plan": "Pro"},
            "files": [{"filename": "a.txt", "data": base64.b64encode(b"hi").decode()}],
        }
        answer = self.post(house, channel.token, body)
        assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
        (message,) = take_in()
        assert message.custom == {"plan": "Pro"}

    def test_the_same_key_twice_is_one_message_and_the_same_key_with_other_words_is_refused(self, house: Flask) -> None:
        channel = open_channel("webform")
        headers = {"Idempotency-Key": "order-1001"}
        assert self.post(house, channel.token, FINE, **headers).json == {"status": "accepted"}
        assert self.post(house, channel.token, FINE, **headers).json == {"status": "accepted before"}
        assert self.post(house, channel.token, {**FINE, "message": "other"}, **headers).status_code == 409
        assert len(take_in()) == 1

    def test_without_a_key_the_same_words_twice_are_two_messages(self, house: Flask) -> None:
        channel = open_channel("webform")
        for _ in range(2):
            assert self.post(house, channel.token, FINE).status_code == 202
        assert len(take_in()) == 2

    def test_a_key_cannot_name_a_message_of_another_channel(self, house: Flask) -> None:
        channel = open_channel("webform")
        self.post(house, channel.token, FINE, **{"Idempotency-Key": "some-message-id@mail.example"})
        (message,) = take_in()
        assert message.external_id == "form:key:some-message-id@mail.example"

    def test_problems_are_named_by_field(self, house: Flask) -> None:
        channel = open_channel("webform")
        answer = self.post(house, channel.token, {"name": "Ada", "message": "x", "email": "?"})
        assert answer.status_code == 422
        assert answer.json is not None
        assert set(answer.json["errors"]) == {"email"}
        assert deliveries() == []

    def test_what_cannot_be_read_is_kept_for_a_person(self, house: Flask) -> None:
        channel = open_channel("webform")
        answer = house.test_client().post(
            f"/api/forms/{channel.token}", data=b'{"message": "cut o', content_type="application/json"
        )
        assert (answer.status_code, answer.json) == (422, {"error": "The body is not JSON.", "kept": True})
        assert take_in() == []
        assert deliveries()[0].state is DeliveryState.PARKED

    def test_only_allowed_websites_may_send_from_a_browser(self, house: Flask) -> None:
        channel = open_channel("webform", origins="https://shop.example\nhttps://*.acme.example")
        for origin in ("https://shop.example", "https://www.acme.example", "http://localhost"):
            answer = self.post(house, channel.token, FINE, Origin=origin)
            assert answer.status_code == 202
            assert answer.headers["Access-Control-Allow-Origin"] == origin
        for origin in ("https://evil.example", "null", "http://shop.example", "https://acme.example.evil.example"):
            answer = self.post(house, channel.token, FINE, Origin=origin)
            assert answer.status_code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        assert len(take_in()) == 3

    def test_a_preflight_is_answered_for_allowed_websites_only(self, house: Flask) -> None:
        channel = open_channel("webform", origins="https://shop.example")
        ask = house.test_client().options
        good = ask(f"/api/forms/{channel.token}", headers={"Origin": "https://shop.example"})
        assert good.status_code == 204
        assert good.headers["Access-Control-Allow-Headers"] == "Content-Type, Idempotency-Key"
        bad = ask(f"/api/forms/{channel.token}", headers={"Origin": "https://evil.example"})
        assert (bad.status_code, "Access-Control-Allow-Origin" in bad.headers) == (403, False)

    def test_the_cookie_of_somebody_signed_in_plays_no_part(self, house: Flask) -> None:
        channel = open_channel("webform", origins="https://shop.example")
        answer = self.post(house, channel.token, FINE, Origin="https://shop.example")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers

    def test_too_often_is_429(self, house: Flask) -> None:
        channel = open_channel("webform")
        assert [self.post(house, channel.token, FINE).status_code for _ in range(21)] == [202] * 20 + [429]
