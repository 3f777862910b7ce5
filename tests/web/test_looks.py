"""Words for what the models say."""

from __future__ import annotations

import pytest

from app.web.inbox.looks import mood_words


@pytest.mark.parametrize(
    ("mood", "scores", "words"),
    [
        (0.8, (0.8,), "Good"),
        (0.3, (0.3,), "Rather good"),
        (0.0, (), "Even"),
        (-0.45, (-0.45,), "Rather bad"),  # the lowest that a message called neutral can score is near -0.5
        (-0.9, (0.4, -0.9), "Bad, falling"),
        (0.6, (-0.7, 0.6), "Good, rising"),
    ],
)
def test_a_mood_and_where_it_goes_in_words(mood: float, scores: tuple[float, ...], words: str) -> None:
    assert mood_words(mood, scores) == words
