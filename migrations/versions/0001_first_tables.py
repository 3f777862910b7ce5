"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE conversation_number")
    op.execute("CREATE SEQUENCE case_number")
    op.create_table(
        "automation_rule",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("stop", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_rule")),
        sa.UniqueConstraint("public_id", name=op.f("uq_automation_rule_public_id")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contact_public_id")),
    )
    op.create_index("ix_contact_last_message_at", "contact", ["last_message_at"], unique=False)
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(
        "ix_outbox_event_published",
        "outbox_event",
        ["published_at"],
        unique=False,
        postgresql_where="published_at IS NOT NULL",
    )
    op.create_index(
        "ix_outbox_event_waiting", "outbox_event", ["id"], unique=False, postgresql_where="published_at IS NULL"
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), server_default="slate", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tag_public_id")),
    )
    op.create_index("uq_tag_name_lower", "tag", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_team_public_id")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "agent", "supervisor", "admin", "bot", name="role", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("session_version", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_accepting", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("theme", sa.String(), server_default="system", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("public_id", name=op.f("uq_user_public_id")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "question",
                "problem",
                "complaint",
                "request",
                name="casetype",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "open", "waiting", "closed", name="casestatus", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum(
                "low", "normal", "high", "urgent", name="priority", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_case_contact_id_contact")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_case_owner_id_user"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_case_public_id")),
    )
    op.create_index(op.f("ix_case_contact_id"), "case", ["contact_id"], unique=False)
    op.create_index(op.f("ix_case_owner_id"), "case", ["owner_id"], unique=False)
    op.create_index("ix_case_status_id", "case", ["status", "id"], unique=False)
    op.create_table(
        "contact_identity",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("verified", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_identity_contact_id_contact")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_identity")),
        sa.UniqueConstraint("kind", "address", name=op.f("uq_contact_identity_kind_address")),
    )
    op.create_index(op.f("ix_contact_identity_contact_id"), "contact_identity", ["contact_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("auto_assign", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("signature", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_inbox_team_id_team"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("name", name=op.f("uq_inbox_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbox_public_id")),
    )
    op.create_index(op.f("ix_inbox_team_id"), "inbox", ["team_id"], unique=False)
    op.create_table(
        "presence",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_presence_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_user_id_seen_at", "presence", ["user_id", "seen_at"], unique=False)
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("last_assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_member_team_id_team"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_team_member_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_user_id"), "team_member", ["user_id"], unique=False)
    op.create_table(
        "user_token",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "setup", "invite", "reset", name="tokenpurpose", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_token_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_token_token_hash")),
    )
    op.create_index(op.f("ix_user_token_user_id"), "user_token", ["user_id"], unique=False)
    op.create_table(
        "channel",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "paused", "removed", name="channelstate", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("state_reason", sa.String(), server_default="", nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), server_default="", nullable=False),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_channel_inbox_id_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("public_id", name=op.f("uq_channel_public_id")),
        sa.UniqueConstraint("token", name=op.f("uq_channel_token")),
    )
    op.create_index(op.f("ix_channel_inbox_id"), "channel", ["inbox_id"], unique=False)
    op.create_table(
        "inbox_access",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, team_id) = 1", name=op.f("ck_inbox_access_user_or_team")),
        sa.ForeignKeyConstraint(
            ["inbox_id"], ["inbox.id"], name=op.f("fk_inbox_access_inbox_id_inbox"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_inbox_access_team_id_team"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_inbox_access_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_access")),
    )
    op.create_index(op.f("ix_inbox_access_team_id"), "inbox_access", ["team_id"], unique=False)
    op.create_index(op.f("ix_inbox_access_user_id"), "inbox_access", ["user_id"], unique=False)
    op.create_index("uq_inbox_access_team", "inbox_access", ["inbox_id", "team_id"], unique=True)
    op.create_index("uq_inbox_access_user", "inbox_access", ["inbox_id", "user_id"], unique=True)
    op.create_table(
        "conversation",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), server_default="", nullable=False),
        sa.Column("preview", sa.String(), server_default="", nullable=False),
        sa.Column("thread_key", sa.String(), nullable=True),
        sa.Column("reply_token", sa.String(), nullable=False),
        sa.Column("related_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "pending",
                "snoozed",
                "resolved",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum(
                "low", "normal", "high", "urgent", name="priority", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), nullable=True),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mood", sa.Double(), nullable=True),
        sa.Column("sentiment", sa.String(), nullable=True),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user.id"], name=op.f("fk_conversation_assignee_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_conversation_channel_id_channel")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_conversation_contact_id_contact")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_conversation_inbox_id_inbox")),
        sa.ForeignKeyConstraint(
            ["related_id"], ["conversation.id"], name=op.f("fk_conversation_related_id_conversation")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_conversation_team_id_team"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("number", name=op.f("uq_conversation_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_conversation_public_id")),
        sa.UniqueConstraint("reply_token", name=op.f("uq_conversation_reply_token")),
    )
    op.create_index(
        "ix_conversation_assignee", "conversation", ["assignee_id", "status", "last_message_at"], unique=False
    )
    op.create_index("ix_conversation_contact", "conversation", ["contact_id", "last_message_at"], unique=False)
    op.create_index(
        "ix_conversation_list", "conversation", ["inbox_id", "status", "last_message_at", "id"], unique=False
    )
    op.create_index(op.f("ix_conversation_team_id"), "conversation", ["team_id"], unique=False)
    op.create_index(
        "ix_conversation_thread",
        "conversation",
        ["channel_id", "thread_key"],
        unique=True,
        postgresql_where="thread_key IS NOT NULL",
    )
    op.create_index(
        "ix_conversation_waking", "conversation", ["snoozed_until"], unique=False, postgresql_where="status = 'snoozed'"
    )
    op.create_table(
        "daily_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", name="direction", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_daily_count_channel_id_channel")),
        sa.PrimaryKeyConstraint("day", "channel_id", "direction", name=op.f("pk_daily_count")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "stored",
                "ingested",
                "duplicate",
                "parked",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_delivery_channel_id_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("channel_id", "dedupe_key", name=op.f("uq_delivery_channel_id_dedupe_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delivery_public_id")),
    )
    op.create_index(
        "ix_delivery_parked", "delivery", ["channel_id", "id"], unique=False, postgresql_where="state = 'parked'"
    )
    op.create_index("ix_delivery_waiting", "delivery", ["id"], unique=False, postgresql_where="state = 'stored'")
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(conversation_id, contact_id, case_id) >= 1", name=op.f("ck_activity_has_object")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_activity_actor_id_user"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_activity_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_activity_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_activity_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["automation_rule.id"], name=op.f("fk_activity_rule_id_automation_rule"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("public_id", name=op.f("uq_activity_public_id")),
    )
    op.create_index("ix_activity_case", "activity", ["case_id", "id"], unique=False)
    op.create_index("ix_activity_contact", "activity", ["contact_id", "id"], unique=False)
    op.create_index("ix_activity_conversation", "activity", ["conversation_id", "id"], unique=False)
    op.create_table(
        "case_conversation",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_case_conversation_case_id_case"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_case_conversation_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", "conversation_id", name=op.f("pk_case_conversation")),
    )
    op.create_index(
        op.f("ix_case_conversation_conversation_id"), "case_conversation", ["conversation_id"], unique=False
    )
    op.create_table(
        "conversation_read",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_read_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_conversation_read_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "conversation_id", name=op.f("pk_conversation_read")),
    )
    op.create_index(
        op.f("ix_conversation_read_conversation_id"), "conversation_read", ["conversation_id"], unique=False
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", name="direction", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum("public", "private", name="visibility", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("client_key", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), server_default="", nullable=False),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("quoted", sa.String(), server_default="", nullable=False),
        sa.Column("signature", sa.String(), server_default="", nullable=False),
        sa.Column("html", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), server_default="", nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("in_reply_to", sa.String(), nullable=True),
        sa.Column("references", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("auto", sa.String(), server_default="none", nullable=False),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column(
            "send_state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                "uncertain",
                name="sendstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("send_error", sa.String(), server_default="", nullable=False),
        sa.Column("send_attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("routed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_message_author_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_message_channel_id_channel")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_message_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_message_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_message_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    op.create_index(op.f("ix_message_author_id"), "message", ["author_id"], unique=False)
    op.create_index("ix_message_contact", "message", ["contact_id", "id"], unique=False)
    op.create_index("ix_message_conversation", "message", ["conversation_id", "id"], unique=False)
    op.create_index("ix_message_created_at", "message", ["created_at"], unique=False)
    op.create_index(op.f("ix_message_delivery_id"), "message", ["delivery_id"], unique=False)
    op.create_index(
        "ix_message_unannotated",
        "message",
        ["id"],
        unique=False,
        postgresql_where="annotated_at IS NULL AND direction = 'inbound'",
    )
    op.create_index(
        "ix_message_unrouted",
        "message",
        ["id"],
        unique=False,
        postgresql_where="routed_at IS NULL AND direction = 'inbound'",
    )
    op.create_index(
        "ix_message_unsent", "message", ["id"], unique=False, postgresql_where="send_state IN ('queued', 'sending')"
    )
    op.create_index(
        "uq_message_client_key",
        "message",
        ["conversation_id", "client_key"],
        unique=True,
        postgresql_where="client_key IS NOT NULL",
    )
    op.create_index(
        "uq_message_external",
        "message",
        ["channel_id", "external_id"],
        unique=True,
        postgresql_where="external_id IS NOT NULL",
    )
    op.create_table(
        "tagging",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(conversation_id, contact_id, case_id) = 1", name=op.f("ck_tagging_one_object")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_tagging_case_id_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_tagging_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_tagging_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tagging_tag_id_tag"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tagging")),
    )
    op.create_index(op.f("ix_tagging_tag_id"), "tagging", ["tag_id"], unique=False)
    op.create_index("uq_tagging_case", "tagging", ["case_id", "tag_id"], unique=True)
    op.create_index("uq_tagging_contact", "tagging", ["contact_id", "tag_id"], unique=True)
    op.create_index(
        "uq_tagging_conversation",
        "tagging",
        ["conversation_id", "tag_id"],
        unique=True,
        postgresql_where="conversation_id IS NOT NULL",
    )
    op.create_table(
        "thread_reference",
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_thread_reference_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_thread_reference_inbox_id_inbox")),
        sa.PrimaryKeyConstraint("inbox_id", "external_id", name=op.f("pk_thread_reference")),
    )
    op.create_index(op.f("ix_thread_reference_conversation_id"), "thread_reference", ["conversation_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("is_inline", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_attachment_public_id")),
    )
    op.create_index(op.f("ix_attachment_message_id"), "attachment", ["message_id"], unique=False)
    op.create_table(
        "prediction",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("abstain_reason", sa.String(), nullable=True),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_prediction_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction")),
    )
    op.create_index("uq_prediction_told_once", "prediction", ["message_id", "task", "model_version"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_prediction_told_once", table_name="prediction")
    op.drop_table("prediction")
    op.drop_index(op.f("ix_attachment_message_id"), table_name="attachment")
    op.drop_table("attachment")
    op.drop_index(op.f("ix_thread_reference_conversation_id"), table_name="thread_reference")
    op.drop_table("thread_reference")
    op.drop_index("uq_tagging_conversation", table_name="tagging", postgresql_where="conversation_id IS NOT NULL")
    op.drop_index("uq_tagging_contact", table_name="tagging")
    op.drop_index("uq_tagging_case", table_name="tagging")
    op.drop_index(op.f("ix_tagging_tag_id"), table_name="tagging")
    op.drop_table("tagging")
    op.drop_index("uq_message_external", table_name="message", postgresql_where="external_id IS NOT NULL")
    op.drop_index("uq_message_client_key", table_name="message", postgresql_where="client_key IS NOT NULL")
    op.drop_index("ix_message_unsent", table_name="message", postgresql_where="send_state IN ('queued', 'sending')")
    op.drop_index(
        "ix_message_unrouted", table_name="message", postgresql_where="routed_at IS NULL AND direction = 'inbound'"
    )
    op.drop_index(
        "ix_message_unannotated",
        table_name="message",
        postgresql_where="annotated_at IS NULL AND direction = 'inbound'",
    )
    op.drop_index(op.f("ix_message_delivery_id"), table_name="message")
    op.drop_index("ix_message_created_at", table_name="message")
    op.drop_index("ix_message_conversation", table_name="message")
    op.drop_index("ix_message_contact", table_name="message")
    op.drop_index(op.f("ix_message_author_id"), table_name="message")
    op.drop_table("message")
    op.drop_index(op.f("ix_conversation_read_conversation_id"), table_name="conversation_read")
    op.drop_table("conversation_read")
    op.drop_index(op.f("ix_case_conversation_conversation_id"), table_name="case_conversation")
    op.drop_table("case_conversation")
    op.drop_index("ix_activity_conversation", table_name="activity")
    op.drop_index("ix_activity_contact", table_name="activity")
    op.drop_index("ix_activity_case", table_name="activity")
    op.drop_table("activity")
    op.drop_index("ix_delivery_waiting", table_name="delivery", postgresql_where="state = 'stored'")
    op.drop_index("ix_delivery_parked", table_name="delivery", postgresql_where="state = 'parked'")
    op.drop_table("delivery")
    op.drop_table("daily_count")
    op.drop_index("ix_conversation_waking", table_name="conversation", postgresql_where="status = 'snoozed'")
    op.drop_index("ix_conversation_thread", table_name="conversation", postgresql_where="thread_key IS NOT NULL")
    op.drop_index(op.f("ix_conversation_team_id"), table_name="conversation")
    op.drop_index("ix_conversation_list", table_name="conversation")
    op.drop_index("ix_conversation_contact", table_name="conversation")
    op.drop_index("ix_conversation_assignee", table_name="conversation")
    op.drop_table("conversation")
    op.drop_index("uq_inbox_access_user", table_name="inbox_access")
    op.drop_index("uq_inbox_access_team", table_name="inbox_access")
    op.drop_index(op.f("ix_inbox_access_user_id"), table_name="inbox_access")
    op.drop_index(op.f("ix_inbox_access_team_id"), table_name="inbox_access")
    op.drop_table("inbox_access")
    op.drop_index(op.f("ix_channel_inbox_id"), table_name="channel")
    op.drop_table("channel")
    op.drop_index(op.f("ix_user_token_user_id"), table_name="user_token")
    op.drop_table("user_token")
    op.drop_index(op.f("ix_team_member_user_id"), table_name="team_member")
    op.drop_table("team_member")
    op.drop_index("ix_presence_user_id_seen_at", table_name="presence")
    op.drop_table("presence")
    op.drop_index(op.f("ix_inbox_team_id"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_contact_identity_contact_id"), table_name="contact_identity")
    op.drop_table("contact_identity")
    op.drop_index("ix_case_status_id", table_name="case")
    op.drop_index(op.f("ix_case_owner_id"), table_name="case")
    op.drop_index(op.f("ix_case_contact_id"), table_name="case")
    op.drop_table("case")
    op.drop_table("user")
    op.drop_table("team")
    op.drop_index("uq_tag_name_lower", table_name="tag")
    op.drop_table("tag")
    op.drop_index("ix_outbox_event_waiting", table_name="outbox_event", postgresql_where="published_at IS NULL")
    op.drop_index("ix_outbox_event_published", table_name="outbox_event", postgresql_where="published_at IS NOT NULL")
    op.drop_table("outbox_event")
    op.drop_table("heartbeat")
    op.drop_index("ix_contact_last_message_at", table_name="contact")
    op.drop_table("contact")
    op.drop_table("automation_rule")
    op.execute("DROP SEQUENCE case_number")
    op.execute("DROP SEQUENCE conversation_number")
