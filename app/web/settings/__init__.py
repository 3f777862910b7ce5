"""The settings pages: one module a noun. They work without scripts; a form with a mistake comes back with words."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask, redirect
from werkzeug.wrappers import Response

from app.web.authz import current_user, signed_in

ROOMS = (
    "audit",
    "account",
    "users",
    "teams",
    "inboxes",
    "channels",
    "channel_oauth",
    "mailbox_check",
    "deliveries",
    "rules",
    "tags",
    "canned_responses",
    "articles",
    "business_hours",
    "sending",
    "intents",
    "learning",
    "accuracy",
    "alerts",
    "webhooks",
)

pages = Blueprint("settings", __name__)


def register(app: Flask) -> None:
    """Let each settings page add its routes."""
    app.register_blueprint(pages)
    for name in ROOMS:
        app.register_blueprint(import_module(f"app.web.settings.{name}").pages)


@pages.get("/settings")
@signed_in
def start() -> Response:
    """Lead admins to what they came for most, everybody else to their own account."""
    return redirect("/settings/channels" if current_user().is_admin else "/account")
