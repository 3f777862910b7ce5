"""The pages behind one-time links: set up the first admin, accept an invitation, choose a new password."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid
from app.models import TokenPurpose, User
from app.phrases import phrase
from app.services import first_steps, links, passwords, users, workspace
from app.web.authz import begin_session, public
from app.web.languages import flash
from app.web.limits import limiter

pages = Blueprint("links", __name__)

TRIES = "20 per minute"
DIFFERENT = phrase("The two passwords differ: type the same one twice.")


def register(app: Flask) -> None:
    app.register_blueprint(pages)


@pages.get("/setup/<token>")
@public(csrf=True)
@limiter.limit(TRIES)
def set_up(token: str) -> str:
    with reading() as session:
        links.owner(session, purpose=TokenPurpose.SETUP, token=token)
    return render_template("session/set_up.html", values={}, problem=None)


@pages.post("/setup/<token>")
@public(csrf=True)
@limiter.limit(TRIES)
def set_up_now(token: str) -> Response | tuple[str, int]:
    """Make the first admin; the link is used up only when everything fits."""
    try:
        email = users.clean_email(request.form.get("email", ""))
        name = users.clean_name(request.form.get("name", ""))
        hashed = _new_hash(email)
        with transaction() as session:
            links.use(session, purpose=TokenPurpose.SETUP, token=token)
            user = workspace.first_admin(session, email=email, name=name, password_hash=hashed)
            first_steps.begin(session, user=user)
    except Invalid as problem:
        return render_template("session/set_up.html", values=request.form, problem=problem), problem.status
    workspace.forget_setup_link()
    begin_session(user)
    flash(phrase("Welcome. The workspace is yours."), "success")
    return redirect("/first-steps", code=303)


@pages.get("/invite/<token>", defaults={"purpose": TokenPurpose.INVITE}, endpoint="invite")
@pages.get("/reset/<token>", defaults={"purpose": TokenPurpose.RESET}, endpoint="reset")
@public(csrf=True)
@limiter.limit(TRIES)
def password_page(purpose: TokenPurpose, token: str) -> str:
    return _page(_owner(purpose, token), purpose, None)


@pages.post("/invite/<token>", defaults={"purpose": TokenPurpose.INVITE}, endpoint="accept_invite")
@pages.post("/reset/<token>", defaults={"purpose": TokenPurpose.RESET}, endpoint="accept_reset")
@public(csrf=True)
@limiter.limit(TRIES)
def choose_password(purpose: TokenPurpose, token: str) -> Response | tuple[str, int]:
    """Store the chosen password, end every other session, and sign in."""
    user = _owner(purpose, token)
    try:
        hashed = _new_hash(user.email)
    except Invalid as problem:
        return _page(user, purpose, problem), problem.status
    with transaction() as session:
        owner = links.use(session, purpose=purpose, token=token)
        assert owner is not None, "invitations and resets belong to a user"
        users.set_password(session, user=owner, password_hash=hashed)
    begin_session(owner)
    is_new = purpose is TokenPurpose.INVITE and first_steps.is_shown(owner)
    return redirect("/first-steps" if is_new else "/", code=303)


def _owner(purpose: TokenPurpose, token: str) -> User:
    with reading() as session:
        user = links.owner(session, purpose=purpose, token=token)
        assert user is not None, "invitations and resets belong to a user"
        session.expunge(user)
    return user


def _new_hash(email: str) -> str:
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise Invalid(DIFFERENT, field="again")
    return passwords.hash_password(password, email=email)


def _page(user: User, purpose: TokenPurpose, problem: Invalid | None) -> str:
    return render_template("session/password.html", user=user, purpose=purpose, problem=problem)
