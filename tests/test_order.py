"""Long tests come first at every worker, and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import LONG, TOGETHER, long_ones_first

FILES = [
    *(Path(f"tests/services/test_{n}.py") for n in range(6)),
    *(Path(f"tests/{room}/test_{n}.py") for room in LONG for n in range(3)),
    *(Path(f"tests/web/test_{n}.py") for n in range(6)),
]
TESTS = [(path, number) for path in FILES for number in range(7)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_each_run_begins_with_long_tests_and_every_test_is_in_one(workers: int) -> None:
    order = long_ones_first(TESTS, file_of=lambda test: test[0], workers=workers)
    assert sorted(order) == sorted(TESTS)
    size = len(TESTS) // workers
    for start in range(0, size * workers, size):
        is_long = [path.parent.name in LONG for path, _ in order[start : start + size]]
        assert 2 * size // 5 <= sum(is_long) < size
        assert is_long == sorted(is_long, reverse=True)


def test_what_shares_models_is_in_one_run() -> None:
    order = long_ones_first(TESTS, file_of=lambda test: test[0], workers=3)
    places = [place for place, (path, _) in enumerate(order) if path.parent.name == TOGETHER]
    assert len({place // (len(TESTS) // 3) for place in places}) == 1


def test_where_long_tests_are_most_the_runs_are_uneven_and_whole() -> None:
    tests = [(path, number) for path, number in TESTS if path.parent.name in {"flows", "web"}][:25]
    assert sorted(long_ones_first(tests, file_of=lambda test: test[0], workers=4)) == sorted(tests)
