"""Pages and fragments. A view opens one transaction, calls a service or a query, and renders."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

ROOMS = (
    "languages",
    "session",
    "links",
    "errors",
    "pwa",
    "inbox",
    "webform",
    "webchat",
    "channel_webhooks",
    "public_files",
    "reports",
    "alerts",
    "command_bar",
    "first_steps",
    "settings",
)


def register(app: Flask) -> None:
    """Let each page module add its routes."""
    for name in ROOMS:
        import_module(f"app.web.{name}").register(app)
