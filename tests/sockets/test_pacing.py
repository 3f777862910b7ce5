"""Buckets that slow down a flood."""

from __future__ import annotations

from app.sockets.pacing import Pace


def test_a_bucket_fills_up_with_time_and_forgets_who_is_long_gone() -> None:
    moment = 0.0
    pace = Pace(burst=2, per_second=0.5, clock=lambda: moment)
    assert [pace.allows("a") for _ in range(3)] == [True, True, False]
    assert pace.allows("b")
    moment = 2.0
    assert [pace.allows("a"), pace.allows("a")] == [True, False]
    for number in range(20_001):
        pace.allows(f"visitor {number}")
    assert len(pace._buckets) == 20_000
