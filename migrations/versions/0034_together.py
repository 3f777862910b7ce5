"""Mentions in notes, threads of notes, followers, and since when a draft is being written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    _mentions()
    _threads()
    op.create_table(
        "follower",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("is_off", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        _to("follower", "conversation_id", "conversation"),
        _to("follower", "user_id", "user"),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_follower")),
    )
    on = sa.text("NOT is_off")
    op.create_index("ix_follower_user_id", "follower", ["user_id", "conversation_id"], postgresql_where=on)
    op.add_column("draft", sa.Column("writing_since", MOMENT, server_default=NOW, nullable=False))


def _mentions() -> None:
    op.create_table(
        "note_mention",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, team_id) = 1", name=op.f("ck_note_mention_one_named")),
        _to("note_mention", "message_id", "message"),
        _to("note_mention", "user_id", "user"),
        _to("note_mention", "team_id", "team"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_mention")),
    )
    op.create_index("uq_note_mention", "note_mention", ["message_id", "start"], unique=True)
    op.create_index("ix_note_mention_user_id", "note_mention", ["user_id"])
    op.create_index("ix_note_mention_team_id", "note_mention", ["team_id"])
    op.create_table(
        "mentioned_user",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        _to("mentioned_user", "user_id", "user"),
        _to("mentioned_user", "message_id", "message"),
        sa.PrimaryKeyConstraint("user_id", "message_id", name=op.f("pk_mentioned_user")),
    )
    op.create_index("ix_mentioned_user_message_id", "mentioned_user", ["message_id"])
    unseen = sa.text("seen_at IS NULL")
    op.create_index("ix_mentioned_user_unseen", "mentioned_user", ["user_id"], postgresql_where=unseen)


def _threads() -> None:
    op.create_table(
        "note_thread",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("resolved_by_id", sa.BigInteger(), nullable=True),
        _to("note_thread", "message_id", "message"),
        _to("note_thread", "resolved_by_id", "user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_note_thread")),
    )
    op.create_index("ix_note_thread_resolved_by_id", "note_thread", ["resolved_by_id"])
    op.add_column("message", sa.Column("thread_id", sa.BigInteger(), nullable=True))
    name = op.f("fk_message_thread_id_message")
    op.create_foreign_key(name, "message", "message", ["thread_id"], ["id"], ondelete="SET NULL")
    within = sa.text("thread_id IS NOT NULL")
    op.create_index("ix_message_thread", "message", ["thread_id", "id"], postgresql_where=within)


def downgrade() -> None:
    op.drop_column("draft", "writing_since")
    op.drop_table("follower")
    op.drop_index("ix_message_thread", table_name="message")
    op.drop_constraint(op.f("fk_message_thread_id_message"), "message", type_="foreignkey")
    op.drop_column("message", "thread_id")
    for table in ("note_thread", "mentioned_user", "note_mention"):
        op.drop_table(table)


def _to(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)
