"""Canned responses in several languages, of one's own and counted by intent; macros."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
SHORTCUT, OWN_SHORTCUT = "uq_canned_response_shortcut", "uq_canned_response_own_shortcut"
ONE_PLACE, INBOX_OR_TEAM = "ck_canned_response_one_place", "ck_canned_response_inbox_or_team"


def upgrade() -> None:
    _owners()
    _variants()
    _uses()
    _macros()
    _runs()


def _owners() -> None:
    op.add_column("canned_response", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_canned_response_owner_id_user", "canned_response", "user", ["owner_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_constraint(op.f(INBOX_OR_TEAM), "canned_response", type_="check")
    op.create_check_constraint(op.f(ONE_PLACE), "canned_response", "num_nonnulls(inbox_id, team_id, owner_id) <= 1")
    op.drop_index(SHORTCUT, "canned_response")
    typed = sa.text("lower(shortcut)")
    where = "NOT is_archived AND owner_id IS NULL"
    op.create_index(SHORTCUT, "canned_response", [typed], unique=True, postgresql_where=where)
    where = "NOT is_archived AND owner_id IS NOT NULL"
    op.create_index(OWN_SHORTCUT, "canned_response", ["owner_id", typed], unique=True, postgresql_where=where)


def _variants() -> None:
    op.create_table(
        "canned_response_variant",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("canned_response_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        _to("canned_response_variant", "canned_response_id", "canned_response"),
        sa.PrimaryKeyConstraint("id", name="pk_canned_response_variant"),
        sa.UniqueConstraint(
            "canned_response_id", "language", name="uq_canned_response_variant_canned_response_id_language"
        ),
    )


def _uses() -> None:
    op.create_table(
        "canned_response_use",
        sa.Column("canned_response_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("uses", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        _to("canned_response_use", "canned_response_id", "canned_response"),
        _to("canned_response_use", "user_id", "user"),
        sa.PrimaryKeyConstraint("canned_response_id", "user_id", "intent", name="pk_canned_response_use"),
    )
    op.create_index("ix_canned_response_use_user_id", "canned_response_use", ["user_id"])


def _macros() -> None:
    op.create_table(
        "macro",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("actions", JSON, server_default="[]", nullable=False),
        sa.Column("uses", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(team_id, owner_id) <= 1", name=op.f("ck_macro_one_place")),
        _to("macro", "team_id", "team"),
        _to("macro", "owner_id", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_macro"),
        sa.UniqueConstraint("public_id", name="uq_macro_public_id"),
    )
    op.create_index("ix_macro_team_id", "macro", ["team_id"])
    op.create_index("ix_macro_owner_id", "macro", ["owner_id"])


def _runs() -> None:
    op.create_table(
        "macro_run",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("macro_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("steps", JSON, server_default="[]", nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        _to("macro_run", "macro_id", "macro", ondelete="SET NULL"),
        _to("macro_run", "conversation_id", "conversation"),
        _to("macro_run", "user_id", "user"),
        _to("macro_run", "message_id", "message", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_macro_run"),
        sa.UniqueConstraint("public_id", name="uq_macro_run_public_id"),
    )
    op.create_index("uq_macro_run_client_key", "macro_run", ["conversation_id", "client_key"], unique=True)
    for column in ("user_id", "macro_id", "message_id"):
        op.create_index(f"ix_macro_run_{column}", "macro_run", [column])


def downgrade() -> None:
    for table in ("macro_run", "macro", "canned_response_use", "canned_response_variant"):
        op.drop_table(table)
    op.execute("DELETE FROM canned_response WHERE owner_id IS NOT NULL")
    op.drop_index(OWN_SHORTCUT, "canned_response")
    op.drop_index(SHORTCUT, "canned_response")
    op.drop_constraint(op.f(ONE_PLACE), "canned_response", type_="check")
    op.drop_column("canned_response", "owner_id")
    op.create_check_constraint(op.f(INBOX_OR_TEAM), "canned_response", "num_nonnulls(inbox_id, team_id) <= 1")
    typed = sa.text("lower(shortcut)")
    op.create_index(SHORTCUT, "canned_response", [typed], unique=True, postgresql_where="NOT is_archived")


def _to(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)
