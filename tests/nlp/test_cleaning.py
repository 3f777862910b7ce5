"""What the encoder is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.cleaning import HEAD_CHARACTERS, TAIL_CHARACTERS, clean
from nlp.encoder import TOKENS_A_BATCH, batches_by_length


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Love it 😂😂😂", "Love it face with tears of joy"),
        ("👍🏽 ❤️ 🇩🇪", "thumbs up sign heavy black heart"),
        ("a\u200bb\ufeffc \u202ed", "abc d"),
        ("see https://example.org/x?y=1 and WWW.example.org", "see http and http"),
        ("@bob write to jo@example.org", "@user write to jo@example.org"),
        ("fish &amp; chips &#39;n&#x27; &nope; &", "fish & chips 'n' &nope; &"),
        ("sooooooo!!!!!!", "sooo!!!"),
        ("  one \t two \r\n\r\n three ", "one two\nthree"),
        ("𝓗𝓮𝓵𝓵𝓸 ﬁne", "Hello fine"),
        ("my \ud83d \ufffd order", "my order"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_is_cleaned_to_text_that_can_be_encoded(text: str) -> None:
    clean(text).encode("utf-8")


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    cleaned = clean("first " + "filler " * 100_000 + "last")
    assert cleaned.startswith("first")
    assert cleaned.endswith("last")
    assert len(cleaned) <= HEAD_CHARACTERS + TAIL_CHARACTERS + 1


@given(st.lists(st.integers(min_value=1, max_value=256), max_size=200))
def test_batches_hold_every_index_once_within_the_budget(lengths: list[int]) -> None:
    batches = list(batches_by_length(lengths))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[index] for index in batch) <= TOKENS_A_BATCH for batch in batches)
