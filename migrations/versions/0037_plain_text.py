"""Whether a user writes replies without formatting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("writes_plain", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("user", "writes_plain")
