"""The arithmetic of the accuracy page, counted by hand; and the words that people choose from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.queries.accuracy import STEPS, Answers, Judged
from app.services import accuracy, labels
from app.services.truths import SCORES
from nlp.tasks import LABELS, NONE


def one(said: str, *truth: str, step: int = 40, kept_back: str = "", messages: int = 1, **more: str) -> Judged:
    return Judged(said, truth, step, kept_back, more.get("language", "en"), more.get("channel", "Mail"), messages)


JUDGED = [
    one("negative", "negative", step=45, messages=6),
    one("negative", "neutral", step=30, messages=2),
    one("neutral", "neutral", step=20, kept_back="confidence", language="de"),
    one("positive", "negative", step=48, kept_back="language:fr", channel="Chat"),
]
ANSWERS = [Answers(45, "", 60), Answers(30, "", 20), Answers(20, "confidence", 15), Answers(48, "language:fr", 5)]


def test_people_choose_from_the_labels_of_the_models() -> None:
    for task in labels.CORRECTABLE:
        assert [label for label, _ in labels.BUILT_IN[task]] == list(LABELS[task])
    assert labels.NO_EMOTION == NONE
    assert set(SCORES) == set(LABELS["sentiment"])


def test_the_matrix_counts_truth_against_answer_in_the_order_of_the_labels() -> None:
    matrix = accuracy.matrix(JUDGED, ["negative", "neutral", "positive"])
    assert matrix.rows == ("negative", "neutral")
    assert matrix.columns == ("negative", "neutral", "positive")
    assert matrix.cells == {
        ("negative", "negative"): 6,
        ("neutral", "negative"): 2,
        ("neutral", "neutral"): 1,
        ("negative", "positive"): 1,
    }
    assert [matrix.heat("negative", said) for said in matrix.columns] == [5, 0, 1]


def test_a_message_with_two_emotions_stands_in_two_rows_and_is_right_with_one_of_them() -> None:
    both = one("worry", "worry", "anger", messages=3)
    matrix = accuracy.matrix([both], ["anger", "worry"])
    assert matrix.cells == {("worry", "worry"): 3, ("anger", "worry"): 3}
    assert accuracy.overall([both]).accuracy == 1


def test_shares_are_by_language_and_channel() -> None:
    found = {share.name: (share.messages, share.right) for share in accuracy.shares(JUDGED, lambda row: row.language)}
    assert found == {"en": (9, 6), "de": (1, 1)}
    assert accuracy.shares(JUDGED, lambda row: row.channel)[0].name == "Mail"
    assert accuracy.overall([]).accuracy is None


@pytest.mark.parametrize(
    ("threshold", "precision", "judged", "coverage", "more", "fewer"),
    [
        (0.0, 7 / 9, 9, 0.95, 15, 0),
        (0.5, 6 / 8, 8, 0.80, 0, 0),
        (0.7, 1.0, 6, 0.60, 0, 20),
        (1.0, None, 0, 0.0, 0, 80),
    ],
)
def test_a_point_says_what_would_hold(
    threshold: float, precision: float | None, judged: int, coverage: float, more: int, fewer: int
) -> None:
    point = accuracy.points(JUDGED, ANSWERS)[round(threshold * STEPS)]
    assert point == accuracy.Point(threshold, precision, coverage, judged, more, fewer)


def test_what_was_kept_back_is_counted_by_reason() -> None:
    assert accuracy.kept_back(ANSWERS) == [("confidence", 15), ("language:fr", 5)]


@given(st.lists(st.tuples(st.integers(0, STEPS), st.sampled_from(["", "confidence", "empty"]), st.integers(1, 9))))
def test_coverage_falls_as_the_threshold_rises(rows: list[tuple[int, str, int]]) -> None:
    points = accuracy.points([], [Answers(*row) for row in rows])
    coverage = [point.coverage for point in points]
    assert coverage == sorted(coverage, reverse=True)
    assert all(0 <= share <= 1 for share in coverage)
    used_now = sum(row[2] for row in rows if not row[1])
    total = sum(row[2] for row in rows)
    for point in points:
        assert round(point.coverage * total) == used_now + point.more - point.fewer
