"""Words for what the models say."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.queries.mood_lines import MoodLine
from app.web.channel_icons import DRAWN, FALLBACK, channel_icon
from app.web.inbox.feelings import language_name, mood_words, trajectory_words
from connectors.registry import kinds

FELL_AT = datetime(2025, 3, 3, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (0.8, "Good"),
        (0.3, "Rather good"),
        (0.0, "Even"),
        (-0.45, "Rather bad"),  # the lowest that a message called neutral can score is near -0.5
        (-0.9, "Bad"),
        (None, "Even"),
    ],
)
def test_a_mood_in_words(mood: float | None, words: str) -> None:
    assert mood_words(mood) == words


@pytest.mark.parametrize(
    ("start", "lowest", "end", "slope", "words"),
    [
        (0.1, -0.7, 0.3, 0.05, "began even, fell to bad on 3 Mar 2025, 14:02, recovered"),
        (-0.7, -0.7, 0.3, 0.3, "began bad, recovered"),
        (0.6, -0.7, -0.7, -0.6, "began good, fell to bad on 3 Mar 2025, 14:02, falling"),
        (0.1, 0.1, 0.6, 0.2, "began even, rising"),
        (0.1, 0.0, 0.1, 0.0, ""),
    ],
)
def test_how_a_conversation_went_in_words(start: float, lowest: float, end: float, slope: float, words: str) -> None:
    line = MoodLine("1", "m", True, end, start, lowest, FELL_AT, slope, (0.0, 0.0))
    assert trajectory_words(line) == words


def test_languages_have_names_and_rare_ones_their_code() -> None:
    assert [language_name(code) for code in ("es", "und", None, "xx-one")] == [
        "Spanish",
        "Unknown",
        "Unknown",
        "xx-one",
    ]


def test_every_kind_of_channel_has_an_icon_of_its_own() -> None:
    icons = [channel_icon(kind) for kind in kinds()]
    assert FALLBACK not in icons
    shapes = re.findall(r"<symbol[^>]*>(.*)</symbol>", DRAWN.read_text())
    assert len(shapes) == len(set(shapes)) == len(icons) == len(set(icons))
    assert channel_icon("a-kind-that-is-gone") == FALLBACK
