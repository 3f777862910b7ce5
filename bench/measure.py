"""CPU time of process trees and percentiles."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterable, Sequence

import psutil


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return user and system seconds of processes and all their living descendants."""
    total = 0.0
    for root in roots:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(root)
            for member in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    times = member.cpu_times()
                    total += times.user + times.system
    return total


def resident_mb(roots: Iterable[int]) -> float:
    """Return the proportional resident megabytes of processes and all their living descendants."""
    total = 0
    for root in roots:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(root)
            for member in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    total += member.memory_full_info().pss
    return total / 1e6


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    return statistics.quantiles(sorted(values), n=1000, method="inclusive")[int(share * 1000) - 1]


def in_ms(values: Sequence[float]) -> str:
    """Say p50, p95 and the largest of durations in seconds, in milliseconds."""
    p50, p95 = percentile(values, 0.5) * 1000, percentile(values, 0.95) * 1000
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {max(values) * 1000:.0f} ms (n={len(values)})"
