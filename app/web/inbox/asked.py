"""What a request asks for: which filters, and whether the whole page or one part of it that htmx swaps in."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from flask import request

from app.errors import Invalid
from app.models import Status
from app.phrases import phrase
from app.queries import filter_groups
from app.queries.conversation_filters import TOLD, VIEWS, Filters
from app.queries.conversation_order import NEWEST, ORDERS, Side
from app.queries.filter_groups import Group
from app.queries.saved_views import Looks
from app.queries.search_terms import LONGEST

LONGEST_VALUE = 100
SIDES: tuple[Side, ...] = ("after", "before", "start")


def filters() -> Filters:
    """Read the filters from the address; what is not understood counts as not said."""
    told = {name: request.args.get(name, "")[:LONGEST_VALUE] for name in TOLD}
    told["search"] = " ".join(request.args.get("search", "")[: LONGEST + 1].split())
    told["where"] = request.args.get("where", "")[: filter_groups.LONGEST_TEXT + 1]
    told["view"] = told["view"] if told["view"] in VIEWS else "all"
    told["sort"] = told["sort"] if told["sort"] in ORDERS else NEWEST
    told["status"] = told["status"] if told["status"] in {*Status, "all"} else Status.OPEN.value
    return Filters(**told)  # type: ignore[arg-type]  # TOLD names no other kind of field


def read(looks: Looks) -> Filters:
    """Read the filters with what the saved view and the conditions in them ask. Raises Invalid."""
    wanted = filters()
    view = looks.find(wanted.saved)
    if view is not None and view.problem:
        raise Invalid(
            phrase("The view “{name}” cannot be shown any more. {problem}", name=view.name, problem=view.problem),
            field="saved",
        )
    groups = (view.group if view else Group(), filter_groups.read(wanted.where))
    return replace(wanted, saved=view.id if view else "", within=tuple(group for group in groups if group.of))


def place() -> tuple[Side, str]:
    """Return which rows beside which cursor are asked for: the first ones where none is named."""
    side: Side = next((one for one in SIDES if request.args.get(one)), "after")
    return side, request.args.get(side, "")[:LONGEST_VALUE]


def part() -> str:
    """Return the id of the part that htmx will swap ("list", "pane" …), "" when the whole page is wanted."""
    if request.headers.get("HX-Request") != "true" or request.headers.get("HX-Request-Type") == "full":
        return ""
    if request.headers.get("HX-History-Restore-Request"):
        return ""
    return request.headers.get("HX-Target", "").partition("#")[2]


def address_with(query: str) -> str:
    """Return the address the browser should show after the list changed: the open conversation stays open."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return (path if path.startswith("/inbox") and "//" not in path else "/inbox") + query
