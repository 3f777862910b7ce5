"""Who called our mail spam: when, in which words of the format, and who told us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_identity", sa.Column("complained_at", sa.DateTime(timezone=True)))
    op.add_column("contact_identity", sa.Column("complaint", sa.String(), nullable=False, server_default=""))
    op.add_column("contact_identity", sa.Column("complaint_by", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("contact_identity", "complaint_by")
    op.drop_column("contact_identity", "complaint")
    op.drop_column("contact_identity", "complained_at")
