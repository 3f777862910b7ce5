"""Conversations can be merged and split, messages moved between them, and that undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column("conversation", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_conversation_merged_into_id_conversation", "conversation", "conversation", ["merged_into_id"], ["id"]
    )
    op.create_index(
        "ix_conversation_merged_into",
        "conversation",
        ["merged_into_id"],
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_table(
        "regrouping",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("message_ids", JSONB, nullable=False),
        sa.Column("activity_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("tag_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("case_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("references", JSONB, server_default="[]", nullable=False),
        sa.Column("before", JSONB, server_default="{}", nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('merge', 'split', 'move')", name="regroupingkind"),
        sa.CheckConstraint("source_id <> target_id", name="two_conversations"),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_regrouping_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["conversation.id"], name="fk_regrouping_source_id_conversation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["conversation.id"], name="fk_regrouping_target_id_conversation", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_regrouping"),
        sa.UniqueConstraint("public_id", name="uq_regrouping_public_id"),
    )
    op.create_index("ix_regrouping_source_id", "regrouping", ["source_id"])
    op.create_index("ix_regrouping_target_id", "regrouping", ["target_id"])
    op.create_index("ix_regrouping_actor_id", "regrouping", ["actor_id"])


def downgrade() -> None:
    op.drop_table("regrouping")
    op.drop_column("conversation", "merged_into_id")
