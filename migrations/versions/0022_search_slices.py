"""Let the walk back through messages take slices as large as the words before made it expect to need."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# As in 0016, but a slice is up to eight blocks, and as long as the share of fitting messages so far makes likely: at
# most eight times the one before, so that what is rare is reached soon, and little is read beyond what is wanted.
MESSAGES_WITH = """
CREATE OR REPLACE FUNCTION messages_with(wanted tsquery, inboxes bigint[], below bigint, most integer)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE ROWS 1000
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    bits CONSTANT integer[] := ARRAY[12, 15, 18, 21];
    span bigint := 8192;
    left_over integer := most;
    top bigint := below;
    bottom bigint;
    level integer;
    lowest bigint;
    got bigint;
    slice tsquery;
BEGIN
    IF top IS NULL THEN
        SELECT max(message_id) + 1 INTO top FROM message_words;
    END IF;
    WHILE top > 0 AND left_over > 0 LOOP
        level := CASE WHEN span <= 32768 THEN 1 WHEN span <= 262144 THEN 2 WHEN span <= 2097152 THEN 3 ELSE 4 END;
        lowest := greatest(0, ((top - 1) >> bits[level]) - least(8, (span - 1) >> bits[level]));
        bottom := lowest << bits[level];
        slice := tsquery_of_blocks(level - 1, lowest, (top - 1) >> bits[level]);
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
        span := least(span * 8, greatest(4096, (top - bottom) * left_over * 5 / (4 * greatest(1, got))));
        top := bottom;
    END LOOP;
END
$$
"""
BLOCKS = """
CREATE FUNCTION tsquery_of_blocks(level integer, lowest bigint, highest bigint) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CAST(string_agg(format('''~%s.%s''', level, block), ' | ') AS tsquery)
    FROM generate_series(lowest, highest) AS block
$$
"""
MESSAGES_WITH_BEFORE = """
CREATE OR REPLACE FUNCTION messages_with(wanted tsquery, inboxes bigint[], below bigint, most integer)
RETURNS SETOF bigint LANGUAGE sql STABLE ROWS 1000 AS $$
    SELECT message_words.message_id
    FROM message_words
    JOIN message ON message.id = message_words.message_id
    JOIN conversation ON conversation.id = message.conversation_id
    WHERE words @@ wanted AND (inboxes IS NULL OR inbox_id = ANY(inboxes))
        AND (below IS NULL OR message_words.message_id < below)
    ORDER BY message_words.message_id DESC
    LIMIT most
$$
"""


def upgrade() -> None:
    op.execute(BLOCKS)
    op.execute(MESSAGES_WITH)


def downgrade() -> None:
    """Go back to a plainer function of the same answers; that of 0016 is not needed for them."""
    op.execute(MESSAGES_WITH_BEFORE)
    op.execute("DROP FUNCTION tsquery_of_blocks(integer, bigint, bigint)")
