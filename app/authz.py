"""Who may use a route, written above its view in one word; app/web/authz.py is the gate that keeps to it.

`@signed_in`, `@supervisor_only`, `@admin_only` or `@public` stands above each view. A route without one answers 403 to
everybody, and tests/web/test_session_authz.py fails. `@public` routes carry no authority of the session and so need no
CSRF token; the few that change the session itself (sign in, set a password) ask for one: `@public(csrf=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, overload

View = TypeVar("View", bound=Callable[..., Any])


class Authz(StrEnum):
    PUBLIC = "public"
    PUBLIC_FORM = "public form"  # anybody, but with a CSRF token
    SIGNED_IN = "signed in"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


def declare(view: View, authz: Authz) -> View:
    """Write down who may use a view."""
    view.authz = authz  # type: ignore[attr-defined]  # a plain attribute of the function, read by the gate
    return view


def signed_in(view: View) -> View:
    """Everybody with a session, bots included."""
    return declare(view, Authz.SIGNED_IN)


def supervisor_only(view: View) -> View:
    """Supervisors and admins."""
    return declare(view, Authz.SUPERVISOR)


def admin_only(view: View) -> View:
    return declare(view, Authz.ADMIN)


@overload
def public(view: View) -> View: ...
@overload
def public(*, csrf: bool) -> Callable[[View], View]: ...
def public(view: View | None = None, *, csrf: bool = False) -> View | Callable[[View], View]:
    """Anybody at all. Without `csrf` the view must not rest on the session: other sites can call it."""
    authz = Authz.PUBLIC_FORM if csrf else Authz.PUBLIC
    return declare(view, authz) if view is not None else lambda later: declare(later, authz)


def authz_of(view: Any) -> Authz | None:
    """Return what a view declares, None if it declares nothing."""
    said: Authz | None = getattr(view, "authz", None)
    return said
