"""E-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.personal_data.kinds import Kind, Span

LOCAL = r"\w.!#$%&'*+/=?^`{|}~\-"
ADDRESS = re.compile(rf"(?<![{LOCAL}])[{LOCAL}]{{1,64}}@(\w[\w\-]{{0,62}}(?:\.\w[\w\-]{{0,62}}){{1,8}})")
FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "css", "js", "ts", "html", "pdf"})
NOT_PEOPLE = frozenset({"git"})  # git@host:path is how a program is reached


def find(text: str, region: str) -> Iterator[Span]:  # noqa: ARG001 - all finders are asked alike; addresses know no region
    """Yield the e-mail addresses of a text."""
    if "@" not in text:
        return
    for match in ADDRESS.finditer(text):
        ending = match[1].rpartition(".")[2]
        local = match[0][: -len(match[1]) - 1]
        if len(ending) > 1 and ending.isalpha() and ending.lower() not in FILE_ENDINGS and local not in NOT_PEOPLE:
            skipped = len(local) - len(local.lstrip("'`*{|/=!?#"))  # quotes and marks around an address are not its own
            yield Span(match.start() + skipped, match.end(), Kind.EMAIL)
