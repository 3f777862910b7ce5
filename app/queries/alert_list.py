"""Alerts, newest first, as far as the reader may see them; and how many of them are new to the reader."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.models import Alert, AlertNotice, AlertRule, AlertWay, Channel, Inbox, NoticeState, User
from app.queries._json import AnySelect

PAGE = 40


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`rule` is the rule's public id, None where it is gone; `is_unread`: the reader was told and has not looked."""

    alert: Alert
    channel: str | None
    inbox: str | None
    acknowledged_by: str | None
    rule: UUID | None
    is_unread: bool


@dataclass(frozen=True, slots=True)
class AlertPage:
    rows: tuple[AlertRow, ...]
    more: int  # id before which there is more, 0 at the end


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """`name` is None where webhooks were told."""

    notice: AlertNotice
    name: str | None


def page(
    session: Session, *, user: User, seen: ColumnElement[bool], is_open: bool = False, before: int = 0
) -> AlertPage:
    """Read one page of the alerts that fit the condition `seen`; with `is_open` those that go on."""
    query = _select(user).where(seen).order_by(Alert.id.desc()).limit(PAGE + 1)
    if is_open:
        query = query.where(Alert.closed_at.is_(None))
    if before > 0:
        query = query.where(Alert.id < before)
    rows = tuple(AlertRow(*row) for row in session.execute(query))
    return AlertPage(rows[:PAGE], rows[PAGE - 1].alert.id if len(rows) > PAGE else 0)


def one(session: Session, *, user: User, alert: Alert) -> AlertRow:
    """Read what a page says about one alert."""
    return AlertRow(*session.execute(_select(user).where(Alert.id == alert.id)).one())


def notices(session: Session, *, alert: Alert) -> list[NoticeRow]:
    """Return who was told, how and when, or why not, in the order of names."""
    query = select(AlertNotice, User.name).outerjoin(User, User.id == AlertNotice.user_id)
    query = query.where(AlertNotice.alert_id == alert.id).order_by(User.name.nulls_last(), AlertNotice.way)
    return [NoticeRow(*row) for row in session.execute(query)]


def unread(session: Session, *, user: User, seen: ColumnElement[bool]) -> int:
    """Count the alerts that the reader was told of, may see, and has not looked at."""
    query = select(func.count()).select_from(AlertNotice).join(Alert, Alert.id == AlertNotice.alert_id)
    return session.scalars(query.where(_is_new_to(user), seen)).one()


def _select(user: User) -> AnySelect:
    told = and_(AlertNotice.alert_id == Alert.id, _is_new_to(user))
    return (
        select(Alert, Channel.name, Inbox.name, User.name, AlertRule.public_id, AlertNotice.id.is_not(None))
        .outerjoin(Channel, Channel.id == Alert.channel_id)
        .outerjoin(Inbox, Inbox.id == Alert.inbox_id)
        .outerjoin(User, User.id == Alert.acknowledged_by_id)
        .outerjoin(AlertRule, AlertRule.id == Alert.rule_id)
        .outerjoin(AlertNotice, told)
    )


def _is_new_to(user: User) -> ColumnElement[bool]:
    return and_(
        AlertNotice.user_id == user.id,
        AlertNotice.way == AlertWay.APP,
        AlertNotice.state == NoticeState.SENT,
        AlertNotice.read_at.is_(None),
    )
