"""What the workspace has taught the model: the versions, which one is used, and what waits to be learned."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, one_of


class HeadKind(StrEnum):
    CORRECTIONS = "corrections"
    INTENTS = "intents"  # the workspace's own intents in place of the built-in ones


class Subject(StrEnum):
    """What is learned on its own: corrections of three tasks, and the workspace's own intents."""

    SENTIMENT = "sentiment"
    EMOTION = "emotion"
    INTENT = "intent"
    INTENTS = "intents"

    @property
    def task(self) -> str:
        return "intent" if self is Subject.INTENTS else self.value

    @property
    def kind(self) -> HeadKind:
        return HeadKind.INTENTS if self is Subject.INTENTS else HeadKind.CORRECTIONS


class LightHead(Base):
    """One version of one task's head. `weights` belong to the embeddings of `model_version` and to no other.

    `learned_from` are the ids of the corrections in it, `examples` counts them and the examples written by hand;
    `created_by_id` is who corrected last, or pressed "train".
    """

    __tablename__ = "light_head"
    __table_args__ = (
        Index("uq_light_head_version", "task", "version", unique=True),
        Index("uq_light_head_active", "task", unique=True, postgresql_where="is_active"),
    )

    id: Mapped[Id]
    task: Mapped[str]
    version: Mapped[int]
    kind: Mapped[HeadKind] = mapped_column(one_of(HeadKind))
    weights: Mapped[bytes]
    labels: Mapped[list[str]]
    examples: Mapped[int]
    metrics: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    learned_from: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    model_version: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]


class HeadActivation(Base):
    """Who put which version to use, and when; `version` is None where the model alone decides again."""

    __tablename__ = "head_activation"
    __table_args__ = (Index("ix_head_activation_task", "task", "id"),)

    id: Mapped[Id]
    task: Mapped[str]
    version: Mapped[int | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]


class Learning(Base):
    """How far learning has come: `learned` trails `wanted` while something waits. `claimed_until`: a worker is at it.

    `step` and `progress` (0..1) say what that worker does, `error` why the last try ended without a new version.
    """

    __tablename__ = "learning"

    id: Mapped[Id]
    subject: Mapped[Subject] = mapped_column(one_of(Subject), unique=True)
    wanted: Mapped[int] = mapped_column(default=0, server_default="0")
    learned: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    step: Mapped[str] = mapped_column(default="", server_default="")
    progress: Mapped[float] = mapped_column(default=0.0, server_default="0")
    error: Mapped[str] = mapped_column(default="", server_default="")
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_waiting(self) -> bool:
        return self.learned < self.wanted
