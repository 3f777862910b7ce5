"""Counts of what messages said, by the hour, and the hours in which the house is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ALL = ("label", "channel_id", "inbox_id", "team_id", "assignee_id", "intent", "language", "model_version", "is_latest")
COUNT_WHAT_IS_THERE = """
INSERT INTO sentiment_count (hour, task, label, channel_id, inbox_id, team_id, assignee_id, intent, language,
    model_version, is_latest, messages, score_sum)
SELECT hour, task, label, channel_id, inbox_id, team_id, assignee_id, intent, language, model_version, is_latest,
    count(*), sum(score)
FROM (
    SELECT date_trunc('hour', message.created_at, 'UTC') AS hour, prediction.task, message.channel_id,
        conversation.inbox_id, prediction.team_id, prediction.assignee_id, message.language, prediction.model_version,
        CASE WHEN prediction.abstained THEN 'abstained' ELSE prediction.label END AS label,
        max(prediction.label) FILTER (WHERE prediction.task = 'intent' AND NOT prediction.abstained)
            OVER (PARTITION BY prediction.message_id, prediction.model_version) AS intent,
        prediction.id = max(prediction.id) OVER (PARTITION BY prediction.message_id, prediction.task) AS is_latest,
        CASE WHEN prediction.task = 'sentiment' AND NOT prediction.abstained THEN coalesce(prediction.score, 0)
            ELSE 0 END AS score
    FROM prediction
    JOIN message ON message.id = prediction.message_id
    JOIN conversation ON conversation.id = message.conversation_id
) AS facts
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""
ADD_UP_HOURS = """
INSERT INTO sentiment_hour (hour, task, label, channel_id, inbox_id, language, model_version, is_latest, messages,
    score_sum)
SELECT hour, task, label, channel_id, inbox_id, language, model_version, is_latest, sum(messages), sum(score_sum)
FROM sentiment_count GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
ADD_UP_DAYS = """
INSERT INTO sentiment_day (day, task, label, channel_id, inbox_id, language, model_version, is_latest, messages,
    score_sum)
SELECT date_trunc('day', hour, 'UTC'), task, label, channel_id, inbox_id, language, model_version, is_latest,
    sum(messages), sum(score_sum)
FROM sentiment_hour GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
FEW = ("label", "channel_id", "inbox_id", "language", "model_version", "is_latest")


def upgrade() -> None:
    _counts(
        "sentiment_count",
        "hour",
        ALL,
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("intent", sa.String(), nullable=True),
    )
    _counts("sentiment_hour", "hour", FEW)
    _counts("sentiment_day", "day", FEW)
    op.create_index("ix_sentiment_count_assignee", "sentiment_count", ["assignee_id", "task", "hour"])
    op.create_index("ix_sentiment_count_team", "sentiment_count", ["team_id", "task", "hour"])
    op.create_table(
        "business_hours",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("time_zone", sa.String(), server_default="", nullable=False),
        sa.Column("week", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_business_hours_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_hours")),
    )
    op.execute(COUNT_WHAT_IS_THERE)
    op.execute(ADD_UP_HOURS)
    op.execute(ADD_UP_DAYS)


def _counts(name: str, moment: str, dimensions: tuple[str, ...], *more: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(moment, sa.DateTime(timezone=True), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        *more,
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("score_sum", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(
        f"uq_{name}_dimensions",
        name,
        ["task", moment, *dimensions],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    for name in ("business_hours", "sentiment_day", "sentiment_hour", "sentiment_count"):
        op.drop_table(name)
