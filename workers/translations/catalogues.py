"""Reads, merges, writes and compiles catalogues: a .po a language and part in, a .mo and a script a language out."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.built_files import DIST
from app.config import ROOT
from app.languages import ENGLISH, FOLDER, LANGUAGES, TEST_ENGLISH, Language
from app.pseudo import accented
from workers.translations.parts import PARTS
from workers.translations.sources import Key, Marked, gathered

TRANSLATED = [language for language in LANGUAGES.values() if language.code != ENGLISH]
STAMP = FOLDER / ".compiled"


# Babel's own order of Arabic puts "other" before "many"; ours is CLDR's, which Intl.PluralRules has too
ARABIC = "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5"


def empty(language: Language) -> Catalog:
    """Return a catalogue without entries that knows the plurals of its language."""
    catalogue = Catalog(locale=language.locale)
    if language.code == "ar":
        catalogue.mime_headers = [("Plural-Forms", f"nplurals=6; plural=({ARABIC});")]
    return catalogue


def path_of(language: Language, part: str) -> Path:
    return FOLDER / language.folder / f"{part}.po"


def read(language: Language, part: str) -> Catalog:
    """Return a part of a language; an empty catalogue where there is none yet. Raises babel's PoFileError."""
    path = path_of(language, part)
    if not path.exists():
        return empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language.locale, abort_invalid=True)


def entries(catalogue: Catalog) -> Iterator[tuple[Key, Message]]:
    """Walk over a catalogue without its header."""
    for message in catalogue:
        if message.id:
            one = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
            yield Key(one, message.context or ""), message


def is_whole(message: Message) -> bool:
    """Say whether an entry is translated in all its forms and nobody doubts it."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return not message.fuzzy and bool(forms) and all(forms)


def everything(language: Language) -> dict[Key, Message]:
    """Return what is translated into a language, of all parts; the first part that has an entry says it."""
    found: dict[Key, Message] = {}
    for part in PARTS:
        for key, message in entries(read(language, part)):
            if is_whole(message):
                found.setdefault(key, message)
    return found


# ---------------------------------------------------------------- update


def update(parts: Iterable[str], marked: dict[Key, Marked] | None = None) -> int:
    """Write anew the .po of these parts: what is marked now, with what was translated. Returns how much is missing.

    A sentence that another part has already is taken over from there, so that it is the same everywhere.
    """
    marked = gathered() if marked is None else marked
    missing = 0
    for language in TRANSLATED:
        elsewhere = everything(language)
        for part in parts:
            missing += _write(language, part, [one for one in marked.values() if part in one.parts], elsewhere)
    return missing


def _write(language: Language, part: str, wanted: list[Marked], elsewhere: dict[Key, Message]) -> int:
    before = dict(entries(read(language, part)))
    after = empty(language)
    missing = 0
    for one in sorted(wanted, key=lambda one: (one.key.one, one.key.context)):
        kept = before.get(one.key)
        known = kept if kept and is_whole(kept) else elsewhere.get(one.key, kept)
        string = known.string if known and isinstance(known.string, str) != bool(one.many) else None
        identity = (one.key.one, one.many) if one.many else one.key.one
        places: Any = [(place, None) for place in sorted(one.places)]
        made = after.add(identity, string, places, context=one.key.context or None, auto_comments=sorted(one.notes))
        missing += not is_whole(made)
    _replace(path_of(language, part), _as_po(after) if wanted else b"")
    return missing


def put(part: str, language: Language, said: dict[Key, list[str]]) -> list[Key]:
    """Store translations, in all their forms, in a part. Returns those that are not marked there."""
    catalogue = read(language, part)
    known = dict(entries(catalogue))
    for key, forms in said.items():
        if key in known:
            known[key].string = tuple(forms) if isinstance(known[key].id, (tuple, list)) else forms[0]
            known[key].flags.discard("fuzzy")
    _replace(path_of(language, part), _as_po(catalogue))
    return [key for key in said if key not in known]


def _as_po(catalogue: Catalog) -> bytes:
    """Say a catalogue without dates and line numbers: two people's changes to it should not meet."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=0, omit_header=True, sort_output=False, ignore_obsolete=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    return f'{header}"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'.encode() + buffer.getvalue()


# ---------------------------------------------------------------- compile


def compile_all() -> None:
    """Make what the product reads: messages.mo for the server, words/<language>.js for scripts."""
    for_scripts = [one for one in gathered().values() if one.is_for_scripts]
    for language in TRANSLATED:
        known = everything(language)
        catalogue = empty(language)
        for key, message in known.items():
            catalogue.add(message.id, message.string, context=key.context or None)
        buffer = BytesIO()
        write_mo(buffer, catalogue)
        _replace(FOLDER / language.folder / "LC_MESSAGES" / "messages.mo", buffer.getvalue())
        said = {one.key.one: known[one.key].string for one in for_scripts if one.key in known}
        _replace(DIST / "words" / f"{language.code}.js", script(language, said))
    _replace(
        DIST / "words" / f"{TEST_ENGLISH.code}.js",
        script(TEST_ENGLISH, {one.key.one: _accented(one) for one in for_scripts}),
    )


def _accented(one: Marked) -> str | list[str]:
    return [accented(one.key.one), accented(one.many)] if one.many else accented(one.key.one)


def script(language: Language, said: Mapping[str, object]) -> bytes:
    """Return the words for scripts: JSON in a script of its own, which a page loads before those that use it.

    A plural is the list of its forms, in the order of the .po.
    """
    words = json.dumps({"language": language.code, "words": said}, ensure_ascii=False, sort_keys=True)
    return f"globalThis.tributaryWords={words};\n".encode()


def compile_if_stale() -> bool:
    """Compile unless everything is newer than its sources; safe for several processes at once. Says whether it did."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max((path.stat().st_mtime_ns for path in _inputs()), default=0)
        with contextlib.suppress(OSError):
            if STAMP.stat().st_mtime_ns > newest:
                return False
        compile_all()
        STAMP.write_text("")
        return True


def _inputs() -> Iterator[Path]:
    yield from FOLDER.glob("*/*.po")
    yield from (ROOT / "app/static/src").rglob("*.ts")
    yield from (ROOT / "workers/translations").glob("*.py")


def _replace(path: Path, content: bytes) -> None:
    """Put a whole file in place at once; nothing for an empty part."""
    if not content:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
