"""Every kind of channel: what happens to a message after it was said, files and templates at the provider, profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
ACTION_STATES = ("queued", "doing", "done", "failed")
FETCH_STATES = ("waiting", "fetching", "fetched", "failed")
TABLES = (
    "remote_file",
    "message_revision",
    "message_reaction",
    "message_change",
    "message_action",
    "private_thread",
    "channel_template",
)
COLUMNS = {
    "message": (
        "read_at",
        "delivered_at",
        "template",
        "answers_id",
        "deleted_at",
        "edited_at",
        "thread_key",
        "url",
        "is_public",
        "kind",
    ),
    "contact_identity": ("profile_seen_at", "followers", "avatar_url", "profile_url", "handle"),
    "channel": ("templates_claimed_until", "templates_error", "templates_at", "lag_seconds", "last_delivery_at"),
}


def upgrade() -> None:
    op.create_index("ix_delivery_arrived", "delivery", ["channel_id", "received_at"])
    _message_columns()
    _identity_columns()
    _channel_columns()
    _templates()
    _private_threads()
    _actions()
    _changes()
    _reactions()
    _revisions()
    _remote_files()


def downgrade() -> None:
    op.drop_index("ix_delivery_arrived", table_name="delivery")
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint(op.f("fk_message_answers_id_message"), "message", type_="foreignkey")
    op.drop_index("ix_message_answers", table_name="message")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)


def _message_columns() -> None:
    op.add_column("message", sa.Column("kind", sa.String(), server_default="text", nullable=False))
    op.add_column("message", sa.Column("is_public", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("message", sa.Column("url", sa.String(), server_default="", nullable=False))
    op.add_column("message", sa.Column("thread_key", sa.String(), nullable=True))
    op.add_column("message", sa.Column("edited_at", MOMENT, nullable=True))
    op.add_column("message", sa.Column("deleted_at", MOMENT, nullable=True))
    op.add_column("message", sa.Column("answers_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "message", sa.Column("template", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("message", sa.Column("delivered_at", MOMENT, nullable=True))
    op.add_column("message", sa.Column("read_at", MOMENT, nullable=True))
    op.create_index(
        "ix_message_answers", "message", ["answers_id"], unique=False, postgresql_where="answers_id IS NOT NULL"
    )
    op.create_foreign_key(op.f("fk_message_answers_id_message"), "message", "message", ["answers_id"], ["id"])


def _identity_columns() -> None:
    op.add_column("contact_identity", sa.Column("handle", sa.String(), server_default="", nullable=False))
    op.add_column("contact_identity", sa.Column("profile_url", sa.String(), server_default="", nullable=False))
    op.add_column("contact_identity", sa.Column("avatar_url", sa.String(), server_default="", nullable=False))
    op.add_column("contact_identity", sa.Column("followers", sa.BigInteger(), nullable=True))
    op.add_column("contact_identity", sa.Column("profile_seen_at", MOMENT, nullable=True))


def _channel_columns() -> None:
    op.add_column("channel", sa.Column("last_delivery_at", MOMENT, nullable=True))
    op.add_column("channel", sa.Column("lag_seconds", sa.Double(), nullable=True))
    op.add_column("channel", sa.Column("templates_at", MOMENT, nullable=True))
    op.add_column("channel", sa.Column("templates_error", sa.String(), server_default="", nullable=False))
    op.add_column("channel", sa.Column("templates_claimed_until", MOMENT, nullable=True))


def _templates() -> None:
    op.create_table(
        "channel_template",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("synced_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_template_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_template")),
        sa.UniqueConstraint(
            "channel_id", "name", "language", name=op.f("uq_channel_template_channel_id_name_language")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_channel_template_public_id")),
    )


def _private_threads() -> None:
    op.create_table(
        "private_thread",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("thread_key", sa.String(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_private_thread_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_private_thread_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_thread")),
    )
    op.create_index(op.f("ix_private_thread_conversation_id"), "private_thread", ["conversation_id"], unique=False)
    op.create_index(
        "ix_private_thread_key",
        "private_thread",
        ["channel_id", "thread_key"],
        unique=False,
        postgresql_where="thread_key IS NOT NULL",
    )
    op.create_index("uq_private_thread_sender", "private_thread", ["channel_id", "sender"], unique=True)


def _actions() -> None:
    op.create_table(
        "message_action",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*ACTION_STATES, name="actionstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_action_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_message_action_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_action")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_action_public_id")),
    )
    op.create_index("ix_message_action_message", "message_action", ["message_id", "id"], unique=False)
    op.create_index(op.f("ix_message_action_user_id"), "message_action", ["user_id"], unique=False)
    op.create_index(
        "ix_message_action_waiting",
        "message_action",
        ["id"],
        unique=False,
        postgresql_where="state IN ('queued', 'doing')",
    )


def _changes() -> None:
    op.create_table(
        "message_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), server_default="", nullable=False),
        sa.Column("details", JSON, server_default="{}", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_message_change_channel_id_channel")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_message_change_delivery_id_delivery")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_change_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_change")),
        sa.UniqueConstraint("channel_id", "external_id", name=op.f("uq_message_change_channel_id_external_id")),
    )
    op.create_index("ix_message_change_created_at", "message_change", ["created_at"], unique=False)
    op.create_index(op.f("ix_message_change_delivery_id"), "message_change", ["delivery_id"], unique=False)
    op.create_index(
        "ix_message_change_message",
        "message_change",
        ["message_id", "id"],
        unique=False,
        postgresql_where="message_id IS NOT NULL",
    )
    op.create_index(
        "ix_message_change_waiting",
        "message_change",
        ["channel_id", "target"],
        unique=False,
        postgresql_where="message_id IS NULL",
    )


def _reactions() -> None:
    op.create_table(
        "message_reaction",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), server_default="", nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("reaction", sa.String(), nullable=False),
        sa.Column("reacted_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_message_reaction_contact_id_contact"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_reaction_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_message_reaction_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_reaction")),
        sa.UniqueConstraint("message_id", "sender", name=op.f("uq_message_reaction_message_id_sender")),
    )
    op.create_index(op.f("ix_message_reaction_contact_id"), "message_reaction", ["contact_id"], unique=False)
    op.create_index(op.f("ix_message_reaction_user_id"), "message_reaction", ["user_id"], unique=False)


def _revisions() -> None:
    op.create_table(
        "message_revision",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_revision_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revision")),
        sa.UniqueConstraint("message_id", "seen_at", name=op.f("uq_message_revision_message_id_seen_at")),
    )


def _remote_files() -> None:
    op.create_table(
        "remote_file",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), server_default="", nullable=False),
        sa.Column("content_type", sa.String(), server_default="", nullable=False),
        sa.Column("url", sa.String(), server_default="", nullable=False),
        sa.Column("media_id", sa.String(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*FETCH_STATES, name="fetchstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("attachment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_remote_file_attachment_id_attachment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_remote_file_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_file")),
        sa.UniqueConstraint("message_id", "place", name=op.f("uq_remote_file_message_id_place")),
        sa.UniqueConstraint("public_id", name=op.f("uq_remote_file_public_id")),
    )
    op.create_index(op.f("ix_remote_file_attachment_id"), "remote_file", ["attachment_id"], unique=False)
    op.create_index(
        "ix_remote_file_waiting",
        "remote_file",
        ["id"],
        unique=False,
        postgresql_where="state IN ('waiting', 'fetching')",
    )
