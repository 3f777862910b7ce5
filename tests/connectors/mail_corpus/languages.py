"""Replies as mail programs lay them out in forty languages, put together from the lines of `languages.txt`.

A line `line` says who wrote what follows, `rule` does so between dashes, `block` are the four fields of a header
block (who, when, to whom, about what, in any order), `title` stands over one, `phone` is what a program adds below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.connectors.mail_corpus.cases import Reply

WRITER = "Support <support@acme.example>"
ORIGINAL = ["Hello Ruth,", "", "we sent order 4711 yesterday: it should be with you by 5 March 2025.", "", "Tom, Acme"]
_VALUES = (WRITER, "Tuesday, 4 March 2025 15:14", "Ruth <ruth@example.org>", "Re: order 4711")
_PHONE = "phone"


@dataclass(slots=True)
class Language:
    """The lines of one language, by what they are."""

    name: str
    lines: dict[str, list[str]] = field(default_factory=dict)

    def of(self, kind: str) -> list[str]:
        return self.lines.get(kind, [])

    @property
    def words(self) -> list[str]:
        return self.of("text")[0].split("|")


def languages() -> list[Language]:
    found: list[Language] = []
    for line in (Path(__file__).parent / "languages.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("=== "):
            found.append(Language(line[4:]))
        else:
            kind, _, value = line.partition(" = ")
            found[-1].lines.setdefault(kind, []).append(value)
    return found


def laid_out() -> list[Reply]:
    """Every language in every layout that it has lines for."""
    return [
        Reply(f"{language.name} {name}", body, text) for language in languages() for name, body, text in _of(language)
    ]


def _of(language: Language) -> Iterator[tuple[str, str, str]]:
    for number, written in enumerate(language.of("line"), start=1):
        yield from _under_line(f"line {number}", language, written.replace("{w}", WRITER))
    for number, written in enumerate(language.of("rule"), start=1):
        yield from _under_rule(f"rule {number}", language, written.replace("{w}", WRITER))
    for number, written in enumerate(language.of("block"), start=1):
        yield from _under_block(f"block {number}", language, written.split("|"))


def _under_line(name: str, language: Language, line: str) -> Iterator[tuple[str, str, str]]:
    words, quoted = language.words, _quoted(ORIGINAL)
    text = "\n".join(words)
    first, second = words[1], words[2]
    yield f"{name} quoted", _page(words, "", line, *quoted), text
    yield f"{name} blank line", _page(words, "", line, "", *quoted), text
    yield f"{name} not marked", _page(words, "", line, "", *ORIGINAL), text
    yield f"{name} indented", _page(words, "", line, *(f"  {row}" for row in ORIGINAL)), text
    yield f"{name} right below", _page(words, line, *quoted), text
    yield f"{name} nested", _page(words, "", line, "", *quoted, ">", "> " + line, ">", *_quoted(quoted)), text
    yield f"{name} below", _page([line], *quoted, "", *words), text
    between = _page([line], *quoted[:1], "", first, "", *quoted[2:3], "", second)
    yield f"{name} between", between, f"{first}\n\n{second}"
    for phone in language.of(_PHONE) if name == "line 1" else ():
        yield f"{name} with {phone}", _page(words, "", phone, "", line, "", *quoted), text
        yield f"{name} above {phone}", _page(words, "", line, "", *quoted, "", phone), text
    yield from _wrapped(name, language, line)


def _wrapped(name: str, language: Language, line: str) -> Iterator[tuple[str, str, str]]:
    """As programs break a long line: before the address, before the last word, at forty columns."""
    text = "\n".join(language.words)
    breaks = {"address": line.find("<", 5) if "<" in line else -1, "last word": line.rfind(" ")}
    for where, at in breaks.items():
        if at > 5:
            rows = [line[:at].rstrip(), line[at:].lstrip()]
            yield f"{name} broken at {where}", _page(language.words, "", *rows, "", *_quoted(ORIGINAL)), text
            yield f"{name} broken at {where}, not marked", _page(language.words, "", *rows, "", *ORIGINAL), text


def _under_rule(name: str, language: Language, line: str) -> Iterator[tuple[str, str, str]]:
    text = "\n".join(language.words)
    yield f"{name} not marked", _page(language.words, "", "", line, "", *ORIGINAL), text
    yield f"{name} quoted", _page(language.words, "", line, *_quoted(ORIGINAL)), text


def _under_block(name: str, language: Language, fields: list[str]) -> Iterator[tuple[str, str, str]]:
    words = language.words
    text = "\n".join(words)
    order = [1, 0, 2, 3] if (name.endswith("3") and language.name == "en") or fields[0] == "Gesendet:" else [0, 1, 2, 3]
    if fields[1] == "À:":
        order = [0, 2, 1, 3]
    rows = [f"{label} {_VALUES[at]}" for label, at in zip(fields, order, strict=True)]
    bold = [f"*{label}* {_VALUES[at]}" for label, at in zip(fields, order, strict=True)]
    yield f"{name} bare", _page(words, "", *rows, "", *ORIGINAL), text
    yield f"{name} bold", _page(words, "", *bold, "", *ORIGINAL), text
    yield f"{name} without address", _page(words, "", f"{rows[0].partition(' <')[0]}", *rows[1:], "", *ORIGINAL), text
    yield f"{name} quoted", _page(words, "", *_quoted([*rows, "", *ORIGINAL])), text
    spread = [row for pair in zip(rows, [""] * 4, strict=True) for row in pair]
    yield f"{name} with blank lines", _page(words, "", *spread, "", *ORIGINAL), text
    signed = [*words, "", "-- ", "Ruth Example", "Example Ltd"]
    yield f"{name} signed", _page(signed, "", *rows, "", *ORIGINAL), text
    for title in language.of("title"):
        yield f"{name} under {title}", _page(words, "", "", title, *rows, "", *ORIGINAL), text
        yield f"{name} under {title} apart", _page(words, "", title, "", *rows, "", *ORIGINAL), text
    for phone in language.of(_PHONE) if name == "block 1" else ():
        yield f"{name} with {phone}", _page(words, "", phone, "_" * 32, *rows, "", *ORIGINAL), text


def _quoted(rows: list[str]) -> list[str]:
    return [f"> {row}" if row else ">" for row in rows]


def _page(words: list[str], *rows: str) -> str:
    return "\n".join([*words, *rows, ""])
