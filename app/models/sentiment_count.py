"""How many messages said what, by the hour: what the reports and the alerts read instead of the messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id


class SentimentCount(Base):
    """Messages of one hour (UTC, by arrival) that are alike in everything a report can split by.

    `label` is what holds: a person's correction before the model's answer, "abstained" where neither says anything
    that may be used. `score_sum` adds up sentiment's polarity in [-1, 1], 0 for other tasks and for abstentions.
    `team_id` and `assignee_id` are who had the conversation when the message was annotated; `intent` is the message's
    own. A message that two model versions have read is counted under each; `is_latest` under the newer one alone, so
    that totals are `WHERE is_latest` and lines of versions are not. No foreign keys: reports remember who has left.
    """

    __tablename__ = "sentiment_count"
    __table_args__ = (
        Index(
            "uq_sentiment_count_dimensions",
            "task",
            "hour",
            "label",
            "channel_id",
            "inbox_id",
            "team_id",
            "assignee_id",
            "intent",
            "language",
            "model_version",
            "is_latest",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_sentiment_count_assignee", "assignee_id", "task", "hour"),
        Index("ix_sentiment_count_team", "team_id", "task", "hour"),
    )

    id: Mapped[Id]
    hour: Mapped[datetime]
    task: Mapped[str]
    label: Mapped[str]
    channel_id: Mapped[int]
    inbox_id: Mapped[int]
    team_id: Mapped[int | None]
    assignee_id: Mapped[int | None]
    intent: Mapped[str | None]
    language: Mapped[str | None]
    model_version: Mapped[str]
    is_latest: Mapped[bool]
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    score_sum: Mapped[float] = mapped_column(default=0.0, server_default="0")


class SentimentHour(Base):
    """The same counts without team, agent and intent: few enough rows to read a month of them while somebody waits."""

    __tablename__ = "sentiment_hour"
    __table_args__ = (
        Index(
            "uq_sentiment_hour_dimensions",
            "task",
            "hour",
            "label",
            "channel_id",
            "inbox_id",
            "language",
            "model_version",
            "is_latest",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    hour: Mapped[datetime]
    task: Mapped[str]
    label: Mapped[str]
    channel_id: Mapped[int]
    inbox_id: Mapped[int]
    language: Mapped[str | None]
    model_version: Mapped[str]
    is_latest: Mapped[bool]
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    score_sum: Mapped[float] = mapped_column(default=0.0, server_default="0")


class SentimentDay(Base):
    """The hours added up to the days of the house's clock (BusinessHours.time_zone, UTC where none is set).

    `day` is the moment at which a day begins. When the house's clock changes, all are added up anew.
    """

    __tablename__ = "sentiment_day"
    __table_args__ = (
        Index(
            "uq_sentiment_day_dimensions",
            "task",
            "day",
            "label",
            "channel_id",
            "inbox_id",
            "language",
            "model_version",
            "is_latest",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    day: Mapped[datetime]
    task: Mapped[str]
    label: Mapped[str]
    channel_id: Mapped[int]
    inbox_id: Mapped[int]
    language: Mapped[str | None]
    model_version: Mapped[str]
    is_latest: Mapped[bool]
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    score_sum: Mapped[float] = mapped_column(default=0.0, server_default="0")
