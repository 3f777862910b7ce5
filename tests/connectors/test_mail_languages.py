"""Replies of forty languages in the layouts of some fifty mail programs: the new words and nothing else."""

from __future__ import annotations

import pytest

from connectors._mime import parse_mail
from tests.connectors.mail_corpus.cases import Reply
from tests.connectors.mail_corpus.languages import laid_out, languages
from tests.connectors.mail_corpus.pages import html_pages

NAMES = [language.name for language in languages()]
PLAIN, PAGES = laid_out(), html_pages()


def mail_of(body: str, kind: str) -> bytes:
    head = "From: Ruth <ruth@example.org>\nTo: support@acme.example\nSubject: Re: order\nMIME-Version: 1.0"
    return f"{head}\nContent-Type: text/{kind}; charset=utf-8\n\n{body}".encode()


def wrongly_cut(cases: list[Reply], language: str, kind: str) -> list[tuple[str, str]]:
    mine = [case for case in cases if case.name.split()[0] == language]
    texts = [(case, parse_mail(mail_of(case.body, kind)).text) for case in mine]
    return [(case.name, text) for case, text in texts if text != case.text]


def test_the_corpus_is_large() -> None:
    assert len(NAMES) >= 40
    assert len(PLAIN) > 3_000
    assert len(PAGES) > 4_000


@pytest.mark.parametrize("language", NAMES)
def test_only_new_words_are_text_in_plain_mail(language: str) -> None:
    assert not wrongly_cut(PLAIN, language, "plain")


@pytest.mark.parametrize("language", NAMES)
def test_only_new_words_are_text_in_html_mail(language: str) -> None:
    assert not wrongly_cut(PAGES, language, "html")
