"""Exactly what arrived, byte for byte, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class DeliveryState(StrEnum):
    STORED = "stored"  # bytes are safe, not yet parsed
    INGESTED = "ingested"  # its messages are on the timeline
    DUPLICATE = "duplicate"  # everything in it had been seen before
    PARKED = "parked"  # could not be used; the reason says why, a person may try again


class Delivery(Base):
    """`dedupe_key` is the provider's id, or the hash of the bytes: what arrives twice is stored once."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("channel_id", "dedupe_key"),
        Index("ix_delivery_waiting", "id", postgresql_where="state = 'stored'"),
        Index("ix_delivery_arrived", "channel_id", "received_at"),
        Index("ix_delivery_parked", "channel_id", "id", postgresql_where="state = 'parked'"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    dedupe_key: Mapped[str]
    blob_sha256: Mapped[str]
    size: Mapped[int]
    meta: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    state: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState), default=DeliveryState.STORED)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    created_at: Mapped[Created]
