"""Parts of pages that look the same again and again (menus, filters, hints): drawn once, and kept in this process under
everything that they are drawn from.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, current_app
from markupsafe import Markup

from app import discretion, render
from app.languages import language
from app.web.form_tokens import with_token, without_token

MOST = 400  # parts that are kept, of up to 30 KB each


@dataclass(frozen=True, slots=True)
class Part:
    """A template with all that it asks for: `values` are told to it, the rest is who reads."""

    template: str
    values: tuple[tuple[str, Hashable], ...]
    language: str
    zone: str
    region: str
    reveals: bool


def register(app: Flask) -> None:
    app.jinja_env.globals["kept_part"] = kept_part


def kept_part(template: str, **values: Hashable) -> Markup:
    """Return a template as HTML. It knows `values` and nothing else of its page: not who is signed in."""
    part = Part(
        template=template,
        values=tuple(values.items()),
        language=language().code,
        zone=render.zone_name(),
        region=discretion.region(),
        reveals=discretion.is_revealing(),
    )
    return _draw(part) if current_app.jinja_env.auto_reload else with_token(_kept(part))


def _draw(part: Part) -> Markup:
    template = current_app.jinja_env.get_template(part.template)
    return Markup(template.render(**dict(part.values)))  # noqa: S704 - a template of ours, which escapes what it shows


@lru_cache(maxsize=MOST)
def _kept(part: Part) -> Markup:
    with without_token():
        return _draw(part)
