"""Words for people, English where they are written, in the reader's language where they are read.

`phrase("Use at most {most} characters.", most=100)` is the English sentence, a `str` like any other: it can be raised,
compared, logged and stored. It also remembers its template and its values, so that the edge (app/languages.py) can say
it in another language. Nothing here knows a language or a framework: connectors and services mark, the edge translates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

PLACE = re.compile(r"\{([a-z_]+)\}")  # the one kind of placeholder there is, in Python, templates and scripts
FORM = "channel setting"  # the context of the short words of forms: what "Account" is there, it is not elsewhere


class Phrase(str):
    """An English sentence that knows how it was made.

    `template`: with {places}; `many`: the template for other counts than one, or ""; `context`: tells apart what
    English says with one word, or ""; `values`: what stands in the places (whole numbers are grouped, phrases are
    translated too).
    """

    __slots__ = ("context", "many", "template", "values")

    template: str
    many: str
    context: str
    values: dict[str, object]

    def __new__(
        cls, template: str, *, many: str = "", context: str = "", values: Mapping[str, object] | None = None
    ) -> Self:
        known = dict(values or {})
        shown = many if many and known.get("count") != 1 else template
        made = super().__new__(cls, filled(shown, known) if known else shown)
        made.template, made.many, made.context, made.values = template, many, context, known
        return made


def phrase(template: str, /, **values: object) -> Phrase:
    """Mark one sentence for translation. `values` fill its {places}; without values it is taken as it stands."""
    return Phrase(template, values=values)


def phrase_in(context: str, template: str, /, **values: object) -> Phrase:
    """Mark a word that English uses for different things; `context` tells translators which one, as "verb" for Open."""
    return Phrase(template, context=context, values=values)


def counted(one: str, many: str, count: int, /, **values: object) -> Phrase:
    """Mark a sentence that depends on a number, which stands in the place {count}: "{count} file", "{count} files"."""
    return Phrase(one, many=many, values={**values, "count": count})


class Labelled:
    """A field of a form whose words are marked by themselves: short ones with the context FORM, `help` as a sentence.

    The words of every kind of channel are gathered from the connectors themselves (workers/translations/forms.py).
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        field: Any = self
        choices = tuple((value, phrase_in(FORM, label)) for value, label in field.choices)
        short = {"label": phrase_in(FORM, field.label), "group": phrase_in(FORM, field.group)}
        for name, words in {**short, "help": phrase(field.help), "choices": choices}.items():
            object.__setattr__(self, name, words)  # frozen from here on


def filled(template: str, values: Mapping[str, object]) -> str:
    """Put values into the {places} of a template; a place without a value stays as it is."""
    return PLACE.sub(lambda place: _shown(values[place[1]]) if place[1] in values else place[0], template)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
