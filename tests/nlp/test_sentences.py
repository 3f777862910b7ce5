"""Sentences are cut where they end, and nowhere else."""

from __future__ import annotations

import pytest

from nlp.sentences import LONGEST, MOST, split


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Weiss paid 3.50 EUR, i.e. too much. Why?", ["Dr. Weiss paid 3.50 EUR, i.e. too much.", "Why?"]),
        ("Hello Kim,\n\nthe parcel left.\nBest\nAna", ["Hello Kim,", "the parcel left.", "Best", "Ana"]),
        (
            "I would like to know whether the machine that I ordered last\nweek has left your warehouse already.",
            ["I would like to know whether the machine that I ordered last\nweek has left your warehouse already."],
        ),
        ("Really?! “Yes.” Good", ["Really?!", "“Yes.”", "Good"]),
        ("你好。我的包裹在哪里？谢谢", ["你好。", "我的包裹在哪里？", "谢谢"]),
        ("see example.org/a.b for more", ["see example.org/a.b for more"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [one.text for one in split(text)] == sentences


@pytest.mark.parametrize("text", ["word " * 10_000, "a" * 100_000, ". " * 50_000, "\n" * 100_000, "x.y" * 40_000])
def test_any_text_is_bounded(text: str) -> None:
    found = split(text)
    assert len(found) <= MOST
    assert all(0 < len(one.text) <= LONGEST for one in found)
    assert all(text[one.start : one.end] == one.text for one in found)
