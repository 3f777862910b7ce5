"""The settings pages: one module a noun."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

ROOMS = ("account",)


def register(app: Flask) -> None:
    """Let each settings page add its routes."""
    for name in ROOMS:
        app.register_blueprint(import_module(f"app.web.settings.{name}").pages)
