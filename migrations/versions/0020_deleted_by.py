"""Who took a message away: its writer, a moderator, the provider, or we."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("deleted_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("message", "deleted_by")
