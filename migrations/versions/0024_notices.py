"""What each user is told of while the page is not looked at, and when not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
SCOPES = ("mine", "unassigned", "everything", "nothing")


def upgrade() -> None:
    op.create_table(
        "notice_setting",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(*SCOPES, name="noticescope", native_enum=False, create_constraint=True, length=20),
            server_default="unassigned",
            nullable=False,
        ),
        sa.Column("has_sound", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), server_default="1200", nullable=False),
        sa.Column("quiet_until", sa.SmallInteger(), server_default="480", nullable=False),
        sa.Column("quiet_days", JSONB, server_default="[]", nullable=False),
        sa.Column("time_zone", sa.String(), server_default="UTC", nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 1439", name="ck_notice_setting_quiet_from"),
        sa.CheckConstraint("quiet_until BETWEEN 0 AND 1439", name="ck_notice_setting_quiet_until"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_notice_setting_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_notice_setting"),
    )


def downgrade() -> None:
    op.drop_table("notice_setting")
