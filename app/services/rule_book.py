"""The workspace's automation rules: add, edit, order, switch, carry to another workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid, NotFound
from app.models import AutomationRule, Channel, Inbox, Team, User
from app.phrases import phrase
from app.services import by_public_id, rules
from app.services.rule_vocabulary import ACTIONS, FIELDS, Field
from app.services.teams import clean_name

MOST_RULES = 200
SOURCES: Mapping[str, tuple[Any, Any]] = {  # source → table, what a person calls a row
    "inboxes": (Inbox, Inbox.name),
    "channels": (Channel, Channel.name),
    "teams": (Team, Team.name),
    "users": (User, User.email),
}
Parts = Sequence[Mapping[str, Any]]


def add(
    session: Session, *, name: str, conditions: Mapping[str, Any], actions: Parts, stop: bool = False
) -> AutomationRule:
    """Put a rule at the end of the book. Raises Invalid."""
    checked = _checked(session, conditions, actions)
    last = session.execute(select(func.count(), func.coalesce(func.max(AutomationRule.position), 0))).one()
    if last[0] >= MOST_RULES:
        raise Invalid(phrase("A workspace has at most {most} rules.", most=MOST_RULES))
    rule = AutomationRule(
        name=clean_name(name), position=last[1] + 1, stop=stop, conditions=checked[0], actions=checked[1]
    )
    session.add(rule)
    session.flush()
    return rule


def edit(
    session: Session,
    *,
    rule: AutomationRule,
    version: int,
    name: str,
    conditions: Mapping[str, Any],
    actions: Parts,
    stop: bool,
) -> None:
    """Change a rule that is still as it was read. Raises Invalid, Conflict."""
    if rule.version != version:
        raise Conflict(phrase("Somebody else changed this rule meanwhile. Look at it again."), version=rule.version)
    rule.conditions, rule.actions = _checked(session, conditions, actions)
    rule.name, rule.stop = clean_name(name), stop
    rule.version += 1
    session.flush()


def switch(session: Session, *, rule: AutomationRule, on: bool) -> None:
    rule.is_enabled = on
    rule.version += 1
    session.flush()


def delete(session: Session, *, rule: AutomationRule) -> None:
    session.delete(rule)
    session.flush()


def move(session: Session, *, rule: AutomationRule, by: int) -> None:
    """Let a rule run earlier (-1) or later (+1); at an end nothing happens."""
    book = list(session.scalars(select(AutomationRule).order_by(AutomationRule.id).with_for_update()))
    book.sort(key=lambda row: (row.position, row.id))
    here = book.index(rule)
    there = min(max(here + by, 0), len(book) - 1)
    book.insert(there, book.pop(here))
    for position, row in enumerate(book, start=1):
        row.position = position
    session.flush()


def carry_out(session: Session) -> list[dict[str, Any]]:
    """Return all rules as plain data, in order, with names in place of ids: fit for another workspace."""
    book = session.scalars(select(AutomationRule).order_by(AutomationRule.position, AutomationRule.id))
    return [
        {
            "name": rule.name,
            "enabled": rule.is_enabled,
            "stop": rule.stop,
            "match": rule.conditions.get("match", "all"),
            "conditions": [_named(session, FIELDS, "field", part) for part in rule.conditions.get("of", [])],
            "actions": [_named(session, ACTIONS, "do", part) for part in rule.actions],
        }
        for rule in book
    ]


def carry_in(session: Session, listed: Any) -> int:
    """Add rules that `carry_out` wrote, all or none; return how many. Raises Invalid."""
    if not isinstance(listed, list):
        raise Invalid(phrase("This is no list of rules."))
    for number, entry in enumerate(listed, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise Invalid(phrase("Rule {number} has no name.", number=number))
        try:
            conditions = {"match": entry.get("match", "all"), "of": entry.get("conditions", [])}
            rule = add(
                session,
                name=entry["name"],
                conditions=conditions,
                actions=entry.get("actions", []),
                stop=bool(entry.get("stop")),
            )
        except Invalid as problem:
            said = phrase("Rule {number}, “{name}”: {reason}", number=number, name=entry["name"], reason=problem.reason)
            raise Invalid(said) from None
        rule.is_enabled = bool(entry.get("enabled", True))
    session.flush()
    return len(listed)


def _checked(
    session: Session, conditions: Mapping[str, Any], actions: Parts
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return conditions and actions in the form they are stored in. Raises Invalid."""
    of = conditions.get("of", [])
    if not (isinstance(of, list) and isinstance(actions, list) and all(isinstance(p, dict) for p in [*of, *actions])):
        raise Invalid(phrase("Conditions and actions are lists."))
    kept = [_part(session, FIELDS, "field", part, ("field", "operator", "value")) for part in of]
    done = [_part(session, ACTIONS, "do", part, ("do", "value")) for part in actions]
    rules.validate({"match": conditions.get("match"), "of": kept}, done)
    return {"match": conditions["match"], "of": kept}, done


def _part(
    session: Session, vocabulary: Mapping[str, Field], key: str, part: Mapping[str, Any], keys: Sequence[str]
) -> dict[str, Any]:
    kept = {name: str(part.get(name, "")).strip() for name in keys}
    field = vocabulary.get(kept[key])
    if field and field.source in SOURCES and kept["value"]:
        kept["value"] = _id_of(session, field.source, kept["value"])
    return kept


def _id_of(session: Session, source: str, value: str) -> str:
    """Return the public id that a name or an id means. Raises Invalid."""
    table, name = SOURCES[source]
    try:
        return str(by_public_id.get(session, table, UUID(value)).public_id)
    except ValueError:
        found = session.scalars(select(table).where(name == value).limit(2)).all()
    except NotFound:
        found = []
    if len(found) != 1:
        raise Invalid(_not_one(source, value))
    return str(found[0].public_id)


def _not_one(source: str, value: str) -> str:
    return {
        "inboxes": phrase("There is no inbox “{value}”, or not only one.", value=value),
        "channels": phrase("There is no channel “{value}”, or not only one.", value=value),
        "teams": phrase("There is no team “{value}”, or not only one.", value=value),
        "users": phrase("There is no user “{value}”, or not only one.", value=value),
    }[source]


def _named(session: Session, vocabulary: Mapping[str, Field], key: str, part: Mapping[str, Any]) -> dict[str, Any]:
    field = vocabulary.get(part[key])
    if not field or field.source not in SOURCES:
        return dict(part)
    table, name = SOURCES[field.source]
    try:
        wanted = UUID(part["value"])
    except ValueError:
        return dict(part)
    return {**part, "value": session.scalar(select(name).where(table.public_id == wanted)) or part["value"]}
