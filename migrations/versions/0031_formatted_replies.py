"""Formatted replies: what was typed of them, beside their words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("markdown", sa.String(), nullable=True))
    op.add_column(
        "scheduled_reply", sa.Column("is_markdown", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("scheduled_reply", "is_markdown")
    op.drop_column("message", "markdown")
