"""Customers' words stay on this machine, and reach a screen through a filter that hides what is sensitive."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ROOT, modules

NETWORK = {
    "socket",
    "ssl",
    "http",
    "urllib",
    "httpx",
    "requests",
    "aiohttp",
    "smtplib",
    "imaplib",
    "ftplib",
    "connectors",
}
READERS = ("nlp/", "app/personal_data/", "workers/annotator.py", "workers/jobs/annotate.py", "workers/jobs/ask.py")
PRINTED = re.compile(r"\{\{-?\s*([^{}]+?)\s*-?\}\}")
# what strangers wrote, under the names that rows give it
WORDS_OF_STRANGERS = re.compile(r"\b\w+\.(text|preview|subject|quoted|signature|sender|filename|contact_name)\b")
SAFE_FILTER = re.compile(r"\|\s*(one_line|text_html|editable|initials|hue)\b")
ANSWERS = "answers.text"  # made of a row that was concealed before
HOUSE = (
    "webchat/",
    "webform/",
    "settings/_fields.html",
    "reports/_parts.html",
    "reports/_sentiment.html",
)  # our own words
FORMS = re.compile(r"^(text|area|choice|field|avatar)\(")  # macros; values there are the house's own


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def unfiltered(source: str) -> list[str]:
    return [
        said
        for said in PRINTED.findall(source)
        if WORDS_OF_STRANGERS.search(said)
        and not SAFE_FILTER.search(said)
        and not FORMS.match(said)
        and said != ANSWERS
    ]


def test_what_reads_customers_words_has_no_way_out() -> None:
    readers = {name: tree for name, tree in modules().items() if name.startswith(READERS)}
    assert len(readers) > 10
    assert {name: sorted(imported(tree) & NETWORK) for name, tree in readers.items() if imported(tree) & NETWORK} == {}


def test_templates_print_strangers_words_through_a_filter_that_hides() -> None:
    templates = ROOT / "templates"
    found = {
        name: bad
        for path in sorted(templates.rglob("*.html"))
        if not (name := str(path.relative_to(templates))).startswith(HOUSE) and (bad := unfiltered(path.read_text()))
    }
    assert found == {}


def test_the_checks_find_planted_faults() -> None:
    assert imported(ast.parse("import urllib.request\nfrom httpx import post")) & NETWORK == {"urllib", "httpx"}
    assert unfiltered("{{ row.text }} {{ row.text | one_line }}") == ["row.text"]
