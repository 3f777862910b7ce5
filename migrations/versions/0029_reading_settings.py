"""The language and the clock that each user reads by, and the language of the house."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.add_column("user", sa.Column("time_zone", sa.String(), server_default="", nullable=False))
    op.create_table(
        "house_setting",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(), server_default="en", nullable=False),
        sa.CheckConstraint("id = 1", name="ck_house_setting_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_house_setting"),
    )


def downgrade() -> None:
    op.drop_table("house_setting")
    op.drop_column("user", "time_zone")
    op.drop_column("user", "language")
