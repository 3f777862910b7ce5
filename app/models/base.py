"""What all tables share: names of constraints, kinds of columns."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Enum, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from uuid_utils.compat import uuid7

Json = dict[str, Any]

Id = Annotated[int, mapped_column(BigInteger, primary_key=True)]
PublicId = Annotated[UUID, mapped_column(default=uuid7, unique=True)]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy as a plain class attribute
        int: BigInteger,
        datetime: DateTime(timezone=True),
        Json: JSONB,
        list[str]: JSONB,
        list[int]: JSONB,
        list[Json]: JSONB,
        list[list[Any]]: JSONB,
    }


def one_of(kind: type[StrEnum]) -> Enum:
    """Return a text column type that the database checks against an enumeration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
