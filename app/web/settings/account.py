"""What a user decides about themselves: name, looks, taking new work, password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import transaction
from app.errors import Invalid
from app.models import User
from app.services import passwords, users
from app.web.authz import begin_session, current_user, local_path, session_is_kept, signed_in
from app.web.limits import limiter

pages = Blueprint("account", __name__)

NOT_YOURS = "That is not your password. Type the one you sign in with."
TRIES = "10 per minute"


@pages.get("/account")
@signed_in
def show() -> str:
    return _page(None)


@pages.post("/account")
@signed_in
def edit() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            user = users.get(session, str(current_user().public_id))
            users.edit_profile(
                session,
                user=user,
                name=request.form.get("name", ""),
                theme=request.form.get("theme", user.theme),
                is_accepting=request.form.get("accepting") == "1",
            )
    except Invalid as problem:
        return _page(problem), problem.status
    flash("Saved.", "success")
    return redirect("/account", code=303)


@pages.post("/account/accepting")
@signed_in
def accept_work() -> Response:
    """Take new work, or let it pass to others; from the menu of any page."""
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.set_accepting(session, user=user, is_accepting=request.form.get("accepting") == "1")
    return redirect(_back(), code=303)


@pages.post("/account/theme")
@signed_in
def choose_theme() -> Response:
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.set_theme(session, user=user, theme=request.form.get("theme", ""))
    return redirect(_back(), code=303)


@pages.post("/account/password")
@signed_in
@limiter.limit(TRIES, error_message="Too many tries. Wait a minute.")
def change_password() -> Response | tuple[str, int]:
    """Change the password: this session goes on under a new name, all others end."""
    me = current_user()
    try:
        hashed = _new_hash(me)
    except Invalid as problem:
        return _page(problem), problem.status
    with transaction() as session:
        user = users.get(session, str(me.public_id))
        users.set_password(session, user=user, password_hash=hashed)
    begin_session(user, keep=session_is_kept())
    flash("Your password is changed. Every other device has been signed out.", "success")
    return redirect("/account", code=303)


@pages.post("/account/sessions")
@signed_in
def sign_out_elsewhere() -> Response:
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.sign_out_everywhere(session, user=user)
    begin_session(user, keep=session_is_kept())
    flash("Every other device has been signed out.", "success")
    return redirect("/account", code=303)


def _new_hash(me: User) -> str:
    if not passwords.is_right(me.password_hash, request.form.get("current", "")):
        raise Invalid(NOT_YOURS, field="current")
    if request.form.get("password", "") != request.form.get("again", ""):
        raise Invalid("The two new passwords differ: type the same one twice.", field="again")
    return passwords.hash_password(request.form.get("password", ""), email=me.email)


def _page(problem: Invalid | None) -> str:
    return render_template("settings/account.html", problem=problem, typed=request.form, themes=users.THEMES)


def _back() -> str:
    """Return to the page that the menu stood on."""
    origin = request.host_url.rstrip("/")
    referrer = request.referrer or ""
    return local_path(referrer.removeprefix(origin)) if referrer.startswith(origin + "/") else "/"
