"""What is found, counted on own-written lines: most of what is there, and next to nothing that is not."""

from __future__ import annotations

import pytest

from app.personal_data import Kind, mask
from tests.personal_data.corpus import lines, mistakes, scores, wrong_and_missed

POSITIVES, NEGATIVES = lines("positives.tsv"), lines("negatives.tsv")


def test_the_corpus_is_large_enough_to_say_something() -> None:
    assert sum(len(line.expected) for line in POSITIVES) >= 150
    assert len(NEGATIVES) >= 200
    assert not any(line.expected for line in NEGATIVES)
    assert {span.kind for line in POSITIVES for span in line.expected} == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_found_and_nothing_else_is_taken_for_it(kind: Kind) -> None:
    score = scores(POSITIVES + NEGATIVES)[kind]
    assert score.precision >= 0.98, list(mistakes(POSITIVES + NEGATIVES))
    assert score.recall >= 0.97, list(mistakes(POSITIVES + NEGATIVES))


def test_ordinary_numbers_are_left_alone() -> None:
    touched = [line.text for line in NEGATIVES if mask(line.text, region=line.region) != line.text]
    assert touched == []


def test_a_mask_says_the_kind_and_keeps_no_more_than_four_characters() -> None:
    for line in POSITIVES:
        if any(wrong_and_missed(line)):
            continue
        hidden = mask(line.text, region=line.region)
        for span in line.expected:
            value = line.text[span.start : span.end]
            assert value not in hidden
    assert mask("My card is 4111 1111 1111 1111.") == "My card is [card ••••1111]."
    assert mask("IBAN DE89 3704 0044 0532 0130 00") == "IBAN [IBAN ••••3000]"
    assert mask("call +1 212 555 2368") == "call [phone ••••2368]"
    assert mask("my password is Hunter2!") == "my password is [password ••••]"
