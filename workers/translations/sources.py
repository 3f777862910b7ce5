"""Gathers the words that are marked in Python, templates and scripts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel.messages.extract import extract

from app.config import ROOT
from workers.translations.forms import words_of_forms
from workers.translations.parts import part_of

Keywords = dict[str, Any]
PYTHON: Keywords = {"phrase": None, "phrase_in": ((1, "c"), 2), "counted": (1, 2)}
RAISED: Keywords = dict.fromkeys(("BadCredentials", "Rejected", "Transient"), None)  # marked by being raised
TEMPLATE: Keywords = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SCRIPT: Keywords = {"t": None, "tn": (1, 2)}
ROOMS = ("app", "connectors", "nlp", "workers")
HINT = re.compile(rb"\b(phrase|phrase_in|counted|t|tn|BadCredentials|Rejected|Transient)\(")  # else not read
NOTE = "Translators:"


@dataclass(frozen=True, slots=True)
class Key:
    """What a catalogue finds an entry by: the English, and the context where English is ambiguous."""

    one: str
    context: str = ""


@dataclass(slots=True)
class Marked:
    """One marked sentence: its plural, or "", and where it stands."""

    key: Key
    many: str = ""
    places: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)

    @property
    def parts(self) -> set[str]:
        return {part_of(place) for place in self.places}

    @property
    def is_for_scripts(self) -> bool:
        return any(place.endswith(".ts") for place in self.places)


def gathered() -> dict[Key, Marked]:
    """Return every marked sentence of the sources. Raises ValueError where one has two plurals."""
    found: dict[Key, Marked] = {}
    for path, method, keywords, options in _files():
        place = str(path.relative_to(ROOT))
        with path.open("rb") as file:
            for _, message, comments, context in extract(
                method, file, keywords, (NOTE,), options, strip_comment_tags=True
            ):
                one, many = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
                entry = found.setdefault(Key(one, context or ""), Marked(Key(one, context or ""), many))
                if many and entry.many not in {"", many}:
                    raise ValueError(f"{place}: {one!r} has two plurals, {many!r} and {entry.many!r}")
                entry.many = entry.many or many
                entry.places.add(place)
                entry.notes.update(comments)
    for place, words in words_of_forms():
        key = Key(words.template, words.context)
        found.setdefault(key, Marked(key)).places.add(place)
    return found


def _files() -> Iterator[tuple[Path, Any, Keywords, dict[str, Any]]]:
    for path in _under("templates", (".html", ".txt")):
        yield (
            path,
            "jinja2.ext:babel_extract",
            TEMPLATE,
            {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"},
        )
    for room in ROOMS:
        for path in _under(room, (".py",)):
            if HINT.search(path.read_bytes()):
                yield path, _python, PYTHON | (RAISED if room == "connectors" else {}), {}
    for path in _under("app/static/src", (".ts",)):
        if HINT.search(path.read_bytes()):
            yield path, "javascript", SCRIPT, {}


def _python(file: Any, keywords: Any, tags: Any, options: Any) -> Iterable[Any]:
    """Leave out definitions and other modules' `phrase` methods: only calls of the marker count."""
    from babel.messages.extract import extract_python

    text = re.sub(rb"(?<=[\w\])])\.(phrase|counted|phrase_in)\(", rb"._other(", file.read())
    return extract_python(io.BytesIO(text), keywords, tags, options)


def _under(folder: str, endings: tuple[str, ...]) -> list[Path]:
    return sorted(
        path for path in (ROOT / folder).rglob("*") if path.suffix in endings and "node_modules" not in path.parts
    )
