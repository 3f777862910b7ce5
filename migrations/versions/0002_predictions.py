"""What models say of messages: everything they say, embeddings, moods with their line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
OF_PREDICTIONS = ("labels", "probabilities", "reasons", "head_version", "assignee_id", "team_id")
OF_CONVERSATIONS = (
    "mood_start",
    "mood_lowest",
    "mood_slope",
    "has_recovered",
    "mood_version",
    "confidence",
    "emotion",
    "urgency",
    "latest_answers",
)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    _tables()
    op.add_column("prediction", sa.Column("labels", JSON, server_default="[]", nullable=False))
    op.add_column("prediction", sa.Column("probabilities", JSON, server_default="{}", nullable=False))
    op.add_column("prediction", sa.Column("reasons", JSON, server_default="[]", nullable=False))
    for name in ("head_version", "assignee_id", "team_id"):
        op.add_column("prediction", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("mood_start", "mood_lowest", "mood_slope", "confidence"):
        op.add_column("conversation", sa.Column(name, sa.Double(), nullable=True))
    for name in ("mood_version", "emotion", "urgency"):
        op.add_column("conversation", sa.Column(name, sa.String(), nullable=True))
    op.add_column("conversation", sa.Column("has_recovered", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("conversation", sa.Column("latest_answers", JSON, server_default="{}", nullable=False))
    op.add_column("contact", sa.Column("mood", sa.Double(), nullable=True))
    op.create_index("ix_conversation_mood", "conversation", ["status", sa.text("COALESCE(mood, 2)"), "id"])
    op.create_index("ix_conversation_rescoring", "conversation", ["mood_version", "last_message_at"])
    _take_over()


def _tables() -> None:
    op.create_table(
        "prediction_model",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("taken_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_prediction_model")),
    )
    op.create_table(
        "message_embedding",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("embedding", HALFVEC(384), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_embedding_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_embedding")),
    )
    op.create_table(
        "conversation_mood",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("scores", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("place_delivery", sa.BigInteger(), nullable=True),
        sa.Column("place_message", sa.BigInteger(), nullable=True),
        sa.Column("mood", sa.Double(), nullable=True),
        sa.Column("start", sa.Double(), nullable=True),
        sa.Column("lowest", sa.Double(), nullable=True),
        sa.Column("lowest_message_id", sa.BigInteger(), nullable=True),
        sa.Column("lowest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line_sum", sa.Double(), server_default="0", nullable=False),
        sa.Column("weighted_sum", sa.Double(), server_default="0", nullable=False),
        sa.Column("rescored_to", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_mood_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "model_version", name=op.f("pk_conversation_mood")),
    )


def _take_over() -> None:
    """Say which model the answers are of that are here already; the next one redoes them in the background."""
    op.execute(
        "INSERT INTO prediction_model (version, model_id, taken_up_at)"
        " SELECT model_version, max(model_id), min(created_at) FROM prediction GROUP BY model_version"
    )
    op.execute(
        "UPDATE conversation SET mood_version = told.model_version FROM"
        " (SELECT DISTINCT ON (message.conversation_id) message.conversation_id, prediction.model_version"
        " FROM prediction JOIN message ON message.id = prediction.message_id"
        " ORDER BY message.conversation_id, prediction.id DESC) AS told"
        " WHERE told.conversation_id = conversation.id"
    )


def downgrade() -> None:
    """Take everything back but the extension: somebody else may use it."""
    op.drop_index("ix_conversation_rescoring", table_name="conversation")
    op.drop_index("ix_conversation_mood", table_name="conversation")
    op.drop_column("contact", "mood")
    for name in OF_CONVERSATIONS:
        op.drop_column("conversation", name)
    for name in OF_PREDICTIONS:
        op.drop_column("prediction", name)
    op.drop_table("conversation_mood")
    op.drop_table("message_embedding")
    op.drop_table("prediction_model")
