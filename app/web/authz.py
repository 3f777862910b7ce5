"""Who is asking, and whether they may: the gate in front of all views, and the session it opens for.

The words above the views (`@signed_in`, `@admin_only` …) come from app/authz.py and are handed on here.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote, urlsplit

import flask_login
from flask import Flask, Response, current_app, g, make_response, redirect, request, session, url_for
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from app.authz import Authz, admin_only, authz_of, declare, public, signed_in, supervisor_only
from app.clock import now
from app.db import reading
from app.errors import Forbidden
from app.languages import translated
from app.models import Role, User
from app.phrases import phrase
from app.services import privacy, users
from app.services.privacy import Privacy
from app.web import form_tokens, kept_parts

__all__ = [
    "Authz",
    "admin_only",
    "authz_of",
    "begin_session",
    "csrf",
    "current_privacy",
    "current_user",
    "declare",
    "end_session",
    "find_current_user",
    "local_path",
    "public",
    "session_is_kept",
    "signed_in",
    "supervisor_only",
]
ROLES = {
    Authz.SIGNED_IN: frozenset(Role),
    Authz.SUPERVISOR: frozenset({Role.SUPERVISOR, Role.ADMIN}),
    Authz.ADMIN: frozenset({Role.ADMIN}),
}

SIGN_IN_FIRST = phrase("Sign in first.")
PROLONGED = "prolonged"  # in the session: the day on which its cookie was last given out
csrf = CSRFProtect()
login_manager = flask_login.LoginManager()
login_manager.session_protection = None  # the cookie is signed; addresses and browsers of honest people change


class SignedIn(flask_login.UserMixin):
    """What Flask-Login holds of a user during one request."""

    def __init__(self, row: User, rules: Privacy | None = None) -> None:
        self.row = row
        self.privacy = rules or Privacy()

    def get_id(self) -> str:
        return users.session_id(self.row)

    def __getattr__(self, name: str) -> Any:
        """Let templates say current_user.name."""
        return getattr(self.row, name)


def find_current_user() -> User | None:
    """Return the signed-in user, detached, or None."""
    holder = flask_login.current_user
    return cast("User", holder.row) if holder.is_authenticated else None


def current_user() -> User:
    """Return the signed-in user, detached: only for views that are not public."""
    user = find_current_user()
    assert user is not None, "this view is public: use find_current_user()"
    return user


def current_privacy() -> Privacy:
    """Return the workspace's rules for personal data, read with the signed-in user."""
    holder = flask_login.current_user
    return cast("Privacy", holder.privacy) if holder.is_authenticated else Privacy()


def begin_session(user: User, *, keep: bool = False) -> None:
    """Sign a user in; nothing from before stays (fixation). `keep`: for 30 days, else until the browser closes."""
    session.clear()
    flask_login.login_user(SignedIn(user))
    session.permanent = keep
    session[PROLONGED] = _today()


def session_is_kept() -> bool:
    """Say whether this session outlives the browser."""
    return bool(session.permanent)


def end_session() -> None:
    flask_login.logout_user()
    session.clear()


def local_path(target: str | None) -> str:
    """Return a path on this host to go on to; anything else leads home (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(character) < 0x21 for character in target):
        return "/"  # browsers read "/\evil" and "/<tab>/evil" as another host
    return target


def register(app: Flask) -> None:
    # A cookie given out with every answer would sign in again who just signed out, by an answer that was on its way.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False, SESSION_REFRESH_EACH_REQUEST=False)
    csrf.init_app(app)
    form_tokens.register(app)
    kept_parts.register(app)
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(_load)
    app.before_request(_gate)
    app.context_processor(_for_templates)
    declare(app.view_functions["static"], Authz.PUBLIC)


def _load(session_id: str) -> SignedIn | None:
    with reading() as db:
        found = privacy.find_signed_in(db, session_id)
        if found is None:
            return None
        user, rules, house = found
        db.expunge(user)
    g.region = rules.region  # app/render.py hides by it
    g.own_language, g.own_time_zone = user.language, user.time_zone  # app/web/languages.py and app/render.py read them
    g.house_language, g.house_time_zone = house.language, house.time_zone
    return SignedIn(user, rules)


def _for_templates() -> dict[str, Any]:
    """Give pages the user that the gate found: an error page must not ask the database anew."""
    user: User | None = getattr(g, "user_for_page", None)
    may_reveal = user is not None and current_privacy().may_reveal(user)
    return {"me": user, "current_user": SignedIn(user) if user else None, "may_reveal": may_reveal}


def _gate() -> BaseResponse | None:
    """Let a request through to its view, or not."""
    if request.endpoint is None:
        g.user_for_page = find_current_user()
        return None  # no such page: the 404 comes from Flask
    authz = authz_of(_view())
    if authz is None:
        raise Forbidden(phrase("This address does not say who may use it, so nobody may."))
    if authz is Authz.PUBLIC:
        return None
    g.user_for_page = user = find_current_user()
    if authz is not Authz.PUBLIC_FORM:
        if user is None:
            return _ask_to_sign_in()
        if user.role not in ROLES[authz]:
            raise Forbidden(_refusal(authz))
        _prolong()
    csrf.protect(apply_exemptions=True)
    return None


def _prolong() -> None:
    """Let a kept session last from today on, once a day, with a page that somebody opens."""
    is_opened = request.method == "GET" and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if session.permanent and is_opened and session.get(PROLONGED) != _today():
        session[PROLONGED] = _today()


def _today() -> str:
    return now().date().isoformat()


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def _refusal(authz: Authz) -> str:
    return (
        phrase("Only admins can do this.")
        if authz is Authz.ADMIN
        else phrase("Only supervisors and admins can do this.")
    )


def _ask_to_sign_in() -> BaseResponse:
    """Lead to the sign-in page and back; scripts get a 401 in words they understand."""
    if request.headers.get("HX-Request"):
        here = urlsplit(request.headers.get("HX-Current-URL", "/"))
        target = _sign_in_address(local_path(here.path + (f"?{here.query}" if here.query else "")))
        return Response(status=401, headers={"HX-Redirect": target})
    if request.method != "GET" or request.accept_mimetypes.best == "application/json":
        if request.accept_mimetypes.accept_html and not request.is_json:
            return redirect(_sign_in_address("/"), code=303)
        return make_response({"error": translated(SIGN_IN_FIRST)}, 401)
    return redirect(_sign_in_address(request.full_path.rstrip("?")), code=303)


def _sign_in_address(then: str) -> str:
    address = url_for("session.sign_in")
    return address if then == "/" else f"{address}?next={quote(then, safe='/')}"
