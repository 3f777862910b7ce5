"""What a stored password costs whoever stole it, and that only tests get it cheaper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import config
from app.services import passwords

PASSWORD = "correct horse battery"
COSTLY = "$argon2id$v=19$m=32768,t=3,p=1$"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An installation as `make run` makes it."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg:///nobody")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.delenv("HASTY_PASSWORDS", raising=False)
    monkeypatch.delenv("BASE_URL", raising=False)
    config.forget()
    yield monkeypatch
    config.forget()


def hashed() -> str:
    config.forget()
    return passwords.hash_password(PASSWORD, email="ana@example.com")


def test_a_password_costs_32_mib_and_three_rounds() -> None:
    stored = hashed()
    assert stored.startswith(COSTLY)
    assert passwords.is_right(stored, PASSWORD)
    assert not passwords.is_right(stored, PASSWORD + " ")
    assert not passwords.is_outdated(stored)


def test_only_tests_hash_hastily_and_never_behind_https(installed: pytest.MonkeyPatch) -> None:
    for value in ("0", "", "true", "yes"):
        installed.setenv("HASTY_PASSWORDS", value)
        assert hashed().startswith(COSTLY)
    installed.setenv("HASTY_PASSWORDS", "1")
    assert not hashed().startswith(COSTLY)
    installed.setenv("BASE_URL", "https://crm.example")
    assert hashed().startswith(COSTLY)


def test_a_hasty_hash_is_outdated_where_people_sign_in(installed: pytest.MonkeyPatch) -> None:
    installed.setenv("HASTY_PASSWORDS", "1")
    hasty = hashed()
    assert not passwords.is_outdated(hasty)
    assert not passwords.is_right(hasty, "something else")
    installed.delenv("HASTY_PASSWORDS")
    config.forget()
    assert passwords.is_outdated(hasty)
    assert passwords.is_right(hasty, PASSWORD)


def test_nobody_costs_as_much_as_somebody(installed: pytest.MonkeyPatch) -> None:
    for hasty in ("1", "0"):
        installed.setenv("HASTY_PASSWORDS", hasty)
        costs = hashed().rpartition("$")[0].rpartition("$")[0]
        assert passwords._hash_of_nobody(passwords._hasher()).startswith(costs)
        assert not passwords.is_right(None, "nobody has this password")
