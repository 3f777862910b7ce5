"""The titles of own intents, asked for by many pages at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import text

from app.db import reading, transaction
from app.models import WorkspaceIntent
from app.web import intent_titles

PAGES = 20  # as many as there are connections


def test_pages_that_hold_every_connection_do_not_wait_for_each_other(house: Flask) -> None:
    with transaction() as session:
        session.add(WorkspaceIntent(slug="tea_ceremony", title="Tea ceremony"))
    intent_titles.forget()
    together = Barrier(PAGES)

    def page(_: int) -> str | None:
        with reading() as session:
            session.execute(text("SELECT 1"))
            together.wait(timeout=30)
            return intent_titles.title_of("tea_ceremony")

    with ThreadPoolExecutor(PAGES) as pool:
        told = list(pool.map(page, range(PAGES)))
    assert told.count("Tea ceremony") >= 1  # who read it; the others went on
    assert intent_titles.title_of("tea_ceremony") == "Tea ceremony"
