"""A table to fill in, one sentence a line, for those who translate into all languages at once.

`English ¦ German ¦ Spanish ¦ …` in the order of app/languages.py; `[context] English` where there is one; the forms of
a plural stand side by side with `‖` between them, as `{count} file ‖ {count} files`. Lines that begin with # are notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workers.translations.catalogues import TRANSLATED
from workers.translations.sources import Key, Marked

COLUMN, FORM = "¦", "‖"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `said` holds the forms by the code of their language, in the order of the .po."""

    key: Key
    said: dict[str, list[str]]


def written(entries: list[Marked]) -> str:
    """Return the table of what is to be translated, empty to the right of the English."""
    lines = [f"# {COLUMN.join(f' {language.code} ' for language in TRANSLATED)}"]
    for one in entries:
        context = f"[{one.key.context}] " if one.key.context else ""
        english = f"{context}{one.key.one}" + (f" {FORM} {one.many}" if one.many else "")
        lines += [f"#   {note}" for note in sorted(one.notes)]
        lines.append(english + f" {COLUMN}" * len(TRANSLATED))
    return "\n".join(lines)


def rows(text: str) -> Iterator[Row]:
    """Read such a table. Raises ValueError with the number of a line that has other columns."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        english, *cells = (cell.strip() for cell in line.split(COLUMN))
        if len(cells) != len(TRANSLATED):
            raise ValueError(f"line {number}: {len(cells)} languages and not {len(TRANSLATED)}: {line!r}")
        forms = [[form.strip() for form in cell.split(FORM)] for cell in cells]
        yield Row(_key(english), {one.code: said for one, said in zip(TRANSLATED, forms, strict=True) if any(said)})


def _key(english: str) -> Key:
    context, one = "", english.partition(FORM)[0].strip()
    if one.startswith("["):
        context, _, one = one[1:].partition("] ")
    return Key(one, context)
