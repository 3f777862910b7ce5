"""Replies wait some seconds before they leave, and can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column("message", sa.Column("waited_since", MOMENT, nullable=True))
    op.create_table(
        "sending_setting",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("undo_send_seconds", sa.BigInteger(), server_default="10", nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("undo_send_seconds BETWEEN 0 AND 120", name="undo_send_seconds"),
        sa.PrimaryKeyConstraint("id", name="pk_sending_setting"),
    )
    op.create_table(
        "taken_back",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("answers_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("cc", JSONB, server_default="[]", nullable=False),
        sa.Column("in_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("template", JSONB, nullable=True),
        sa.Column("files", JSONB, server_default="[]", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["message.id"], name="fk_taken_back_answers_id_message", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_taken_back_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_taken_back_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_taken_back"),
        sa.UniqueConstraint("public_id", name="uq_taken_back_public_id"),
    )
    op.create_index("ix_taken_back_conversation", "taken_back", ["conversation_id", "user_id"])
    op.create_index("ix_taken_back_user_id", "taken_back", ["user_id"])
    op.create_index("ix_taken_back_answers_id", "taken_back", ["answers_id"])


def downgrade() -> None:
    op.drop_table("taken_back")
    op.drop_table("sending_setting")
    op.drop_column("message", "waited_since")
