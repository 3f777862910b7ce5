"""What a person said two conversations have to do with each other, or what began as the other's continuation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of


class LinkKind(StrEnum):
    """Read from `from_id` to `to_id`; the other way round it is said in other words."""

    RELATED = "related"  # the same both ways
    DUPLICATE = "duplicate"  # from is a duplicate of to
    BLOCKS = "blocks"  # from has to be done before to
    FOLLOW_UP = "follow_up"  # from goes on where to ended


RELATIONS: Mapping[str, tuple[LinkKind, bool]] = {  # what this one is to the other → kind, whether read from this one
    "related": (LinkKind.RELATED, True),
    "duplicate_of": (LinkKind.DUPLICATE, True),
    "duplicated_by": (LinkKind.DUPLICATE, False),
    "blocks": (LinkKind.BLOCKS, True),
    "blocked_by": (LinkKind.BLOCKS, False),
    "follow_up_of": (LinkKind.FOLLOW_UP, True),
    "followed_up_by": (LinkKind.FOLLOW_UP, False),
}
SAID = {told: name for name, told in RELATIONS.items()}
MOST_LINKS = 50  # links of one conversation
LINKED = "conversation.linked_"  # how the verbs of its lines begin; the relation follows


def relation(kind: LinkKind, *, is_from: bool) -> str:
    """Return what a conversation at one end of a link is to the other: a key of RELATIONS."""
    return SAID[kind, is_from or kind is LinkKind.RELATED]


class ConversationLink(Base):
    __tablename__ = "conversation_link"
    __table_args__ = (
        CheckConstraint("from_id <> to_id", name="two_conversations"),
        Index("uq_conversation_link", "from_id", "to_id", "kind", unique=True),
        Index("ix_conversation_link_to_id", "to_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    from_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    kind: Mapped[LinkKind] = mapped_column(one_of(LinkKind))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]
