"""Alerts: what is watched, what was out of the ordinary, and who was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
METRICS = ("volume", "negative_share", "net_sentiment", "intent_volume", "emotion_volume", "mood_falls")
TABLES = ("alert_notice", "alert", "alert_recipient", "alert_rule")


def upgrade() -> None:
    _rule()
    _recipient()
    _alert()
    _notice()
    op.create_index("ix_conversation_mood_lowest_at", "conversation_mood", ["lowest_at"])


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _head(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    ]


def _watched(table: str) -> list[sa.schema.SchemaItem]:
    """The columns that a rule and its alerts share."""
    return [
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("metric", _enum("alertmetric", *METRICS), nullable=False),
        sa.Column("kind", _enum("alertkind", "threshold", "anomaly"), nullable=False),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("window_minutes", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("baseline", JSON, nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _key(table, "channel_id", "channel", "CASCADE"),
        _key(table, "inbox_id", "inbox", "CASCADE"),
    ]


def _key(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _rule() -> None:
    op.create_table(
        "alert_rule",
        *_head("alert_rule"),
        *_watched("alert_rule"),
        sa.Column("ways", JSON, nullable=False),
        sa.Column("tells_supervisors", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("mail_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("quiet", JSON, server_default="{}", nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("baselined_at", MOMENT, nullable=True),
        _key("alert_rule", "mail_channel_id", "channel", "SET NULL"),
    )
    _indexes("alert_rule", "channel_id", "inbox_id", "mail_channel_id")


def _recipient() -> None:
    op.create_table(
        "alert_recipient",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, team_id) = 1", name=op.f("ck_alert_recipient_user_or_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_recipient")),
        _key("alert_recipient", "rule_id", "alert_rule", "CASCADE"),
        _key("alert_recipient", "user_id", "user", "CASCADE"),
        _key("alert_recipient", "team_id", "team", "CASCADE"),
    )
    op.create_index(
        "uq_alert_recipient",
        "alert_recipient",
        ["rule_id", "user_id", "team_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    _indexes("alert_recipient", "user_id", "team_id")


def _alert() -> None:
    op.create_table(
        "alert",
        *_head("alert"),
        *_watched("alert"),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("calm_since", MOMENT, nullable=True),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=True),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("worst_at", MOMENT, nullable=False),
        sa.Column("cause", JSON, server_default="{}", nullable=False),
        sa.Column("caused_at", MOMENT, nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        _key("alert", "rule_id", "alert_rule", "SET NULL"),
        _key("alert", "acknowledged_by_id", "user", "SET NULL"),
    )
    _indexes("alert", "channel_id", "inbox_id", "acknowledged_by_id")
    op.create_index("ix_alert_rule", "alert", ["rule_id", "id"])
    op.create_index("uq_alert_open", "alert", ["rule_id"], unique=True, postgresql_where=sa.text("closed_at IS NULL"))


def _notice() -> None:
    op.create_table(
        "alert_notice",
        *_head("alert_notice"),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("way", _enum("alertway", "app", "email", "webhook"), nullable=False),
        sa.Column("state", _enum("noticestate", "waiting", "sent", "failed", "skipped"), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        _key("alert_notice", "alert_id", "alert", "CASCADE"),
        _key("alert_notice", "user_id", "user", "CASCADE"),
    )
    op.create_index(
        "uq_alert_notice_once",
        "alert_notice",
        ["alert_id", "way", "user_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_alert_notice_waiting", "alert_notice", ["due_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index(
        "ix_alert_notice_unread",
        "alert_notice",
        ["user_id"],
        postgresql_where=sa.text("way = 'app' AND read_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_mood_lowest_at", "conversation_mood")
    for name in TABLES:
        op.drop_table(name)
