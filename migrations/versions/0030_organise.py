"""Links between conversations, checklists, and the reopen rules of an inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    _links()
    _checklists()
    _reopen_rules()


def _links() -> None:
    kinds = _one_of("linkkind", "related", "duplicate", "blocks", "follow_up")
    op.create_table(
        "conversation_link",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_conversation_link_two_conversations")),
        _to("conversation_link", "from_id", "conversation"),
        _to("conversation_link", "to_id", "conversation"),
        _to("conversation_link", "actor_id", "user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_link")),
        sa.UniqueConstraint("public_id", name=op.f("uq_conversation_link_public_id")),
    )
    op.create_index("uq_conversation_link", "conversation_link", ["from_id", "to_id", "kind"], unique=True)
    op.create_index("ix_conversation_link_to_id", "conversation_link", ["to_id"])
    op.create_index("ix_conversation_link_actor_id", "conversation_link", ["actor_id"])


def _checklists() -> None:
    op.create_table(
        "checklist_item",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("num_nonnulls(conversation_id, case_id) = 1", name=op.f("ck_checklist_item_one_object")),
        _to("checklist_item", "conversation_id", "conversation"),
        _to("checklist_item", "case_id", "case"),
        _to("checklist_item", "done_by_id", "user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_item")),
        sa.UniqueConstraint("public_id", name=op.f("uq_checklist_item_public_id")),
    )
    op.create_index("ix_checklist_item_conversation", "checklist_item", ["conversation_id", "position"])
    op.create_index("ix_checklist_item_case", "checklist_item", ["case_id", "position"])
    op.create_index("ix_checklist_item_done_by_id", "checklist_item", ["done_by_id"])
    op.create_table(
        "checklist_template",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_template")),
        sa.UniqueConstraint("public_id", name=op.f("uq_checklist_template_public_id")),
    )
    op.create_index("uq_checklist_template_name_lower", "checklist_template", [sa.text("lower(name)")], unique=True)


def _reopen_rules() -> None:
    reopening = _one_of("reopening", "always", "within", "never")
    then = _one_of("assigneethen", "kept", "kept_if_here", "cleared")
    op.add_column("inbox", sa.Column("reopening", reopening, server_default="always", nullable=False))
    op.add_column("inbox", sa.Column("reopen_days", sa.BigInteger(), server_default="14", nullable=False))
    op.add_column("inbox", sa.Column("assignee_then", then, server_default="kept", nullable=False))
    op.add_column("inbox", sa.Column("thanks_reopen", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("conversation", sa.Column("resolved_at", MOMENT, nullable=True))
    op.add_column("conversation", sa.Column("continued_in_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_conversation_continued_in_id_conversation"),
        "conversation",
        "conversation",
        ["continued_in_id"],
        ["id"],
        ondelete="SET NULL",
    )
    continued = "continued_in_id IS NOT NULL"
    op.create_index("ix_conversation_continued_in", "conversation", ["continued_in_id"], postgresql_where=continued)


def downgrade() -> None:
    op.drop_index("ix_conversation_continued_in", table_name="conversation")
    op.drop_constraint(op.f("fk_conversation_continued_in_id_conversation"), "conversation", type_="foreignkey")
    op.drop_column("conversation", "continued_in_id")
    op.drop_column("conversation", "resolved_at")
    for name in ("thanks_reopen", "assignee_then", "reopen_days", "reopening"):
        op.drop_column("inbox", name)
    for table in ("checklist_template", "checklist_item", "conversation_link"):
        op.drop_table(table)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _to(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)
