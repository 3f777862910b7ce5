"""Who did what that is sensitive; the workspace's rules for personal data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), server_default="", nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ip", sa.String(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_audit_entry_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_user_id_id", "audit_entry", ["user_id", "id"])
    op.create_index("ix_audit_entry_action_id", "audit_entry", ["action", "id"])
    op.create_table(
        "privacy_setting",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.String(), server_default="US", nullable=False),
        sa.Column("agents_reveal", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_privacy_setting_one_row")),
        sa.CheckConstraint("length(region) = 2", name=op.f("ck_privacy_setting_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_setting")),
    )


def downgrade() -> None:
    op.drop_table("privacy_setting")
    op.drop_index("ix_audit_entry_action_id", table_name="audit_entry")
    op.drop_index("ix_audit_entry_user_id_id", table_name="audit_entry")
    op.drop_table("audit_entry")
