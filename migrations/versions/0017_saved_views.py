"""Saved views, how each user's list looks, and what is done to many conversations at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    _add_views()
    _add_bulk_actions()


def _add_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "personal", "team", "everyone", name="viewscope", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("colour", sa.String(), server_default="slate", nullable=False),
        sa.Column("conditions", JSONB, server_default="{}", nullable=False),
        sa.Column("sort", sa.String(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(scope = 'team') = (team_id IS NOT NULL)", name="ck_saved_view_team_of_scope"),
        sa.CheckConstraint("scope <> 'personal' OR owner_id IS NOT NULL", name="ck_saved_view_owner_of_personal"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_saved_view_owner_id_user", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_saved_view_team_id_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("public_id", name="uq_saved_view_public_id"),
    )
    op.create_index("ix_saved_view_owner_id", "saved_view", ["owner_id"], unique=False)
    op.create_index("ix_saved_view_team_id", "saved_view", ["team_id"], unique=False)
    op.create_table(
        "list_setting",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("density", sa.String(), server_default="comfortable", nullable=False),
        sa.Column("hidden", JSONB, server_default="[]", nullable=False),
        sa.Column("view_order", JSONB, server_default="[]", nullable=False),
        sa.Column("default_view_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["default_view_id"],
            ["saved_view.id"],
            name="fk_list_setting_default_view_id_saved_view",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_list_setting_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_list_setting"),
    )
    op.create_index("ix_list_setting_default_view_id", "list_setting", ["default_view_id"], unique=False)


def _add_bulk_actions() -> None:
    op.create_table(
        "bulk_action",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("value", JSONB, server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "undoing",
                "undone",
                name="bulkstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("is_dismissed", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_bulk_action_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_action"),
        sa.UniqueConstraint("public_id", name="uq_bulk_action_public_id"),
    )
    op.create_index(
        "ix_bulk_action_unfinished",
        "bulk_action",
        ["id"],
        unique=False,
        postgresql_where="state IN ('running', 'undoing')",
    )
    op.create_index("ix_bulk_action_user", "bulk_action", ["user_id", "id"], unique=False)
    op.create_table(
        "bulk_item",
        sa.Column("bulk_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "done",
                "unchanged",
                "refused",
                "restored",
                "kept",
                name="bulkitemstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("before", JSONB, nullable=True),
        sa.Column("after", JSONB, nullable=True),
        sa.ForeignKeyConstraint(
            ["bulk_id"], ["bulk_action.id"], name="fk_bulk_item_bulk_id_bulk_action", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_bulk_item_conversation_id_conversation",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bulk_id", "conversation_id", name="pk_bulk_item"),
    )
    op.create_index("ix_bulk_item_conversation_id", "bulk_item", ["conversation_id"], unique=False)
    op.create_index("ix_bulk_item_state", "bulk_item", ["bulk_id", "state", "conversation_id"], unique=False)


def downgrade() -> None:
    for table in ("bulk_item", "list_setting", "saved_view", "bulk_action"):
        op.drop_table(table)
