"""A database that is handed out again is as empty as a new one, and one that was altered is not handed out again."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import Databases
from tests.servers import Servers, databases_of, fresh_name
from workers.embedded_postgres import connect_to

ADD_TEAM = "INSERT INTO team (public_id, name) VALUES (gen_random_uuid(), %s)"


@pytest.fixture
def databases(servers: Servers) -> Iterator[Databases]:
    """A pool of its own, whose databases end with the test."""
    own = Databases(databases_of(servers).server)
    yield own
    own.drop_idle()


def oid(url: str) -> int:
    with connect_to(url) as connection:
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row
        return int(row[0])


def everything(url: str) -> dict[str, object]:
    """Return all rows and the state of every sequence."""
    with connect_to(url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        held: dict[str, object] = {
            name: connection.execute(f'SELECT "{name}"::text FROM "{name}"').fetchall() for (name,) in tables
        }
        held["sequences"] = connection.execute(
            "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename"
        ).fetchall()
        return held


def fill(url: str) -> None:
    with connect_to(url) as connection:
        for number in range(300):
            connection.execute(ADD_TEAM, (f"Team {number}",))
        connection.execute("DELETE FROM team WHERE id % 2 = 0")
        connection.execute("UPDATE learning SET subject = subject")
        connection.execute("DELETE FROM learning WHERE id IN (SELECT min(id) FROM learning)")


def test_a_used_database_comes_back_as_a_new_one(databases: Databases) -> None:
    with databases.one(fresh_name()) as url:
        first, new = oid(url), everything(url)
        fill(url)
        assert everything(url) != new
    with databases.one(fresh_name()) as url:
        assert oid(url) == first
        assert everything(url) == new


def test_new_rows_lie_in_the_order_they_were_written(databases: Databases) -> None:
    with databases.one(fresh_name()) as url:
        fill(url)
    with databases.one(fresh_name()) as url, connect_to(url) as connection:
        for number in range(300):
            connection.execute(ADD_TEAM, (f"Team {number}",))
        ids = [id_ for (id_,) in connection.execute("SELECT id FROM team ORDER BY ctid")]
        assert ids == list(range(1, 301))


def test_two_at_a_time_are_two(databases: Databases) -> None:
    with databases.one(fresh_name()) as one, databases.one(fresh_name()) as other:
        assert oid(one) != oid(other)


def test_who_still_has_the_old_address_reaches_nothing(databases: Databases) -> None:
    with databases.one(fresh_name()) as url:
        straggler = connect_to(url)
    with databases.one(fresh_name()), pytest.raises(psycopg.OperationalError):
        straggler.execute("SELECT 1")
    straggler.close()
    with pytest.raises(psycopg.OperationalError):
        connect_to(url)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id int)",
        "DROP TABLE learning CASCADE",
        "ALTER TABLE team ADD COLUMN more int",
        "ALTER TABLE team ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE team ALTER COLUMN name SET DEFAULT 'x'",
        "ALTER TABLE team ADD CONSTRAINT more CHECK (id > 0) NOT VALID",
        "ALTER TABLE message DISABLE TRIGGER ALL",
        "CREATE INDEX more ON team (name)",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA more",
        "CREATE TYPE more AS ENUM ('x')",
        "CREATE SEQUENCE more",
        "CREATE VIEW more AS SELECT 1 AS one",
        "SELECT lo_create(0)",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''Asia/Tokyo''', current_database()); END $$",
        "INSERT INTO team (public_id, name) SELECT gen_random_uuid(), repeat(md5(n::text), 10) FROM generate_series(1, 20000) AS n",
    ],
)
def test_an_altered_or_large_database_is_not_handed_out_again(databases: Databases, statement: str) -> None:
    with databases.one(fresh_name()) as url:
        first, new = oid(url), everything(url)
        with connect_to(url) as connection:
            connection.execute(statement)
    with databases.one(fresh_name()) as url:
        assert oid(url) != first
        assert everything(url) == new
