"""Nested groups of conditions, as they are stored and sent: read from JSON, checked, bounded. Pure.

A group is {"match": "all" | "any", "not": true, "of": [condition or group, …]}, a condition {"field", "operator",
"value"}, as in rules. `Invalid.field` says where: "1.2" is the second condition of the first group.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from app.errors import Invalid
from app.phrases import Phrase, phrase
from app.queries import search_terms
from app.queries.filter_vocabulary import FIELDS, MATCHES, MOST_DAYS, OPERATORS, Field

DEEPEST, MOST_CONDITIONS, LONGEST_VALUE, LONGEST_TEXT = 3, 30, 300, 8000
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` is text as it was chosen: an id, a label, a number, a day; several labels have commas between."""

    field: str
    operator: str
    value: str

    @property
    def asked(self) -> Field:
        return FIELDS[self.field]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(part for part in (part.strip() for part in self.value.split(",")) if part)


@dataclass(frozen=True, slots=True)
class Group:
    match: str = "all"
    of: tuple[Member, ...] = ()
    is_not: bool = False

    def conditions(self) -> Iterator[Condition]:
        """Return all conditions, whichever group they are in."""
        for member in self.of:
            if isinstance(member, Group):
                yield from member.conditions()
            else:
                yield member


Member: TypeAlias = Condition | Group
EVERYTHING = Group()


def read(text: str) -> Group:
    """Read a group that came as JSON text; "" is the one that asks nothing. Raises Invalid."""
    if not text.strip():
        return EVERYTHING
    if len(text) > LONGEST_TEXT:
        raise Invalid(phrase("This filter is too long."), field="where")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(phrase("This filter cannot be read."), field="where") from None
    return checked(found)


def checked(found: object) -> Group:
    """Check a group that came as JSON values. Raises Invalid with the place of what is wrong."""
    group = _group(found, "", 1)
    if sum(1 for _ in group.conditions()) > MOST_CONDITIONS:
        raise Invalid(phrase("A filter takes at most {most} conditions.", most=MOST_CONDITIONS), field="where")
    return group


def as_json(group: Group) -> dict[str, Any]:
    """Return a group as it is stored."""
    of = [as_json(one) if isinstance(one, Group) else _condition_json(one) for one in group.of]
    return {"match": group.match, "of": of} | ({"not": True} if group.is_not else {})


def as_text(group: Group) -> str:
    """Return a group as an address carries it, "" for one that asks nothing."""
    return json.dumps(as_json(group), separators=(",", ":"), ensure_ascii=False) if group.of else ""


def _condition_json(one: Condition) -> dict[str, str]:
    return {"field": one.field, "operator": one.operator, "value": one.value}


def _group(found: object, place: str, depth: int) -> Group:
    if not isinstance(found, Mapping) or found.get("match") not in MATCHES or not isinstance(found.get("of"), list):
        raise Invalid(phrase("{place} is no group of conditions.", place=_at(place)), field=place or "where")
    if depth > DEEPEST:
        raise Invalid(phrase("Groups can be {most} deep, not deeper.", most=DEEPEST), field=place)
    listed = found["of"]
    if not listed and place:
        raise Invalid(phrase("{place} is empty: add a condition, or remove the group.", place=_at(place)), field=place)
    if len(listed) > MOST_CONDITIONS:
        raise Invalid(phrase("A filter takes at most {most} conditions.", most=MOST_CONDITIONS), field="where")
    of = tuple(_member(one, f"{place}.{at}".lstrip("."), depth) for at, one in enumerate(listed, start=1))
    return Group(str(found["match"]), of, is_not=found.get("not") is True)


def _member(found: object, place: str, depth: int) -> Member:
    if isinstance(found, Mapping) and "of" in found:
        return _group(found, place, depth + 1)
    if not isinstance(found, Mapping):
        raise Invalid(phrase("{place} is no condition.", place=_at(place)), field=place)
    return _condition(found, place)


def _condition(found: Mapping[str, Any], place: str) -> Condition:
    asked = FIELDS.get(str(found.get("field")))
    if asked is None:
        raise Invalid(phrase("{place}: choose what it looks at.", place=_at(place)), field=place)
    if found.get("operator") not in OPERATORS[asked.type]:
        raise Invalid(
            phrase("{place}: “{label}” cannot be compared like that.", place=_at(place), label=asked.label), field=place
        )
    value = str(found.get("value", "")).strip().replace("\x00", "")
    if not value or len(value) > LONGEST_VALUE:
        raise Invalid(phrase("{place}: “{label}” needs a value.", place=_at(place), label=asked.label), field=place)
    condition = Condition(str(found["field"]), str(found["operator"]), value)
    problem = _problem(condition, asked)
    if problem:
        raise Invalid(phrase("{place}: {problem}", place=_at(place), problem=problem), field=place)
    return condition


def _problem(one: Condition, asked: Field) -> str:
    """Say in a sentence what is wrong with a value, "" where nothing is."""
    if asked.type == "number":
        return _number_problem(one.value, asked)
    if asked.type == "date":
        return _date_problem(one)
    if asked.type == "flag" and one.value not in {YES, NO}:
        return phrase("choose yes or no.")
    if one.field == "custom" and one.operator != "has" and not all(part.strip() for part in custom_pair(one.value)):
        return phrase("write the field's name, an equals sign and the value, as in plan = gold.")
    if one.field == "search":
        return " ".join(search_terms.parse(one.value).problems)
    return _choice_problem(one, asked)


def _choice_problem(one: Condition, asked: Field) -> str:
    wanted = one.values if asked.type == "labels" else (one.value,)
    if asked.choices and not set(wanted) <= set(asked.choices):
        return phrase("“{label}” is one of: {choices}.", label=asked.label, choices=", ".join(asked.choices))
    if asked.takes_id and not (wanted and all(value in asked.beside or _is_id(value) for value in wanted)):
        return phrase("choose a value for “{label}”.", label=asked.label)
    return ""


def _number_problem(value: str, asked: Field) -> str:
    number = as_number(value)
    if number is None:
        return phrase("“{label}” needs a number.", label=asked.label)
    if asked.low is not None and asked.high is not None and not asked.low <= number <= asked.high:
        return phrase(
            "“{label}” needs a number from {low} to {high}.",
            label=asked.label,
            low=f"{asked.low:g}",
            high=f"{asked.high:g}",
        )
    return ""


def _date_problem(one: Condition) -> str:
    if one.operator in {"in_last", "not_in_last"}:
        days = int(one.value) if one.value.isascii() and one.value.isdigit() and len(one.value) < 6 else 0
        return "" if 1 <= days <= MOST_DAYS else phrase("write a number of days from 1 to {most}.", most=str(MOST_DAYS))
    try:
        day = date.fromisoformat(one.value)
    except ValueError:
        return phrase("choose a day.")
    return "" if search_terms.FIRST_DAY <= day <= search_terms.LAST_DAY else phrase("choose another day.")


def as_number(value: str) -> float | None:
    """Read a number as people write it, None where it is none."""
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def custom_pair(value: str) -> tuple[str, str]:
    """Cut "plan = gold" into the field's name and what is wanted of it."""
    name, _, wanted = value.partition("=")
    return name.strip(), wanted.strip()


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _at(place: str) -> Phrase:
    return phrase("Condition {place}", place=place) if place else phrase("The filter")
