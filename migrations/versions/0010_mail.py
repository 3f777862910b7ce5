"""Addresses that mail does not reach, and how a mailbox compares with what is stored of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = ("counting", "counted", "fetching", "failed")


def upgrade() -> None:
    op.add_column("contact_identity", sa.Column("bounced_at", MOMENT, nullable=True))
    op.add_column("contact_identity", sa.Column("bounce_reason", sa.String(), server_default="", nullable=False))
    op.create_table(
        "mailbox_check",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="checkstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("folders", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("wanted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fetched", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name="fk_mailbox_check_channel_id_channel", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_check"),
        sa.UniqueConstraint("channel_id", name="uq_mailbox_check_channel_id"),
    )


def downgrade() -> None:
    op.drop_table("mailbox_check")
    op.drop_column("contact_identity", "bounce_reason")
    op.drop_column("contact_identity", "bounced_at")
