"""Sign in and out. Also the door to what other pages need of it: the declarations and `current_user`."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request
from flask import session as cookie
from flask_limiter import RequestLimit
from werkzeug.wrappers import Response

from app import crypto
from app.db import reading, transaction
from app.models import User
from app.phrases import phrase
from app.services import passwords, push_subscriptions, users
from app.web import authz, headers, limits
from app.web.authz import (
    admin_only,
    begin_session,
    csrf,
    current_user,
    end_session,
    find_current_user,
    local_path,
    public,
    signed_in,
    supervisor_only,
)
from app.web.limits import limiter

__all__ = [
    "admin_only",
    "begin_session",
    "csrf",
    "current_user",
    "find_current_user",
    "local_path",
    "public",
    "signed_in",
    "supervisor_only",
]

pages = Blueprint("session", __name__)

WRONG = phrase("This address and password do not fit together.")
PER_COMPUTER, PER_ADDRESS = "10 per minute", "5 per 15 minutes"
TOO_OFTEN = phrase("Too many tries to sign in. Wait a minute, then try again.")
TOO_OFTEN_FOR_ADDRESS = phrase("Too many tries for this address. Wait 15 minutes, or ask an admin for a new password.")


def register(app: Flask) -> None:
    limits.register(app)
    headers.register(app)
    authz.register(app)
    app.register_blueprint(pages)


@pages.get("/sign-in")
@public(csrf=True)
def sign_in() -> Response | str:
    then = local_path(request.args.get("next"))
    if find_current_user():
        return redirect(then)
    return render_template("session/sign_in.html", then=then, email="", problem=None)


def _address() -> str:
    """Name the address somebody tries for; only a digest reaches Redis."""
    return crypto.digest(request.form.get("email", "").strip().lower())


@pages.post("/sign-in")
@public(csrf=True)
@limiter.limit(PER_COMPUTER, error_message=TOO_OFTEN)
@limiter.limit(PER_ADDRESS, key_func=_address, error_message=TOO_OFTEN_FOR_ADDRESS)
def sign_in_now() -> Response | tuple[str, int]:
    """Every try counts before it is looked at, so that many at once cannot slip through; a right one is given back."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    then = local_path(request.form.get("next"))
    user = _find(email)
    if not passwords.is_right(user.password_hash if user else None, password) or user is None:
        return render_template("session/sign_in.html", then=then, email=email, problem=WRONG), 401
    for counted in limiter.current_limits:
        _give_back(counted)
    _keep_hash_current(user, password)
    begin_session(user, keep=request.form.get("keep") == "on")
    return redirect(then, code=303)


@pages.post("/sign-out")
@public(csrf=True)
def sign_out() -> Response:
    user, push = find_current_user(), cookie.get(push_subscriptions.IN_SESSION)
    if user is not None and push:
        with transaction() as session:
            push_subscriptions.remove(session, user=user, public_id=push)
    end_session()
    return redirect("/sign-in", code=303)


def _find(email: str) -> User | None:
    with reading() as session:
        user = users.find_by_email(session, email)
        if user is not None:
            session.expunge(user)
    return user if user and user.is_active else None


def _give_back(counted: RequestLimit) -> None:
    """Do not count a right password: a whole office signs in from one address in the morning."""
    limiter.limiter.storage.incr(counted.key, counted.limit.get_expiry(), amount=-1)


def _keep_hash_current(user: User, password: str) -> None:
    old = user.password_hash
    if old is None or not passwords.is_outdated(old):
        return
    new = passwords.hash_password(password, email="")
    with transaction() as session:
        users.renew_hash(session, user_id=user.id, old=old, new=new)
