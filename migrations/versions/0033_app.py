"""The installed app: whether a device keeps what was read, browsers told by push, and letters to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

STATES = ("waiting", "sent", "failed")


def upgrade() -> None:
    op.add_column("user", sa.Column("keeps_offline", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("session_version", sa.BigInteger(), nullable=False),
        sa.Column("says_words", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("live_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_push_subscription_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscription"),
        sa.UniqueConstraint("public_id", name="uq_push_subscription_public_id"),
        sa.UniqueConstraint("digest", name="uq_push_subscription_digest"),
    )
    op.create_index("ix_push_subscription_user_id", "push_subscription", ["user_id"])
    _letters()


def _letters() -> None:
    op.create_table(
        "push_letter",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="pushstate", native_enum=False, create_constraint=True, length=20),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["push_subscription.id"],
            name="fk_push_letter_subscription_id_push_subscription",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_push_letter_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push_letter"),
        sa.UniqueConstraint("subscription_id", "key", name="uq_push_letter_subscription_id_key"),
    )
    op.create_index("ix_push_letter_conversation_id", "push_letter", ["conversation_id"])
    op.create_index(
        "ix_push_letter_waiting", "push_letter", ["next_attempt_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_push_letter_created_at", "push_letter", ["created_at"])


def downgrade() -> None:
    op.drop_table("push_letter")
    op.drop_table("push_subscription")
    op.drop_column("user", "keeps_offline")
