"""In which language a reader is answered: their own, else what their browser asks for, else that of the house."""

from __future__ import annotations

import flask
from flask import Flask, g, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app import languages
from app.built_files import asset
from app.db import reading
from app.languages import ENGLISH, LANGUAGES, translated
from app.services import reading_settings


def register(app: Flask) -> None:
    languages.configure(app, _choose)
    app.jinja_env.globals.update(script_words=script_words)


def flash(sentence: str, category: str) -> None:
    """Tell the reader on the next page, in their language: the session keeps text only."""
    flask.flash(translated(sentence), category)


def script_words() -> str:
    """Return the address of the words that scripts say in the reader's language; "" for English, their own."""
    code = languages.language().code
    return "" if code == ENGLISH else asset(f"words/{code}.js")


def _choose() -> str:
    own: str = g.get("own_language", "")
    return own or language_for_browser()


def language_for_browser() -> str:
    """Return the language for a reader who has chosen none."""
    return _asked_for() or g.get("house_language", "") or _of_the_house()


def _asked_for() -> str:
    """Return the language that the browser would rather have of those we speak: Brazilian for any Portuguese; or ""."""
    for tag, quality in request.accept_languages:
        primary = tag.lower().partition("-")[0]
        found = next((code for code in LANGUAGES if code.lower().partition("-")[0] == primary), None)
        if found and quality > 0:
            return found
    return ""


def _of_the_house() -> str:
    """Ask the database, for visitors whose browser names no language of ours; English where it does not answer."""
    try:
        with reading() as session:
            return reading_settings.house_language(session)
    except (InterfaceError, OperationalError, PoolTimeoutError):
        return ENGLISH
