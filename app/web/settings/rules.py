"""Settings, rules: what happens by itself when a message has been understood."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import AutomationRule
from app.phrases import phrase
from app.queries import settings_rules
from app.services import by_public_id, rule_book
from app.services.rule_vocabulary import ACTIONS, FIELDS, OPERATORS, VALUE_WORDS
from app.services.rules import labels_in
from app.web.authz import admin_only
from app.web.languages import flash
from app.web.settings.rule_form import GROUPS, RuleForm, all_options, in_words, label_words

pages = Blueprint("settings_rules", __name__, url_prefix="/settings/rules")


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_rules.book(session)
        options = all_options(session)
    return render_template("settings/rules.html", rows=[(row, *in_words(row, options)) for row in rows])


@pages.get("/new")
@admin_only
def new() -> str:
    return _page(RuleForm(), None)


@pages.post("/new")
@admin_only
def create() -> Response | str | tuple[str, int]:
    form = RuleForm.typed()
    if form.was_rearranged:
        return _page(form, None)
    try:
        with transaction() as session:
            rule_book.add(
                session, name=form.name, conditions=form.stored_conditions, actions=form.actions, stop=form.stop
            )
    except Invalid as problem:
        return _page(form, problem), problem.status
    flash(phrase("The rule is in force."), "success")
    return redirect("/settings/rules", code=303)


@pages.get("/<rule_id>")
@admin_only
def edit(rule_id: str) -> str:
    with reading() as session:
        form = RuleForm.of(by_public_id.get(session, AutomationRule, rule_id))
    return _page(form, None, rule_id)


@pages.post("/<rule_id>")
@admin_only
def save(rule_id: str) -> Response | str | tuple[str, int]:
    form = RuleForm.typed()
    if form.was_rearranged:
        return _page(form, None, rule_id)
    try:
        with transaction() as session:
            rule = by_public_id.get(session, AutomationRule, rule_id, lock=True)
            rule_book.edit(
                session,
                rule=rule,
                version=form.version,
                name=form.name,
                conditions=form.stored_conditions,
                actions=form.actions,
                stop=form.stop,
            )
    except (Invalid, Conflict) as problem:
        return _page(form, problem, rule_id), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/rules", code=303)


@pages.post("/<rule_id>/switch")
@admin_only
def switch(rule_id: str) -> Response:
    with transaction() as session:
        rule = by_public_id.get(session, AutomationRule, rule_id, lock=True)
        rule_book.switch(session, rule=rule, on=request.form.get("on") == "1")
    return redirect("/settings/rules", code=303)


@pages.post("/<rule_id>/move")
@admin_only
def move(rule_id: str) -> Response:
    with transaction() as session:
        rule = by_public_id.get(session, AutomationRule, rule_id)
        rule_book.move(session, rule=rule, by=-1 if request.form.get("to") == "up" else 1)
    return redirect(f"/settings/rules#{rule_id}", code=303)


@pages.post("/<rule_id>/delete")
@admin_only
def delete(rule_id: str) -> Response:
    with transaction() as session:
        rule_book.delete(session, rule=by_public_id.get(session, AutomationRule, rule_id, lock=True))
    flash(phrase("Deleted. What it did stays as it is."), "success")
    return redirect("/settings/rules", code=303)


def _page(form: RuleForm, problem: AppError | None, rule_id: str | None = None) -> str:
    with reading() as session:
        options = all_options(session)
    return render_template(
        "settings/rule.html",
        form=form,
        rule_id=rule_id,
        problem=problem,
        options=options,
        fields=FIELDS,
        groups=GROUPS,
        labels_in=labels_in,
        label_words=label_words,
        operators=OPERATORS,
        value_words=VALUE_WORDS,
        actions=ACTIONS,
    )
