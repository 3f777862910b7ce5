"""The keys of one user: changed, and given back."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.commands import own
from app.models import User


def change(session: Session, *, user: User, typed: Mapping[str, str], has_single_keys: bool) -> dict[str, str]:
    """Store keys as a user wrote them, by the command's id.

    Returns:
        What cannot be, by the command's id; then nothing is stored.

    """
    wish = own.read(user.role, typed, user.own_keys)
    if not wish.problems:
        user.own_keys, user.has_single_keys = wish.own, has_single_keys
        session.flush()
    return wish.problems


def reset(session: Session, *, user: User) -> None:
    """Give every command its usual keys again."""
    user.own_keys = {}
    session.flush()
