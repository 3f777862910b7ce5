"""Whether the page can be served, and whether everything behind it runs."""

from __future__ import annotations

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.authz import public
from app.db import reading
from app.queries import health


def register(app: Flask) -> None:
    app.add_url_rule("/up", view_func=up)
    app.add_url_rule("/ready", view_func=ready)


@public
def up() -> ResponseReturnValue:
    """200 once pages can be served, 503 while the database does not answer."""
    try:
        with reading() as session:
            health.answers(session)
    except SQLAlchemyError:
        return jsonify(status="database does not answer"), 503
    return jsonify(status="up")


@public
def ready() -> ResponseReturnValue:
    """200 once every process and model is ready, else 503 naming what is missing."""
    try:
        with reading() as session:
            gaps = health.missing(health.processes(session))
    except SQLAlchemyError:
        return jsonify(status="database does not answer"), 503
    return (jsonify(status="waiting", missing=gaps), 503) if gaps else jsonify(status="ready")
