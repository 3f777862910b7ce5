"""What is watched, what was out of the ordinary, and who was told of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class AlertMetric(StrEnum):
    VOLUME = "volume"  # messages
    NEGATIVE_SHARE = "negative_share"  # negative ones among those that were judged
    NET_SENTIMENT = "net_sentiment"  # positive minus negative among those that were judged, in [-1, 1]
    INTENT_VOLUME = "intent_volume"  # messages with one intent
    EMOTION_VOLUME = "emotion_volume"  # messages with one emotion
    MOOD_FALLS = "mood_falls"  # conversations whose mood went down


class AlertKind(StrEnum):
    THRESHOLD = "threshold"  # the value reaches a number
    ANOMALY = "anomaly"  # the value is far from what is usual at this hour of the week


class AlertWay(StrEnum):
    APP = "app"
    MAIL = "email"
    WEBHOOK = "webhook"


class NoticeState(StrEnum):
    WAITING = "waiting"  # for its time, or for the next attempt
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"  # not told, for a reason


class Watched:
    """What is measured, of which messages, and when it is too much: the same columns on a rule and on its alerts.

    `label` is the intent or emotion that is counted. `channel_id`, `inbox_id`, `intent` and `language` narrow the
    messages; None means all. `threshold` is the metric's number (shares in 0..1, net sentiment in [-1, 1]), or for an
    anomaly how many spreads from the usual (app/services/alerting.py). Fewer than `minimum` messages say nothing.
    """

    metric: Mapped[AlertMetric] = mapped_column(one_of(AlertMetric))
    kind: Mapped[AlertKind] = mapped_column(one_of(AlertKind))
    label: Mapped[str] = mapped_column(default="", server_default="")
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), index=True)
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id", ondelete="CASCADE"), index=True)
    intent: Mapped[str | None]
    language: Mapped[str | None]
    threshold: Mapped[float]
    window_minutes: Mapped[int]
    minimum: Mapped[int]


class AlertRule(Watched, Base):
    """What is watched, every minute. `quiet` is {"from": hour, "until": hour, "weekends": bool}, {} for none.

    `baseline` is what was usual in the weeks before `baselined_at` (alert_baseline.Baseline), None while there are too
    few weeks. Mail leaves by `mail_channel_id`.
    """

    __tablename__ = "alert_rule"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    ways: Mapped[list[str]]
    tells_supervisors: Mapped[bool] = mapped_column(default=True, server_default="true")
    mail_channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id", ondelete="SET NULL"), index=True)
    quiet: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    baseline: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    baselined_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class AlertRecipient(Base):
    """Who is told by a rule, beside the supervisors: a user, or everybody of a team."""

    __tablename__ = "alert_recipient"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="user_or_team"),
        Index("uq_alert_recipient", "rule_id", "user_id", "team_id", unique=True, postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    rule_id: Mapped[int] = mapped_column(ForeignKey("alert_rule.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)


class Alert(Watched, Base):
    """One incident, from its opening to its end; it keeps what it was judged by, whatever becomes of its rule.

    `value` and `expected` are the latest, `worst` the value farthest out, at `worst_at`. `expected` is None for a
    threshold without a known usual. `calm_since` is set while the value is back. `cause`, filled at `caused_at`, is
    {"terms": [{"term", "now", "before"}], "intents": [{"label", "now", "before"}], "samples": [message ids],
    "messages": n, "before": n, "of": n}: shares of the messages of the window, and of those before it; `of` is the
    number of messages then.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_open", "rule_id", unique=True, postgresql_where="closed_at IS NULL"),
        Index("ix_alert_rule", "rule_id", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("alert_rule.id", ondelete="SET NULL"))
    name: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    calm_since: Mapped[datetime | None]
    measured_at: Mapped[datetime]
    value: Mapped[float]
    messages: Mapped[int]
    expected: Mapped[float | None]
    worst: Mapped[float]
    worst_at: Mapped[datetime]
    baseline: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    cause: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    caused_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    note: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class AlertNotice(Base):
    """One person told in one way, or the webhooks (`user_id` is None): when, or why not.

    `due_at` is when quiet hours allow it. `claimed_until`: somebody is sending it, or was asked to.
    """

    __tablename__ = "alert_notice"
    __table_args__ = (
        Index("uq_alert_notice_once", "alert_id", "way", "user_id", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_alert_notice_waiting", "due_at", postgresql_where="state = 'waiting'"),
        Index("ix_alert_notice_unread", "user_id", postgresql_where="way = 'app' AND read_at IS NULL"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    way: Mapped[AlertWay] = mapped_column(one_of(AlertWay))
    state: Mapped[NoticeState] = mapped_column(one_of(NoticeState), default=NoticeState.WAITING)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[Created]
