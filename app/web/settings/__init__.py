"""The settings pages: one module a noun. They work without scripts; a form with a mistake comes back with words."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask, render_template, request

from app.commands import pages as navigation
from app.web.authz import current_user, signed_in

ROOMS = (
    "audit",
    "account",
    "notices",
    "push",
    "offline",
    "keyboard",
    "users",
    "teams",
    "inboxes",
    "channels",
    "channel_oauth",
    "mailbox_check",
    "deliveries",
    "rules",
    "tags",
    "checklists",
    "blocked_senders",
    "canned_responses",
    "macros",
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

LONGEST_SEARCH = 60  # characters


def register(app: Flask) -> None:
    """Let each settings page add its routes."""
    app.register_blueprint(pages)
    app.jinja_env.globals.update(settings_for=navigation.settings_for, setting_at=navigation.setting_at)
    for name in ROOMS:
        app.register_blueprint(import_module(f"app.web.settings.{name}").pages)


@pages.get("/settings")
@signed_in
def start() -> str:
    """List what this user may set, in groups, with a sentence each; `q` leaves what fits."""
    search = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    groups = navigation.settings_for(current_user().role, search)
    return render_template("settings/index.html", groups=groups, search=search)
