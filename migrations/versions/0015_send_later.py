"""Replies that leave at a time, from one of several addresses, with blind copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column("channel", sa.Column("senders", JSONB, server_default="[]", nullable=False))
    op.add_column("taken_back", sa.Column("bcc", JSONB, server_default="[]", nullable=False))
    op.add_column("taken_back", sa.Column("sender", sa.String(), server_default="", nullable=False))
    op.add_column("taken_back", sa.Column("due_at", MOMENT, nullable=True))
    op.create_table(
        "scheduled_reply",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("answers_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("cc", JSONB, server_default="[]", nullable=False),
        sa.Column("bcc", JSONB, server_default="[]", nullable=False),
        sa.Column("sender", sa.String(), server_default="", nullable=False),
        sa.Column("in_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("files", JSONB, server_default="[]", nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("waits_for_nobody", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("waiting", "held", name="scheduledstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("held_reason", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["message.id"], name="fk_scheduled_reply_answers_id_message", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name="fk_scheduled_reply_author_id_user", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_scheduled_reply_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_reply"),
        sa.UniqueConstraint("public_id", name="uq_scheduled_reply_public_id"),
    )
    op.create_index("uq_scheduled_reply_client_key", "scheduled_reply", ["conversation_id", "client_key"], unique=True)
    op.create_index(
        "ix_scheduled_reply_due", "scheduled_reply", ["due_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_scheduled_reply_author_id", "scheduled_reply", ["author_id"])
    op.create_index("ix_scheduled_reply_answers_id", "scheduled_reply", ["answers_id"])


def downgrade() -> None:
    op.drop_table("scheduled_reply")
    op.drop_column("taken_back", "due_at")
    op.drop_column("taken_back", "sender")
    op.drop_column("taken_back", "bcc")
    op.drop_column("channel", "senders")
