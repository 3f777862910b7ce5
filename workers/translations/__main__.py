"""`python -m workers.translations update|missing|fill|check|compile|unmarked`: see docs/translations.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinja2 import Environment

from app.config import ROOT
from workers.translations.catalogues import TRANSLATED, compile_all, compile_if_stale, put, update
from workers.translations.checks import missing, problems
from workers.translations.parts import PARTS, marked_templates
from workers.translations.sources import gathered
from workers.translations.table import rows, written
from workers.translations.unmarked import unmarked


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.translations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (
        ("update", "write the .po of these parts anew from the sources (none named: all)"),
        ("missing", "print a table of what is not translated in these parts, to be filled in"),
        ("check", "say what is wrong with these parts"),
    ):
        commands.add_parser(name, help=words).add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    fill = commands.add_parser("fill", help="store translations from such a table in a part")
    fill.add_argument("part", choices=list(PARTS))
    fill.add_argument("file", type=Path)
    commands.add_parser("compile", help="make what the product reads").add_argument("--if-stale", action="store_true")
    commands.add_parser("unmarked", help="show words in templates that are not marked").add_argument("paths", nargs="*")
    asked = parser.parse_args()
    return DO[asked.command](asked)


def _update(asked: argparse.Namespace) -> int:
    print(f"{update(asked.parts or PARTS)} entries to translate")
    return 0


def _missing(asked: argparse.Namespace) -> int:
    """Print as a table what some language lacks in these parts."""
    marked = gathered()
    lacking = {one.key: one for part in asked.parts or PARTS for to in TRANSLATED for one in missing(marked, to, part)}
    print(written([*lacking.values()]))
    return 0


def _fill(asked: argparse.Namespace) -> int:
    """Store a filled table in a part; what is translated already is replaced."""
    said = list(rows(asked.file.read_text(encoding="utf-8")))
    unknown: set[str] = set()
    for language in TRANSLATED:
        words = {row.key: row.said[language.code] for row in said if language.code in row.said}
        unknown |= {key.one for key in put(asked.part, language, words)}
    for one in sorted(unknown):
        print(f"not in this part (another part's, or mark it and run update): {one!r}", file=sys.stderr)
    return _check(argparse.Namespace(parts=[asked.part]))


def _check(asked: argparse.Namespace) -> int:
    found = problems(gathered(), asked.parts or tuple(PARTS))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


def _compile(asked: argparse.Namespace) -> int:
    if asked.if_stale:
        compile_if_stale()
    else:
        compile_all()
    return 0


def _unmarked(asked: argparse.Namespace) -> int:
    environment = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
    paths = [str(Path(path)) for path in asked.paths] or marked_templates()
    files = [
        one
        for path in paths
        for one in (sorted((ROOT / path).rglob("*.*")) if (ROOT / path).is_dir() else [ROOT / path])
    ]
    count = 0
    for file in files:
        for line, text in unmarked(file.read_text(encoding="utf-8"), environment, is_html=file.suffix == ".html"):
            print(f"{file.relative_to(ROOT)}:{line}: {text}")
            count += 1
    return 1 if count else 0


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.*")) if path.is_dir() else [path]


DO = {
    "update": _update,
    "missing": _missing,
    "check": _check,
    "fill": _fill,
    "compile": _compile,
    "unmarked": _unmarked,
}

if __name__ == "__main__":
    sys.exit(main())
