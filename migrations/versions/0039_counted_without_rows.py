"""Indexes that hold all a count looks at: the sidebar counts without visiting rows. Built while people work."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

NEW = {
    "ix_conversation_by_inbox": (["inbox_id", "status", "last_message_at", "id"], ["merged_into_id"]),
    "ix_conversation_by_assignee": (["assignee_id", "status", "last_message_at"], ["inbox_id", "merged_into_id"]),
    "ix_conversation_by_status": (["status", "last_message_at", "id"], ["inbox_id", "last_message_id"]),
    "ix_conversation_by_time": (["last_message_at", "id"], ["inbox_id", "intent", "language"]),
}
OLD = {
    "ix_conversation_list": ["inbox_id", "status", "last_message_at", "id"],
    "ix_conversation_assignee": ["assignee_id", "status", "last_message_at"],
    "ix_conversation_status_newest": ["status", "last_message_at", "id"],
    "ix_conversation_newest": ["last_message_at", "id"],
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # as long as the table is large
        for name, (columns, included) in NEW.items():
            op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')  # half built by a run that broke off
            op.create_index(name, "conversation", columns, postgresql_include=included, postgresql_concurrently=True)
        for name in OLD:
            op.drop_index(name, table_name="conversation", postgresql_concurrently=True, if_exists=True)
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        for name, columns in OLD.items():
            op.create_index(name, "conversation", columns, postgresql_concurrently=True, if_not_exists=True)
        for name in NEW:
            op.drop_index(name, table_name="conversation", postgresql_concurrently=True, if_exists=True)
        op.execute("SET statement_timeout = '60s'")
