"""Blocked senders: all of them for the settings page, and who could be blocked in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import BlockedSender, ContactIdentity, Conversation, Status, User
from app.models.blocked_sender import DOMAIN, MAIL, domain_of

MOST = 200  # rows on a page; more are searched for


@dataclass(frozen=True, slots=True)
class BlockedRow:
    public_id: UUID
    kind: str
    address: str
    name: str
    who: str | None
    caught: int
    last_caught_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SenderChoice:
    """`others`: how many more known people a domain would block."""

    kind: str
    address: str
    others: int = 0

    @property
    def value(self) -> str:
        return f"{self.kind} {self.address}"


def page(session: Session, *, word: str = "") -> list[BlockedRow]:
    """Return the newest blocks whose address or name has `word` in it, MOST at most."""
    query = select(
        BlockedSender.public_id,
        BlockedSender.kind,
        BlockedSender.address,
        BlockedSender.name,
        User.name,
        BlockedSender.caught,
        BlockedSender.last_caught_at,
        BlockedSender.created_at,
    ).outerjoin(User, User.id == BlockedSender.actor_id)
    if word:
        named = (BlockedSender.address, BlockedSender.name)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in named)))
    newest = query.order_by(BlockedSender.created_at.desc(), BlockedSender.id.desc()).limit(MOST)
    return [BlockedRow(*row) for row in session.execute(newest)]


def held(session: Session, blocked: BlockedSender) -> int:
    """Count the conversations that are in spam because of a block."""
    here = Conversation.caught_by_id == blocked.id, Conversation.status == Status.SPAM
    return session.scalar(select(func.count()).where(*here)) or 0


def choices(session: Session, conversation: Conversation) -> Sequence[SenderChoice]:
    """Return what could be blocked: the contact's addresses, oldest first, then their mail domains."""
    query = select(ContactIdentity.kind, ContactIdentity.address)
    query = query.where(ContactIdentity.contact_id == conversation.contact_id).order_by(ContactIdentity.id)
    keys = [(kind, address) for kind, address in session.execute(query)]
    domains = dict.fromkeys(domain_of(address) for kind, address in keys if kind == MAIL)
    of_mail = [SenderChoice(DOMAIN, name, _others(session, name, conversation)) for name in domains if name]
    return [*(SenderChoice(kind, address) for kind, address in keys), *of_mail]


def _others(session: Session, domain: str, conversation: Conversation) -> int:
    at_domain = ContactIdentity.kind == MAIL, ContactIdentity.address.endswith(f"@{domain}", autoescape=True)
    others = ContactIdentity.contact_id != conversation.contact_id
    return session.scalar(select(func.count(ContactIdentity.contact_id.distinct())).where(*at_domain, others)) or 0
