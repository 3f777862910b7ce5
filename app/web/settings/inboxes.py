"""Settings, inboxes: name, team, who sees it, signature."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import AssigneeThen, Inbox, Reopening, Team, User
from app.phrases import phrase
from app.queries import settings_people
from app.services import by_public_id, inboxes, recipients, reopen_rules, signatures
from app.web.authz import admin_only
from app.web.languages import flash

pages = Blueprint("settings_inboxes", __name__, url_prefix="/settings/inboxes")


REOPENING = {  # what a new inbox begins with
    "reopening": Reopening.ALWAYS.value,
    "reopen_days": 14,
    "assignee_then": AssigneeThen.KEPT.value,
    "thanks_reopen": False,
}


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_people.inboxes(session)
    return render_template("settings/inboxes.html", rows=rows)


@pages.get("/new")
@admin_only
def new() -> str:
    return _form(None, None)


@pages.post("/new")
@admin_only
def create() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            inbox = inboxes.create(session, name=request.form.get("name", ""))
            _take_form(session, inbox)
    except Invalid as problem:
        return _form(None, problem), problem.status
    flash(phrase("Saved. Connect a channel to feed it."), "success")
    return redirect("/settings/inboxes", code=303)


@pages.get("/<inbox_id>")
@admin_only
def edit(inbox_id: str) -> str:
    return _form(inbox_id, None)


@pages.post("/<inbox_id>")
@admin_only
def save(inbox_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            _take_form(session, by_public_id.get(session, Inbox, inbox_id, lock=True))
    except Invalid as problem:
        return _form(inbox_id, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/inboxes", code=303)


@pages.post("/<inbox_id>/delete")
@admin_only
def delete(inbox_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            inboxes.delete(session, inbox=by_public_id.get(session, Inbox, inbox_id, lock=True))
    except Conflict as problem:
        return _form(inbox_id, problem), problem.status
    flash(phrase("Deleted."), "success")
    return redirect("/settings/inboxes", code=303)


def _take_form(session: Session, inbox: Inbox) -> None:
    team_id = request.form.get("team", "")
    inboxes.edit(
        session,
        inbox=inbox,
        name=request.form.get("name", ""),
        team=by_public_id.get(session, Team, team_id) if team_id else None,
        auto_assign=request.form.get("auto_assign") == "1",
        signature=request.form.get("signature", ""),
    )
    inboxes.share(
        session,
        inbox=inbox,
        users=by_public_id.get_all(session, User, request.form.getlist("users")),
        teams=by_public_id.get_all(session, Team, request.form.getlist("teams")),
    )
    _take_reopen_rules(session, inbox)
    _take_senders(session, inbox)


def _take_reopen_rules(session: Session, inbox: Inbox) -> None:
    if "reopening" in request.form:
        reopen_rules.save(
            session,
            inbox=inbox,
            reopening=request.form.get("reopening", ""),
            days=request.form.get("reopen_days", "").strip(),
            assignee_then=request.form.get("assignee_then", ""),
            thanks_reopen=request.form.get("thanks_reopen") == "1",
        )


def _take_senders(session: Session, inbox: Inbox) -> None:
    for channel in recipients.choosing(session, inbox):
        field = f"senders-{channel.public_id}"
        typed = request.form.get(field)
        if typed is None:
            continue
        try:
            recipients.set_senders(session, channel=channel, text=typed)
        except Invalid as wrong:
            raise Invalid(wrong.reason, field=field) from None


def _form(inbox_id: str | None, problem: AppError | None) -> str:
    with reading() as session:
        inbox = by_public_id.get(session, Inbox, inbox_id) if inbox_id else None
        users, teams = settings_people.shared_with(session, inbox) if inbox else ([], [])
        team = session.get(Team, inbox.team_id) if inbox and inbox.team_id else None
        values = {
            "name": inbox.name if inbox else "",
            "team": str(team.public_id) if team else "",
            "auto_assign": inbox.auto_assign if inbox else True,
            "signature": inbox.signature if inbox else "",
            **{name: getattr(inbox, name) if inbox else default for name, default in REOPENING.items()},
            "users": users,
            "teams": teams,
        }
        choosing = recipients.choosing(session, inbox) if inbox else []
        senders = [(f"senders-{one.public_id}", one.name, one.address, recipients.in_lines(one)) for one in choosing]
        people = settings_people.people_to_choose(session, also=users)
        all_teams = settings_people.teams_to_choose(session)
    if problem and request.form.get("name") is not None:
        values = _typed()
        senders = [(*one[:3], request.form.get(one[0], one[3])) for one in senders]
    return render_template(
        "settings/inbox.html",
        inbox_id=inbox_id,
        values=values,
        people=people,
        teams=all_teams,
        senders=senders,
        variables=signatures.VARIABLES,
        problem=problem,
    )


def _typed() -> dict[str, object]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "team": form.get("team", ""),
        "auto_assign": form.get("auto_assign") == "1",
        "signature": form.get("signature", ""),
        **{name: form.get(name, "") for name in REOPENING},
        "thanks_reopen": form.get("thanks_reopen") == "1",
        "users": form.getlist("users"),
        "teams": form.getlist("teams"),
    }
