"""The settings pages for the terminal: `flask --app app.factory users list` and so on."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every group of commands."""
