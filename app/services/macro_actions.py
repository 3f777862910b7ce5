"""What a macro can do: names, words for people, kinds of values; and macros as they are stored. Pure.

The verbs are those of bulk actions and rules, and the two things that are written: a reply and a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.errors import Invalid
from app.phrases import Phrase, phrase
from app.services import liquid_texts
from app.services.rule_vocabulary import Field
from app.services.tags import MAX_NAME as LONGEST_TAG

MOST_ACTIONS = 10
ME, NOBODY = "me", "nobody"
REPLY, NOTE = "reply", "note"
WRITTEN = (REPLY, NOTE)  # come first, whatever their place: a reply opens what is resolved or snoozed
ONCE = frozenset({REPLY, NOTE, "assign", "team", "priority", "status", "open_case"})
UNTIL_ANSWER = "snooze_reply"
SNOOZES: Mapping[str, timedelta] = {
    "snooze_hour": timedelta(hours=1),
    "snooze_four_hours": timedelta(hours=4),
    "snooze_day": timedelta(days=1),
    "snooze_three_days": timedelta(days=3),
    "snooze_week": timedelta(weeks=1),
}
WORDS: Mapping[str, Phrase] = {  # of values that only machines read
    ME: phrase("Whoever runs the macro"),
    NOBODY: phrase("Nobody"),
    "low": phrase("low"),
    "normal": phrase("normal"),
    "high": phrase("high"),
    "urgent": phrase("urgent"),
    "open": phrase("open"),
    "pending": phrase("pending"),
    "resolved": phrase("resolved"),
    "snoozed": phrase("snoozed"),
    "spam": phrase("spam"),
    "snooze_hour": phrase("snoozed for one hour"),
    "snooze_four_hours": phrase("snoozed for four hours"),
    "snooze_day": phrase("snoozed for one day"),
    "snooze_three_days": phrase("snoozed for three days"),
    "snooze_week": phrase("snoozed for one week"),
    UNTIL_ANSWER: phrase("snoozed until they answer"),
    "question": phrase("question"),
    "problem": phrase("problem"),
    "complaint": phrase("complaint"),
    "request": phrase("request"),
}
ACTIONS: Mapping[str, Field] = {
    REPLY: Field(phrase("Reply with the canned response"), "choice", source="canned"),
    NOTE: Field(phrase("Write the note"), "text"),
    "assign": Field(phrase("Assign to"), "choice", (ME, NOBODY), source="users"),
    "team": Field(phrase("Give to the team"), "choice", (NOBODY,), source="teams"),
    "priority": Field(phrase("Set the priority"), "choice", ("low", "normal", "high", "urgent")),
    "add_tag": Field(phrase("Add the tag"), "text"),
    "take_tag": Field(phrase("Take off the tag"), "text"),
    "status": Field(phrase("Set the status"), "choice", ("open", "pending", "resolved", *SNOOZES, UNTIL_ANSWER)),
    "open_case": Field(phrase("Open a case"), "choice", ("question", "problem", "complaint", "request")),
}


def in_order(actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return actions as they are done: what is written first, the rest as it stands."""
    return sorted(actions, key=lambda action: action["do"] not in WRITTEN)


def check(actions: Any) -> list[dict[str, str]]:
    """Return actions in the form they are stored in. Raises Invalid, naming the action that is wrong."""
    if not isinstance(actions, list) or not actions:
        raise Invalid(phrase("Add at least one action."), field="actions")
    if len(actions) > MOST_ACTIONS:
        raise Invalid(phrase("A macro has at most {most} actions.", most=MOST_ACTIONS), field="actions")
    kept = [_checked(action) for action in actions]
    names = [action["do"] for action in kept]
    twice = next((name for name in names if name in ONCE and names.count(name) > 1), None)
    if twice is not None:
        raise Invalid(phrase("“{action}” can be done once in a macro.", action=ACTIONS[twice].label), field="actions")
    return kept


def _checked(action: Any) -> dict[str, str]:
    do = str(action.get("do", "")) if isinstance(action, dict) else ""
    field = ACTIONS.get(do)
    if field is None:
        raise Invalid(phrase("Choose what is to be done."), field="actions")
    value = str(action.get("value", "")).replace("\r\n", "\n").replace("\x00", "").strip()
    if not value:
        raise Invalid(phrase("“{action}” needs a value.", action=field.label), field="actions")
    if field.choices and not field.source and value not in field.choices:
        raise Invalid(phrase("“{action}” has no such value.", action=field.label), field="actions")
    if do == NOTE:
        liquid_texts.check(value, field="actions")
    if do in {"add_tag", "take_tag"} and len(value) > LONGEST_TAG:
        raise Invalid(phrase("A tag has at most {most} characters.", most=LONGEST_TAG), field="actions")
    return {"do": do, "value": value}
