"""Who somebody is, asked of their provider where messages bring ids only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = ("waiting", "asking", "done")


def upgrade() -> None:
    op.create_table(
        "look_up",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_key", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="lookupstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("tried_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name="fk_look_up_channel_id_channel", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["contact_identity.id"],
            name="fk_look_up_identity_id_contact_identity",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_look_up"),
        sa.UniqueConstraint("identity_id", name="uq_look_up_identity_id"),
    )
    op.create_index(
        "ix_look_up_waiting", "look_up", ["id"], unique=False, postgresql_where="state IN ('waiting', 'asking')"
    )
    op.create_index("ix_look_up_channel_id_tried_at", "look_up", ["channel_id", "tried_at"], unique=False)


def downgrade() -> None:
    op.drop_table("look_up")
