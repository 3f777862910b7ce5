"""Moments as people say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.errors import Invalid
from app.models import Status
from app.web.inbox import snooze
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]  # fixture
BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 22, 19, 30, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def _on_a_sunday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snooze, "now", lambda: SUNDAY)
    monkeypatch.setattr(snooze, "zone", lambda: BERLIN)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("tomorrow 3pm", "2026-11-23 15:00"),
        ("tomorrow", "2026-11-23 09:00"),
        ("friday", "2026-11-27 09:00"),
        ("friday 9:30", "2026-11-27 09:30"),
        ("in 2 days", "2026-11-24 09:00"),
        ("in 3 hours", "2026-11-22 22:30"),
        ("24 dec 10:00", "2026-12-24 10:00"),
        ("in two weeks", "2026-12-06 09:00"),
        ("morgen", "2026-11-23 09:00"),
        ("demain 14:00", "2026-11-23 14:00"),
        ("mañana", "2026-11-23 09:00"),
        ("明日", "2026-11-23 09:00"),
    ],
)
def test_words_are_read_in_the_users_own_zone(words: str, meant: str) -> None:
    assert snooze.spoken(words).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") == meant


@pytest.mark.parametrize("words", ["soonish", "", "9" * 500, "<b>", "\x00"])
def test_what_is_no_time_is_told(words: str) -> None:
    with pytest.raises(Invalid, match="not understood"):
        snooze.spoken(words)


def test_the_menu_snoozes_by_words_and_until_an_answer(seeded: Seeded) -> None:
    browser, base = seeded.visitor(), f"/conversations/{seeded.public_id('Marta Lindqvist')}"
    assert browser.post(f"{base}/status", {"status": "snoozed", "when": "in 3 years"}).status_code == 303
    assert seeded.now("Marta Lindqvist").status is Status.SNOOZED
    assert browser.post(f"{base}/status", {"status": "snoozed", "for": "reply"}).status_code == 303
    assert seeded.now("Marta Lindqvist").snoozed_until is None
    assert "until they answer" in browser.get(seeded.path("Marta Lindqvist")).text
    refused = browser.post(f"{base}/status", {"status": "snoozed", "when": "yesterday"})
    assert refused.status_code == 422
    assert "in the future" in refused.text
