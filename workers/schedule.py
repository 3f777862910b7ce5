"""The timetable. One process runs it; a task that fails is logged and runs again at its next time."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.db import first_line
from app.log import get_logger
from workers.heartbeat import beating, pause
from workers.jobs import alerts, channel_templates, housekeeping, push, rescore, search, sign_ins

TIMETABLE: tuple[tuple[float, Callable[[], None]], ...] = (  # every so many seconds
    (3, housekeeping.reconcile),
    (3, housekeeping.release_scheduled),
    (5, housekeeping.sweep_unassigned),
    (5, rescore.hand_out),
    (10, housekeeping.wake_snoozed),
    (10, housekeeping.settle_changes),
    (10, search.hand_out),
    (60, alerts.watch),
    (60, channel_templates.hand_out),
    (60, sign_ins.renew_due),
    (15, push.hand_out),
    (300, housekeeping.purge),
    (3600, push.purge),
    (86_400, housekeeping.forget_files),
    (86_400, sign_ins.renew_daily),
)


def run() -> None:
    """Keep the timetable until the process is told to stop."""
    due = {task: 0.0 for _, task in TIMETABLE}
    with beating("clock"):
        while True:
            for every, task in TIMETABLE:
                if time.monotonic() >= due[task]:
                    due[task] = time.monotonic() + every
                    _run(task)
            pause(max(0.1, min(due.values()) - time.monotonic()))


def _run(task: Callable[[], None]) -> None:
    try:
        task()
    except (SQLAlchemyError, RedisError) as error:
        get_logger().warning("schedule.failed", task=task.__name__, error=first_line(error))
