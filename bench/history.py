"""Years of an inbox in one stroke: as many messages as asked for, ten to a conversation, as unevenly as in life.

The first conversation has a two-hundredth of all messages (5,000 of a million), the first contact 300 conversations;
a fifth of the conversations is open, a third has tags, every message of a customer has a sentiment and an intent, some
conversations have a draft. PostgreSQL makes the rows, from their numbers alone, so that two runs hold the same.
"""

from __future__ import annotations

from sqlalchemy import text

from app import db

LONG_THREAD_SHARE, CONTACT_CONVERSATIONS = 200, 300
FURNISH = """
INSERT INTO inbox (public_id, name) SELECT gen_random_uuid(), 'Inbox ' || n FROM generate_series(1, 5) AS n;
INSERT INTO channel (public_id, inbox_id, kind, name, token, sealed, state)
    SELECT gen_random_uuid(), id, 'sandbox', 'Channel ' || id, 'token' || id, '', 'active' FROM inbox;
INSERT INTO "user" (public_id, email, name, role, session_version, is_active)
    SELECT gen_random_uuid(), 'agent' || n || '@acme.example', 'Agent ' || n, 'agent', 1, true
    FROM generate_series(1, 50) AS n;
INSERT INTO inbox_access (inbox_id, user_id) SELECT inbox.id, "user".id FROM inbox, "user" WHERE role = 'agent';
INSERT INTO tag (public_id, name, colour)
    SELECT gen_random_uuid(), 'Tag ' || n, 'slate' FROM generate_series(1, 40) AS n;
INSERT INTO contact (public_id, name, last_message_at)
    SELECT gen_random_uuid(), 'Customer ' || n, now() - n * interval '1 minute'
    FROM generate_series(1, greatest(:conversations / 4, 10)) AS n;
INSERT INTO contact_identity (contact_id, kind, address)
    SELECT id, 'email', 'customer' || id || '@example.com' FROM contact;
INSERT INTO conversation (public_id, number, inbox_id, channel_id, contact_id, reply_token, subject, preview, status,
    priority, assignee_id, last_message_at, waiting_since, mood, mood_start, mood_lowest, mood_slope, sentiment,
    confidence, intent, language, messages, created_at)
    SELECT gen_random_uuid(), nextval('conversation_number'), channel.inbox_id, channel.id,
        CASE WHEN n <= :of_one THEN 1 ELSE 1 + n % greatest(:conversations / 4, 10) END,
        'reply' || n, 'About order ' || n, 'Where is my parcel? It was to come on day ' || n || ' and did not.',
        (ARRAY['open', 'resolved', 'resolved', 'pending', 'open', 'resolved', 'resolved', 'snoozed', 'resolved',
            'spam'])[1 + n % 10],
        (ARRAY['normal', 'normal', 'normal', 'low', 'high', 'normal', 'urgent'])[1 + n % 7],
        CASE WHEN n % 3 > 0 THEN (SELECT min(id) FROM "user") + n % 50 END,
        now() - (CAST(n AS bigint) * 7919 % :conversations) * interval '3 minutes',
        CASE WHEN n % 3 = 0 THEN now() - (CAST(n AS bigint) * 104729 % :conversations) * interval '3 minutes' END,
        CASE WHEN n % 5 > 0 THEN ((n * 31) % 200 - 100) / 100.0 END, 0, -0.5, 0.1,
        CASE WHEN n % 5 > 0 THEN (ARRAY['negative', 'neutral', 'positive'])[1 + n % 3] END, 0.9,
        (ARRAY['refund', 'shipping', 'complaint', 'praise'])[1 + n % 4], (ARRAY['en', 'en', 'de', 'fr'])[1 + n % 4],
        10, now()
    FROM generate_series(1, :conversations) AS n
    JOIN channel ON channel.id = (SELECT min(id) FROM channel) + n % 5;
INSERT INTO message (public_id, conversation_id, channel_id, contact_id, author_id, direction, visibility, subject,
    text, sender, language, created_at, annotated_at, routed_at)
    SELECT gen_random_uuid(), of.id, of.channel_id, of.contact_id,
        CASE WHEN n % 3 = 0 THEN (SELECT min(id) FROM "user") END,
        CASE WHEN n % 3 = 0 THEN 'outbound' ELSE 'inbound' END, CASE WHEN n % 30 = 0 THEN 'private' ELSE 'public' END,
        of.subject, 'Message ' || n || ': the parcel has not come, and nobody told us why. '
            || repeat('We ordered it a long while ago. ', 1 + n % 12), 'customer@example.com', of.language,
        now() - (:messages - n) * interval '20 seconds', now(), now()
    FROM generate_series(1, :messages) AS n
    JOIN conversation AS of ON of.id = (SELECT min(id) FROM conversation)
        + CASE WHEN n % :long_thread = 0 THEN 0 ELSE n * 31 % :conversations END;
INSERT INTO prediction (message_id, task, label, score, confidence, abstained, labels, model_id, model_version)
    SELECT id, task, label, -0.5, 0.9, false, jsonb_build_array(jsonb_build_array(label, 0.9)), 'bench', '1'
    FROM message, (VALUES ('sentiment', 'negative'), ('intent', 'shipping')) AS told (task, label)
    WHERE direction = 'inbound';
INSERT INTO tagging (tag_id, conversation_id)
    SELECT (SELECT min(id) FROM tag) + (id * 3 + n) % 40, id FROM conversation, generate_series(1, 3) AS n
    WHERE id % 3 = 0;
INSERT INTO draft (public_id, conversation_id, author_id, kind, text, written_at)
    SELECT gen_random_uuid(), id, (SELECT min(id) FROM "user"), 'reply', 'Begun', now() FROM conversation
    WHERE id % 50 = 0;
UPDATE conversation SET last_message_id = newest.id
    FROM (SELECT conversation_id, max(id) AS id FROM message GROUP BY conversation_id) AS newest
    WHERE newest.conversation_id = conversation.id;
INSERT INTO conversation_read (user_id, conversation_id, message_id)
    SELECT (SELECT min(id) FROM "user"), id, last_message_id FROM conversation
    WHERE id % 2 = 0 AND last_message_id IS NOT NULL
"""


def fill(messages: int) -> None:
    """Write that many messages, and all that belongs to them, into an empty house."""
    values = {
        "messages": messages,
        "conversations": max(50, messages // 10),
        "of_one": CONTACT_CONVERSATIONS,
        "long_thread": LONG_THREAD_SHARE,
    }
    with db.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in FURNISH.split(";\n"):
            session.execute(text(statement), values)
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
