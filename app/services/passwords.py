"""Passwords: argon2id, checked in the same time whether the user exists or not. Never inside a transaction."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import TypeVar, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.config import settings
from app.db import assert_no_transaction
from app.errors import Invalid
from app.phrases import phrase

Result = TypeVar("Result")

SHORTEST, LONGEST = 10, 1000  # characters
CAREFUL = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)  # 32 MiB, about 50 ms
HASTY = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # for tests (HASTY_PASSWORDS): the least argon2id can


def check_rules(password: str, *, email: str) -> None:
    """Refuse a password that is too short, absurdly long, or the user's own address. Raises Invalid."""
    if len(password) < SHORTEST:
        short = phrase("Use at least {least} characters: three or four words are easy to remember.", least=SHORTEST)
        raise Invalid(short, field="password")
    if len(password) > LONGEST:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST), field="password")
    if password.strip().lower() in {email.lower(), email.lower().partition("@")[0]}:
        own = phrase("Your own address is the first thing others would try. Use something else.")
        raise Invalid(own, field="password")
    if len(set(password)) < 4:
        raise Invalid(phrase("Use more than three different characters."), field="password")


def hash_password(password: str, *, email: str) -> str:
    """Return what is stored of a password that keeps the rules. Raises Invalid."""
    check_rules(password, email=email)
    return _aside(lambda: _hasher().hash(password))


def is_right(stored: str | None, password: str) -> bool:
    """Compare. For a user who does not exist or has no password (None) it takes as long and is False."""
    matches = _aside(lambda: _verify(stored or _hash_of_nobody(_hasher()), password[:LONGEST]))
    return matches and stored is not None


def is_outdated(stored: str) -> bool:
    """Say whether a hash was made with other costs than today's."""
    return _hasher().check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    return HASTY if settings().hasty_passwords else CAREFUL


@cache
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody has this password")


def _aside(work: Callable[[], Result]) -> Result:
    """Run in a real thread where gevent has replaced them: 50 ms of arithmetic must not stop every socket."""
    assert_no_transaction()
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return work()
    from gevent import get_hub

    return cast("Result", get_hub().threadpool.apply(work))
