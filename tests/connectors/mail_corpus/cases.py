"""Reads the corpora of this folder: texts cut by lines `=== name`, each with a `--- part` or two."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Reply(NamedTuple):
    """The body of a mail and the new words that a person would find in it."""

    name: str
    body: str
    text: str


class Automatic(NamedTuple):
    """A whole mail, what kind of writer it has, and words that its bounce details must hold."""

    name: str
    raw: bytes
    auto: str
    details: dict[str, str]


def replies() -> list[Reply]:
    found = []
    for path in sorted((FOLDER / "replies").glob("*.txt")):
        for name, case in _cases(path):
            body, _, text = case.partition("\n--- text\n")
            found.append(Reply(f"{path.stem}: {name}", body, text.strip("\n")))
    return found


def automatic() -> list[Automatic]:
    found = []
    for name, case in (case for path in sorted(FOLDER.glob("automatic*.txt")) for case in _cases(path)):
        mail, _, expected = case.rpartition("\n--- ")
        auto, *lines = expected.strip().split("\n")
        details = dict(line.split(" = ", 1) for line in lines)
        found.append(Automatic(name, (mail + "\n").encode(), auto.strip(), details))
    return found


def _cases(path: Path) -> list[tuple[str, str]]:
    chunks = path.read_text(encoding="utf-8").split("=== ")[1:]
    return [(name, case) for name, _, case in (chunk.partition("\n") for chunk in chunks)]
