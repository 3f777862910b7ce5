"""Webhooks from the command line."""

from __future__ import annotations

from sqlalchemy import select

from app.db import reading
from app.models import WebhookDelivery, WebhookEndpoint
from app.services import webhooks
from tests.cli.conftest import Run

URL = "https://hooks.example.com/tributary"


def _endpoint() -> WebhookEndpoint:
    with reading() as session:
        return session.scalars(select(WebhookEndpoint)).one()


def test_webhooks(run: Run) -> None:
    assert "mood.changed" in run("webhooks", "events").output
    secret = run("webhooks", "add", "Warehouse", URL, "--event", "mood.changed").output.strip()
    assert webhooks.secrets_of(_endpoint()) == (secret,)
    assert _endpoint().events == ["mood.changed"]
    new = run("webhooks", "rotate", "Warehouse").output.strip()
    assert webhooks.secrets_of(_endpoint()) == (new, secret)
    assert run("webhooks", "test", "Warehouse").output == "Queued.\n"
    assert "webhook.tested" in run("webhooks", "log", "Warehouse").output
    run("webhooks", "pause", str(_endpoint().public_id))
    assert not _endpoint().is_active
    assert "Paused from the command line." in run("webhooks", "list").output
    run("webhooks", "resume", "Warehouse")
    assert _endpoint().is_active
    assert run("webhooks", "remove", "Warehouse", "--yes").output == "Deleted.\n"
    with reading() as session:
        assert session.scalars(select(WebhookDelivery)).all() == []


def test_trouble_is_one_sentence(run: Run) -> None:
    for words, said in (
        (("add", "X", "http://hooks.example.com/"), "It must begin with https://"),
        (("add", "X", "https://10.0.0.1/"), "no public address"),
        (("pause", "nobody"), "There is no webhook"),
    ):
        refused = run("webhooks", *words)
        assert refused.exit_code == 2
        assert said in refused.output


def test_a_new_sealing_key_seals_secrets_too(run: Run) -> None:
    secret = run("webhooks", "add", "Warehouse", URL).output.strip()
    before = _endpoint().sealed
    assert run("keys", "rotate").output == "A new key seals; sealed 0 channels and 1 webhooks anew.\n"
    assert _endpoint().sealed != before
    assert webhooks.secrets_of(_endpoint()) == (secret,)
