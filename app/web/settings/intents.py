"""Settings, intents: the workspace's own list of what customers want, examples of each, and training."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid, NotFound
from app.models import IntentExample, WorkspaceIntent
from app.phrases import phrase
from app.queries import settings_intents
from app.services import access, by_public_id, workspace_intents
from app.services.workspace_intents import LEAST_EXAMPLES, LEAST_INTENTS
from app.web import intent_titles
from app.web.authz import current_user, supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_intents", __name__, url_prefix="/settings/intents")
HERE = "/settings/intents"


@pages.get("")
@supervisor_only
def index() -> str:
    return _index(None)


@pages.post("")
@supervisor_only
def create() -> Response | tuple[str, int]:
    form = request.form
    try:
        with transaction() as session:
            intent = workspace_intents.create(
                session, title=form.get("title", ""), description=form.get("description", "")
            )
    except (Invalid, Conflict) as problem:
        return _index(problem), problem.status
    intent_titles.forget()
    said = phrase("Added. Now give it examples: {least} or more of what customers really write.", least=LEAST_EXAMPLES)
    flash(said, "success")
    return redirect(f"{HERE}/{intent.public_id}", code=303)


@pages.get("/training")
@supervisor_only
def training() -> Response:
    """The panel that says how far training has come, fetched while it runs; at its end the page has news, too."""
    with reading() as session:
        context = _training(session)
    response = make_response(render_template("settings/_training.html", **context))
    if not context["training"].is_running:
        response.headers["HX-Refresh"] = "true"
    return response


@pages.post("/training")
@supervisor_only
def train() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            workspace_intents.train(session, actor=current_user())
    except Invalid as problem:
        return _index(problem), problem.status
    return redirect(f"{HERE}#training", code=303)


@pages.get("/<intent_id>")
@supervisor_only
def show(intent_id: str) -> str:
    return _show(intent_id, None)


@pages.post("/<intent_id>")
@supervisor_only
def edit(intent_id: str) -> Response | tuple[str, int]:
    form = request.form
    return _change(
        intent_id,
        phrase("Saved."),
        lambda session, intent: workspace_intents.edit(
            session,
            intent=intent,
            version=form.get("version", 0, type=int),
            title=form.get("title", ""),
            description=form.get("description", ""),
        ),
    )


@pages.post("/<intent_id>/examples")
@supervisor_only
def add_examples(intent_id: str) -> Response | tuple[str, int]:
    """Add what is written in `examples`, one a line, or the words of `message`."""

    def add(session: Any, intent: WorkspaceIntent) -> None:
        user, message_id = current_user(), request.form.get("message", "")
        if message_id:
            message = access.message_for(session, user, message_id)
            workspace_intents.use_message(session, intent=intent, message=message, actor=user)
        else:
            texts = request.form.get("examples", "").splitlines()
            workspace_intents.add_examples(session, intent=intent, texts=texts, actor=user)

    return _change(intent_id, phrase("Added. Train to have it count."), add)


@pages.post("/<intent_id>/examples/<example_id>/delete")
@supervisor_only
def remove_example(intent_id: str, example_id: str) -> Response | tuple[str, int]:
    def remove(session: Any, intent: WorkspaceIntent) -> None:
        example = by_public_id.get(session, IntentExample, example_id, lock=True)
        if example.intent_id != intent.id:
            raise NotFound
        workspace_intents.remove_example(session, example=example)

    return _change(intent_id, phrase("Removed."), remove)


@pages.post("/<intent_id>/merge")
@supervisor_only
def merge(intent_id: str) -> Response | tuple[str, int]:
    def join(session: Any, intent: WorkspaceIntent) -> None:
        into = by_public_id.get(session, WorkspaceIntent, request.form.get("into", ""), lock=True)
        workspace_intents.merge(session, intent=intent, into=into, actor=current_user())

    return _change(intent_id, phrase("Merged: its examples belong to the other intent now."), join, back=HERE)


@pages.post("/<intent_id>/archive")
@supervisor_only
def archive(intent_id: str) -> Response | tuple[str, int]:
    user = current_user()
    return _change(
        intent_id,
        phrase("Archived. Its examples are kept."),
        lambda session, intent: workspace_intents.archive(session, intent=intent, actor=user),
        back=HERE,
    )


@pages.post("/<intent_id>/restore")
@supervisor_only
def restore(intent_id: str) -> Response | tuple[str, int]:
    user = current_user()
    return _change(
        intent_id,
        phrase("In use again."),
        lambda session, intent: workspace_intents.restore(session, intent=intent, actor=user),
    )


def _change(intent_id: str, word: str, do: Any, *, back: str = "") -> Response | tuple[str, int]:
    """Do something to an intent that is locked for it, and lead back; a refusal stays on its page."""
    try:
        with transaction() as session:
            do(session, by_public_id.get(session, WorkspaceIntent, intent_id, lock=True))
    except (Invalid, Conflict) as problem:
        return _show(intent_id, problem), problem.status
    intent_titles.forget()
    flash(word, "success")
    return redirect(back or f"{HERE}/{intent_id}", code=303)


def _index(problem: AppError | None) -> str:
    with reading() as session:
        rows, context = settings_intents.intents(session), _training(session)
    return render_template("settings/intents.html", rows=rows, problem=problem, typed=request.form, **context)


def _show(intent_id: str, problem: AppError | None) -> str:
    user, words = current_user(), " ".join(request.args.get("find", "").split())[:100]
    with reading() as session:
        rows = settings_intents.intents(session)
        intent = next((row for row in rows if str(row.public_id) == intent_id), None)
        if intent is None:
            raise NotFound
        ids = access.inbox_ids_of(user)
        if words:
            found = settings_intents.messages_with(session, words=words, inbox_ids=ids)
        else:
            found = settings_intents.messages_like(session, intent_id=intent.id, inbox_ids=ids)
        context = {
            "intent": intent,
            "examples": settings_intents.examples(session, intent_id=intent.id),
            "count": workspace_intents.example_counts(session).get(intent.id, 0),
            "others": [row for row in rows if row.id != intent.id and not row.is_archived],
            "found": found,
            "training": settings_intents.training(session),
        }
    return render_template(
        "settings/intent.html", find=words, problem=problem, typed=request.form, least=LEAST_EXAMPLES, **context
    )


def _training(session: Any) -> dict[str, Any]:
    counts = workspace_intents.example_counts(session)
    return {
        "counts": counts,
        "training": settings_intents.training(session),
        "ready": sum(count >= LEAST_EXAMPLES for count in counts.values()),
        "least": LEAST_EXAMPLES,
        "least_intents": LEAST_INTENTS,
    }
