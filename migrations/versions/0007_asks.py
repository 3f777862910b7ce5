"""Questions of screens to the models, and what can be suggested to an agent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    _asks()
    _canned_responses()
    _articles()
    _embeddings()
    _uses()


def _asks() -> None:
    op.create_table(
        "ask",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("question", JSON, server_default="{}", nullable=False),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        _created(),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('suggestions', 'tone', 'summary', 'questions')", name=op.f("ck_ask_askkind")),
        sa.CheckConstraint("state IN ('waiting', 'answered', 'failed')", name=op.f("ck_ask_askstate")),
        _refers("ask", "user_id", "user"),
        _refers("ask", "conversation_id", "conversation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ask_public_id")),
    )
    op.create_index("ix_ask_waiting", "ask", ["id"], postgresql_where="state = 'waiting'")
    op.create_index("ix_ask_of_user", "ask", ["user_id", "conversation_id", "kind"])
    op.create_index("ix_ask_conversation_id", "ask", ["conversation_id"])
    op.create_index("ix_ask_created_at", "ask", ["created_at"])


def _canned_responses() -> None:
    op.create_table(
        "canned_response",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("shortcut", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(), server_default="", nullable=False),
        sa.Column("is_archived", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _created(),
        sa.CheckConstraint("num_nonnulls(inbox_id, team_id) <= 1", name=op.f("ck_canned_response_inbox_or_team")),
        _refers("canned_response", "inbox_id", "inbox"),
        _refers("canned_response", "team_id", "team"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_response")),
        sa.UniqueConstraint("public_id", name=op.f("uq_canned_response_public_id")),
    )
    op.create_index(
        "uq_canned_response_shortcut",
        "canned_response",
        [sa.text("lower(shortcut)")],
        unique=True,
        postgresql_where="NOT is_archived",
    )
    op.create_index("ix_canned_response_inbox_id", "canned_response", ["inbox_id"])
    op.create_index("ix_canned_response_team_id", "canned_response", ["team_id"])


def _articles() -> None:
    op.create_table(
        "kb_article",
        _id(),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("language", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _created(),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_kb_article_articlestate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_article")),
        sa.UniqueConstraint("public_id", name=op.f("uq_kb_article_public_id")),
    )


def _embeddings() -> None:
    op.create_table(
        "suggestion_embedding",
        _id(),
        sa.Column("canned_response_id", sa.BigInteger(), nullable=True),
        sa.Column("kb_article_id", sa.BigInteger(), nullable=True),
        sa.Column("piece", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("embedding", HALFVEC(384), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(canned_response_id, kb_article_id) = 1", name=op.f("ck_suggestion_embedding_one_source")
        ),
        _refers("suggestion_embedding", "canned_response_id", "canned_response"),
        _refers("suggestion_embedding", "kb_article_id", "kb_article"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_embedding")),
    )
    for source in ("canned_response", "kb_article"):
        name = f"uq_suggestion_embedding_{source}"
        op.create_index(name, "suggestion_embedding", [f"{source}_id", "piece"], unique=True)


def _uses() -> None:
    op.create_table(
        "suggestion_use",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("canned_response_id", sa.BigInteger(), nullable=True),
        sa.Column("kb_article_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_id", sa.BigInteger(), nullable=True),
        sa.Column("mood_before", sa.Double(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "num_nonnulls(canned_response_id, kb_article_id, reply_id) = 1", name=op.f("ck_suggestion_use_one_source")
        ),
        _refers("suggestion_use", "user_id", "user", ondelete="SET NULL"),
        _refers("suggestion_use", "conversation_id", "conversation"),
        _refers("suggestion_use", "message_id", "message"),
        _refers("suggestion_use", "canned_response_id", "canned_response"),
        _refers("suggestion_use", "kb_article_id", "kb_article"),
        _refers("suggestion_use", "reply_id", "message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_use")),
    )
    for name in ("canned_response", "kb_article", "reply"):
        op.create_index(f"ix_suggestion_use_{name}", "suggestion_use", [f"{name}_id", "id"])
    for name in ("conversation", "message", "user"):
        op.create_index(f"ix_suggestion_use_{name}", "suggestion_use", [f"{name}_id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), nullable=False)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _refers(table: str, column: str, to: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("suggestion_use", "suggestion_embedding", "kb_article", "canned_response", "ask"):
        op.drop_table(table)
