"""First steps: invite several colleagues at once, by mail where mail can leave, else with links to pass on."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid
from app.languages import translated
from app.models import Role, Team
from app.phrases import phrase
from app.queries import settings_people
from app.render import words
from app.services import by_public_id, invitations, users
from app.services.invitations import Invited, Post
from app.web.authz import admin_only, current_user
from app.web.limits import limiter

pages = Blueprint("first_steps_colleagues", __name__)

HERE = "/first-steps/colleagues"
EXAMPLE = "Ana Keller <ana@acme.example>"
ROLES = (
    (Role.AGENT, words(Role.AGENT), phrase("works in the inboxes shared with them")),
    (
        Role.SUPERVISOR,
        words(Role.SUPERVISOR),
        phrase("an agent who also sees reports and keeps tags, intents and alerts"),
    ),
    (Role.ADMIN, words(Role.ADMIN), phrase("sees every inbox and all settings")),
)


@pages.get(HERE)
@admin_only
def show() -> str:
    return _page(None)


@pages.post(HERE)
@admin_only
@limiter.limit("10 per hour")
def invite() -> Response | tuple[str, int]:
    """Make the invitations and show what became of each; a link that did not leave is shown this once."""
    try:
        people = invitations.read_addresses(request.form.get("addresses", ""))
        role = users.role_named(request.form.get("role", ""))
        with transaction() as session:
            chosen = request.form.get("team", "")
            team = by_public_id.get(session, Team, chosen) if chosen else None
            by, ip = current_user(), request.remote_addr or ""
            invited = invitations.invite(session, people=people, role=role, team=team, by=by, ip=ip)
            post = invitations.find_post(session)
    except Invalid as problem:
        return _page(problem), problem.status
    response = make_response(_told(_mailed(invited, post), post))
    response.headers["Cache-Control"] = "no-store"
    return response


def _mailed(invited: list[Invited], post: Post | None) -> list[Invited]:
    if post is None:
        return invited
    by = current_user()
    subject = translated(phrase("{name} invites you to Tributary", name=by.name))
    texts = [render_template("mail/invite.txt", user=one.user, link=one.link, by=by) for one in invited]
    return invitations.mail_all(post, invited, subject=subject, texts=texts)


def _told(invited: list[Invited], post: Post | None) -> str:
    return render_template("first_steps/invited.html", invited=invited, post=post)


def _page(problem: Invalid | None) -> str:
    with reading() as session:
        post = invitations.find_post(session)
        teams = settings_people.teams_to_choose(session)
    return render_template(
        "first_steps/colleagues.html",
        teams=teams,
        roles=ROLES,
        post=post,
        problem=problem,
        typed=request.form,
        most=invitations.MOST,
        example=EXAMPLE,
    )
