"""The one way to the database: `with transaction() as session:` writes, `with reading() as session:` cannot.

Both are for entry points only (views, jobs, poller, relay, CLI). Between begin and commit there is no network, no
model, no enqueue, no emit, no sleep: code that does such things calls `assert_no_transaction()` first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.config import settings

Result = TypeVar("Result")

DEADLOCK, SERIALIZATION_FAILURE = "40P01", "40001"
LIMIT_EXCEEDED = "54"  # the class of "an index row is too large": a value that does not fit today will not tomorrow
TRIES_ON_DEADLOCK = 5
REST_SECONDS = 1.0  # after which a connection is asked whether it still stands, before it is used
_open_here: ContextVar[int] = ContextVar("open_transactions", default=0)


@cache
def engine() -> Engine:
    """Return this process's engine; connections are made when first needed."""
    made = create_engine(
        settings().database_url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        pool_use_lifo=True,  # the one used last has its statements planned; the others rest until there is a crowd
        connect_args={
            "options": "-c timezone=UTC -c statement_timeout=60000 -c lock_timeout=15000",
            "connect_timeout": 5,
        },
    )
    event.listen(made, "checkout", _ask_after_rest)
    event.listen(made, "checkin", _note_use)
    return made


def _ask_after_rest(connection: Any, record: Any, _: Any) -> None:
    """Try a connection that rested; one that was used just now stands, and asking would cost a round trip."""
    if monotonic() - record.info.get("used_at", 0.0) < REST_SECONDS:
        return
    try:
        engine().dialect.do_ping(connection)
    except engine().dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool makes another one, and all that are as old


def _note_use(_: Any, record: Any) -> None:
    record.info["used_at"] = monotonic()


@cache
def _sessions() -> sessionmaker[Session]:
    return sessionmaker(engine(), expire_on_commit=False)


@cache
def _readers() -> sessionmaker[Session]:
    return sessionmaker(engine().execution_options(postgresql_readonly=True), expire_on_commit=False)


def forget() -> None:
    """Let go of the engine without touching its connections: a forked child must not share its parent's."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
    for made in (engine, _sessions, _readers):
        made.cache_clear()


os.register_at_fork(after_in_child=forget)


def bind(sessions: sessionmaker[Session] | None) -> None:
    """Use other sessions than the engine's (tests run inside one outer transaction); None goes back."""
    global _bound  # noqa: PLW0603 - one binding a process, set by tests only
    _bound = sessions


_bound: sessionmaker[Session] | None = None


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit when the block ends, roll back when it raises, close always."""
    with _session() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading() -> Iterator[Session]:
    """Open a READ ONLY transaction: a GET cannot write."""
    with _session(reads=True) as session:
        if _bound:
            session.execute(text("SET TRANSACTION READ ONLY"))  # within what was begun already
        try:
            yield session
        except BaseException:
            _end(session, session.rollback)
            raise
        # not a rollback, which would have psycopg forget all prepared statements: planning them takes PostgreSQL
        # several times as long as what they ask for
        _end(session, session.rollback if _bound else session.commit)


def plan_once(session: Session) -> None:
    """Let PostgreSQL plan the statements that follow once a connection, whatever is asked for: for long queries whose
    best plan is the same for all values. Left alone it plans some of them anew each time, for longer than they run.
    """
    session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))


def _end(session: Session, how: Callable[[], None]) -> None:
    session.expunge_all()  # what was read stays readable after the end: a rollback would expire it
    how()


def retrying(work: Callable[[], Result]) -> Result:
    """Run `work`, which opens its own transaction, again when PostgreSQL chose it as the victim of a deadlock."""
    for left in reversed(range(TRIES_ON_DEADLOCK)):
        try:
            return work()
        except DBAPIError as error:
            if left == 0 or sqlstate(error) not in {DEADLOCK, SERIALIZATION_FAILURE}:
                raise
    raise AssertionError("the last try returns or raises")


def sqlstate(error: DBAPIError) -> str | None:
    """Return PostgreSQL's five-character code of an error, where it has one."""
    return getattr(error.orig, "sqlstate", None)


def is_passing(error: DBAPIError) -> bool:
    """Say whether the same work may succeed later: the data is right, but the server away, busy or full."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    return not (sqlstate(error) or "").startswith(LIMIT_EXCEEDED)


def first_line(error: Exception) -> str:
    """Return what an error says, short enough for a log line or a screen; its kind where it says nothing."""
    lines = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


def assert_no_transaction() -> None:
    """Stop a programmer who is about to do I/O while rows are locked."""
    assert _open_here.get() == 0, "I/O inside a transaction (ARCHITECTURE, law 3)"


@contextmanager
def _session(*, reads: bool = False) -> Iterator[Session]:
    token = _open_here.set(_open_here.get() + 1)
    try:
        made_by = _bound or (_readers() if reads else _sessions())
        with made_by() as session:
            yield session
    finally:
        _open_here.reset(token)
