"""One-time links: set up the first admin, accept an invitation, choose a new password. Only digests are stored."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.config import settings
from app.errors import NotFound
from app.models import TokenPurpose, User, UserToken
from app.phrases import phrase

LIFETIME = timedelta(hours=24)
GONE = phrase("This link was used already, or is older than 24 hours. Ask an admin for a new one.")


def make(session: Session, *, purpose: TokenPurpose, user: User | None = None) -> str:
    """Return the address of a fresh one-time link; older open links of the same purpose and user end."""
    owner = UserToken.user_id == user.id if user else UserToken.user_id.is_(None)
    older = update(UserToken).where(owner, UserToken.purpose == purpose, UserToken.used_at.is_(None))
    session.execute(older.values(used_at=now()))
    token = crypto.new_token()
    session.add(
        UserToken(
            user_id=user.id if user else None,
            purpose=purpose,
            token_hash=crypto.digest(token),
            expires_at=now() + LIFETIME,
        )
    )
    session.flush()
    return f"{settings().base_url}/{purpose.value}/{token}"


def is_open(session: Session, *, address: str) -> bool:
    """Say whether the link at an address made here can still be used."""
    return session.scalar(select(UserToken.id).where(_usable(address.rpartition("/")[2]))) is not None


def owner(session: Session, *, purpose: TokenPurpose, token: str) -> User | None:
    """Return whose open link this is (None for a set-up link) without using it up. Raises NotFound."""
    found = session.execute(
        select(UserToken.id, User)
        .outerjoin(User, User.id == UserToken.user_id)
        .where(_usable(token), UserToken.purpose == purpose)
    ).first()
    if found is None:
        raise NotFound(GONE)
    return _active(found.User)


def use(session: Session, *, purpose: TokenPurpose, token: str) -> User | None:
    """Use a link up, once even when two try at the same time, and return its user. Raises NotFound."""
    used = session.execute(
        update(UserToken)
        .where(_usable(token), UserToken.purpose == purpose)
        .values(used_at=now())
        .returning(UserToken.user_id)
    ).first()
    if used is None:
        raise NotFound(GONE)
    return _active(session.get_one(User, used.user_id)) if used.user_id else None


def _usable(token: str) -> ColumnElement[bool]:
    return and_(
        UserToken.token_hash == crypto.digest(token),
        UserToken.used_at.is_(None),
        UserToken.expires_at > now(),
    )


def _active(user: User | None) -> User | None:
    if user is not None and not user.is_active:
        raise NotFound(GONE)
    return user
