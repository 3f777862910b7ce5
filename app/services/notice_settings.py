"""What a user wants to be told of while the page is not looked at: whose conversations, with a sound, not at night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import NoticeScope, NoticeSetting, User
from app.phrases import phrase

DAYS = (
    phrase("Monday"),
    phrase("Tuesday"),
    phrase("Wednesday"),
    phrase("Thursday"),
    phrase("Friday"),
    phrase("Saturday"),
    phrase("Sunday"),
)
PAUSE = timedelta(hours=1)


def get(session: Session, user: User) -> NoticeSetting:
    """Return what a user has said, or the defaults in a row that is not stored."""
    return session.get(NoticeSetting, user.id) or default(user)


def default(user: User) -> NoticeSetting:
    return NoticeSetting(
        user_id=user.id,
        scope=NoticeScope.UNASSIGNED,
        has_sound=True,
        quiet_from=1200,
        quiet_until=480,
        quiet_days=[],
        time_zone="UTC",
        paused_until=None,
    )


def change(
    session: Session,
    *,
    user: User,
    scope: str,
    has_sound: bool,
    quiet: tuple[str, str],
    quiet_days: Sequence[int],
    time_zone: str,
) -> None:
    """Store what a user wants; `quiet` is two times of day like "20:00". Raises Invalid."""
    if scope not in set(NoticeScope):
        raise Invalid(phrase("Choose what you want to be told of."), field="scope")
    begins, ends = (minutes_of(typed) for typed in quiet)
    if not set(quiet_days) <= set(range(len(DAYS))):
        raise Invalid(phrase("Choose days from Monday to Sunday."), field="quiet_days")
    values = {
        "scope": NoticeScope(scope),
        "has_sound": has_sound,
        "quiet_from": begins,
        "quiet_until": ends,
        "quiet_days": sorted(set(quiet_days)),
        "time_zone": _zone(time_zone).key,
    }
    _store(session, user, values)


def pause(session: Session, *, user: User) -> None:
    """Tell this user nothing for an hour."""
    _store(session, user, {"paused_until": now() + PAUSE})


def resume(session: Session, *, user: User) -> None:
    """End a pause before its time."""
    _store(session, user, {"paused_until": None})


def minutes_of(typed: str) -> int:
    """Return the minutes after midnight of a time of day like "07:30". Raises Invalid."""
    try:
        moment = datetime.strptime(typed, "%H:%M")  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise Invalid(phrase("Write a time of day, like 20:00."), field="quiet") from None
    return moment.hour * 60 + moment.minute


def is_quiet(setting: NoticeSetting, at: datetime) -> bool:
    """Tell whether nothing is said at a moment: notices are paused or off, or these are quiet hours."""
    if setting.scope is NoticeScope.NOTHING or is_paused(setting, at):
        return True
    local = at.astimezone(_zone(setting.time_zone))
    minute, today = local.hour * 60 + local.minute, local.weekday()
    begins, ends = setting.quiet_from, setting.quiet_until
    if begins < ends:
        return today in setting.quiet_days and begins <= minute < ends
    began_yesterday = (today - 1) % 7 in setting.quiet_days and minute < ends
    return began_yesterday or (today in setting.quiet_days and minute >= begins)


def is_paused(setting: NoticeSetting, at: datetime) -> bool:
    return setting.paused_until is not None and setting.paused_until > at


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Invalid(phrase("Choose a time zone from the list, as Europe/Berlin."), field="time_zone") from None


def _store(session: Session, user: User, values: dict[str, object]) -> None:
    row = insert(NoticeSetting).values(user_id=user.id, **values)
    session.execute(row.on_conflict_do_update(index_elements=[NoticeSetting.user_id], set_=values))
    session.expire_all()
