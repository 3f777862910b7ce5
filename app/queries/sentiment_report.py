"""The supervisor's sentiment report: one question, at most six statements, all from the counts but for tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.queries._json import InboxIds
from app.queries.sentiment_asked import Asked, Period
from app.queries.sentiment_facts import ABSTAINED
from app.queries.sentiment_names import Names, names
from app.queries.sentiment_recovery import Recovery, recovery
from app.queries.sentiment_source import hours, is_open, step

MOST_LINES = 6  # of a split, the largest; the table beside has all
MOST_GROUPS = 500
SENTIMENTS = ("negative", "neutral", "positive")


@dataclass(slots=True)
class Tally:
    """Messages by label, abstained ones beside them."""

    labels: dict[str, int] = field(default_factory=dict)
    score_sum: float = 0.0

    def add(self, label: str, messages: int, score_sum: float) -> None:
        self.labels[label] = self.labels.get(label, 0) + messages
        self.score_sum += score_sum

    @property
    def messages(self) -> int:
        return sum(self.labels.values())

    @property
    def abstained(self) -> int:
        return self.labels.get(ABSTAINED, 0)

    @property
    def told(self) -> int:
        """Count the messages of which something was said that may be used."""
        return self.messages - self.abstained

    @property
    def net(self) -> float | None:
        """Return positive minus negative among what was told, in [-1, 1]; None where nothing was."""
        if not self.told:
            return None
        return (self.labels.get("positive", 0) - self.labels.get("negative", 0)) / self.told

    @property
    def average(self) -> float | None:
        """Return the mean score in [-1, 1] of what was told."""
        return self.score_sum / self.told if self.told else None

    def share(self, label: str) -> float | None:
        """Return a label's part of what was told; of ABSTAINED its part of all messages."""
        whole = self.messages if label == ABSTAINED else self.told
        return self.labels.get(label, 0) / whole if whole else None


@dataclass(frozen=True, slots=True)
class Version:
    """What one model version said of each bucket, also where a newer one has said something since."""

    name: str
    buckets: tuple[Tally, ...]

    @property
    def spoke_in(self) -> tuple[int, ...]:
        return tuple(index for index, tally in enumerate(self.buckets) if tally.messages)


@dataclass(frozen=True, slots=True)
class Group:
    """One value of the dimension that splits; `key` is how an address names it. `buckets` is () for small ones."""

    key: str
    name: str
    now: Tally
    before: Tally
    buckets: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Report:
    asked: Asked
    period: Period
    labels: tuple[str, ...]  # of the table and the bars, without ABSTAINED
    now: Tally
    before: Tally
    buckets: tuple[Tally, ...]
    versions: tuple[Version, ...]
    groups: tuple[Group, ...]
    recovery: Recovery
    names: Names
    fell_to: float


Told = tuple[int, str, str, bool, Any, int, float]  # step, label, version, is_latest, place, messages, score_sum


def report(session: Session, *, asked: Asked, period: Period, inbox_ids: InboxIds, fell_to: float) -> Report:
    """Read everything of the page. `fell_to`: the mood at which a conversation counts as fallen."""
    told = _tallies(session, asked, period, inbox_ids, steps=period.starts)
    known = names(session, inbox_ids=inbox_ids, until=period.end)
    latest = [row for row in told if row[3]]
    buckets = _line(latest, len(period.starts))
    before = _by_step(latest)[0]
    now = _sum(buckets)
    return Report(
        asked=asked,
        period=period,
        labels=_labels(asked, now, before),
        now=now,
        before=before,
        buckets=buckets,
        versions=_versions(told, len(period.starts), known),
        groups=_groups(session, asked, period, inbox_ids, known) if asked.by else (),
        recovery=recovery(session, asked=asked, period=period, inbox_ids=inbox_ids, fell_to=fell_to),
        names=known,
        fell_to=fell_to,
    )


def _tallies(
    session: Session,
    asked: Asked,
    period: Period,
    inbox_ids: InboxIds,
    *,
    steps: Sequence[Any],
    by: str = "",
    places: Iterable[Any] | None = None,
) -> list[Told]:
    """Add up by step (0 is the time before), label, version and place."""
    rows = hours(asked, period, inbox_ids=inbox_ids, by=by).c
    keys = step(rows.hour, tuple(steps)), rows.label, rows.model_version, rows.is_latest, rows.place
    query = select(*keys, cast(func.sum(rows.messages), BigInteger), func.sum(rows.score_sum))
    query = query.where(*is_open(rows.hour, period.doors)).group_by(*keys)
    if places is not None:
        query = query.where(rows.place.in_(list(places)), rows.hour >= period.start)
    return [tuple(row) for row in session.execute(query)]


def _by_step(rows: Iterable[Told]) -> defaultdict[int, Tally]:
    found: defaultdict[int, Tally] = defaultdict(Tally)
    for at, label, _version, _latest, _place, messages, score_sum in rows:
        found[at].add(label, messages, score_sum)
    return found


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        for label, messages in tally.labels.items():
            total.add(label, messages, 0.0)
        total.score_sum += tally.score_sum
    return total


def _labels(asked: Asked, now: Tally, before: Tally) -> tuple[str, ...]:
    """Return the labels in the order they are shown: sentiments as people say them, others by how many there are."""
    seen = {*now.labels, *before.labels} - {ABSTAINED}
    if asked.task == "sentiment":
        return SENTIMENTS + tuple(sorted(seen - set(SENTIMENTS)))
    return tuple(sorted(seen, key=lambda label: (-now.labels.get(label, 0), label)))


def _versions(rows: list[Told], buckets: int, known: Names) -> tuple[Version, ...]:
    """Return the lines of model versions, in the order in which they were taken up."""
    by_version: defaultdict[str, list[Told]] = defaultdict(list)
    for row in rows:
        if row[0] > 0:
            by_version[row[2]].append(row)
    order = {version: place for place, version in enumerate(known.versions)}
    by_age = sorted(by_version, key=lambda name: (order.get(name, len(order)), name))
    return tuple(Version(version, _line(by_version[version], buckets)) for version in by_age)


def _groups(session: Session, asked: Asked, period: Period, inbox_ids: InboxIds, known: Names) -> tuple[Group, ...]:
    """Return the values of the splitting dimension, those with the most messages first."""
    totals = _tallies(session, asked, period, inbox_ids, steps=(period.start,), by=asked.by)
    by_place: defaultdict[Any, list[Told]] = defaultdict(list)
    for row in totals:
        by_place[row[4]].append(row)
    tallies = {place: _by_step(rows) for place, rows in by_place.items()}
    order = sorted(tallies, key=lambda place: (-tallies[place][1].messages, str(place)))[:MOST_GROUPS]
    largest = [place for place in order if place is not None][:MOST_LINES]
    lines: defaultdict[Any, list[Told]] = defaultdict(list)
    for row in _tallies(session, asked, period, inbox_ids, steps=period.starts, by=asked.by, places=largest):
        lines[row[4]].append(row)
    return tuple(
        Group(
            *known.of(asked.by, place),
            now=tallies[place][1],
            before=tallies[place][0],
            buckets=_line(lines[place], len(period.starts)) if place in largest else (),
        )
        for place in order
    )


def _line(rows: list[Told], buckets: int) -> tuple[Tally, ...]:
    found = _by_step(rows)
    return tuple(found[index + 1] for index in range(buckets))
