"""How far people have read, where the provider tells a moment instead of messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COLUMNS = ("read_until", "reached_until")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("contact_identity", sa.Column(column, MOMENT, nullable=True))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("contact_identity", column)
