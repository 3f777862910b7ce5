"""The settings pages for the terminal: `flask --app app.factory users list` and so on."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

GROUPS = ("users", "teams", "inboxes", "channels", "rules", "tags", "deliveries", "webhooks", "keys", "workspace")


def register(app: Flask) -> None:
    """Add every group of commands."""
    for name in GROUPS:
        app.cli.add_command(import_module(f"app.cli.{name}").commands)
