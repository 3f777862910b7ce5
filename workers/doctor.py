"""One page of health: python -m workers doctor. Exit status 1 when something needs a person."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from app.config import settings
from app.db import reading
from app.queries import health, model_versions
from app.queries.model_versions import Reading
from app.render import readable_bytes

SLOW_SECONDS = 60.0
WORDY = frozenset({"ways"})  # which languages a translator knows


def run() -> int:
    """Print the page."""
    try:
        with reading() as session:
            processes, backlogs, channels = (
                health.processes(session),
                health.backlogs(session),
                health.channels(session),
            )
            again = model_versions.reading_again(session)
    except SQLAlchemyError as error:
        print(f"Database   does not answer: {str(error).splitlines()[0]}")
        return 1
    print("Database   answers")
    print(f"Model      {_model(again)}")
    ills = _redis() + _disk() + _processes(processes) + _backlogs(backlogs) + _channels(channels)
    print("\nAll is well." if not ills else "\nNeeds attention:\n" + "\n".join(f"  - {ill}" for ill in ills))
    return 1 if ills else 0


def _model(again: Reading) -> str:
    if again.in_use is None:
        return "has read nothing yet"
    done = f"; {again.left} conversations to be read again ({again.share:.0%} done)" if again.left else ""
    return (
        f"{again.in_use.model_id} {again.in_use.version} in use since {again.in_use.taken_up_at:%Y-%m-%d %H:%M}{done}"
    )


def _redis() -> list[str]:
    import redis

    from workers import queues

    try:
        waiting = ", ".join(f"{name} {count}" for name, count in queues.lengths().items())
    except redis.RedisError as error:
        print(f"Redis      does not answer: {error}")
        return ["Redis does not answer: nothing is lost, but nothing moves until it does."]
    print(f"Redis      answers; jobs waiting: {waiting}")
    return []


def _disk() -> list[str]:
    free = shutil.disk_usage(settings().home).free
    print(f"Disk       {readable_bytes(free)} free at {settings().home}")
    return ["Less than 1 GB of disk is free."] if free < 1_000_000_000 else []


def _processes(found: list[health.Process]) -> list[str]:
    print("\nProcesses")
    for process in found:
        detail = ", ".join(f"{key} {value}" for key, value in process.detail.items() if key not in WORDY)
        state = "alive" if process.is_fresh else "silent"
        print(f"  {process.kind:<24}{state:<8}{process.age_seconds:6.0f} s ago  {process.name}  {detail}")
    return [f"{gap} is not running." for gap in health.missing(found)]


def _backlogs(found: Iterable[health.Backlog]) -> list[str]:
    print("\nWaiting")
    ills = []
    for backlog in found:
        age = "" if backlog.oldest_seconds is None else f"oldest {_age(backlog.oldest_seconds)}"
        print(f"  {backlog.name:<32}{backlog.waiting:>8}  {age}")
        needs_person = backlog.name in {"deliveries parked", "replies that need a decision"}
        if backlog.waiting and (needs_person or (backlog.oldest_seconds or 0) > SLOW_SECONDS):
            ills.append(f"{backlog.waiting} {backlog.name}.")
    return ills


def _channels(found: Iterable[health.ChannelHealth]) -> list[str]:
    print("\nChannels")
    ills = []
    for channel in found:
        print(f"  {channel.name:<28}{channel.kind:<10}{channel.state:<28}{_told(channel)}")
        if channel.state.startswith("paused"):
            ills.append(f"Channel {channel.name} is {channel.state}")
        elif channel.last_error:
            ills.append(f"Channel {channel.name}: {channel.last_error}")
    return ills


def _told(channel: health.ChannelHealth) -> str:
    """Say when a channel was last heard of, how far behind it is, and what is wrong."""
    parts = [f"last success {_ago(channel.last_success_seconds)}", f"news {_ago(channel.last_delivery_seconds)}"]
    if channel.lag_seconds is not None:
        parts.append(f"lag {_age(channel.lag_seconds)}")
    if channel.parked:
        parts.append(f"{channel.parked} parked")
    return ", ".join(parts) + (f"  {channel.last_error}" if channel.last_error else "")


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{_age(seconds)} ago"


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
