"""Only new words count: what is quoted, signed or disclaimed around a message never changes a label of any task."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nlp.annotate import annotate
from nlp.cleaning import clean
from nlp.language import detect
from nlp.new_words import new_words
from nlp.prediction import Annotation
from nlp.training.rows import Row
from tests.nlp.around import ANGRY, BELOW, QUOTED, QUOTED_ABOVE, variants

AROUND = [*BELOW, *QUOTED_ABOVE]
LETTER = "Dear team,\nmy order 4711 is late.\n\nWhen will it come?"


@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_a_message_is_not_read(name: str, corpus: Sequence[Row]) -> None:
    """Over the whole corpus: what the model gets to see, and the language, are those of the bare message."""
    for row in corpus:
        around = variants(row.text)[name]
        assert clean(around) == clean(row.text)
        assert detect(around) == detect(row.text)


def test_what_stands_around_a_message_changes_no_label(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    """Over the whole corpus, through the model; each way is met by a dozen messages or more."""
    names = [AROUND[place % len(AROUND)] for place in range(len(corpus))]
    found = annotate([variants(row.text)[name] for row, name in zip(corpus, names, strict=True)], reasons=False)
    changed = [
        (name, after.task, row.text)
        for name, row, bare, one in zip(names, corpus, said, found, strict=True)
        for before, after in zip(bare.predictions, one.predictions, strict=True)
        if (after.label, after.labels, after.abstain_reason) != (before.label, before.labels, before.abstain_reason)
    ]
    assert changed == []


def test_all_of_it_at_once_changes_nothing_either(corpus: Sequence[Row]) -> None:
    tower = "".join(BELOW[name] for name in ("regards_and_address", "confidential", "with_attribution", "marked"))
    for row in corpus:
        assert clean(QUOTED_ABOVE["banner"] + row.text + tower) == clean(row.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no line break > here",
        "Thanks\nI got it, but the box was empty and nobody called me back about it.",
        "Best service ever!\nThank you\nDo you also sell lamps?",
        "> everything here is quoted\n> all of it",
        "Please change my trip\nFrom: Oslo\nTo: Bergen\nDate: 4 May\nCan you do that today?",
        "On Monday I wrote:\nplease cancel it. Nobody has answered since.",
        "This message is for Anna.\nPlease call me.",
        "Warning: the box was damaged.\nI want a new one.",
        "Thanks,\n"
        + "and another thing that has been going wrong for weeks now with your delivery people, and more\n" * 2,
    ],
)
def test_what_only_looks_like_an_end_is_kept(text: str) -> None:
    assert new_words(text) == text


def test_answers_between_quotes_are_kept() -> None:
    assert new_words("> when?\nTomorrow.\n> where?\nAt the shop.") == "Tomorrow.\nAt the shop."


@pytest.mark.parametrize("text", ["👍", "😡😡", "?", "!!", "5"])
@pytest.mark.parametrize("name", QUOTED)
def test_few_signs_are_new_words_too(text: str, name: str) -> None:
    assert new_words(text + QUOTED[name]).strip() == text


def test_a_letter_keeps_its_words_and_loses_the_rest() -> None:
    for name, text in variants(LETTER).items():
        assert new_words(text).strip() == LETTER, name


def test_a_hundred_thousand_quoted_lines_leave_the_words_above_and_below() -> None:
    assert new_words("Above.\n" + f"> {ANGRY}\n" * 100_000 + "Below.") == "Above.\nBelow."
