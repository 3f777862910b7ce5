"""Learn what is usual from past hours. Pure.

The spread is taken from how far past windows were from the usual, and is never less than chance alone would give.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, median

from app.services.alert_baseline import (
    NOTHING,
    WEEK,
    Baseline,
    Family,
    Hour,
    Tally,
    anscombe,
    distance,
    mean_of,
    size_of,
    value_of,
)

DAY = 24  # hours
LEAST_WEEKS, MOST_WEEKS = 4, 8
LEVEL_DAYS = 14  # how busy these were decides how busy the usual is now
LEAST_LEVEL, MOST_LEVEL = 0.5, 2.0
TRUSTED_DAY = 5.0  # messages that a day must lead one to expect before its level is believed
SHRINK = 30.0  # messages that an hour of the week needs before it is believed more than all hours together
MOST_BASE = 4.0
FEW_WINDOWS = 48


def fit(family: Family, hours: Sequence[Hour], *, window_hours: int) -> Baseline | None:
    """Learn the usual from consecutive past hours, oldest first; None for less than LEAST_WEEKS.

    The spread is that of windows of `window_hours`, so that what wanders slowly counts where windows are long.
    """
    weeks = min(MOST_WEEKS, len(hours) // WEEK)
    if weeks < LEAST_WEEKS:
        return None
    kept = hours[-weeks * WEEK :]
    slots = _count_slots(kept) if family is Family.COUNT else _share_slots(family, kept)
    by_week = _levels_by_week(kept, slots) if family is Family.COUNT else [1.0] * weeks
    distances = _distances(family, kept, slots, by_week, window_hours)
    base, extra = _spread_of(_without_worst_week(distances), 1 + 2 / weeks)
    level = _level(kept[-LEVEL_DAYS * DAY :], slots) if family is Family.COUNT else 1.0
    raised = tuple(NOTHING.plus(slot, level) for slot in slots)
    return Baseline(family, raised, base, extra, weeks)


def _count_slots(hours: Sequence[Hour]) -> list[Tally]:
    """Return the usual count of each hour of the week: without its highest and lowest week, so that one incident in the
    past does not become usual.
    """
    seen: defaultdict[int, list[float]] = defaultdict(list)
    for slot, tally in hours:
        seen[slot].append(anscombe(tally.up))
    counts = [mean_of(_trimmed_mean(seen[slot])) if seen[slot] else 0.0 for slot in range(WEEK)]
    return [Tally(count, count, 0.0) for count in counts]


def _trimmed_mean(values: list[float]) -> float:
    ordered = sorted(values)
    return fmean(ordered[1:-1] if len(ordered) >= LEAST_WEEKS else ordered)


def _share_slots(family: Family, hours: Sequence[Hour]) -> list[Tally]:
    """Return the usual shares of each hour of the week, drawn towards those of the last weeks where it has few.

    Here, too, the highest and the lowest week of an hour are left out, and of the last days the worst and the best two.
    """
    seen: defaultdict[int, list[Tally]] = defaultdict(list)
    for slot, tally in hours:
        seen[slot].append(tally)
    lately = hours[-LEVEL_DAYS * DAY :]
    days = [_total(hour.seen for hour in lately[start : start + DAY]) for start in range(0, len(lately), DAY)]
    recent = _total(_middle(family, days, 2))
    share = Tally(1.0, recent.up / max(recent.of, 1.0), recent.down / max(recent.of, 1.0))
    return [_drawn(_middle(family, seen[slot], 1), share) for slot in range(WEEK)]


def _middle(family: Family, tallies: Sequence[Tally], cut: int) -> list[Tally]:
    """Leave out the `cut` lowest and highest."""
    ordered = sorted(tallies, key=lambda tally: value_of(family, tally) or 0.0)
    return ordered[cut:-cut] if len(ordered) >= LEAST_WEEKS else ordered


def _total(tallies: Iterable[Tally]) -> Tally:
    total = NOTHING
    for tally in tallies:
        total = total.plus(tally)
    return total


def _drawn(weeks: Sequence[Tally], lately: Tally) -> Tally:
    total = _total(weeks)
    known = total.plus(lately, SHRINK)
    weight = max(total.of, 0.1) / max(1, len(weeks)) / known.of
    return Tally(known.of * weight, known.up * weight, known.down * weight)


def _level(hours: Sequence[Hour], slots: Sequence[Tally]) -> float:
    """Return how busy these hours were beside the usual: the middle one of their days."""
    ratios = []
    for start in range(0, len(hours) - DAY + 1, DAY):
        day = hours[start : start + DAY]
        usual = sum(slots[slot].up for slot, _ in day)
        if usual >= TRUSTED_DAY:
            ratios.append(sum(tally.up for _, tally in day) / usual)
    return min(max(median(ratios), LEAST_LEVEL), MOST_LEVEL) if ratios else 1.0


def _levels_by_week(hours: Sequence[Hour], slots: Sequence[Tally]) -> list[float]:
    return [_level(hours[start : start + WEEK], slots) for start in range(0, len(hours), WEEK)]


def _distances(
    family: Family, hours: Sequence[Hour], slots: Sequence[Tally], levels: Sequence[float], window_hours: int
) -> list[list[tuple[float, float]]]:
    """Return (size, distance) of every past window, by week."""
    found: list[list[tuple[float, float]]] = [[] for _ in levels]
    seen = usual = NOTHING
    for index, (slot, tally) in enumerate(hours):
        seen, usual = seen.plus(tally), usual.plus(slots[slot], levels[index // WEEK])
        if index >= window_hours:
            old_slot, old = hours[index - window_hours]
            seen = seen.plus(old, -1.0)
            usual = usual.plus(slots[old_slot], -levels[(index - window_hours) // WEEK])
        if index >= window_hours - 1:
            size = size_of(family, seen, usual)
            if family is Family.COUNT or seen.of >= 1:
                found[index // WEEK].append((size, distance(family, seen, _no_less_than_nothing(usual))))
    return found


def _without_worst_week(weeks: Sequence[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Put the weeks together but the wildest: a bad week must not make the house deaf for two months."""
    wildness = [sum(abs(distance) for _, distance in week) / max(1, len(week)) for week in weeks]
    worst = wildness.index(max(wildness))
    return [window for index, week in enumerate(weeks) if index != worst for window in week]


def _no_less_than_nothing(tally: Tally) -> Tally:
    """Undo what adding and taking away in floats leaves below zero."""
    return Tally(max(0.0, tally.of), max(0.0, tally.up), max(0.0, tally.down))


def _spread_of(distances: list[tuple[float, float]], inflation: float) -> tuple[float, float]:
    """Return (base, extra) so that past windows, quiet ones and busy ones, mostly lie within their spread."""
    if len(distances) < FEW_WINDOWS:
        return 1.0, 0.0
    ordered = sorted(distances)
    half, quarter = len(ordered) // 2, len(ordered) // 4
    base = min(max(1.0, inflation * _squared(ordered[:half])), MOST_BASE)
    extra = 0.0
    for group in (ordered[half : half + quarter], ordered[half + quarter :]):
        size = fmean(size for size, _ in group)
        extra = max(extra, (inflation * _squared(group) - 1) / max(size, 1.0))
    return base, extra


def _squared(group: Sequence[tuple[float, float]]) -> float:
    """Return the squared spread of distances: of the middle, of both tails, or of the bad one, whichever is largest."""
    signed = sorted(distance for _, distance in group)
    sizes = sorted(map(abs, signed))
    middle = 1.4826 * sizes[len(sizes) // 2]
    tails = sizes[int(len(sizes) * 0.95)] / 1.96
    bad = signed[int(len(signed) * 0.975)] / 1.96
    return max(middle, tails, bad) ** 2
