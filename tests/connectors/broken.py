"""Captured payloads, broken in one place: what a parser must survive."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

Place = tuple[Any, ...]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    ["remove", None, True, 7, -1, 10**400, 1e308, "", "\ud800\0\r\n", [], {}, [[]], [{}], {"id": {}}, "9" * 5000]
)


def places(value: Any, path: Place = ()) -> list[Place]:
    """Return the way to every value in a JSON value, the whole first."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


def broken(value: Any, place: Place, by: Any) -> Any:
    """Return a value with something else at a place, or ("remove") without what is there.

    Only what holds the place is copied; everything beside it is shared with `value`, which stays as it was.
    """
    if not place:
        return by
    key, *further = place
    copied = copy.copy(value)
    if further:
        copied[key] = broken(value[key], tuple(further), by)
    elif by == "remove":
        del copied[key]
    else:
        copied[key] = by
    return copied
