"""The first steps: from an empty workspace to the first answered conversation, a page for each."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import Flask

from app.queries.settings_people import Choice
from app.services import first_steps
from app.web.first_steps import chat, colleagues, demo, mailbox, steps


def register(app: Flask) -> None:
    for module in (steps, mailbox, colleagues, chat, demo):
        app.register_blueprint(module.pages)
    app.jinja_env.globals.update(shows_first_steps=first_steps.is_shown, pairs=_pairs)


def _pairs(rows: Iterable[Choice]) -> list[tuple[UUID, str]]:
    """Return rows as what a select offers: value and word."""
    return [(row.public_id, row.name) for row in rows]
