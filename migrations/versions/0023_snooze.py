"""A snooze may go on when the customer writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("sleeps_through", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("conversation", "sleeps_through")
