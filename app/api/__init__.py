"""JSON for machines."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

ROOMS = ("health",)


def register(app: Flask) -> None:
    """Let each JSON module add its routes."""
    for name in ROOMS:
        import_module(f"app.api.{name}").register(app)
