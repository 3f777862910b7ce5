"""A mood and its line: gone on with message by message, they are what a look at all messages gives."""

from __future__ import annotations

import math
from datetime import timedelta
from statistics import linear_regression

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services import moods
from app.services.moods import Line, MoodStep, Place, Score, drawn
from tests.services.making import NOON

scores_of = st.lists(st.floats(-1, 1, width=32), max_size=60)


def said(values: list[float]) -> list[Score]:
    return [Score(Place.of(10 + i, 100 + i), NOON + timedelta(minutes=i), value) for i, value in enumerate(values)]


def line_by_hand(values: list[float]) -> list[float]:
    """Every mood on the way, in closed form: a score counts 0.4 (the first 1), times 0.6 for each that came after."""
    weights = [1.0] + [0.4] * max(0, len(values) - 1)
    return [sum(weights[k] * 0.6 ** (end - k) * values[k] for k in range(end + 1)) for end in range(len(values))]


@given(scores_of, st.integers(0, 60))
def test_a_line_that_goes_on_equals_one_drawn_anew(values: list[float], cut: int) -> None:
    scores = said(values)
    assert drawn(scores[cut:], drawn(scores[:cut])) == drawn(scores)


@given(scores_of.filter(bool))
def test_start_lowest_and_end_are_those_of_all_moods_on_the_way(values: list[float]) -> None:
    line, moods_on_the_way = drawn(said(values)), line_by_hand(values)
    assert line.scores == len(values)
    assert line.start == pytest.approx(moods_on_the_way[0], abs=1e-9)
    assert line.mood == pytest.approx(moods_on_the_way[-1], abs=1e-9)
    assert line.lowest == pytest.approx(min(moods_on_the_way), abs=1e-9)
    assert line.lowest_message_id is not None
    assert moods_on_the_way[line.lowest_message_id - 100] == pytest.approx(min(moods_on_the_way), abs=1e-9)
    assert line.lowest_at == NOON + timedelta(minutes=line.lowest_message_id - 100)


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=60))
def test_the_slope_is_that_of_the_best_straight_line(values: list[float]) -> None:
    slope, _ = linear_regression(range(len(values)), line_by_hand(values))
    assert drawn(said(values)).slope == pytest.approx(slope, abs=1e-9)


def test_the_slope_of_a_very_long_conversation_stays_exact() -> None:
    values = [math.sin(i / 50) for i in range(20_000)]
    slope, _ = linear_regression(range(len(values)), _moods(values))
    assert drawn(said(values)).slope == pytest.approx(slope, rel=1e-9)


def _moods(values: list[float]) -> list[float]:
    found = [values[0]]
    for value in values[1:]:
        found.append(0.6 * found[-1] + 0.4 * value)
    return found


def test_nothing_said_has_no_mood_and_one_score_no_slope() -> None:
    assert (Line().mood, Line().slope, Line().has_recovered) == (None, None, False)
    assert (drawn(said([-0.9])).mood, drawn(said([-0.9])).slope) == (-0.9, None)


@pytest.mark.parametrize(
    ("values", "has_recovered"),
    [
        ([-0.9, 0.8, 0.8, 0.8], True),
        ([0.5, -0.9, -0.9, 0.9, 0.9, 0.9], True),
        ([-0.9, 0.2], False),  # not yet
        ([0.3, 0.1, 0.6], False),  # never fell
        ([-0.9, 0.9, 0.9, -0.9, -0.9], False),  # fell again
    ],
)
def test_who_fell_and_ends_well_has_recovered(values: list[float], has_recovered: bool) -> None:
    assert drawn(said(values)).has_recovered is has_recovered


def test_a_score_from_before_the_end_cannot_follow() -> None:
    line = drawn(said([0.1, 0.2]))
    assert not line.takes(Place.of(5, 999))
    assert line.takes(Place.of(None, 1))  # what came without a delivery stands behind
    with pytest.raises(ValueError, match="not behind"):
        line.then(Score(Place.of(5, 999), NOON, 0.3))


@pytest.mark.parametrize(
    ("mood", "step"),
    [
        (None, MoodStep.EVEN),
        (0.51, MoodStep.GOOD),
        (0.5, MoodStep.RATHER_GOOD),
        (0.0, MoodStep.EVEN),
        (moods.FELL_TO, MoodStep.RATHER_BAD),
        (-0.5, MoodStep.BAD),
    ],
)
def test_every_mood_has_a_step(mood: float | None, step: MoodStep) -> None:
    assert moods.step_of(mood) is step


@given(st.lists(st.none() | st.floats(-1, 1), max_size=40))
def test_the_mood_of_a_person_lies_between_those_of_the_newest_conversations(values: list[float | None]) -> None:
    known = [value for value in values[: moods.CONVERSATIONS_OF_CONTACT] if value is not None]
    mood = moods.of_contact(values)
    if not known:
        assert mood is None
    else:
        assert mood is not None
        assert min(known) - 1e-9 <= mood <= max(known) + 1e-9


def test_the_newest_conversation_of_a_person_counts_most() -> None:
    assert moods.of_contact([-0.8, 0.8]) == pytest.approx((-0.8 + 0.6 * 0.8) / 1.6)
    assert moods.of_contact([None, 0.4]) == pytest.approx(0.4)
