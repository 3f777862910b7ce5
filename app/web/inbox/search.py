"""Search over everything: the results page, contacts while somebody types, and what was looked for lately."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from app.db import reading, sqlstate, transaction
from app.models import SearchKind, User
from app.phrases import phrase, phrase_in
from app.queries import contact_lookup, search_beside, search_page
from app.queries.search_page import BEST, NEWEST, TOO_LONG, Page
from app.queries.search_terms import LISTED, LONGEST, Search
from app.services import access, recent_searches
from app.services.search_keys import typed_key
from app.web.inbox import asked, found
from app.web.session import current_user, signed_in

pages = Blueprint("search", __name__, url_prefix="/search")

KINDS = {
    "all": phrase_in("label", "Everything"),
    SearchKind.MESSAGE.value: phrase("Conversations"),
    SearchKind.CONTACT.value: phrase("Contacts"),
    SearchKind.CASE.value: phrase("Cases"),
    SearchKind.ARTICLE.value: phrase("Articles"),
}
ORDERS = {BEST: phrase("Best fit"), NEWEST: phrase("Newest first")}
LONGEST_PLACE = 100
QUERY_CANCELED = "57014"


@pages.get("")
@signed_in
def index() -> str:
    """Show what is found. `kind` is one of KINDS, `order` of ORDERS, `after` where a page begins."""
    user = current_user()
    kind, order = request.args.get("kind", "all"), request.args.get("order", BEST)
    page = _read(user, kind if kind in KINDS else "all", order if order in ORDERS else BEST)
    with reading() as session:
        beside = search_beside.beside(session, user=user)
    template = "search/_more.html" if asked.part() == "found-more" else "search/index.html"
    return render_template(template, page=page, beside=beside, **_looks(page))


@pages.post("")
@signed_in
def search() -> Response:
    """Remember what is looked for, and show what is found."""
    typed = _typed(request.form.get("q", ""))
    with transaction() as session:
        recent_searches.remember(session, user=current_user(), typed=typed)
    return redirect(_address(typed), code=303)


@pages.post("/forget")
@signed_in
def forget() -> Response:
    """Remove one search from what was looked for lately, or all (`q` empty)."""
    with transaction() as session:
        recent_searches.forget(session, user=current_user(), typed=request.form.get("q", ""))
    return redirect("/search", code=303)


@pages.get("/contacts")
@signed_in
def contacts() -> str:
    """Show contacts that begin like what is typed."""
    user = current_user()
    typed = typed_key(_typed(request.args.get("q", "")))
    with reading() as session:
        people = contact_lookup.find(session, typed=typed, user=user, inbox_ids=access.inbox_ids_of(user))
    return render_template("search/_contacts.html", people=people)


def _read(user: User, kind: str, order: str) -> Page:
    typed, after = _typed(request.args.get("q", "")), request.args.get("after", "")[:LONGEST_PLACE]
    return found_of(user, typed, kind=kind, order=order, after=after)


def found_of(
    user: User, typed: str, *, kind: str = SearchKind.MESSAGE.value, order: str = BEST, after: str = ""
) -> Page:
    """Read what is found; a search that takes too long finds nothing, and says so."""
    ids = access.inbox_ids_of(user)
    try:
        with reading() as session:
            return search_page.page(session, typed=typed, user=user, inbox_ids=ids, kind=kind, order=order, after=after)
    except OperationalError as error:
        if sqlstate(error) != QUERY_CANCELED:
            raise
        return Page(typed, Search(problems=(TOO_LONG,)), kind, order)


def _typed(text: str) -> str:
    return " ".join(text[: LONGEST + 1].split())


def _address(typed: str, **more: str) -> str:
    told = {"q": typed} | {name: value for name, value in more.items() if value}
    return f"/search?{urlencode(told)}" if typed else "/search"


def _looks(page: Page) -> dict[str, Any]:
    """Return what the templates need beside the rows: words, addresses, and marking."""
    wanted = found.Wanted.of(page.search.words)

    def address(*, kind: str = "", order: str = "", after: str = "") -> str:
        kept = {"kind": kind or page.kind, "order": order or page.order, "after": after}
        return _address(page.typed, **{name: value for name, value in kept.items() if value not in {"all", BEST}})

    return {
        "kinds": KINDS,
        "orders": ORDERS,
        "examples": LISTED,
        "address": address,
        "counts": _counts(page),
        "said": lambda row: found.excerpt(row.text, wanted),
        "titled": lambda row: found.line(row.subject or "(no subject)", wanted),
        "excerpt": lambda text: found.excerpt(text or "", wanted),
        "marked": lambda text: found.line(text or "", wanted),
    }


def _counts(page: Page) -> dict[str, str]:
    """Say how many of each kind there are: "1,000+" where more were not counted."""
    told = {kind: (things.count, things.is_capped) for kind, things in page.things.items()}
    told[SearchKind.MESSAGE] = (page.conversations.count, page.conversations.is_capped)
    return {kind.value: f"{count:,}{'+' if is_capped else ''}" for kind, (count, is_capped) in told.items()}
