"""Drafts on the server, and what they said before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    kinds = sa.Enum("reply", "note", name="draftkind", native_enum=False, create_constraint=True, length=20)
    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_from_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("seen", sa.String(), server_default="", nullable=False),
        sa.Column("client_key", sa.String(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        _to("draft", "conversation_id", "conversation"),
        _to("draft", "author_id", "user"),
        _to("draft", "taken_from_id", "user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("public_id", name="uq_draft_public_id"),
    )
    op.create_index("uq_draft_author", "draft", ["conversation_id", "author_id"], unique=True)
    op.create_index("ix_draft_author_id", "draft", ["author_id"], unique=False)
    op.create_index("ix_draft_taken_from_id", "draft", ["taken_from_id"], unique=False)
    op.create_table(
        "draft_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        _to("draft_version", "draft_id", "draft"),
        _to("draft_version", "author_id", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_draft_version"),
    )
    op.create_index("ix_draft_version_draft_id", "draft_version", ["draft_id"], unique=False)
    op.create_index("ix_draft_version_author_id", "draft_version", ["author_id"], unique=False)


def downgrade() -> None:
    op.drop_table("draft_version")
    op.drop_table("draft")


def _to(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)
