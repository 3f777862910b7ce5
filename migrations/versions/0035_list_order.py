"""Indexes for lists of conversations by priority, and from the best mood."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BEST_MOOD_PLACE = sa.text("COALESCE(-mood, 2)")
PRIORITY_PLACE = sa.text("array_position(ARRAY['low', 'normal', 'high', 'urgent'], priority)")


def upgrade() -> None:
    op.create_index("ix_conversation_best_mood", "conversation", ["status", BEST_MOOD_PLACE, "id"])
    op.create_index("ix_conversation_priority", "conversation", ["status", PRIORITY_PLACE, "last_message_at", "id"])


def downgrade() -> None:
    for name in ("priority", "best_mood"):
        op.drop_index(f"ix_conversation_{name}", table_name="conversation")
