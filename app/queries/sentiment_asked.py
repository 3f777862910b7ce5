"""What the sentiment report is asked: which messages, split how, over which hours. Pure: no session, no clock.

Hours are those of UTC that the counts have. One belongs to the local day in which it begins, and to the business hours
in which it begins: exact wherever clocks differ from UTC by full hours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode
from uuid import UUID

TASKS = ("sentiment", "emotion", "intent")
DIMENSIONS = ("channel", "inbox", "team", "agent", "intent", "tag", "language")
BY_PUBLIC_ID = frozenset(("channel", "inbox", "team", "agent", "tag"))
NOBODY = "none"  # the value of a dimension for messages that have none
DAYS = {"today": 1, "7": 7, "30": 30, "90": 90, "365": 365}
CUSTOM = "custom"
BUCKETS = ("hour", "day", "week")
MOST_DAYS = 731  # of a range of one's own
DAYS_BY_HOUR = 14  # the longest range that is shown by the hour
DAYS_BY_DAY = 100  # the longest that is shown by the day unless asked for
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Week = tuple[tuple[int, int], ...]  # opens, closes in full hours, from Monday; equal ones: closed
OFFICE: Week = (((9, 17),) * 5) + (((0, 0),) * 2)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page says, checked. Ids are public ids; an empty string means: any, or the default.

    `by` splits by a dimension. `show` is what is drawn: "volume" or "share" of all labels; of a split "net",
    "volume", or the share of the label named. `open` keeps business hours only, `zone` "house" takes the house's clock.
    """

    task: str = TASKS[0]
    by: str = ""
    show: str = ""
    channel: str = ""
    inbox: str = ""
    team: str = ""
    agent: str = ""
    intent: str = ""
    tag: str = ""
    language: str = ""
    range: str = "30"
    since: str = ""
    until: str = ""
    bucket: str = ""
    open: str = ""
    zone: str = ""

    @classmethod
    def of(cls, told: dict[str, str]) -> Asked:
        """Read what a request says; what is not understood counts as not said."""
        said = {field.name: told.get(field.name, "").replace("\0", "")[:100] for field in fields(cls)}
        said["task"] = said["task"] if said["task"] in TASKS else TASKS[0]
        said["by"] = said["by"] if said["by"] in DIMENSIONS else ""
        said["range"] = said["range"] if said["range"] in {*DAYS, CUSTOM} else "30"
        said["bucket"] = said["bucket"] if said["bucket"] in BUCKETS else ""
        for name in BY_PUBLIC_ID:
            said[name] = said[name] if said[name] == NOBODY or _is_uuid(said[name]) else ""
        return cls(**said)

    @property
    def filters(self) -> dict[str, str]:
        """Return the dimensions that are narrowed to one value."""
        return {name: getattr(self, name) for name in DIMENSIONS if getattr(self, name)}

    @property
    def touches(self) -> set[str]:
        """Return the dimensions that the answer depends on."""
        return {*self.filters, self.by} - {""}

    def query(self, **changes: str) -> str:
        """Return this as a query string, without what is default: "" or "?task=emotion&by=channel"."""
        changed = replace(self, **changes)
        told = {f.name: getattr(changed, f.name) for f in fields(self) if getattr(changed, f.name) != f.default}
        return f"?{urlencode(told)}" if told else ""


@dataclass(frozen=True, slots=True)
class Period:
    """The hours that are asked for. `starts` are the beginnings of the buckets, all before `end`.

    `before` is as much time, up to now, right before the first. `doors` are the moments at which the house opens and
    closes in turn, None where it does not matter. The counts have days of the house's clock, of UTC where it has none.
    """

    bucket: str
    starts: tuple[datetime, ...]
    end: datetime
    before: tuple[datetime, datetime]
    doors: tuple[datetime, ...] | None
    zone: tzinfo
    by_day: bool  # its days are those of the house's clock, by which days are counted

    @property
    def start(self) -> datetime:
        return self.starts[0]

    def bounds(self, index: int) -> tuple[datetime, datetime]:
        """Return when a bucket begins and ends."""
        return self.starts[index], self.starts[index + 1] if index + 1 < len(self.starts) else self.end


def period(asked: Asked, *, now: datetime, zone: tzinfo, week: Week = OFFICE, house: tzinfo | None = None) -> Period:
    """Turn a range into hours. `zone` is the reader's, `house` that of the business hours where the house has one."""
    clock = house if asked.zone == "house" and house else zone
    first, last = _days(asked, now.astimezone(clock).date())
    count = (last - first).days + 1
    bucket = _bucket(asked.bucket, count)
    start, end = midnight(first, clock), midnight(last + DAY, clock)
    earlier = midnight(first - count * DAY, clock)
    elapsed = min(end, _next_hour(now)) - start
    return Period(
        bucket=bucket,
        starts=tuple(_starts(bucket, first, last, clock)),
        end=end,
        before=(earlier, min(earlier + max(elapsed, HOUR), start)),
        doors=tuple(_doors(first - (count + 1) * DAY, last + DAY, week, house or clock)) if asked.open else None,
        zone=clock,
        by_day=bucket != "hour" and not asked.open and str(clock) == str(house or UTC),
    )


def day_of(hour: datetime, zone: tzinfo) -> datetime:
    """Return when the local day begins in which an hour begins, in UTC."""
    return midnight(hour.astimezone(zone).date(), zone)


def midnight(day: date, zone: tzinfo, hour: int = 0) -> datetime:
    """Return when a local day begins, or an hour of it (24 is the end), in UTC."""
    return datetime.combine(day + (hour // 24) * DAY, time(hour % 24), zone).astimezone(UTC)


def _days(asked: Asked, today: date) -> tuple[date, date]:
    """Return the first and the last day of the range."""
    if asked.range != CUSTOM:
        return today - (DAYS[asked.range] - 1) * DAY, today
    since, until = _date(asked.since, today - 29 * DAY), _date(asked.until, today)
    first, last = min(since, until, today), min(max(since, until), today)
    return max(first, last - (MOST_DAYS - 1) * DAY), last


def _bucket(wanted: str, days: int) -> str:
    if wanted == "hour" and days > DAYS_BY_HOUR:
        return "day"
    return wanted or ("hour" if days <= 2 else "day" if days <= DAYS_BY_DAY else "week")


def _starts(bucket: str, first: date, last: date, zone: tzinfo) -> list[datetime]:
    """Return the beginnings of buckets. Weeks begin on Monday, the first one on the first day."""
    start, end = midnight(first, zone), midnight(last + DAY, zone)
    if bucket == "hour":
        return [start + n * HOUR for n in range(round((end - start) / HOUR))]
    days = [first + n * DAY for n in range((last - first).days + 1)]
    return [midnight(day, zone) for day in days if bucket == "day" or day == first or day.weekday() == 0]


def _doors(first: date, last: date, week: Week, zone: tzinfo) -> list[datetime]:
    doors: list[datetime] = []
    for n in range((last - first).days + 1):
        day = first + n * DAY
        opens, closes = week[day.weekday()]
        if opens < closes:
            doors += [midnight(day, zone, opens), midnight(day, zone, closes)]
    return doors


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + HOUR


def _date(text: str, otherwise: date) -> date:
    try:
        said = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return said if 2000 <= said.year <= 2200 else otherwise


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
