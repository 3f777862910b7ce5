"""The keys that each user changed, and whether keys without Ctrl or Alt do anything for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keys = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("user", sa.Column("own_keys", keys, server_default="{}", nullable=False))
    op.add_column("user", sa.Column("has_single_keys", sa.Boolean(), server_default="true", nullable=False))


def downgrade() -> None:
    op.drop_column("user", "has_single_keys")
    op.drop_column("user", "own_keys")
