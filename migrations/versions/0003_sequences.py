"""Sequences of the numbers people read: conversations and cases.

Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE conversation_number")
    op.execute("CREATE SEQUENCE case_number")


def downgrade() -> None:
    op.execute("DROP SEQUENCE case_number")
    op.execute("DROP SEQUENCE conversation_number")
