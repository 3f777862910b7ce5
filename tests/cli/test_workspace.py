"""`workspace prepare`: a demo to look at or an empty house with a key under the mat; run twice, nothing happens twice."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import db
from app.models import AutomationRule, Channel, Inbox, Role, Tag, Team, TeamMember, User
from app.services import passwords, users, workspace
from connectors import registry
from tests.cli.conftest import Run
from tests.rooms import forget


def _say(output: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in output.splitlines():
        said |= json.loads(line)
    return said


def _count(table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, run: Run) -> Run:
    monkeypatch.setenv("DEMO", "0")
    forget()
    return run


def test_a_demo_has_people_inboxes_rules_and_channels(run: Run, home: Path) -> None:
    result = run("workspace", "prepare")
    assert result.exit_code == 0, result.output
    email, password = _say(result.output)["sign_in"].split()
    with db.reading() as session:
        admin = users.get_by_email(session, email)
        assert admin.role is Role.ADMIN
        stored = admin.password_hash
        roles = sorted(session.scalars(select(User.role)))
        channels = {(row.kind, row.inbox_id) for row in session.scalars(select(Channel))}
        inboxes = set(session.scalars(select(Inbox.name)))
    assert passwords.is_right(stored, password)
    assert roles == [Role.ADMIN, Role.AGENT, Role.AGENT, Role.AGENT, Role.SUPERVISOR]
    assert inboxes == {"Support", "Sales"}
    assert {kind for kind, _ in channels} == {registry.SANDBOX, registry.WEBFORM, registry.WEBCHAT}
    assert _count(AutomationRule) == 10


def test_twice_is_once(run: Run) -> None:
    tables = (User, Team, TeamMember, Inbox, Tag, AutomationRule, Channel)
    first = run("workspace", "prepare")
    before = [_count(table) for table in tables]
    second = run("workspace", "prepare")
    assert [_count(table) for table in tables] == before
    assert second.output == first.output
    assert run("workspace", "prepare", "--print").output == first.output


def test_passwords_are_random_kept_0600_and_stored_as_hashes(run: Run, home: Path) -> None:
    run("workspace", "prepare")
    path = home / workspace.SIGN_IN_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [line.split() for line in path.read_text().splitlines()[2:]]
    assert len({password for _, _, password in lines}) == 5
    assert all(len(password) >= 16 for _, _, password in lines)
    for _, email, password in lines:
        with db.reading() as session:
            stored = users.get_by_email(session, email).password_hash
        assert stored != password
        assert passwords.is_right(stored, password)


def test_a_crash_before_the_commit_keeps_the_passwords(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(workspace, "prepare", lambda *_, **__: 1 / 0)
        assert run("workspace", "prepare").exit_code == 1
    kept = (home / workspace.SIGN_IN_FILE).read_text()
    said = _say(run("workspace", "prepare").output)
    assert said["sign_in"].split()[1] in kept
    assert (home / workspace.SIGN_IN_FILE).read_text() == kept


def test_a_password_that_was_changed_is_not_printed_any_more(run: Run) -> None:
    run("workspace", "prepare")
    hashed = passwords.hash_password("one of my own", email="x")
    with db.transaction() as session:
        first = session.scalars(select(User).order_by(User.id)).first()
        assert first
        users.set_password(session, user=first, password_hash=hashed)
    assert _say(run("workspace", "prepare").output) == {"sign_in": "with the password you chose"}


def test_empty_prints_a_set_up_link_again_while_it_is_unused(empty: Run, home: Path) -> None:
    first = _say(empty("workspace", "prepare").output)
    assert first["setup_link"].startswith("http://localhost/setup/")
    assert _say(empty("workspace", "prepare").output) == first
    assert _say(empty("workspace", "prepare", "--print").output) == first
    assert stat.S_IMODE((home / workspace.SETUP_FILE).stat().st_mode) == 0o600
    assert (_count(User), _count(Channel), _count(Inbox), _count(AutomationRule)) == (0, 0, 1, 10)
    assert not (home / workspace.SIGN_IN_FILE).exists()


def test_empty_says_nothing_secret_once_somebody_is_there(empty: Run) -> None:
    empty("workspace", "prepare")
    with db.transaction() as session:
        workspace.first_admin(session, email="ana@example.com", name="Ana", password_hash="x")
    workspace.forget_setup_link()
    assert _say(empty("workspace", "prepare").output) == {"sign_in": "with your own address and password"}
    assert _count(TeamMember) == 1


def test_a_new_address_of_the_installation_shows_in_the_kept_link(empty: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _say(empty("workspace", "prepare").output)["setup_link"]
    monkeypatch.setenv("BASE_URL", "https://crm.example")
    forget()
    second = _say(empty("workspace", "prepare").output)["setup_link"]
    assert second == first.replace("http://localhost", "https://crm.example")


def test_what_an_admin_deleted_does_not_come_back(run: Run) -> None:
    run("workspace", "prepare")
    run("rules", "remove", "Somebody wants to buy")
    run("tags", "remove", "sales", "--yes")
    run("workspace", "prepare")
    assert (_count(AutomationRule), _count(Tag)) == (9, 6)
