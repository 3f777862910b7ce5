"""How far providers know what was read here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "read_mark",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.Column("told_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_read_mark_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_read_mark"),
    )
    op.create_index(
        "ix_read_mark_waiting", "read_mark", ["conversation_id"], unique=False, postgresql_where="seen_id > told_id"
    )


def downgrade() -> None:
    op.drop_index("ix_read_mark_waiting", table_name="read_mark")
    op.drop_table("read_mark")
