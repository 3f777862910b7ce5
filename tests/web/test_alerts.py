"""Alerts and their rules without scripts: listed, read, acknowledged; rules made, tried, changed; and who may not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import Alert, AlertKind, AlertMetric, AlertNotice, AlertRule, InboxAccess
from app.services import alert_rules, passwords
from app.web.alert_chart import LONGEST
from tests.alert_house import AlertHouse
from tests.inbox_house import counted
from tests.rooms import PASSWORD, Visitor

VOLUME: dict[str, Any] = {"kind": AlertKind.THRESHOLD, "threshold": 20.0, "window_minutes": 60}
FORM = {
    "name": "Too much mail",
    "metric": "volume",
    "kind": "threshold",
    "threshold": "20",
    "window_minutes": "60",
    "minimum": "5",
    "ways": ["app"],
    "tells_supervisors": "1",
    "version": "1",
}


@pytest.fixture
def made(house: Flask) -> AlertHouse:
    """The house of alerts, with passwords, at this moment."""
    hashed = passwords.hash_password(PASSWORD, email="ana@acme.example")
    with transaction() as session:
        there = AlertHouse(session, at=now().replace(second=0, microsecond=0))
        for user in there.users.values():
            user.password_hash = hashed
    return there


def raised(made: AlertHouse, **rule: Any) -> str:
    """Let one alert be raised; return its page."""
    with transaction() as session:
        made.session = session
        made.rule(**{**VOLUME, **rule})
        made.arrive(25, text="The <b>zebra</b> courier again")
        made.look()
        return f"/alerts/{made.alerts()[-1].public_id}"


def visitor(house: Flask, who: str = "ana") -> Visitor:
    browser = Visitor(house)
    assert browser.sign_in(f"{who}@acme.example").status_code in {200, 302, 303}
    return browser


def the_rule() -> AlertRule:
    with reading() as session:
        return session.scalars(select(AlertRule)).one()


def test_an_alert_says_what_happened_why_and_who_was_told(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ana = visitor(house)
    assert "bell-count" in ana.get("/alerts/bell").text
    listed = ana.get("/alerts").text
    assert "Messages: 25 in an hour" in listed
    assert "New to you" in listed
    page = ana.get(here).text
    assert "<span>zebra</span>" in page
    assert "&lt;b&gt;zebra&lt;/b&gt;" in page
    assert "<b>zebra</b>" not in page
    assert "Sue" in page
    assert "In the app" in page
    assert len(re.findall(r'href="/inbox/c/', page)) == 4


def test_reading_takes_it_from_what_is_new(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ana, sue = visitor(house), visitor(house, "sue")
    ana.get(here)
    assert ana.post(f"{here}/read").status_code == 303
    assert ana.post(f"{here}/read", None, **{"HX-Request": "true"}).status_code == 204
    assert "bell-count" not in ana.get("/alerts/bell").text
    assert "New to you" not in ana.get("/alerts").text
    assert "bell-count" in sue.get("/alerts/bell").text
    sue.get("/alerts")
    sue.post("/alerts/read")
    assert "bell-count" not in sue.get("/alerts/bell").text


def test_a_note_is_kept_and_another_person_cannot_take_over(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ana, sue = visitor(house), visitor(house, "sue")
    ana.get(here)
    sue.get(here)
    assert ana.post(f"{here}/acknowledge", {"note": "I ask the courier."}).status_code == 303
    assert "I ask the courier." in sue.get(here).text
    assert "I am on it" not in sue.get(here).text
    refused = sue.post(f"{here}/acknowledge", {"note": "Me"})
    assert refused.status_code == 409
    assert "Somebody else has acknowledged" in refused.text
    assert "Save the note" in ana.get(here).text


def test_who_may_not_see_an_inbox_finds_no_alert_of_it(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ben = visitor(house, "ben")
    assert ben.get(here).status_code == 404
    assert ben.post(f"{here}/acknowledge", {"note": "x"}).status_code == 404
    assert ben.post(f"{here}/read").status_code == 404
    assert "Watch" not in ben.get("/alerts").text
    assert "Nothing out of the ordinary" in ben.get("/alerts").text
    own = raised(made, name="Ours", inbox=str(made.inboxes[0].public_id))
    assert "<span>zebra</span>" in ben.get(own).text
    for path in ("/settings/alerts", "/settings/alerts/new"):
        assert ben.get(path).status_code == 403


def test_samples_of_inboxes_that_were_unshared_are_not_shown(house: Flask, made: AlertHouse) -> None:
    here = raised(made, inbox=str(made.inboxes[0].public_id))
    with transaction() as session:
        alert = session.scalars(select(Alert)).one()
        moved = made.conversations[0]
        session.get_one(type(moved), moved.id).inbox_id = made.inboxes[1].id
    assert alert.cause["samples"]
    assert len(re.findall(r'href="/inbox/c/', visitor(house, "ben").get(here).text)) == 3


def test_pages_take_few_statements(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ana = visitor(house)
    rule = f"/settings/alerts/{the_rule().public_id}"
    for path, most in (("/alerts", 8), (here, 9), ("/alerts/bell", 2), ("/settings/alerts", 3), (rule, 8)):
        with counted() as said:
            assert ana.get(path).status_code == 200
        assert len(said) <= most, (path, said)


def test_the_chart_has_the_hours_around_the_alert_and_not_more(house: Flask, made: AlertHouse) -> None:
    here = raised(made)
    ana = visitor(house)
    hours = len(re.findall(r"data-at=", ana.get(here).text))
    assert 48 <= hours <= 51
    with transaction() as session:
        alert = session.scalars(select(Alert)).one()
        alert.opened_at -= 3 * LONGEST
    assert len(re.findall(r"data-at=", ana.get(here).text)) <= LONGEST.days * 24 + 2


# ---------------------------------------------------------------- rules
def test_a_rule_is_made_listed_switched_changed_and_deleted(house: Flask, made: AlertHouse) -> None:
    ana = visitor(house)
    assert "Nothing is watched yet" in ana.get("/settings/alerts").text
    ana.get("/settings/alerts/new")
    told = {**FORM, "users": [str(made.users["ben"].public_id)], "inbox": str(made.inboxes[0].public_id)}
    assert ana.post("/settings/alerts/new", told).status_code == 303
    rule = the_rule()
    assert (rule.metric, rule.threshold, rule.minimum, rule.ways) == (AlertMetric.VOLUME, 20.0, 5, ["app"])
    listed = ana.get("/settings/alerts").text
    assert "20 or more in an hour" in listed
    assert "Support" in listed
    here = f"/settings/alerts/{rule.public_id}"
    changed = {
        **FORM,
        "metric": "net_sentiment",
        "threshold": "−20",
        "is_quiet": "1",
        "quiet_from": "20",
        "quiet_until": "7",
    }
    assert ana.post(here, changed).status_code == 303
    assert the_rule().threshold == pytest.approx(-0.2)
    assert the_rule().quiet == {"from": 20, "until": 7, "weekends": False}
    assert 'value="-20"' in ana.get(here).text
    late = ana.post(here, {**changed, "name": "Late"})
    assert late.status_code == 409
    assert "meanwhile" in late.text
    ana.post(f"{here}/switch", {"on": "0"})
    assert not the_rule().is_enabled
    assert ana.post(f"{here}/delete").status_code == 303
    assert "Nothing is watched yet" in ana.get("/settings/alerts").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threshold": "many"}, "Give a number of 1 or more."),
        ({"metric": "negative_share", "threshold": "120"}, "between 1 and 100%"),
        ({"kind": "anomaly", "sensitivity": "extreme"}, "Choose how unusual"),
        ({"metric": "intent_volume"}, "Choose an intent."),
        ({"minimum": "few"}, "number of messages"),
        ({"ways": ["email"]}, "channel by which mail leaves"),
        ({"name": ""}, "Give it a name."),
        ({"is_quiet": "1", "quiet_from": "soon", "quiet_until": "7"}, "full hours"),
    ],
)
def test_what_makes_no_sense_comes_back_with_words(
    house: Flask, made: AlertHouse, changes: dict[str, Any], said: str
) -> None:
    ana = visitor(house)
    ana.get("/settings/alerts/new")
    answer = ana.post("/settings/alerts/new", {**FORM, **changes})
    assert answer.status_code == 422
    assert said in answer.text


def test_suggestions_fill_an_empty_workspace_once(house: Flask, made: AlertHouse) -> None:
    ana = visitor(house)
    ana.get("/settings/alerts")
    for _ in range(2):
        assert ana.post("/settings/alerts/suggestions").status_code == 303
    with reading() as session:
        assert len(session.scalars(select(AlertRule)).all()) == 5
    assert "Still learning" not in ana.get("/settings/alerts").text  # nobody has looked yet


def test_a_trial_says_what_a_rule_would_have_done(house: Flask, made: AlertHouse) -> None:
    with transaction() as session:
        made.session = session
        made.past(weeks=6)
        made.arrive(30, minutes_ago=60 * 24 * 3)
        made.arrive(30, minutes_ago=60 * 24 * 9)
    ana = visitor(house)
    ana.get("/settings/alerts/new")
    with counted() as said:
        tried = ana.post("/settings/alerts/new", {**FORM, "press": "try"})
    assert len(said) <= 10, said
    assert "It would have alerted 2 times" in tried.text
    assert "34" in tried.text
    unusual = {**FORM, "kind": "anomaly", "sensitivity": "normal", "press": "try"}
    answer = ana.post("/settings/alerts/new", unusual).text
    assert "only 2 weeks of history" in answer
    with reading() as session:
        assert session.scalars(select(AlertRule)).all() == []
        assert session.scalars(select(AlertNotice)).all() == []


def test_a_supervisor_edits_only_rules_over_inboxes_of_their_own(house: Flask, made: AlertHouse) -> None:
    with transaction() as session:
        made.session = session
        rule = made.rule(**VOLUME, inbox=str(made.inboxes[1].public_id))
        session.query(InboxAccess).filter(InboxAccess.inbox_id == made.inboxes[1].id).delete()
    sue = visitor(house, "sue")
    here = f"/settings/alerts/{rule.public_id}"
    assert sue.get(here).status_code == 404
    assert sue.post(f"{here}/delete").status_code == 404
    assert "Watch" not in sue.get("/settings/alerts").text
    sue.get("/settings/alerts/new")
    refused = sue.post("/settings/alerts/new", FORM)
    assert refused.status_code == 403
    assert "only inboxes that are shared with you" in refused.text
    tried = sue.post("/settings/alerts/new", {**FORM, "press": "try"})
    assert tried.status_code == 403
    assert sue.post("/settings/alerts/new", {**FORM, "inbox": str(made.inboxes[0].public_id)}).status_code == 303
    with reading() as session:
        assert alert_rules.draft_of(session, session.scalars(select(AlertRule)).all()[-1]).name == "Too much mail"
