"""The languages people read, and how a phrase becomes one of them: the one place that translates.

Inside a request the language is that of the reader (app/web/languages.py chooses it); elsewhere it is English, or the
one that is asked for by name. English is the language of the source and needs no catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale, dates, numbers
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context
from flask_babel import Babel, get_locale
from jinja2 import pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.config import ROOT
from app.phrases import PLACE, Phrase, phrase
from app.pseudo import PseudoTranslations

FOLDER = ROOT / "app" / "translations"
DOMAIN = "messages"
ENGLISH, PSEUDO = "en", "en-XA"  # en-XA is the code for accented test English


@dataclass(frozen=True, slots=True)
class Language:
    """`code` as in `<html lang>`, `name` as its speakers write it."""

    code: str
    name: str
    is_right_to_left: bool = False

    @property
    def folder(self) -> str:
        return self.code.replace("-", "_")

    @property
    def locale(self) -> Locale:
        """Return what CLDR knows of it; test English counts and dates as English does."""
        return Locale.parse(ENGLISH if self.code == PSEUDO else self.folder)

    @property
    def direction(self) -> str:
        return "rtl" if self.is_right_to_left else "ltr"


LANGUAGES = {
    language.code: language
    for language in (
        Language(ENGLISH, "English"),
        Language("de", "Deutsch"),
        Language("es", "Español"),
        Language("fr", "Français"),
        Language("pt-BR", "Português (Brasil)"),
        Language("ar", "العربية", is_right_to_left=True),
        Language("ja", "日本語"),
    )
}
OWN_ENGLISH = {
    "MMMd": "d MMM",
    "MMMEd": "EEE d MMM",
    "yMMM": "MMM y",
    "yMMMd": "d MMM y",
    "EEEEMMMd": "EEEE d MMM",
    "EEEEyMMMd": "EEEE d MMM y",
}
AS_WRITTEN = NullTranslations()
TEST_ENGLISH = Language(PSEUDO, "[Ţéšţ Éñĝļîšĥ]")


def known(code: str) -> Language | None:
    """Return a language by its code, or None."""
    return TEST_ENGLISH if code == PSEUDO else LANGUAGES.get(code)


def configure(app: Flask, choose: Callable[[], str]) -> None:
    """Give templates their words in the language that `choose` names for a request."""
    Babel(configure_jinja=False).init_app(
        app, default_translation_directories=str(FOLDER), default_domain=DOMAIN, locale_selector=lambda: _chosen(choose)
    )
    app.jinja_env.finalize = _said
    app.jinja_env.globals.update(_=_gettext, ngettext=_ngettext, pgettext=_pgettext, language=language)


def language() -> Language:
    """Return the language of this request; English where there is none."""
    if not has_request_context():
        return LANGUAGES[ENGLISH]
    spoken: Language | None = g.get("spoken")
    if spoken is None:
        get_locale()  # asks the selector below, once a request
        spoken = g.get("spoken", LANGUAGES[ENGLISH])
    return spoken


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Say what follows in another language than the reader's; of a code nobody knows, in English. Requests only."""
    before = language()
    g.spoken = known(code) or LANGUAGES[ENGLISH]
    try:
        yield
    finally:
        g.spoken = before


def _chosen(choose: Callable[[], str]) -> str:
    g.spoken = known(choose()) or LANGUAGES[ENGLISH]
    return str(g.spoken.locale)


def translated(text: str, code: str = "") -> str:
    """Say a phrase in the reader's language, or in the one named; other text comes back as it is."""
    if not isinstance(text, Phrase):
        return text
    spoken = known(code) or language()
    if spoken.code == ENGLISH:
        return str(text)
    values = {name: _value(value, spoken) for name, value in text.values.items()}
    found = _template(spoken, text.template, text.many, text.values.get("count"), text.context)
    return PLACE.sub(lambda place: values.get(place[1], place[0]), found) if values else found


def catalogue(code: str) -> NullTranslations:
    """Return what is translated into a language; an empty one gives back the English."""
    if code == PSEUDO:
        return PseudoTranslations()
    return AS_WRITTEN if code == ENGLISH else _loaded(code)


@lru_cache(maxsize=len(LANGUAGES))
def _loaded(code: str) -> NullTranslations:
    return Translations.load(str(FOLDER), [LANGUAGES[code].folder], DOMAIN)


def _template(spoken: Language, one: str, many: str, count: object, context: str) -> str:
    words = catalogue(spoken.code)
    if many and isinstance(count, int):
        return str(words.unpgettext(context, one, many, count) if context else words.ungettext(one, many, count))
    return str(words.upgettext(context, one) if context else words.ugettext(one))


def _value(value: object, spoken: Language) -> str:
    if isinstance(value, Phrase):
        return translated(value, spoken.code)
    if isinstance(value, int) and not isinstance(value, bool):
        return numbers.format_decimal(value, locale=spoken.locale)
    return str(value)


# ---------------------------------------------------------------- dates and numbers


def date_words(day: date, parts: str, code: str = "") -> str:
    """Say a date with the parts that a CLDR skeleton names: "MMMd", "yMMMd", "EEEEMMMd" (weekday in full).

    In the reader's language, or in the one named.
    """
    return _date_words(day, parts, code or language().code)


@lru_cache(maxsize=4096)
def _date_words(day: date, parts: str, code: str) -> str:
    spoken = known(code) or LANGUAGES[ENGLISH]
    if spoken.locale.language == ENGLISH:
        return dates.format_date(day, OWN_ENGLISH[parts], locale=spoken.locale)  # the day first, as it always was
    if parts.startswith("EEEE"):
        weekday = dates.format_date(day, "EEEE", locale=spoken.locale)
        rest = dates.format_skeleton(parts[4:], day, locale=spoken.locale)
        return translated(phrase("{weekday} {date}", weekday=weekday, date=rest), code)
    return dates.format_skeleton(parts, day, locale=spoken.locale)


def days_words(first: date, last: date, parts: str) -> str:
    """Say a stretch of days with the parts that a skeleton names: "16 to 22 Nov", "30 Nov to 6 Dec"."""
    spoken = language()
    if spoken.locale.language != ENGLISH:
        return dates.format_interval(first, last, parts, locale=spoken.locale)
    is_one_month = parts == "MMMd" and first.month == last.month
    start = str(first.day) if is_one_month else date_words(first, parts)
    return translated(phrase("{start} to {end}", start=start, end=date_words(last, parts)))


def weekday_words(weekday: int) -> str:
    """Say a day of the week, 0 for Monday, in short: "Mon"."""
    return dates.format_date(date(2024, 1, 1 + weekday), "EEE", locale=language().locale)


def from_left(text: str) -> str:
    """Keep what is written from left to right as it is, also among words that run from the right: signs, code."""
    return f"\u2066{text}\u2069" if language().is_right_to_left else text


def decimal(number: float, *, places: int = 0) -> str:
    """Write a number with as many digits after the point, or comma."""
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return numbers.format_decimal(number, format=pattern, locale=language().locale)


# ---------------------------------------------------------------- templates


@pass_context  # so that Jinja does not do it once and for all when it compiles a template
def _said(_context: Context, value: Any) -> Any:
    """Translate what a template prints: phrases that services, queries and connectors marked."""
    return translated(value) if isinstance(value, Phrase) else value


@pass_eval_context
def _gettext(context: EvalContext, template: str, **values: object) -> str:
    return _printed(context, template, "", "", values)


@pass_eval_context
def _pgettext(context: EvalContext, meaning: str, template: str, **values: object) -> str:
    return _printed(context, template, "", meaning, values)


@pass_eval_context
def _ngettext(context: EvalContext, one: str, many: str, count: int, **values: object) -> str:
    return _printed(context, one, many, "", {**values, "count": count})


def _printed(context: EvalContext, one: str, many: str, meaning: str, values: Mapping[str, object]) -> str:
    """Fill a translated template. On a page the translation and the values are text; only Markup values are HTML."""
    spoken = language()
    if not values:
        return _whole(spoken.code, one, meaning, is_html=context.autoescape)
    found = _template(spoken, one, many, values.get("count"), meaning)
    if not context.autoescape:
        return PLACE.sub(lambda place: _value(values[place[1]], spoken) if place[1] in values else place[0], found)
    return Markup(  # noqa: S704 - every part is escaped, or was Markup before
        PLACE.sub(lambda place: _html(values[place[1]], spoken) if place[1] in values else place[0], str(escape(found)))
    )


@lru_cache(maxsize=4096)
def _whole(code: str, template: str, meaning: str, *, is_html: bool) -> str:
    """Return words without values; a long page says the same ones a thousand times."""
    found = _template(known(code) or LANGUAGES[ENGLISH], template, "", None, meaning)
    return escape(found) if is_html else found


def _html(value: object, spoken: Language) -> str:
    return str(value) if isinstance(value, Markup) else str(escape(_value(value, spoken)))
