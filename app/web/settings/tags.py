"""Settings, tags: the one vocabulary, with colours and how often each is used."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Tag
from app.phrases import phrase
from app.queries import settings_rules
from app.services import by_public_id, tags
from app.web.authz import supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_tags", __name__, url_prefix="/settings/tags")


@pages.get("")
@supervisor_only
def index() -> str:
    return _page(None)


@pages.post("")
@supervisor_only
def create() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            tags.create(session, name=request.form.get("name", ""), colour=request.form.get("colour", ""))
    except (Invalid, Conflict) as problem:
        return _page(problem), problem.status
    flash(phrase("Added."), "success")
    return redirect("/settings/tags", code=303)


@pages.post("/<tag_id>")
@supervisor_only
def rename(tag_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            tag = by_public_id.get(session, Tag, tag_id, lock=True)
            tags.rename(session, tag=tag, name=request.form.get("name", ""), colour=request.form.get("colour", ""))
    except (Invalid, Conflict) as problem:
        return _page(problem, editing=tag_id), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/tags", code=303)


@pages.post("/<tag_id>/merging")
@supervisor_only
def merge(tag_id: str) -> Response | tuple[str, int]:
    """Merge it into the tag `into`."""
    try:
        with transaction() as session:
            wanted = tag_id.lower(), request.form.get("into", "").lower()
            found = {id_: by_public_id.get(session, Tag, id_, lock=True) for id_ in sorted(set(wanted))}
            tag, into = (found[id_] for id_ in wanted)
            tags.merge(session, tag=tag, into=into)
            name = into.name
    except (Invalid, Conflict) as problem:
        return _page(problem, editing=tag_id), problem.status
    flash(phrase("Merged: everything that had it has “{name}” now.", name=name), "success")
    return redirect("/settings/tags", code=303)


@pages.post("/<tag_id>/delete")
@supervisor_only
def delete(tag_id: str) -> Response:
    with transaction() as session:
        tags.delete(session, tag=by_public_id.get(session, Tag, tag_id, lock=True))
    flash(phrase("Deleted, and taken off everything that had it."), "success")
    return redirect("/settings/tags", code=303)


def _page(problem: AppError | None, *, editing: str = "") -> str:
    with reading() as session:
        rows = settings_rules.tags(session)
    return render_template(
        "settings/tags.html",
        rows=rows,
        colours=tags.COLOURS,
        colour_words=tags.COLOUR_WORDS,
        problem=problem,
        editing=editing,
        typed=request.form,
    )
