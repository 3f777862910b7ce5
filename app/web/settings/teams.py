"""Settings, teams: names and members."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid
from app.models import Team, User
from app.phrases import phrase
from app.queries import settings_people
from app.services import by_public_id, teams
from app.web.authz import admin_only
from app.web.languages import flash

pages = Blueprint("settings_teams", __name__, url_prefix="/settings/teams")


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_people.teams(session)
    return render_template("settings/teams.html", rows=rows)


@pages.get("/new")
@admin_only
def new() -> str:
    return _form(None, None)


@pages.post("/new")
@admin_only
def create() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            team = teams.create(session, name=request.form.get("name", ""))
            members = by_public_id.get_all(session, User, request.form.getlist("members"))
            teams.set_members(session, team=team, users=members)
    except Invalid as problem:
        return _form(None, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/teams", code=303)


@pages.get("/<team_id>")
@admin_only
def edit(team_id: str) -> str:
    return _form(team_id, None)


@pages.post("/<team_id>")
@admin_only
def save(team_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            team = by_public_id.get(session, Team, team_id, lock=True)
            teams.rename(session, team=team, name=request.form.get("name", ""))
            members = by_public_id.get_all(session, User, request.form.getlist("members"))
            teams.set_members(session, team=team, users=members)
    except Invalid as problem:
        return _form(team_id, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/teams", code=303)


@pages.post("/<team_id>/delete")
@admin_only
def delete(team_id: str) -> Response:
    with transaction() as session:
        teams.delete(session, team=by_public_id.get(session, Team, team_id, lock=True))
    flash(phrase("The team is dissolved. Its conversations stay."), "success")
    return redirect("/settings/teams", code=303)


def _form(team_id: str | None, problem: Invalid | None) -> str:
    with reading() as session:
        team = by_public_id.get(session, Team, team_id) if team_id else None
        chosen = settings_people.members_of(session, team) if team else []
        people = settings_people.people_to_choose(session, also=chosen)
        name = team.name if team else ""
    if problem:
        name, chosen = request.form.get("name", ""), request.form.getlist("members")
    return render_template(
        "settings/team.html", team_id=team_id, name=name, chosen=chosen, people=people, problem=problem
    )
