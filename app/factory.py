"""Put the web process together. Nothing here decides anything about the product."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, cli, sockets, web
from app.config import ROOT, settings
from app.crypto import session_secret
from app.log import mask_records
from app.render import configure_templates

MAX_REQUEST_BYTES = 50 * 1024 * 1024


def create_app() -> Flask:
    """Return the WSGI application with its pages, JSON routes, sockets and commands."""
    mask_records()
    app = Flask("app", root_path=str(ROOT / "app"), template_folder=str(ROOT / "templates"), static_folder="static")
    app.config.update(
        SECRET_KEY=session_secret(),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().secure_cookies,
        SESSION_COOKIE_NAME="tributary",
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 30,
    )
    if settings().trusted_proxies:
        hops = settings().trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    configure_templates(app)
    for room in (web, api, sockets, cli):
        room.register(app)
    return app
