"""The first minutes of an installation: a first admin, an inbox, a team, tags and rules to start with."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import settings
from app.errors import Conflict
from app.models import Role, User
from app.services import users

SETUP_LOCK = 7_301_001  # one process at a time prepares the workspace


def first_admin(session: Session, *, email: str, name: str, password_hash: str) -> User:
    """Make the admin whom the set-up link asked for. Raises Conflict when somebody is there already."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SETUP_LOCK})
    if has_users(session):
        raise Conflict("This workspace has been set up already: sign in.")
    return users.add(session, email=email, name=name, role=Role.ADMIN, password_hash=password_hash)


def has_users(session: Session) -> bool:
    return session.scalar(select(User.id).limit(1)) is not None


def setup_link_file() -> Path:
    return settings().home / "setup-link.txt"


def forget_setup_link() -> None:
    setup_link_file().unlink(missing_ok=True)
