"""Databases that are handed out again: each test has one nobody else uses, empty and migrated as if newly made.

Copying the template costs PostgreSQL about ten times what emptying a used database does. So a database goes back to
its process's pool under a name nobody knows, after every connection to it was ended, and what was put into it is
removed: rows, the space they took (so that a scan reads new rows in the order they were written, as in a new
database), the numbers sequences gave. Rows that the migrations wrote are put back. A database whose tables, indexes,
triggers, functions or settings are not the template's any more, or which grew large, is dropped instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from psycopg import Connection, sql
from sqlalchemy import URL

from workers.embedded_postgres import connect_to

TEMPLATE = "template_migrated"
LARGEST = 4 * 1024 * 1024  # bytes of rows: more are dropped with their database faster than one by one

_SCHEMA = """
SELECT md5(string_agg(part, '|' ORDER BY part)) FROM (
    SELECT concat('class', oid, relname, relkind, relhastriggers, relrowsecurity, relacl, reloptions) AS part
        FROM pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace
    UNION ALL SELECT concat('column', attrelid, attnum, attname, atttypid, attnotnull, attisdropped)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE attrelid >= 16384 AND attnum > 0 AND relnamespace <> 'pg_toast'::regnamespace
    UNION ALL SELECT concat('default', oid, md5(adbin::text)) FROM pg_attrdef
    UNION ALL SELECT concat('trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat('constraint', oid, conname, convalidated) FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT concat('index', indexrelid, indisvalid, indisready) FROM pg_index WHERE indexrelid >= 16384
    UNION ALL SELECT concat('function', oid, proname, md5(prosrc)) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT concat('type', oid, typname) FROM pg_type WHERE oid >= 16384
    UNION ALL SELECT concat('rule', oid) FROM pg_rewrite WHERE oid >= 16384
    UNION ALL SELECT concat('policy', oid) FROM pg_policy
    UNION ALL SELECT concat('extension', oid) FROM pg_extension
    UNION ALL SELECT concat('schema', oid, nspname, nspacl)
        FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
    UNION ALL SELECT concat('large object', oid) FROM pg_largeobject_metadata
    UNION ALL SELECT concat('setting', setrole, setconfig) FROM pg_db_role_setting
        JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
) AS parts
"""
_USED = """
SELECT nspname, relname, pg_relation_size(pg_class.oid) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid >= 16384 AND relkind = 'r' AND pg_relation_size(pg_class.oid) > 0 ORDER BY nspname, relname
"""
_NUMBERS = """
SELECT schemaname, sequencename, last_value, start_value FROM pg_sequences
WHERE last_value IS NOT NULL ORDER BY schemaname, sequencename
"""

Table = tuple[str, str]  # schema and name


@dataclass(frozen=True)
class Content:
    """What a database holds: `rows` by table as COPY writes them, `numbers` by sequence."""

    schema: str
    rows: dict[Table, bytes]
    numbers: dict[Table, int]


@dataclass
class Databases:
    """The databases of one process on the test run's server; `server` is the address of any database on it."""

    server: URL
    _idle: list[str] = field(default_factory=list)
    _template: Content | None = None

    @contextmanager
    def one(self, name: str) -> Iterator[str]:
        """Give an empty, migrated database under `name` for the length of a block; yields its URL."""
        self._hand_out(name)
        try:
            yield self.url(name).render_as_string(hide_password=False)
        finally:
            self._take_back(name)

    def url(self, name: str) -> URL:
        return self.server.set(database=name)

    def empty(self, name: str) -> None:
        """Make a database that is handed out as new, under the eyes of whoever is connected to it.

        Numbers go on: a transaction that ends now may still write a row under one that was drawn before.
        """
        assert self._template
        with connect_to(self.url(name)) as connection:
            _remove_rows(connection, list(_used(connection)))
            _put_back_rows(connection, self._template)

    def content(self, name: str) -> Content:
        """Return what a database holds now, to be put into others."""
        with connect_to(self.url(name)) as connection:
            return _described(connection)

    def fill(self, name: str, content: Content) -> None:
        """Make an empty database hold what another did."""
        with connect_to(self.url(name)) as connection:
            _remove_rows(connection, list(_used(connection)))
            _put_back_rows(connection, content)
            _put_back_numbers(connection, content)

    def drop_idle(self) -> None:
        with connect_to(self.url("postgres")) as connection:
            while self._idle:
                connection.execute(_named("DROP DATABASE {} WITH (FORCE)", self._idle.pop()))

    def _hand_out(self, name: str) -> None:
        with connect_to(self.url("postgres")) as connection:
            if self._idle:
                _rename(connection, self._idle.pop(), name)
            else:
                connection.execute(_named("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE))
        if self._template is None:
            with connect_to(self.url(name)) as connection:
                self._template = _described(connection)

    def _take_back(self, name: str) -> None:
        idle = f"idle_{uuid4().hex[:12]}"
        with connect_to(self.url("postgres")) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            _rename(connection, name, idle)
            if self._emptied(idle):
                self._idle.append(idle)
            else:
                connection.execute(_named("DROP DATABASE {} WITH (FORCE)", idle))

    def _emptied(self, name: str) -> bool:
        """Make a used database as new; False where that cannot be."""
        assert self._template
        with connect_to(self.url(name)) as connection:
            used = _used(connection)
            if sum(used.values()) > LARGEST or _schema(connection) != self._template.schema:
                return False
            _remove_rows(connection, list(used))
            _put_back_rows(connection, self._template)
            _put_back_numbers(connection, self._template)
            return set(_used(connection)) == set(self._template.rows)


def _described(connection: Connection[tuple[Any, ...]]) -> Content:
    numbers = {(schema, name): last for schema, name, last, _ in connection.execute(_NUMBERS)}
    rows = {table: _rows_of(connection, table) for table in _used(connection)}
    return Content(_schema(connection), rows, numbers)


def _rows_of(connection: Connection[tuple[Any, ...]], table: Table) -> bytes:
    with connection.cursor() as cursor, cursor.copy(_named("COPY {} TO STDOUT", table)) as copy:
        return b"".join(bytes(block) for block in copy)


def _schema(connection: Connection[tuple[Any, ...]]) -> str:
    """Return a fingerprint of everything but rows."""
    row = connection.execute(_SCHEMA).fetchone()
    assert row
    return str(row[0])


def _used(connection: Connection[tuple[Any, ...]]) -> dict[Table, int]:
    """Return the tables that take space, with their sizes in bytes: those that ever had a row since they were empty."""
    return {(schema, name): size for schema, name, size in connection.execute(_USED)}


def _remove_rows(connection: Connection[tuple[Any, ...]], tables: list[Table]) -> None:
    with connection.transaction():
        # no trigger and no foreign key has a say
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            connection.execute(_named("DELETE FROM {}", table))
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(*table) for table in tables)
        connection.execute(sql.SQL("VACUUM (TRUNCATE, PARALLEL 0, SKIP_DATABASE_STATS) {}").format(names))


def _put_back_rows(connection: Connection[tuple[Any, ...]], template: Content) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, rows in template.rows.items():
            with connection.cursor() as cursor, cursor.copy(_named("COPY {} FROM STDIN", table)) as copy:
                copy.write(rows)


def _put_back_numbers(connection: Connection[tuple[Any, ...]], template: Content) -> None:
    drawn = {(schema, name): start for schema, name, _, start in connection.execute(_NUMBERS)}
    with connection.transaction():
        for table, start in drawn.items():
            if table not in template.numbers:
                _set_number(connection, table, start, is_drawn=False)
        for table, last in template.numbers.items():
            _set_number(connection, table, last, is_drawn=True)


def _set_number(connection: Connection[tuple[Any, ...]], sequence: Table, number: int, *, is_drawn: bool) -> None:
    name = sql.Identifier(*sequence).as_string(connection)
    connection.execute("SELECT setval(%s::regclass, %s, %s)", (name, number, is_drawn))


def _rename(connection: Connection[tuple[Any, ...]], old: str, new: str) -> None:
    connection.execute(_named("ALTER DATABASE {} RENAME TO {}", old, new))


def _named(statement: str, *names: str | Table) -> sql.Composed:
    """Put names into a statement, quoted."""
    parts = [sql.Identifier(*((name,) if isinstance(name, str) else name)) for name in names]
    return sql.SQL(statement).format(*parts)
