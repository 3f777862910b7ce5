"""Searching a million messages: common, rare, two words, a phrase, a beginning; some answers beside a walk over all.

    python -m bench.search [MESSAGES]

Texts are drawn from 50,000 made-up words, as often as words are in languages (Zipf); rows come by COPY.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import db
from app.clock import now
from app.models import Message, Role, SearchKind, SearchProgress, User
from app.queries import contact_lookup, search_messages, search_page
from app.queries.search_terms import parse
from app.services import access, search_fill
from app.services.search_vectors import Part, marks_of, vector
from bench.dashboard import CONVERSE
from bench.house import House, house
from bench.measure import percentile

MESSAGES, WORDS, ROUNDS, CHECKED = 1_000_000, 50_000, 60, 2
AT_ONCE = 50_000  # messages in memory
SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
ANYBODY = User(id=0, role=Role.ADMIN)
FURNISH = """
INSERT INTO inbox (public_id, name) SELECT gen_random_uuid(), 'Inbox ' || n FROM generate_series(1, 3) AS n;
INSERT INTO channel (public_id, inbox_id, kind, name, token, sealed, state)
    SELECT gen_random_uuid(), 1 + n % 3, 'sandbox', 'Channel ' || n, 'token' || n, '', 'active'
    FROM generate_series(1, 5) AS n;
INSERT INTO contact (public_id, name, last_message_at)
    SELECT gen_random_uuid(), 'Customer ' || md5(n::text), now() FROM generate_series(1, 20000) AS n;
INSERT INTO contact_identity (contact_id, kind, address)
    SELECT id, 'email', md5(id::text) || '@example.com' FROM contact;
"""
SAID = """
COPY message (id, public_id, conversation_id, channel_id, contact_id, direction, visibility, text, created_at)
FROM STDIN
"""
WROTE = "COPY message_words (message_id, words) FROM STDIN"


def run(messages: int = MESSAGES) -> dict[str, Any]:
    """Fill a house of its own, ask it every class of question many times, and check some answers."""
    with house() as made:
        dice = random.Random(11)
        vocabulary = _vocabulary(dice)
        figures = _fill(made, messages, vocabulary, dice)
        for name, draw in _classes(made, messages, vocabulary, dice).items():
            figures |= _measured(name, draw)
        figures |= _looked_up(dice)
    return figures


def _vocabulary(dice: random.Random) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < WORDS:
        made["".join(dice.choices(SYLLABLES, k=dice.choice((2, 3, 3, 4, 4, 5))))] = None
    return list(made)


def _texts(messages: int, vocabulary: list[str], dice: random.Random) -> Iterator[str]:
    weights, heap = [], 0.0
    for rank in range(len(vocabulary)):
        heap += 1 / (rank + 3)
        weights.append(heap)
    for _ in range(messages):
        yield " ".join(dice.choices(vocabulary, cum_weights=weights, k=dice.randint(8, 45)))


def _fill(made: House, messages: int, vocabulary: list[str], dice: random.Random) -> dict[str, Any]:
    with db.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in filter(str.strip, FURNISH.split(";\n")):
            session.execute(text(statement))
        session.execute(text(CONVERSE), {"conversations": max(1, messages // 10)})
    per_message = _write(made, messages, vocabulary, dice)
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        size = connection.execute(text("SELECT pg_relation_size('ix_message_words')")).scalar_one()
        rows = connection.execute(text("SELECT pg_table_size('message_words')")).scalar_one()
    _fill_contacts(messages)
    return {
        "messages": messages,
        "words of a message made, CPU ms": round(per_message, 3),
        "index, MB": round(size / 1e6),
        "words, MB": round(rows / 1e6),
    }


def _fill_contacts(messages: int) -> None:
    with db.transaction() as session:
        session.add(SearchProgress(kind=SearchKind.MESSAGE, newest=messages, oldest=1))
        session.flush()
        search_fill.write_all(session)


def _vector(id_: int, said: str) -> str:
    message = Message(id=id_, created_at=now(), recipients={})
    return vector([Part(said)], region="US", marks=marks_of(message, has_files=False))


def _write(made: House, messages: int, vocabulary: list[str], dice: random.Random) -> float:
    """Write messages with their words, a portion at a time; return the CPU milliseconds that making words took each."""
    took = 0.0
    with psycopg.connect(made.database_url.replace("+psycopg", "")) as connection:
        connection.execute("SET statement_timeout = 0")
        homes = connection.execute("SELECT id, channel_id, contact_id FROM conversation ORDER BY id").fetchall()
        for start in range(0, messages, AT_ONCE):
            texts = list(_texts(min(AT_ONCE, messages - start), vocabulary, dice))
            began = time.process_time()
            vectors = [_vector(at, said) for at, said in enumerate(texts, start + 1)]
            took += time.process_time() - began
            _copy(connection, start, homes, texts, vectors)
        connection.execute("SELECT setval(pg_get_serial_sequence('message', 'id'), %s)", (messages,))
    return took / messages * 1000


def _copy(connection: psycopg.Connection, start: int, homes: list[Any], texts: list[str], vectors: list[str]) -> None:
    moment = now()
    with connection.cursor() as cursor:
        with cursor.copy(SAID) as copy:
            for at, said in enumerate(texts, start + 1):
                copy.write_row((at, f"{at:032x}", *homes[at * 7919 % len(homes)], "inbound", "public", said, moment))
        with cursor.copy(WROTE) as copy:
            for at, told in enumerate(vectors, start + 1):
                copy.write_row((at, told))


def _classes(made: House, messages: int, words: list[str], dice: random.Random) -> dict[str, Callable[[], str]]:
    def phrase() -> str:
        with psycopg.connect(made.database_url.replace("+psycopg", "")) as connection:
            row = connection.execute("SELECT text FROM message WHERE id = %s", (dice.randint(1, messages),)).fetchone()
        said = row[0].split() if row else ["a", "b"]
        at = dice.randrange(len(said) - 1)
        return f'"{said[at]} {said[at + 1]}"'

    return {
        "common": lambda: words[dice.randrange(40)],
        "rare": lambda: words[dice.randrange(WORDS // 2, WORDS)],
        "two words": lambda: f"{words[dice.randrange(200)]} {words[dice.randrange(5_000)]}",
        "phrase": phrase,
        "prefix": lambda: f"{words[dice.randrange(WORDS)][:4]}*",
    }


def _measured(name: str, draw: Callable[[], str]) -> dict[str, Any]:
    searches = [draw() for _ in range(ROUNDS)]
    _timed(partial(_page, searches[0]))  # plans and compiled statements are there
    found, page = [], []
    for search in searches:
        found.append(_timed(partial(_ids, search)))
        page.append(_timed(partial(_page, search)))
    equal = all(_is_equal(search) for search in searches[:CHECKED])
    return {
        f"{name}: messages, p50 ms": round(percentile(found, 0.5), 1),
        f"{name}: messages, p95 ms": round(percentile(found, 0.95), 1),
        f"{name}: whole page, p50 ms": round(percentile(page, 0.5), 1),
        f"{name}: whole page, p95 ms": round(percentile(page, 0.95), 1),
        f"{name}: equal to a walk over all": equal,
    }


def _timed(work: Callable[[Session], object]) -> float:
    with db.reading() as session:
        began = time.perf_counter()
        work(session)
        return (time.perf_counter() - began) * 1000


def _ids(search: str, session: Session) -> list[int]:
    ids = access.inbox_ids_of(ANYBODY)
    asked = search_messages.asked(parse(search), user=ANYBODY, inbox_ids=ids)
    return [hit.message_id for hit in search_messages.hits(session, asked)]


def _page(search: str, session: Session) -> object:
    return search_page.page(session, typed=search, user=ANYBODY, inbox_ids=access.inbox_ids_of(ANYBODY))


def _is_equal(search: str) -> bool:
    """Compare with a regular expression over every text."""
    patterns = [_pattern(search)] if search.startswith('"') else [_pattern(word) for word in search.split()]
    with db.reading() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        wanted = " AND ".join(f"text ~ :p{at}" for at in range(len(patterns)))
        values = {f"p{at}": pattern for at, pattern in enumerate(patterns)}
        walk = f"SELECT id FROM message WHERE {wanted} ORDER BY id DESC LIMIT {search_messages.MOST + 1}"
        return list(session.scalars(text(walk), values)) == _ids(search, session)


def _pattern(word: str) -> str:
    bare = re.escape(word.strip('"*'))
    return rf"\m{bare}" if word.endswith("*") else rf"\m{bare}\M"


def _contacts(typed: str, session: Session) -> object:
    return contact_lookup.find(session, typed=typed, user=ANYBODY, inbox_ids=access.inbox_ids_of(ANYBODY))


def _looked_up(dice: random.Random) -> dict[str, Any]:
    typed = [f"{dice.randrange(256):02x}{dice.randrange(16):x}" for _ in range(ROUNDS)]
    took = [_timed(partial(_contacts, one)) for one in typed]
    return {"contact look-up, p95 ms": round(percentile(took, 0.95), 1)}


if __name__ == "__main__":
    for label, value in run(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES).items():
        print(f"{label:<48}{value}")
