"""A rule's form: rows are added and taken by the server, so that it works without scripts; and a rule in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.languages import translated
from app.models import AutomationRule
from app.phrases import listed, phrase
from app.queries import settings_rules
from app.queries.settings_rules import Options, RuleRow
from app.render import words
from app.services import channel_settings
from app.services.first_rules import INTENTS
from app.services.rule_vocabulary import ACTIONS, FIELDS, OPERATORS, VALUE_WORDS, Field
from app.services.rules import MAX_CONDITIONS, labels_in

Part = dict[str, str]
BRACKET = re.compile(r"\s*[(（]")
GROUPS: dict[str, list[tuple[str, Field]]] = {}
for _key, _field in FIELDS.items():
    GROUPS.setdefault(_field.group, []).append((_key, _field))


@dataclass
class RuleForm:
    """`was_rearranged`: a row was added or taken, so the form is shown again and nothing is saved."""

    name: str = ""
    match: str = "all"
    stop: bool = False
    version: int = 0
    conditions: list[Part] = field(default_factory=list)
    actions: list[Part] = field(default_factory=list)
    was_rearranged: bool = False

    @property
    def stored_conditions(self) -> dict[str, Any]:
        return {"match": self.match, "of": self.conditions}

    @classmethod
    def of(cls, rule: AutomationRule) -> RuleForm:
        conditions, actions = list(rule.conditions.get("of", [])), list(rule.actions)
        match = rule.conditions.get("match", "all")
        return cls(rule.name, match, rule.stop, rule.version, conditions, actions)

    @classmethod
    def typed(cls) -> RuleForm:
        """Read what was sent, and do what the pressed button says about rows."""
        form = request.form
        version = form.get("version", "0")
        typed = cls(
            name=form.get("name", ""),
            match=form.get("match", "all"),
            stop=form.get("stop") == "1",
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
            conditions=_rows("condition", ("field", "operator", "value")),
            actions=_rows("action", ("do", "value")),
        )
        typed._rearrange(form.get("press", "save"))
        return typed

    def _rearrange(self, press: str) -> None:
        what, _, number = press.partition(":")
        self.was_rearranged = what != "save"
        rows = self.actions if what.endswith("action") else self.conditions
        if what.startswith("take") and number.isascii() and number.isdigit() and int(number[:4]) < len(rows):
            rows.pop(int(number[:4]))
        wanted = request.form.get(f"new-{what.removeprefix('add-')}", "")
        if what == "add-condition" and wanted in FIELDS:
            operator = next(iter(OPERATORS[FIELDS[wanted].type]))
            rows.append({"field": wanted, "operator": operator, "value": ""})
        if what == "add-action" and wanted in ACTIONS:
            rows.append({"do": wanted, "value": ""})


def all_options(session: Session) -> Options:
    """Return what every list of choices offers, by source."""
    kinds = [(connector.kind, connector.label) for connector in channel_settings.all_connectors()]
    options = settings_rules.options(session)
    own = dict(options["intents"])
    built_in = [(label, word) for label, word in INTENTS if label not in own]
    return options | {"kinds": kinds, "intents": [*own.items(), *built_in]}


def in_words(rule: RuleRow, options: Options) -> tuple[str, str]:
    """Return what a rule asks and what it does, each as one part of a sentence; "" where it asks nothing."""
    asks = [
        _asked(shown, part, options) for part in rule.conditions.get("of", []) if (shown := FIELDS.get(part["field"]))
    ]
    does: list[str] = [
        phrase("{action} {value}", action=shown.label, value=_value(shown, part, options))
        for part in rule.actions
        if (shown := ACTIONS.get(part["do"]))
    ]
    join = _either if rule.conditions.get("match") == "any" else _both
    return reduce(join, asks) if asks else "", listed(does)


def _asked(shown: Field, part: Part, options: Options) -> str:
    operator = OPERATORS[shown.type].get(part["operator"], part["operator"])
    value = _value(shown, part, options)
    return phrase("{field} {operator} {value}", field=_short(shown.label), operator=_short(operator), value=value)


def _both(one: str, other: str) -> str:
    return phrase("{one} and {other}", one=one, other=other)


def _either(one: str, other: str) -> str:
    return phrase("{one} or {other}", one=one, other=other)


def _short(label: str) -> str:
    """Return a label in the reader's language without what it adds in brackets."""
    return BRACKET.split(translated(label))[0]


def _value(shown: Field, part: Part, options: Options) -> str:
    value = part["value"]
    if shown.type == "text":
        return phrase("“{value}”", value=value)
    if shown.type == "labels":
        labels = [label_words(label) for label in labels_in(value)]
        return listed(labels)
    known = dict(options.get(shown.source, []))
    if shown.source and shown.source != "intents" and value not in known:
        return phrase("something that is gone")
    return known.get(value) or VALUE_WORDS.get(value, value)


def label_words(label: str) -> str:
    return words(label)


def _rows(prefix: str, keys: tuple[str, ...]) -> list[Part]:
    """Return the rows as they were typed; where several values can be ticked, the ticks are the value."""
    columns = [request.form.getlist(f"{prefix}-{key}") for key in keys]
    rows = [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=False)]
    for number, row in enumerate(rows[:MAX_CONDITIONS]):
        field = FIELDS.get(row.get("field", ""))
        if field is not None and field.type == "labels":
            row["value"] = ", ".join(request.form.getlist(f"{prefix}-labels-{number}"))
    return rows
