"""The webhooks' pages without scripts: made, shown once, tried out, paused, sent again; and who may not see them."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app import config, crypto
from app.db import reading, transaction
from app.events import MessageReceived, WebhookQueued
from app.models import OutboxEvent, Role, WebhookDelivery, WebhookEndpoint, WebhookState
from app.services import webhook_deliveries, webhooks
from app.services.webhook_deliveries import Outcome
from tests.inbox_house import counted
from tests.rooms import Visitor, add_user

URL = "https://hooks.example.com/tributary"
HEARS = MessageReceived.wire_name()


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


def make(name: str = "Warehouse") -> str:
    """Make an endpoint; return its page."""
    with transaction() as session:
        made = webhooks.add(session, name=name, url=URL, events=[HEARS])[0]
        return f"/settings/webhooks/{made.public_id}"


def the_endpoint() -> WebhookEndpoint:
    with reading() as session:
        return session.scalars(select(WebhookEndpoint)).one()


def letters() -> list[WebhookDelivery]:
    with reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def answered(outcome: Outcome) -> None:
    """Let the one letter that waits be sent, with this outcome."""
    with transaction() as session:
        letter = webhook_deliveries.claim_next(session, endpoint_id=the_endpoint().id)
        assert letter is not None
        webhook_deliveries.record(session, delivery_id=letter.delivery_id, outcome=outcome)


def test_a_webhook_is_made_and_its_secret_shown_once(admin: Visitor) -> None:
    assert "No system listens yet" in admin.get("/settings/webhooks").text
    admin.get("/settings/webhooks/new")
    page = admin.post("/settings/webhooks/new", {"name": "Warehouse", "url": URL, "events": [HEARS, "mood.changed"]})
    assert page.headers["Cache-Control"] == "no-store"
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", page.text))
    endpoint = the_endpoint()
    assert webhooks.secrets_of(endpoint) == (secret,)
    assert secret.encode() not in endpoint.sealed
    assert endpoint.events == [HEARS, "mood.changed"]
    here = f"/settings/webhooks/{endpoint.public_id}"
    for path in ("/settings/webhooks", here):
        shown = admin.get(path).text
        assert URL in shown
        assert "whsec_" not in shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/", "https://"),
        ("https://127.0.0.1/", "no public address"),
        ("https://[::1]/", "no public address"),
        ("https://10.1.2.3/", "no public address"),
        ("https://169.254.169.254/latest", "no public address"),
        ("https://2130706433/", None),
        ("https://user:word@example.com/", "user name"),
        ("ftp://example.com/", "web address"),
        ("", "web address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_beside_its_field(admin: Visitor, url: str, said: str | None) -> None:
    admin.get("/settings/webhooks/new")
    answer = admin.post("/settings/webhooks/new", {"name": "X", "url": url, "events": [HEARS]})
    if said is None:
        assert answer.status_code == 200  # a name to whoever looks it up: refused when it is, at every attempt
        return
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert said in answer.text
    assert f'value="{HEARS}" checked' in answer.text


def test_private_addresses_are_for_installations_that_allow_them(
    admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "1")
    config.forget()
    admin.get("/settings/webhooks/new")
    inside = admin.post("/settings/webhooks/new", {"name": "X", "url": "http://10.1.2.3:8080/x", "events": [HEARS]})
    assert inside.status_code == 200
    metadata = {"name": "Y", "url": "http://169.254.169.254/", "events": [HEARS]}
    assert admin.post("/settings/webhooks/new", metadata).status_code == 422


def test_events_are_chosen_from_the_list(admin: Visitor) -> None:
    admin.get("/settings/webhooks/new")
    for events in ([], ["delivery.stored"], ["nonsense"]):
        answer = admin.post("/settings/webhooks/new", {"name": "X", "url": URL, "events": events})
        assert answer.status_code == 422
        assert "at least one of the events" in answer.text


def test_what_was_changed_meanwhile_is_not_overwritten(admin: Visitor) -> None:
    here = make()
    admin.get(here)
    typed = {"name": "Store", "url": URL + "/2", "events": [HEARS], "version": "1"}
    assert admin.post(here, typed).status_code == 303
    assert (the_endpoint().name, the_endpoint().url) == ("Store", URL + "/2")
    again = admin.post(here, {**typed, "name": "Other"})
    assert again.status_code == 409
    assert "meanwhile" in again.text
    assert the_endpoint().name == "Store"


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_while(admin: Visitor) -> None:
    here = make()
    old = webhooks.secrets_of(the_endpoint())[0]
    admin.get(here)
    shown = admin.post(f"{here}/rotate").text
    new, still = webhooks.secrets_of(the_endpoint())
    assert still == old
    assert new in shown
    assert old not in shown


def test_a_test_letter_is_queued_and_the_log_asks_again_until_it_is_answered(admin: Visitor) -> None:
    here = make()
    admin.get(here)
    assert admin.post(f"{here}/test").status_code == 303
    with reading() as session:
        waiting = session.scalars(select(OutboxEvent.name).where(OutboxEvent.published_at.is_(None))).all()
    assert waiting == [WebhookQueued.wire_name()]
    assert f'hx-get="{here}/log"' in admin.get(here).text
    answered(Outcome(status=200, response="<b>fine</b>", seconds=0.0421))
    log = admin.get(f"{here}/log").text
    assert "hx-get" not in log
    assert "&lt;b&gt;fine&lt;/b&gt;" in log
    assert "42 ms" in log
    assert "This is a test" in log
    assert "No system" not in admin.get("/settings/webhooks").text


def test_a_failed_letter_says_why_and_is_sent_again(admin: Visitor) -> None:
    here = make()
    admin.get(here)
    admin.post(f"{here}/test")
    answered(Outcome(error="It answered 500.", status=500, response="oops", seconds=0.1, is_down=True))
    assert "It answered 500." in admin.get(f"{here}?state=failed").text
    assert "Nothing here" in admin.get(f"{here}?state=delivered").text
    (letter,) = letters()
    assert letter.state is WebhookState.FAILED
    assert admin.post(f"{here}/deliveries/{letter.public_id}/again").status_code == 303
    assert letters()[0].state is WebhookState.WAITING
    other = make("Elsewhere")
    assert admin.post(f"{other}/deliveries/{letter.public_id}/again").status_code == 404


def test_pausing_says_who_and_resuming_forgets_failures(admin: Visitor) -> None:
    here = make()
    admin.get(here)
    admin.post(f"{here}/pause")
    assert the_endpoint().paused_reason == "Paused by Ana Admin."
    assert "Paused by Ana Admin." in admin.get("/settings/webhooks").text
    admin.post(f"{here}/resume")
    assert the_endpoint().is_active
    assert "Paused by" not in admin.get(here).text


def test_deleting_forgets_the_log_too(admin: Visitor) -> None:
    here = make()
    admin.get(here)
    admin.post(f"{here}/test")
    assert admin.post(f"{here}/delete").status_code == 303
    assert letters() == []
    assert admin.get(here).status_code == 404


def test_pages_take_few_statements(admin: Visitor) -> None:
    here = make()
    for path in ("/settings/webhooks", here):
        with counted() as said:
            assert admin.get(path).status_code == 200
        assert len(said) <= 4, said


def test_only_admins_come_here(house: Flask) -> None:
    add_user("sam@example.com", role=Role.SUPERVISOR, name="Sam")
    browser = Visitor(house)
    browser.enter("sam@example.com")
    here = make()
    for path in ("/settings/webhooks", here, f"{here}/log"):
        assert browser.get(path).status_code == 403
    assert browser.post(f"{here}/rotate").status_code == 403
    assert "/settings/webhooks" not in browser.get("/account").text


def test_a_new_sealing_key_seals_secrets_anew(house: Flask) -> None:
    make()
    before = the_endpoint()
    crypto.rotate_sealing_key()
    with transaction() as session:
        assert webhooks.reseal_batch(session, after_id=0) == (1, before.id)
    assert the_endpoint().sealed != before.sealed
    assert webhooks.secrets_of(the_endpoint()) == webhooks.secrets_of(before)
