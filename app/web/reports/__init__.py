"""Reports for supervisors: what customers said, over time."""

from __future__ import annotations

from flask import Flask

from app.web.reports import sentiment


def register(app: Flask) -> None:
    app.register_blueprint(sentiment.pages)
