"""Settings, articles: what the knowledge base says, as far as replies are helped by it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import KbArticle
from app.phrases import phrase
from app.queries import settings_suggestions
from app.services import by_public_id, kb_articles
from app.web.authz import supervisor_only
from app.web.languages import flash
from app.web.settings.languages import language_choices

pages = Blueprint("settings_articles", __name__, url_prefix="/settings/articles")

HERE = "/settings/articles"


@pages.get("")
@supervisor_only
def index() -> str:
    with reading() as session:
        rows = settings_suggestions.articles(session)
    return render_template("settings/articles.html", rows=rows)


@pages.get("/new")
@supervisor_only
def new() -> str:
    return _form(None, {}, None)


@pages.post("/new")
@supervisor_only
def create() -> Response | tuple[str, int]:
    return _save(None)


@pages.get("/<article_id>")
@supervisor_only
def edit(article_id: str) -> str:
    with reading() as session:
        article = by_public_id.get(session, KbArticle, article_id)
    values = {name: getattr(article, name) for name in ("title", "body", "language", "version")}
    return _form(article_id, {**values, "state": article.state.value}, None)


@pages.post("/<article_id>")
@supervisor_only
def save(article_id: str) -> Response | tuple[str, int]:
    return _save(article_id)


@pages.post("/<article_id>/delete")
@supervisor_only
def delete(article_id: str) -> Response:
    with transaction() as session:
        kb_articles.delete(session, article=by_public_id.get(session, KbArticle, article_id, lock=True))
    flash(phrase("Deleted."), "success")
    return redirect(HERE, code=303)


def _save(article_id: str | None) -> Response | tuple[str, int]:
    told = {name: request.form.get(name, "") for name in ("title", "body", "language", "state")}
    version = request.form.get("version", type=int)
    try:
        with transaction() as session:
            article = by_public_id.get(session, KbArticle, article_id, lock=True) if article_id else None
            kb_articles.save(session, article=article, version=version, **told)
    except (Invalid, Conflict) as problem:
        return _form(article_id, {**told, "version": version}, problem), problem.status
    flash(phrase("Saved. The models read it in a moment; only published articles are suggested."), "success")
    return redirect(HERE, code=303)


def _form(article_id: str | None, values: dict[str, Any], problem: AppError | None) -> str:
    return render_template(
        "settings/article.html", article_id=article_id, values=values, languages=language_choices(), problem=problem
    )
