"""The token of forms in HTML that is kept and shown again: each request has its own, so a stand-in is kept in its
place, which nobody outside this process can know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe

from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

STAND_IN = token_urlsafe(24)


def register(app: Flask) -> None:
    app.jinja_env.globals["csrf_token"] = _token


@contextmanager
def without_token() -> Iterator[None]:
    """Leave the token out of the forms that are drawn inside."""
    g.keeps_token_out = True
    try:
        yield
    finally:
        g.keeps_token_out = False


def with_token(html: Markup) -> Markup:
    """Return HTML that was drawn without the token with that of this request."""
    return html.replace(STAND_IN, generate_csrf()) if STAND_IN in html else html


def _token() -> str:
    return STAND_IN if g.get("keeps_token_out") else generate_csrf()
