"""Who is told of an alert, how and when: planned once, sent when quiet hours allow it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.events import AlertMailQueued, AlertRaised
from app.models import (
    Alert,
    AlertNotice,
    AlertRecipient,
    AlertRule,
    AlertWay,
    Channel,
    ChannelState,
    NoticeState,
    Role,
    TeamMember,
    User,
    WebhookEndpoint,
)
from app.services import access, alert_changes, alert_letter, alert_reasons, alert_watch, alerting, reading_settings
from app.services.alert_rules import quiet_of, sends_mail
from connectors.base import Address, Credentials, OutboundMessage

CLAIM = timedelta(seconds=120)
NUDGE_AGAIN = timedelta(seconds=30)
MAX_ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
MOST_TOLD = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that this worker alone may send now."""

    notice_id: int
    channel_id: int
    kind: str
    credentials: Credentials
    outbound: OutboundMessage


def plan(session: Session, *, alert: Alert, rule: AlertRule, at: datetime) -> None:
    """Decide who is told, in which ways and when: in the app at once, otherwise when quiet hours are over."""
    due = alerting.quiet_until(quiet_of(rule), at, alert_watch.zone_of(session))
    people, seeing = _recipients(session, rule), access.users_seeing(session, alert)
    moments = {AlertWay.APP: at, AlertWay.MAIL: due}
    rows = [
        _row(alert, way, user_id, moment, sees=user_id in seeing)
        for user_id in people
        for way, moment in moments.items()
        if way in rule.ways
    ]
    if AlertWay.WEBHOOK in rule.ways:
        rows.append(_row(alert, AlertWay.WEBHOOK, None, due, sees=True))
    for row in rows:
        if row["way"] is AlertWay.APP and row["state"] is NoticeState.WAITING:
            row["state"], row["sent_at"] = NoticeState.SENT, at
    if rows:
        session.execute(insert(AlertNotice).values(rows).on_conflict_do_nothing())
    release(session, at=at, alert_id=alert.id)


def release(session: Session, *, at: datetime, alert_id: int | None = None, limit: int = 200) -> int:
    """Let go what is due: mail to the senders, the event to the webhooks. Return how many.

    What was let go and did not leave is let go again: nothing is lost with a queue.
    """
    query = select(AlertNotice).where(
        AlertNotice.state == NoticeState.WAITING,
        AlertNotice.due_at <= at,
        or_(AlertNotice.claimed_until.is_(None), AlertNotice.claimed_until <= at),
    )
    if alert_id is not None:
        query = query.where(AlertNotice.alert_id == alert_id)
    due = session.scalars(query.order_by(AlertNotice.id).limit(limit).with_for_update(skip_locked=True)).all()
    for notice in due:
        if notice.way is AlertWay.WEBHOOK:
            _tell_webhooks(session, notice, at)
        else:
            notice.due_at = at + NUDGE_AGAIN
            outbox.record(session, AlertMailQueued(notice_id=notice.id))
    session.flush()
    return len(due)


def claim(session: Session, *, notice_id: int) -> Letter | None:
    """Take a mail that waits, and count the attempt; None where there is nothing to send any more."""
    notice = session.get(AlertNotice, notice_id, with_for_update=True)
    if notice is None or notice.state is not NoticeState.WAITING or notice.way is not AlertWay.MAIL:
        return None
    if notice.claimed_until is not None and notice.claimed_until > now():
        return None
    alert = session.get_one(Alert, notice.alert_id)
    rule = session.get(AlertRule, alert.rule_id) if alert.rule_id is not None else None
    channel = session.get(Channel, rule.mail_channel_id) if rule and rule.mail_channel_id else None
    user = session.get(User, notice.user_id) if notice.user_id is not None else None
    state, reason = _hopeless(alert, channel, user)
    if state is not None or channel is None or user is None:
        _finish(session, notice, state or NoticeState.FAILED, reason)
        return None
    notice.attempts += 1
    notice.claimed_until = now() + CLAIM
    session.flush()
    return _letter(session, notice, alert, channel, user)


def record_sent(session: Session, *, notice_id: int) -> None:
    """The channel took the mail."""
    notice = session.get_one(AlertNotice, notice_id, with_for_update=True)
    if notice.state is NoticeState.WAITING:
        notice.sent_at = now()
        _finish(session, notice, NoticeState.SENT, "")


def record_failed(session: Session, *, notice_id: int, reason: str) -> None:
    """The mail will not leave; the alert's page says why."""
    notice = session.get_one(AlertNotice, notice_id, with_for_update=True)
    if notice.state is NoticeState.WAITING:
        _finish(session, notice, NoticeState.FAILED, reason)


def record_transient(session: Session, *, notice_id: int, reason: str, retry_after_seconds: float | None) -> None:
    """Try again later, at longer and longer intervals; give up after MAX_ATTEMPTS."""
    notice = session.get_one(AlertNotice, notice_id, with_for_update=True)
    if notice.state is not NoticeState.WAITING:
        return
    if notice.attempts >= MAX_ATTEMPTS:
        _finish(session, notice, NoticeState.FAILED, alert_reasons.tried(reason, notice.attempts))
        return
    wait = min(FIRST_WAIT * 2 ** (notice.attempts - 1), LONGEST_WAIT)
    notice.due_at = now() + max(wait, timedelta(seconds=min(retry_after_seconds or 0, 3600)))
    notice.reason, notice.claimed_until = reason[:500], None


def mark_read(session: Session, *, user: User, alert: Alert | None = None) -> None:
    """Take an alert, or all, from what is new to a user."""
    unread = [AlertNotice.user_id == user.id, AlertNotice.way == AlertWay.APP, AlertNotice.read_at.is_(None)]
    if alert is not None:
        unread.append(AlertNotice.alert_id == alert.id)
    session.execute(update(AlertNotice).where(*unread).values(read_at=now()))


def _recipients(session: Session, rule: AlertRule) -> list[int]:
    """Return the active people whom a rule tells."""
    mine = AlertRecipient.rule_id == rule.id
    users = select(AlertRecipient.user_id).where(mine, AlertRecipient.user_id.is_not(None))
    teams = select(AlertRecipient.team_id).where(mine, AlertRecipient.team_id.is_not(None))
    members = select(TeamMember.user_id).where(TeamMember.team_id.in_(teams))
    told = [User.id.in_(users), User.id.in_(members)]
    if rule.tells_supervisors:
        told.append(User.role.in_((Role.SUPERVISOR, Role.ADMIN)))
    query = select(User.id).where(User.is_active, User.role != Role.BOT, or_(*told)).order_by(User.id).limit(MOST_TOLD)
    return list(session.scalars(query))


def _row(alert: Alert, way: AlertWay, user_id: int | None, due: datetime, *, sees: bool) -> dict[str, Any]:
    return {
        "public_id": uuid7(),
        "alert_id": alert.id,
        "user_id": user_id,
        "way": way,
        "state": NoticeState.WAITING if sees else NoticeState.SKIPPED,
        "reason": "" if sees else str(alert_reasons.NO_SIGHT),
        "due_at": due,
        "sent_at": None,
    }


def _tell_webhooks(session: Session, notice: AlertNotice, at: datetime) -> None:
    hears = WebhookEndpoint.events.contains([AlertRaised.wire_name()])
    listeners = session.scalars(select(func.count(WebhookEndpoint.id)).where(WebhookEndpoint.is_active, hears)).one()
    if not listeners:
        _finish(session, notice, NoticeState.SKIPPED, alert_reasons.NO_LISTENER)
        return
    alert = session.get_one(Alert, notice.alert_id)
    outbox.record(session, AlertRaised(alert_id=alert.id, alert=str(alert.public_id)))
    notice.sent_at = at
    _finish(session, notice, NoticeState.SENT, alert_reasons.handed(listeners))


def _hopeless(alert: Alert, channel: Channel | None, user: User | None) -> tuple[NoticeState | None, str]:
    """Return how a mail ends that need not, or cannot, be sent."""
    if alert.closed_at is not None and alert.acknowledged_at is not None:
        return NoticeState.SKIPPED, alert_reasons.OVER
    if user is None or not user.is_active:
        return NoticeState.SKIPPED, alert_reasons.GONE
    if channel is None or not sends_mail(channel) or channel.state is ChannelState.REMOVED:
        return NoticeState.FAILED, alert_reasons.NO_CHANNEL
    if channel.state is ChannelState.PAUSED:
        return NoticeState.FAILED, alert_reasons.paused(channel.name)
    return None, ""


def _letter(session: Session, notice: AlertNotice, alert: Alert, channel: Channel, user: User) -> Letter:
    tongue = user.language or reading_settings.house_language(session)
    subject, text = alert_letter.written(session, alert=alert, zone=alert_watch.zone_of(session), language=tongue)
    outbound = OutboundMessage(
        idempotency_key=f"alert-{notice.public_id}",
        to=(Address(user.email, user.name),),
        recipient=user.email,
        subject=subject,
        text=text,
        from_name="Tributary",
        automatic=True,
    )
    return Letter(notice.id, channel.id, channel.kind, unseal(channel.sealed), outbound)


def _finish(session: Session, notice: AlertNotice, state: NoticeState, reason: str) -> None:
    notice.state, notice.reason, notice.claimed_until = state, reason[:500], None
    session.flush()
    alert_changes.tell(session, session.get_one(Alert, notice.alert_id, with_for_update=True))
