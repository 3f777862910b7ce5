"""The first steps of each user, and which channel is the demo of whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("user", sa.Column("first_steps", steps, server_default="{}", nullable=False))
    op.add_column("channel", sa.Column("demo_of_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_channel_demo_of_id_user"), "channel", "user", ["demo_of_id"], ["id"])
    op.create_index(op.f("ix_channel_demo_of_id"), "channel", ["demo_of_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_channel_demo_of_id"), table_name="channel")
    op.drop_constraint(op.f("fk_channel_demo_of_id_user"), "channel", type_="foreignkey")
    op.drop_column("channel", "demo_of_id")
    op.drop_column("user", "first_steps")
