"""Many conversations at once, written by the database itself: for tests and benchmarks of long lists."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

# one contact for all; the newest first by number, a minute apart, before `newest`
MANY = """
INSERT INTO conversation (id, public_id, number, inbox_id, channel_id, contact_id, subject, preview, reply_token, status,
    priority, last_message_at, waiting_since, mood, messages)
SELECT nextval('conversation_id_seq'), gen_random_uuid(), nextval('conversation_number'), of.inbox_id, of.channel_id,
    of.contact_id, 'Long list ' || lpad(n::text, 6, '0'), 'One of many', 'many-' || gen_random_uuid(), :status,
    (ARRAY['normal', 'normal', 'high', 'low', 'urgent'])[1 + n % 5],
    of.last_message_at - interval '400 days' - n * interval '1 minute',
    CASE WHEN n % 3 = 0 THEN of.last_message_at - n * interval '1 minute' END,
    CASE WHEN n % 4 > 0 THEN ((n * 7) % 200 - 100) / 100.0 END, 1
FROM conversation of, generate_series(1, :many) n WHERE of.id = :of
"""


def add_many(session: Session, *, of: int, many: int, status: str = "pending") -> None:
    """Add conversations like another one (its row id): "Long list 000001" is the newest of them."""
    session.execute(text(MANY), {"of": of, "many": many, "status": status})
