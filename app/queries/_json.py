"""Let PostgreSQL hand over what belongs to a row (its tags, its files) as JSON inside that row: one query a screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.sql.elements import KeyedColumnElement, SQLCoreOperations

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
InboxIds: TypeAlias = Sequence[int] | Select[int]  # what a user may see: ids, or the query that finds them
Value: TypeAlias = ColumnElement[Any] | SQLCoreOperations[Any]


def json_object(**columns: Any) -> ColumnElement[Any]:
    """Return `jsonb_build_object('name', column, …)`."""
    return func.jsonb_build_object(*(part for pair in columns.items() for part in pair), type_=JSONB)


def json_list(value: Value, *, order: Value | None = None) -> ColumnElement[Any]:
    """Return `coalesce(jsonb_agg(value ORDER BY order), '[]')`."""
    ordered = value if order is None else aggregate_order_by(value, order)
    return func.coalesce(func.jsonb_agg(ordered), func.jsonb_build_array(), type_=JSONB)


def json_rows(query: AnySelect) -> ScalarSelect[Any]:
    """Return all rows of an uncorrelated query as one JSON list, for screens that read several short lists at once."""
    rows = query.subquery()
    columns: dict[str, KeyedColumnElement[Any]] = dict(rows.c.items())
    return select(json_list(json_object(**columns))).scalar_subquery()


def moment(text: str | None) -> datetime | None:
    """Read a time that travelled as JSON."""
    return datetime.fromisoformat(text) if text else None
