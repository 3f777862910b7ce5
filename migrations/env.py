"""Run migrations: one transaction each, behind an advisory lock, with short lock and statement time-outs."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from app.config import settings
from app.models import Base

MIGRATION_LOCK = 7_160_411  # any constant: two releases at once must queue, not collide


def include(_object: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    return not (kind == "table" and reflected and name == "alembic_version")


def run() -> None:
    engine = create_engine(settings().database_url, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
    engine.dispose()


run()
