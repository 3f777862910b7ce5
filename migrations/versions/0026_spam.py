"""Spam is a status of its own; blocked senders, and which conversations they were caught in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WITHOUT, WITH = ("open", "pending", "snoozed", "resolved"), ("open", "pending", "snoozed", "resolved", "spam")


def upgrade() -> None:
    op.create_table(
        "blocked_sender",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("caught", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_caught_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user.id"], name=op.f("fk_blocked_sender_actor_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_sender")),
        sa.UniqueConstraint("kind", "address", name=op.f("uq_blocked_sender_kind_address")),
        sa.UniqueConstraint("public_id", name=op.f("uq_blocked_sender_public_id")),
    )
    op.create_index(op.f("ix_blocked_sender_actor_id"), "blocked_sender", ["actor_id"])
    op.add_column("conversation", sa.Column("caught_by_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_conversation_caught_by_id_blocked_sender"),
        "conversation",
        "blocked_sender",
        ["caught_by_id"],
        ["id"],
        ondelete="SET NULL",
    )
    caught = "caught_by_id IS NOT NULL"
    op.create_index("ix_conversation_caught_by", "conversation", ["caught_by_id"], postgresql_where=caught)
    _allow(WITH)


def downgrade() -> None:
    op.execute("UPDATE conversation SET status = 'resolved' WHERE status = 'spam'")
    _allow(WITHOUT)
    op.drop_index("ix_conversation_caught_by", table_name="conversation")
    op.drop_constraint(op.f("fk_conversation_caught_by_id_blocked_sender"), "conversation", type_="foreignkey")
    op.drop_column("conversation", "caught_by_id")
    op.drop_table("blocked_sender")


def _allow(statuses: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{status}'" for status in statuses)
    op.drop_constraint(op.f("ck_conversation_status"), "conversation", type_="check")
    op.create_check_constraint(op.f("ck_conversation_status"), "conversation", f"status IN ({listed})")
