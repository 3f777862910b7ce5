"""The form in which nested groups of conditions are put together: from its fields to a draft, and what its buttons do.

A field's name is what it is and its place: "match:1" and "not:1" of a group, "field:1.2", "operator:1.2" and
"value:1.2" of a condition; the outermost group's place is "". A draft has the shape that filter_groups.checked reads,
unchecked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from app.queries.filter_groups import DEEPEST, MOST_CONDITIONS
from app.queries.filter_vocabulary import FIELDS, OPERATORS

Draft = dict[str, Any]
MOST_FIELDS = 4 * MOST_CONDITIONS * DEEPEST  # of a form: more than any that this page sends
FIRST = "status"


def draft_of(form: MultiDict[str, str]) -> Draft:
    """Put a draft together from a form's fields; what has no place in it is left out."""
    root: Draft = {"match": form.get("match:", "all"), "not": bool(form.get("not:")), "of": []}
    places = {_place(name) for name in list(form)[:MOST_FIELDS] if name.startswith(("match:", "field:"))}
    groups: dict[tuple[int, ...], Draft] = {(): root}
    for place in sorted(place for place in places if place and len(place) <= DEEPEST + 1):
        parent = groups.get(place[:-1])
        if parent is None:
            continue
        name = ".".join(map(str, place))
        member = _group(form, name) if f"match:{name}" in form else _condition(form, name)
        parent["of"].append(member)
        if "of" in member:
            groups[place] = member
    return root


def changed(draft: Draft, do: str) -> Draft:
    """Do what a button says: "add:1" a condition to the group 1, "group:1" a group, "remove:1.2" a member."""
    what, _, name = do.partition(":")
    place = _place(f":{name}")
    if what == "remove" and place:
        parent = _at(draft, place[:-1])
        if parent and 0 < place[-1] <= len(parent["of"]):
            del parent["of"][place[-1] - 1]
    group = _at(draft, place) if what in {"add", "group"} else None
    if group is not None:
        group["of"].append(
            new_condition() if what == "add" else {"match": "any", "not": False, "of": [new_condition()]}
        )
    return draft


def new_condition(field: str = FIRST) -> Draft:
    asked = FIELDS[field]
    return {"field": field, "operator": next(iter(OPERATORS[asked.type])), "value": (*asked.choices, "")[0]}


def _group(form: Mapping[str, str], name: str) -> Draft:
    return {"match": form[f"match:{name}"], "not": bool(form.get(f"not:{name}")), "of": []}


def _condition(form: MultiDict[str, str], name: str) -> Draft:
    """Read a condition; one that looks at something else than before begins anew."""
    field, before = form.get(f"field:{name}", FIRST), form.get(f"was:{name}", "")
    if field not in FIELDS or (before and before != field):
        return new_condition(field if field in FIELDS else FIRST)
    value = ",".join(form.getlist(f"value:{name}"))
    return {"field": field, "operator": form.get(f"operator:{name}", ""), "value": value}


def _place(name: str) -> tuple[int, ...]:
    """Read "field:1.2" as (1, 2); () for what has no place."""
    told = name.partition(":")[2]
    parts: Sequence[str] = told.split(".") if told else []
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return ()
    return tuple(map(int, parts))


def _at(draft: Draft, place: Sequence[int]) -> Draft | None:
    """Find the group at a place."""
    here = draft
    for step in place:
        if "of" not in here or not 0 < step <= len(here["of"]):
            return None
        here = here["of"][step - 1]
    return here if "of" in here else None
