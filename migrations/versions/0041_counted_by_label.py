"""The index that holds all a count of one inbox looks at holds the labels too. Built while people work."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

COLUMNS = ["inbox_id", "status", "last_message_at", "id"]
LABELS = ["sentiment", "emotion", "intent", "urgency", "language", "priority"]
INCLUDED = ["merged_into_id", "channel_id", "assignee_id", *LABELS]


def upgrade() -> None:
    _replace("ix_conversation_by_inbox", "ix_conversation_counted", INCLUDED)


def downgrade() -> None:
    _replace("ix_conversation_counted", "ix_conversation_by_inbox", ["merged_into_id"])


def _replace(old: str, new: str, included: list[str]) -> None:
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # as long as the table is large
        op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{new}"')  # half built by a run that broke off
        op.create_index(new, "conversation", COLUMNS, postgresql_include=included, postgresql_concurrently=True)
        op.drop_index(old, table_name="conversation", postgresql_concurrently=True, if_exists=True)
        op.execute("SET statement_timeout = '60s'")
