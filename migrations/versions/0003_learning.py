"""What people teach the model: corrections, workspace intents, light heads, thresholds."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
SUBJECTS = ("sentiment", "emotion", "intent", "intents")
KINDS = ("corrections", "intents")


def upgrade() -> None:
    _corrections()
    _heads()
    _learning()
    _intents()
    _thresholds()


def downgrade() -> None:
    for table in (
        "task_threshold",
        "intent_example",
        "workspace_intent",
        "learning",
        "head_activation",
        "light_head",
        "correction",
    ):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), nullable=False)


def _created() -> sa.Column[datetime]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _user(table: str, name: str = "user_id") -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_{table}_{name}_user"), ondelete="SET NULL")
    return sa.Column(name, sa.BigInteger(), nullable=True), key


def _corrections() -> None:
    op.create_table(
        "correction",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("said_labels", JSON, server_default="[]", nullable=False),
        sa.Column("said_confidence", sa.Double(), nullable=True),
        sa.Column("said_abstained", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("head_version", sa.BigInteger(), nullable=True),
        *_user("correction"),
        _created(),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        *_user("correction", "undone_by_id"),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("base", JSON, nullable=True),
        sa.Column("base_version", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_correction_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("public_id", name=op.f("uq_correction_public_id")),
    )
    op.create_index(
        "uq_correction_active",
        "correction",
        ["message_id", "task"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index("ix_correction_task", "correction", ["task", "id"])
    for name in ("message_id", "user_id", "undone_by_id"):
        op.create_index(op.f(f"ix_correction_{name}"), "correction", [name])


def _heads() -> None:
    op.create_table(
        "light_head",
        _id(),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="headkind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("examples", sa.BigInteger(), nullable=False),
        sa.Column("metrics", JSON, server_default="{}", nullable=False),
        sa.Column("learned_from", JSON, server_default="[]", nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="false", nullable=False),
        *_user("light_head", "created_by_id"),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_light_head")),
    )
    op.create_index("uq_light_head_version", "light_head", ["task", "version"], unique=True)
    op.create_index("uq_light_head_active", "light_head", ["task"], unique=True, postgresql_where=sa.text("is_active"))
    op.create_index(op.f("ix_light_head_created_by_id"), "light_head", ["created_by_id"])
    op.create_table(
        "head_activation",
        _id(),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        *_user("head_activation"),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_activation")),
    )
    op.create_index("ix_head_activation_task", "head_activation", ["task", "id"])
    op.create_index(op.f("ix_head_activation_user_id"), "head_activation", ["user_id"])


def _learning() -> None:
    op.create_table(
        "learning",
        _id(),
        sa.Column(
            "subject",
            sa.Enum(*SUBJECTS, name="subject", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("wanted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("learned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(), server_default="", nullable=False),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("error", sa.String(), server_default="", nullable=False),
        *_user("learning", "asked_by_id"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning")),
        sa.UniqueConstraint("subject", name=op.f("uq_learning_subject")),
    )
    op.create_index(op.f("ix_learning_asked_by_id"), "learning", ["asked_by_id"])
    for subject in SUBJECTS:
        op.execute(sa.text("INSERT INTO learning (subject) VALUES (:subject)").bindparams(subject=subject))


def _intents() -> None:
    op.create_table(
        "workspace_intent",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _created(),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["workspace_intent.id"],
            name=op.f("fk_workspace_intent_merged_into_id_workspace_intent"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_intent")),
        sa.UniqueConstraint("public_id", name=op.f("uq_workspace_intent_public_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspace_intent_slug")),
    )
    op.create_index(op.f("ix_workspace_intent_merged_into_id"), "workspace_intent", ["merged_into_id"])
    op.create_table(
        "intent_example",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        *_user("intent_example"),
        sa.Column("embedding", HALFVEC(384), nullable=True),
        sa.Column("model_version", sa.String(), nullable=True),
        _created(),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["workspace_intent.id"],
            name=op.f("fk_intent_example_intent_id_workspace_intent"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_intent_example_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent_example")),
        sa.UniqueConstraint("public_id", name=op.f("uq_intent_example_public_id")),
    )
    op.create_index("ix_intent_example_intent", "intent_example", ["intent_id", "id"])
    for name in ("message_id", "user_id"):
        op.create_index(op.f(f"ix_intent_example_{name}"), "intent_example", [name])


def _thresholds() -> None:
    op.create_table(
        "task_threshold",
        _id(),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        *_user("task_threshold"),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_threshold")),
    )
    op.create_index("ix_task_threshold_task", "task_threshold", ["task", "id"])
    op.create_index(op.f("ix_task_threshold_user_id"), "task_threshold", ["user_id"])
