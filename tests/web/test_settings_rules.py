"""The rule form without scripts: rows come and go by the server; the book is ordered, switched, guarded."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import AutomationRule, WorkspaceIntent
from app.services import rule_book, teams, workspace
from tests.rooms import Visitor, add_user

BY_TAG = [{"do": "add_tag", "value": "vip"}]
ALWAYS = {"match": "all", "of": []}


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


def _names() -> list[str]:
    with db.reading() as session:
        book = select(AutomationRule.name).order_by(AutomationRule.position, AutomationRule.id)
        return list(session.scalars(book))


def _add(*names: str) -> list[str]:
    with db.transaction() as session:
        rules = [rule_book.add(session, name=name, conditions=ALWAYS, actions=BY_TAG) for name in names]
        return [str(rule.public_id) for rule in rules]


def test_rows_are_added_and_taken_by_buttons_and_nothing_is_saved_before(admin: Visitor) -> None:
    form: dict[str, object] = {"name": "Angry", "match": "any", "press": "add-condition", "new-condition": "sentiment"}
    page = admin.post("/settings/rules/new#conditions", form).text
    assert 'name="condition-field" value="sentiment"' in page
    assert '<option value="negative">negative</option>' in page
    form |= {
        "condition-field": ["sentiment", "text"],
        "condition-operator": ["is", "contains"],
        "condition-value": ["negative", "refund"],
        "press": "take-condition:0",
    }
    page = admin.post("/settings/rules/new", form).text
    assert 'value="refund"' in page
    assert 'name="condition-field" value="sentiment"' not in page
    page = admin.post("/settings/rules/new", form | {"press": "add-action", "new-action": "set_priority"}).text
    assert 'name="action-do" value="set_priority"' in page
    assert _names() == []


def test_a_rule_is_saved_and_told_in_words(admin: Visitor) -> None:
    with db.transaction() as session:
        team = teams.create(session, name="Night shift")
    form = {
        "name": "Angry at night",
        "match": "all",
        "condition-field": ["sentiment", "text"],
        "condition-operator": ["is", "contains_any"],
        "condition-value": ["negative", "urgent, now"],
        "action-do": ["assign_team", "set_priority"],
        "action-value": [str(team.public_id), "urgent"],
        "stop": "1",
    }
    assert admin.post("/settings/rules/new", form).status_code == 303
    page = admin.get("/settings/rules").text
    for words in ("Sentiment is negative", "“urgent, now”", "Give to team Night shift", "later rules are skipped"):
        assert words in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"action-do": [], "action-value": []}, "needs 1 to"),
        ({"condition-value": ["many"]}, "needs a number"),
        ({"condition-operator": ["resembles"]}, "cannot be compared"),
        ({"action-do": ["assign_team"], "action-value": ["01900000-0000-7000-8000-000000000000"]}, "There is no team"),
        ({"action-do": ["explode"], "action-value": ["1"]}, "Choose what the rule does"),
    ],
)
def test_a_rule_that_cannot_run_is_refused_in_words(admin: Visitor, change: dict[str, object], words: str) -> None:
    form: dict[str, object] = {
        "name": "Sad",
        "match": "all",
        "condition-field": ["mood"],
        "condition-operator": ["at_most"],
        "condition-value": ["-0.5"],
        "action-do": ["add_tag"],
        "action-value": ["sad"],
    }
    assert words in admin.post("/settings/rules/new", form | change).text
    assert _names() == []


def test_rules_move_switch_and_go(admin: Visitor) -> None:
    first, second, third = _add("first", "second", "third")
    admin.post(f"/settings/rules/{third}/move", {"to": "up"})
    admin.post(f"/settings/rules/{first}/move", {"to": "up"})
    assert _names() == ["first", "third", "second"]
    admin.post(f"/settings/rules/{second}/switch", {"on": "0"})
    assert "Turn on" in admin.get("/settings/rules").text
    admin.post(f"/settings/rules/{first}/delete")
    assert _names() == ["third", "second"]


def test_who_edits_an_old_version_is_told(admin: Visitor) -> None:
    (rule,) = _add("first")
    form = {"name": "mine", "match": "all", "action-do": ["add_tag"], "action-value": ["a"], "version": "1"}
    assert admin.post(f"/settings/rules/{rule}", form).status_code == 303
    answer = admin.post(f"/settings/rules/{rule}", form | {"name": "theirs"})
    assert answer.status_code == 409
    assert "Somebody else changed" in answer.text
    assert _names() == ["mine"]


def test_the_default_rules_are_valid_and_shown(admin: Visitor) -> None:
    with db.transaction() as session:
        workspace.prepare(session)
    page = admin.get("/settings/rules").text
    assert len(_names()) == 10
    assert "something that is gone" not in page
    assert "Intent is Refund or return" in page


def test_several_emotions_are_ticked_and_stay_with_their_row(admin: Visitor) -> None:
    rows = {
        "name": "Upset",
        "match": "all",
        "condition-field": ["emotion", "mood", "emotion"],
        "condition-operator": ["has_any", "at_most", "has_none"],
        "condition-value": ["", "-0.4", ""],
        "condition-labels-0": ["anger", "worry"],
        "condition-labels-2": ["joy"],
        "action-do": "set_priority",
        "action-value": "high",
    }
    admin.get("/settings/rules/new")
    shown = admin.post("/settings/rules/new", {**rows, "press": "take-condition:0"}).text
    assert shown.count(" checked>") == 1  # what is left moved up, with its tick
    assert 'name="condition-labels-1" value="joy" checked' in shown
    assert admin.post("/settings/rules/new", {**rows, "press": "save"}).status_code == 303
    with db.reading() as session:
        stored = session.scalars(select(AutomationRule)).one().conditions["of"]
    assert [part["value"] for part in stored] == ["anger, worry", "-0.4", "joy"]
    assert "Emotion has any of Anger, Worry and" in admin.get("/settings/rules").text


def test_a_rule_can_name_the_workspaces_own_intents(admin: Visitor) -> None:
    with db.transaction() as session:
        session.add(WorkspaceIntent(slug="warranty_claim", title="Warranty claim"))
        session.add(WorkspaceIntent(slug="gone", title="Gone", archived_at=now()))
    admin.get("/settings/rules/new")
    shown = admin.post("/settings/rules/new", {"press": "add-condition", "new-condition": "intent"}).text
    assert '<option value="warranty_claim">Warranty claim</option>' in shown
    assert '<option value="refund_return">Refund or return</option>' in shown
    assert "Gone" not in shown


def test_an_emotion_that_is_not_one_is_refused(admin: Visitor) -> None:
    typed = {"condition-field": "emotion", "condition-operator": "has_any", "condition-value": "", "name": "X"}
    admin.get("/settings/rules/new")
    answer = admin.post(
        "/settings/rules/new", {**typed, "match": "all", "condition-labels-0": "hunger", "press": "save"}
    )
    assert answer.status_code == 422
