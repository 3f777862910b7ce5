"""What is wrong with translations: missing entries, other places than the English has, HTML, two sayings of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from babel.messages.catalog import Catalog, Message

from app.languages import Language
from app.phrases import PLACE
from workers.translations.catalogues import TRANSLATED, entries, is_whole, path_of, read
from workers.translations.parts import COMPLETE, PARTS
from workers.translations.sources import Key, Marked

HTML = re.compile(r"<[a-zA-Z/!]|&(?:#\d+|#x[0-9a-f]+|[a-z]+);")
OTHER_PLACES = re.compile(r"%\([a-z_]+\)[sd]|\{[^a-z}][^}]*\}|\$\{")  # placeholders of other systems: a slip of the pen


def problems(marked: dict[Key, Marked], parts: Iterable[str] = tuple(PARTS)) -> list[str]:
    """Return a line for each fault; nothing is missing only in the parts that are declared complete."""
    found = [*_in_the_english(marked)]
    for language in TRANSLATED:
        found += _in_a_language(language, marked, tuple(parts))
    return found


def missing(marked: dict[Key, Marked], language: Language, part: str) -> list[Marked]:
    """Return what is marked in the sources of a part and not translated, or uncertain, in its file."""
    whole = {key for key, message in entries(read(language, part)) if is_whole(message)}
    return [one for one in marked.values() if part in one.parts and one.key not in whole]


def _in_a_language(language: Language, marked: dict[Key, Marked], parts: tuple[str, ...]) -> Iterator[str]:
    said: dict[Key, tuple[str, Message]] = {}
    for part in PARTS:
        place = f"{language.folder}/{part}.po"
        for key, message in entries(read(language, part)):
            first, other = said.setdefault(key, (place, message))
            if is_whole(message) and is_whole(other) and message.string != other.string:
                yield f"{place}: {key.one!r} is said differently in {first}"
            forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            if len(message.id) == 2 and isinstance(message.id, (tuple, list)) and len(forms) != plural_forms(language):
                yield f"{place}: {key.one!r} has {len(forms)} forms and not {plural_forms(language)}"
            if part in parts:
                yield from (f"{place}: {key.one!r}: {fault}" for fault in faults(message))
        if part in parts and part in COMPLETE:
            yield from (f"{place}: not translated: {one.key.one!r}" for one in missing(marked, language, part))


def faults(message: Message) -> Iterator[str]:
    """Say what is wrong with one entry that has a translation."""
    english = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    if not any(forms):
        return
    wanted = frozenset(place for text in english for place in PLACE.findall(text))
    for form in forms:
        places = frozenset(PLACE.findall(form or ""))
        # a form for one, two or none may say the number in words
        if places != wanted and not (len(forms) > 1 and places == wanted - {"count"}):
            yield f"has the places {sorted(places)} and not {sorted(wanted)}: {form!r}"
        if HTML.search(form or ""):
            yield f"holds HTML: {form!r}"
        if OTHER_PLACES.search(form or "") and not any(OTHER_PLACES.search(text) for text in english):
            yield f"holds a placeholder that is none here: {form!r}"
        if (form or "").strip() != form and not any(text.strip() != text for text in english):
            yield f"begins or ends with a blank: {form!r}"


def plural_forms(language: Language) -> int:
    """Return how many forms a plural has: 6 in Arabic, 1 in Japanese, 2 in the others."""
    return int(Catalog(locale=language.locale).num_plurals)


def _in_the_english(marked: dict[Key, Marked]) -> Iterator[str]:
    for one in marked.values():
        where = min(one.places)
        for text in filter(None, (one.key.one, one.many)):
            if HTML.search(text):
                yield f"{where}: HTML in {text!r}: put it into a place"
            if text != text.strip() or "  " in text or "\n" in text:
                yield f"{where}: blanks at the ends, in a row, or a new line in {text!r}"
            if re.search(r"%\([a-z_]+\)[sd]", text):
                yield f"{where}: {text!r} has a placeholder of another system: write {{name}}"


def files(part: str) -> list[str]:
    return [str(path_of(language, part)) for language in TRANSLATED]
