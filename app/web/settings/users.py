"""Settings, users: invite, role, links to a new password, deactivate."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.languages import language, speaking, translated
from app.models import AuditAction, Role, TokenPurpose, User
from app.phrases import phrase
from app.queries import settings_people
from app.render import words
from app.services import audit, by_public_id, first_steps, links, users
from app.web.authz import admin_only, current_user
from app.web.languages import flash

pages = Blueprint("settings_users", __name__, url_prefix="/settings/users")

ROLES = (
    (Role.AGENT, words(Role.AGENT), phrase("works in the inboxes shared with them")),
    (Role.SUPERVISOR, words(Role.SUPERVISOR), phrase("an agent who also sees deliveries and keeps the tags")),
    (Role.ADMIN, words(Role.ADMIN), phrase("sees every inbox and all settings")),
    (Role.BOT, words(Role.BOT), phrase("a program; cannot sign in here")),
)


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_people.users(session)
    return render_template("settings/users.html", rows=rows)


@pages.get("/new")
@admin_only
def new() -> str:
    return _form(None, None)


@pages.post("/new")
@admin_only
def invite() -> Response | str | tuple[str, int]:
    try:
        with transaction() as session:
            user = users.add(
                session,
                email=request.form.get("email", ""),
                name=request.form.get("name", ""),
                role=users.role_named(request.form.get("role", "")),
            )
            first_steps.begin(session, user=user)
            link = _link(session, user) if user.role is not Role.BOT else None
            _note(session, AuditAction.USER_INVITED, user, {"role": user.role.value})
    except Invalid as problem:
        return _form(None, problem), problem.status
    if link is None:
        flash(phrase("{name} has been added.", name=user.name), "success")
        return redirect("/settings/users", code=303)
    return _show_link(user, link)


@pages.get("/<user_id>")
@admin_only
def edit(user_id: str) -> str:
    with reading() as session:
        user = by_public_id.get(session, User, user_id)
        session.expunge(user)
    return _form(user, None)


@pages.post("/<user_id>")
@admin_only
def save(user_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            user = by_public_id.get(session, User, user_id)
            user.name = users.clean_name(request.form.get("name", ""))
            before, role = user.role, users.role_named(request.form.get("role", ""))
            users.set_role(session, user=user, role=role)
            if role is not before:
                _note(session, AuditAction.ROLE_CHANGED, user, {"from": before.value, "to": role.value})
    except (Invalid, Conflict) as problem:
        return _again(user_id, problem)
    flash(phrase("Saved."), "success")
    return redirect("/settings/users", code=303)


@pages.post("/<user_id>/link")
@admin_only
def make_link(user_id: str) -> str:
    """Make a link to a (new) password and show it once."""
    with transaction() as session:
        user = by_public_id.get(session, User, user_id)
        _refuse_link(user)
        link = _link(session, user)
        _note(session, AuditAction.PASSWORD_LINK_MADE, user)
    return _show_link(user, link)


@pages.post("/<user_id>/deactivate")
@admin_only
def deactivate(user_id: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            user = by_public_id.get(session, User, user_id)
            users.deactivate(session, user=user)
            _note(session, AuditAction.USER_DEACTIVATED, user)
    except Conflict as problem:
        return _again(user_id, problem)
    flash(phrase("Deactivated: signed out everywhere, and gets no new work."), "success")
    return redirect("/settings/users" if user_id != str(current_user().public_id) else "/sign-in", code=303)


@pages.post("/<user_id>/activate")
@admin_only
def activate(user_id: str) -> Response:
    with transaction() as session:
        user = by_public_id.get(session, User, user_id)
        users.activate(session, user=user)
        _note(session, AuditAction.USER_ACTIVATED, user)
    flash(phrase("Active again."), "success")
    return redirect(f"/settings/users/{user_id}", code=303)


def _note(session: Session, action: AuditAction, whom: User, details: dict[str, str] | None = None) -> None:
    """Write a deed in the audit log; a new user needs an id first."""
    session.flush()
    audit.record(
        session,
        action=action,
        user=current_user(),
        kind="user",
        object_id=whom.public_id,
        ip=request.remote_addr or "",
        details=dict(details or {}),
    )


def _link(session: Session, user: User) -> str:
    purpose = TokenPurpose.RESET if user.password_hash else TokenPurpose.INVITE
    return links.make(session, purpose=purpose, user=user)


def _refuse_link(user: User) -> None:
    if not user.is_active:
        raise Conflict(phrase("This user is deactivated: activate them first."))
    if user.role is Role.BOT:
        raise Conflict(phrase("A bot has no password."))


def _show_link(user: User, link: str) -> str:
    is_invitation = user.password_hash is None
    by = current_user()
    values = {"user": user, "link": link, "by": by}
    subject = phrase("{name} invites you to Tributary", name=by.name)
    if not is_invitation:
        subject = phrase("A new password for Tributary")
    with speaking(user.language or language().code):  # the mail is read by them
        title = translated(subject)
        body = render_template("mail/invite.txt" if is_invitation else "mail/reset.txt", **values)
    address = f"mailto:{quote(user.email)}?subject={quote(title)}&body={quote(body)}"
    return render_template("settings/user_link.html", is_invitation=is_invitation, mailto=address, body=body, **values)


def _again(user_id: str, problem: AppError) -> tuple[str, int]:
    with reading() as session:
        user = by_public_id.get(session, User, user_id)
        session.expunge(user)
    return _form(user, problem), problem.status


def _form(user: User | None, problem: AppError | None) -> str:
    return render_template("settings/user.html", user=user, problem=problem, typed=request.form, roles=ROLES)
