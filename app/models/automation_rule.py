"""Conditions and actions, run when a message has been understood."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class AutomationRule(Base):
    """`conditions` is {"match": "all"|"any", "of": [{"field", "operator", "value"}]}; `actions` is [{"do", "value"}].

    The vocabulary of fields, operators and actions is that of app/services/rule_vocabulary.py. Rules run in order of
    `position`; one with `stop` ends the run when it matched.
    """

    __tablename__ = "automation_rule"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    position: Mapped[int]
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    stop: Mapped[bool] = mapped_column(default=False, server_default="false")
    conditions: Mapped[Json]
    actions: Mapped[list[Json]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]
