"""Sentences that were stored in English, said again as the phrases they were: why a reply failed, a channel is paused.

What is stored stays English, whoever caused it, so rows of any age can be read. A reader's catalogue knows every
sentence there is: one that stands in it, or fits one of its templates, becomes that phrase; the words of a provider
stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from babel.messages.mofile import read_mo

from app.languages import DOMAIN, ENGLISH, FOLDER, LANGUAGES, language
from app.phrases import PLACE, Phrase

LONGEST = 2_000  # characters; what is longer is no sentence of ours
LEAST = 10  # characters of a template's own that tell it from what somebody else wrote
DEEPEST = 3  # a reason may hold a reason
ENDS = (".", "?")


@dataclass(frozen=True, slots=True)
class Template:
    """A marked sentence with places: what stands between them, and their names. `many` is its plural, or ""."""

    one: str
    many: str
    literals: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def weight(self) -> int:
        return sum(map(len, self.literals))


def retold(stored: str, *, depth: int = 0) -> str:
    """Return a stored sentence as a phrase, which is read in the reader's language; anything else as it is."""
    code = language().code
    if code not in LANGUAGES or code == ENGLISH or isinstance(stored, Phrase):
        return stored
    if not stored.endswith(ENDS) or len(stored) > LONGEST or depth == DEEPEST:
        return stored
    plain, templates = _known(code)
    if stored in plain:
        return Phrase(stored)
    for template in templates:
        values = _values(stored, template)
        if values is not None:
            return Phrase(template.one, many=template.many, values=_told(values, depth))
    return stored


@lru_cache(maxsize=len(LANGUAGES))
def _known(code: str) -> tuple[frozenset[str], tuple[Template, ...]]:
    """Return the sentences of a catalogue, and its templates, the most telling first."""
    path = FOLDER / LANGUAGES[code].folder / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not path.is_file():
        return frozenset(), ()
    with path.open("rb") as file:
        ids = [message.id for message in read_mo(file) if message.id and not message.context]
    pairs = [(one, "") if isinstance(one, str) else (one[0], one[1]) for one in ids]
    plain = frozenset(one for one, many in pairs if not many and one.endswith(ENDS))
    found = [_template(said, one, many) for one, many in pairs for said in ((one, many) if many else (one,))]
    telling = [one for one in found if one.names and one.weight >= LEAST]
    return plain, tuple(sorted(telling, key=lambda one: -one.weight))


def _template(said: str, one: str, many: str) -> Template:
    pieces = PLACE.split(said)  # literal, name, literal, name, …, literal
    return Template(one, many, tuple(pieces[::2]), tuple(pieces[1::2]))


def _values(stored: str, template: Template) -> dict[str, str] | None:
    """Return what stands in a template's places, None where it does not fit. Each literal is looked for once."""
    first, *middle, last = template.literals
    if not stored.startswith(first) or not stored.endswith(last) or len(stored) < template.weight:
        return None
    at, end, parts = len(first), len(stored) - len(last), []
    for literal in middle:
        begin = stored.find(literal, at + 1, end) if literal else -1
        if begin < 0:
            return None
        parts.append(stored[at:begin])
        at = begin + len(literal)
    parts.append(stored[at:end])
    values = dict(zip(template.names, parts, strict=True))
    return values if all(parts) and ("count" not in values or _is_number(values["count"])) else None


def _told(values: dict[str, str], depth: int) -> dict[str, object]:
    return {
        name: int(value.replace(",", "")) if name == "count" else retold(value, depth=depth + 1)
        for name, value in values.items()
    }


def _is_number(text: str) -> bool:
    bare = text.replace(",", "")
    return bare.isascii() and bare.isdecimal() and len(bare) < 10
