"""Words of messages, contacts, cases and articles, to be found by; the index of what is there is filled by a job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = ("message", "contact", "case", "article")

# The newest messages with these words, newest first. It goes back in slices that grow eightfold, each asked of the GIN
# index alone (the marks ~0.17 … of a message name its blocks of ids): a common word ends in the first slices, a rare
# one costs four look-ups, and no plan ever walks the table. `inboxes` null: whoever asks sees all.
MESSAGES_WITH = """
CREATE FUNCTION messages_with(wanted tsquery, inboxes bigint[], below bigint, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 1000
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    bits CONSTANT integer[] := ARRAY[12, 15, 18, 21];
    level integer := 1;
    left_over integer := most;
    top bigint := below;
    block bigint;
    got bigint;
    slice tsquery;
BEGIN
    IF top IS NULL THEN
        SELECT max(message_id) + 1 INTO top FROM message_words;
    END IF;
    WHILE top > 0 AND left_over > 0 LOOP
        block := (top - 1) >> bits[level];
        slice := to_tsquery_of_blocks(level - 1, block);
        IF inboxes IS NULL THEN
            RETURN QUERY
                WITH found AS MATERIALIZED (SELECT message_id FROM message_words WHERE words @@ (wanted && slice))
                SELECT message_id FROM found WHERE message_id < top ORDER BY message_id DESC LIMIT left_over;
        ELSE
            RETURN QUERY
                WITH found AS MATERIALIZED (SELECT message_id FROM message_words WHERE words @@ (wanted && slice))
                SELECT newest.message_id
                FROM (SELECT message_id FROM found WHERE message_id < top ORDER BY message_id DESC OFFSET 0) AS newest
                JOIN message ON message.id = newest.message_id
                JOIN conversation ON conversation.id = message.conversation_id
                WHERE conversation.inbox_id = ANY(inboxes)
                LIMIT left_over;
        END IF;
        GET DIAGNOSTICS got = ROW_COUNT;
        left_over := left_over - got;
        top := greatest(0, block - 1) << bits[level];
        level := least(level + 1, 4);
    END LOOP;
END
$$
"""
BLOCKS = """
CREATE FUNCTION to_tsquery_of_blocks(level integer, block bigint) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CAST(format('''~%s.%s'' | ''~%s.%s''', level, block, level, greatest(0, block - 1)) AS tsquery)
$$
"""


def upgrade() -> None:
    _words()
    _found_words()
    op.create_table(
        "contact_key",
        sa.Column("key", sa.String(collation="C"), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_key_contact_id_contact", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "contact_id", name="pk_contact_key"),
    )
    op.create_index("ix_contact_key_contact", "contact_key", ["contact_id"])
    op.create_table(
        "search_progress",
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_search_progress"),
    )
    _recent()
    op.execute(BLOCKS)
    op.execute(MESSAGES_WITH)


def _kind() -> sa.Enum:
    return sa.Enum(*KINDS, name="searchkind", native_enum=False, create_constraint=True, length=20)


def _words() -> None:
    op.create_table(
        "message_words",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_message_words_message_id_message", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_message_words"),
    )
    waits = {"fastupdate": "on", "gin_pending_list_limit": 256}
    op.create_index("ix_message_words", "message_words", ["words"], postgresql_using="gin", postgresql_with=waits)


def _found_words() -> None:
    kinds = {"contact": "contact", "case": "case", "article": "kb_article"}
    op.create_table(
        "found_words",
        sa.Column("id", sa.BigInteger(), nullable=False),
        *(sa.Column(f"{kind}_id", sa.BigInteger(), nullable=True) for kind in kinds),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint("num_nonnulls(contact_id, case_id, article_id) = 1", name="of_one"),
        *(
            sa.ForeignKeyConstraint(
                [f"{kind}_id"], [f"{table}.id"], name=f"fk_found_words_{kind}_id_{table}", ondelete="CASCADE"
            )
            for kind, table in kinds.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_found_words"),
        *(sa.UniqueConstraint(f"{kind}_id", name=f"uq_found_words_{kind}_id") for kind in kinds),
    )
    op.create_index("ix_found_words", "found_words", ["words"], postgresql_using="gin")


def _recent() -> None:
    op.create_table(
        "recent_search",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_recent_search_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_recent_search"),
        sa.UniqueConstraint("user_id", "query", name="uq_recent_search_user_id_query"),
    )
    op.create_index("ix_recent_search_user", "recent_search", ["user_id", "used_at"])


def downgrade() -> None:
    op.execute("DROP FUNCTION messages_with(tsquery, bigint[], bigint, integer)")
    op.execute("DROP FUNCTION to_tsquery_of_blocks(integer, bigint)")
    for table in ("recent_search", "search_progress", "contact_key", "found_words", "message_words"):
        op.drop_table(table)
