"""What is watched: add, edit, switch and delete alert rules. For whoever sees all inboxes that a rule looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import (
    Alert,
    AlertKind,
    AlertMetric,
    AlertRecipient,
    AlertRule,
    AlertWay,
    Channel,
    ChannelState,
    Inbox,
    Role,
    Team,
    User,
    Watched,
)
from app.phrases import phrase
from app.services import access, alert_changes, by_public_id, labels
from app.services.alert_baseline import Family
from app.services.alerting import FAMILIES, SENSITIVITIES, WINDOWS, Policy, Quiet
from app.services.teams import clean_name
from connectors.registry import connector_for

MOST_RULES = 100
MOST_RECIPIENTS = 200
MOST_COUNT = 1_000_000
LONGEST_LABEL = 100


@dataclass
class Draft:
    """A rule as somebody asks for it. Channels, inboxes, users and teams are public ids, "" for none."""

    name: str = ""
    metric: AlertMetric = AlertMetric.VOLUME
    kind: AlertKind = AlertKind.ANOMALY
    label: str = ""
    channel: str = ""
    inbox: str = ""
    intent: str = ""
    language: str = ""
    threshold: float = SENSITIVITIES["normal"]
    window_minutes: int = 60
    minimum: int = 10
    ways: list[str] = field(default_factory=lambda: [AlertWay.APP.value])
    tells_supervisors: bool = True
    users: Sequence[str] = ()
    teams: Sequence[str] = ()
    mail_channel: str = ""
    quiet: Quiet | None = None

    @property
    def policy(self) -> Policy:
        return Policy(self.metric, self.kind, self.threshold, self.window_minutes, self.minimum)


def add(session: Session, *, actor: User | None, draft: Draft, is_enabled: bool = True) -> AlertRule:
    """Make a rule; `actor` is None for the house itself. Raises Invalid, Forbidden."""
    if session.scalars(select(func.count(AlertRule.id))).one() >= MOST_RULES:
        raise Invalid(phrase("A workspace has at most {most} alert rules.", most=MOST_RULES))
    rule = AlertRule(is_enabled=is_enabled)
    _fill(session, rule, draft)
    session.add(rule)
    session.flush()
    _require_sight(session, actor, rule)
    _set_recipients(session, rule, draft)
    return rule


def edit(session: Session, *, actor: User, rule: AlertRule, version: int, draft: Draft) -> None:
    """Change a rule that is still as it was read. What it had open is closed: it was about something else.

    Raises Invalid, Forbidden, Conflict.
    """
    if rule.version != version:
        raise Conflict(phrase("Somebody else changed this rule meanwhile. Look at it again."), version=rule.version)
    _fill(session, rule, draft)
    rule.version += 1
    rule.baseline = rule.baselined_at = None
    session.flush()
    _require_sight(session, actor, rule)
    _set_recipients(session, rule, draft)
    _close_open(session, rule, now())


def switch(session: Session, *, rule: AlertRule, on: bool) -> None:
    """Watch, or do not; an alert that is open is closed when nobody watches any more."""
    rule.is_enabled = on
    rule.version += 1
    session.flush()
    if not on:
        _close_open(session, rule, now())


def delete(session: Session, *, rule: AlertRule) -> None:
    """Forget a rule; its alerts stay, closed."""
    _close_open(session, rule, now())
    session.delete(rule)
    session.flush()


def draft_of(session: Session, rule: AlertRule) -> Draft:
    """Return a rule as its form shows it."""
    told = session.scalars(select(AlertRecipient).where(AlertRecipient.rule_id == rule.id)).all()
    users = select(User.public_id).where(User.id.in_([row.user_id for row in told if row.user_id]))
    teams = select(Team.public_id).where(Team.id.in_([row.team_id for row in told if row.team_id]))
    return Draft(
        name=rule.name,
        metric=rule.metric,
        kind=rule.kind,
        label=rule.label,
        channel=_public_id(session, Channel, rule.channel_id),
        inbox=_public_id(session, Inbox, rule.inbox_id),
        intent=rule.intent or "",
        language=rule.language or "",
        threshold=rule.threshold,
        window_minutes=rule.window_minutes,
        minimum=rule.minimum,
        ways=list(rule.ways),
        tells_supervisors=rule.tells_supervisors,
        users=[str(one) for one in session.scalars(users)],
        teams=[str(one) for one in session.scalars(teams)],
        mail_channel=_public_id(session, Channel, rule.mail_channel_id),
        quiet=quiet_of(rule),
    )


def policy_of(watched: Watched) -> Policy:
    """Return what of a rule, or of an alert, decides."""
    return Policy(watched.metric, watched.kind, watched.threshold, watched.window_minutes, watched.minimum)


def quiet_of(rule: AlertRule) -> Quiet | None:
    """Return the hours in which a rule disturbs nobody."""
    told = rule.quiet
    return Quiet(told["from"], told["until"], told["weekends"]) if told else None


def watched_of(session: Session, *, actor: User, draft: Draft) -> AlertRule:
    """Return an unsaved rule that measures what a draft says, for a trial. Raises Invalid, Forbidden."""
    rule = AlertRule()
    _fill(session, rule, draft)
    _require_sight(session, actor, rule)
    return rule


def mail_channels(session: Session) -> list[Channel]:
    """Return the channels by which mail to colleagues can leave."""
    query = select(Channel).where(Channel.state != ChannelState.REMOVED).order_by(func.lower(Channel.name), Channel.id)
    return [channel for channel in session.scalars(query) if sends_mail(channel)]


def sends_mail(channel: Channel) -> bool:
    can = connector_for(channel.kind).capabilities
    return can.send and "email" in can.reaches and not can.live_only


def _fill(session: Session, rule: AlertRule, draft: Draft) -> None:
    """Check a draft and write it into a rule. Raises Invalid."""
    rule.name = clean_name(draft.name)
    rule.metric, rule.kind, rule.label = draft.metric, draft.kind, _label(draft)
    rule.channel_id = _id(session, Channel, draft.channel, "channel")
    rule.inbox_id = _id(session, Inbox, draft.inbox, "inbox")
    rule.intent, rule.language = draft.intent[:LONGEST_LABEL] or None, draft.language[:20] or None
    if draft.window_minutes not in WINDOWS:
        raise Invalid(phrase("Choose a window from the list."), field="window_minutes")
    rule.window_minutes, rule.threshold, rule.minimum = draft.window_minutes, _threshold(draft), _minimum(draft)
    rule.ways = [way.value for way in AlertWay if way.value in draft.ways]
    if not rule.ways:
        raise Invalid(phrase("Choose at least one way to be told."), field="ways")
    rule.tells_supervisors = draft.tells_supervisors
    rule.mail_channel_id = _id(session, Channel, draft.mail_channel, "mail_channel")
    channel = session.get(Channel, rule.mail_channel_id) if rule.mail_channel_id is not None else None
    if (AlertWay.MAIL in rule.ways and channel is None) or (channel is not None and not sends_mail(channel)):
        raise Invalid(phrase("Choose the channel by which mail leaves."), field="mail_channel")
    rule.quiet = _quiet(draft.quiet)


def _label(draft: Draft) -> str:
    known = dict(labels.EMOTIONS)
    if draft.metric is AlertMetric.EMOTION_VOLUME and draft.label not in known:
        raise Invalid(phrase("Choose an emotion."), field="label")
    if draft.metric is AlertMetric.INTENT_VOLUME and not draft.label:
        raise Invalid(phrase("Choose an intent."), field="label")
    has_label = draft.metric in {AlertMetric.EMOTION_VOLUME, AlertMetric.INTENT_VOLUME}
    return draft.label[:LONGEST_LABEL] if has_label else ""


def _threshold(draft: Draft) -> float:
    family = FAMILIES[draft.metric]
    if draft.kind is AlertKind.ANOMALY:
        if draft.threshold not in SENSITIVITIES.values():
            raise Invalid(phrase("Choose how unusual it must be."), field="sensitivity")
    elif family is Family.COUNT and not 1 <= draft.threshold <= MOST_COUNT:
        raise Invalid(phrase("Give a number of 1 or more."), field="threshold")
    elif family is Family.SHARE and not 0 < draft.threshold <= 1:
        raise Invalid(phrase("Give a share between 1 and 100%."), field="threshold")
    elif family is Family.NET and not -1 <= draft.threshold <= 1:
        raise Invalid(phrase("Give points between −100 and +100."), field="threshold")
    return draft.threshold


def _minimum(draft: Draft) -> int:
    if not 1 <= draft.minimum <= MOST_COUNT:
        raise Invalid(phrase("Give a number of messages of 1 or more."), field="minimum")
    return draft.minimum


def _quiet(quiet: Quiet | None) -> dict[str, Any]:
    if quiet is None:
        return {}
    if not (0 <= quiet.start <= 23 and 0 <= quiet.end <= 23):
        raise Invalid(phrase("Quiet hours are full hours from 0 to 23."), field="quiet")
    return {"from": quiet.start, "until": quiet.end, "weekends": quiet.weekends}


def _require_sight(session: Session, actor: User | None, rule: AlertRule) -> None:
    if actor is None or actor.is_admin:
        return
    if actor.id not in access.users_seeing(session, rule):
        raise Forbidden(
            phrase("You can watch only inboxes that are shared with you; the whole workspace only if you see all.")
        )
    by = session.get(Channel, rule.mail_channel_id) if rule.mail_channel_id else None
    if by is not None and not access.sees_inbox(session, actor, by.inbox_id):
        raise Forbidden(phrase("Mail can leave only by a channel of an inbox that is shared with you."))


def _set_recipients(session: Session, rule: AlertRule, draft: Draft) -> None:
    session.execute(sql_delete(AlertRecipient).where(AlertRecipient.rule_id == rule.id))
    users = [user for user in _all(session, User, draft.users, "users") if user.role is not Role.BOT]
    teams = _all(session, Team, draft.teams, "teams")
    session.add_all([AlertRecipient(rule_id=rule.id, user_id=user.id) for user in users])
    session.add_all([AlertRecipient(rule_id=rule.id, team_id=team.id) for team in teams])
    session.flush()


def _close_open(session: Session, rule: AlertRule, at: datetime) -> None:
    query = select(Alert).where(Alert.rule_id == rule.id, Alert.closed_at.is_(None)).with_for_update()
    for alert in session.scalars(query):
        alert.closed_at = at
        alert_changes.tell(session, alert)


def _all(session: Session, kind: Any, ids: Sequence[str], name: str) -> list[Any]:
    if len(ids) > MOST_RECIPIENTS:
        raise Invalid(phrase("Choose at most {most}.", most=MOST_RECIPIENTS), field=name)
    try:
        return by_public_id.get_all(session, kind, ids)
    except NotFound:
        raise Invalid(phrase("Somebody in this list is gone. Look at it again."), field=name) from None


def _id(session: Session, kind: Any, public_id: str, name: str) -> int | None:
    if not public_id:
        return None
    try:
        return int(by_public_id.get(session, kind, public_id).id)
    except NotFound:
        raise Invalid(phrase("What was chosen here is gone."), field=name) from None


def _public_id(session: Session, kind: Any, id_: int | None) -> str:
    row = session.get(kind, id_) if id_ is not None else None
    return str(row.public_id) if row else ""
