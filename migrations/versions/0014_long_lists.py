"""Indexes for lists of conversations over many inboxes, and for the orders they may come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WAITING_PLACE = sa.text("COALESCE(waiting_since, 'infinity'::timestamptz)")


def upgrade() -> None:
    op.create_index("ix_conversation_status_newest", "conversation", ["status", "last_message_at", "id"])
    op.create_index("ix_conversation_newest", "conversation", ["last_message_at", "id"])
    op.create_index("ix_conversation_waiting", "conversation", ["status", WAITING_PLACE, "id"])


def downgrade() -> None:
    for name in ("waiting", "newest", "status_newest"):
        op.drop_index(f"ix_conversation_{name}", table_name="conversation")
