"""The first minutes of an installation: a first admin, an inbox, a team, tags and rules to start with; or a demo.

Nothing here is done twice: people are made while there are none, the rest while there is no inbox. The passwords of a
demo are written to the home before their rows are committed, so that no crash can lose them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import crypto
from app.config import settings
from app.errors import Conflict
from app.models import AutomationRule, Inbox, Role, Tag, Team, TeamMember, TokenPurpose, User
from app.phrases import phrase
from app.services import (
    channel_settings,
    channels,
    first_alert_rules,
    first_rules,
    inboxes,
    links,
    rule_book,
    tags,
    teams,
    users,
)
from connectors.registry import SANDBOX, WEBCHAT, WEBFORM

WORKSPACE_LOCK = 7_301_001  # one process at a time prepares the workspace
SUPPORT, SALES = "Support", "Sales"
DRIP_SECONDS = 20
SIGN_IN_FILE, SETUP_FILE = "first-sign-in.txt", "setup-link.txt"
HEAD = "Tributary: who can sign in to this demo workspace. Change the passwords, then delete this file.\n"
DEMO_PEOPLE = (  # role, name, address, teams; the first one is the admin whose sign-in is printed
    (Role.ADMIN, "Ana Keller", "ana@tributary.example", (SUPPORT,)),
    (Role.SUPERVISOR, "Samuel Okafor", "samuel@tributary.example", (SUPPORT, SALES)),
    (Role.AGENT, "Mia Lindqvist", "mia@tributary.example", (SUPPORT,)),
    (Role.AGENT, "Leo Martins", "leo@tributary.example", (SUPPORT, SALES)),
    (Role.AGENT, "Jonas Falk", "jonas@tributary.example", (SALES,)),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who can sign in, with the password in clear: it lives in the 0600 file only."""

    role: Role
    name: str
    email: str
    teams: tuple[str, ...]
    password: str


def demo_sign_ins() -> list[SignIn]:
    """Return the demo's people with random passwords, made once: a second call reads them from the file in the home."""
    path = settings().home / SIGN_IN_FILE
    if not path.exists():
        lines = [f"{role:<11} {email:<27} {crypto.new_token(16)}" for role, _, email, _ in DEMO_PEOPLE]
        _write_once(path, HEAD + "\n" + "\n".join(lines) + "\n")
    kept = {parts[1]: parts[2] for line in path.read_text().splitlines() if len(parts := line.split()) == 3}
    return [
        SignIn(role, name, email, of, kept.get(email) or crypto.new_token(16)) for role, name, email, of in DEMO_PEOPLE
    ]


def prepare(session: Session, *, people: Sequence[tuple[SignIn, str]] = ()) -> None:
    """Make what is missing; `people` (with password hashes) come with the demo, without them it stays empty."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WORKSPACE_LOCK})
    if session.scalar(select(Inbox.id).limit(1)) is None:
        _furnish(session)
        first_alert_rules.add_all(session, all_enabled=bool(people))
        if people:
            _furnish_demo(session)
    if people and not has_users(session):
        _let_in(session, people)


def open_setup_link(session: Session) -> str | None:
    """Return the one-time set-up link: the kept one while it can be used, else a new one; None if somebody is there."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WORKSPACE_LOCK})
    if has_users(session):
        return None
    kept = read_setup_link()
    if kept and links.is_open(session, address=kept):
        return f"{settings().base_url}/{TokenPurpose.SETUP.value}/{kept.rpartition('/')[2]}"
    return links.make(session, purpose=TokenPurpose.SETUP)


def first_admin(session: Session, *, email: str, name: str, password_hash: str) -> User:
    """Make the admin whom the set-up link asked for, in every team. Raises Conflict when somebody is there already."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WORKSPACE_LOCK})
    if has_users(session):
        raise Conflict(phrase("This workspace has been set up already: sign in."))
    admin = users.add(session, email=email, name=name, role=Role.ADMIN, password_hash=password_hash)
    session.add_all(TeamMember(team_id=team_id, user_id=admin.id) for team_id in session.scalars(select(Team.id)))
    session.flush()
    return admin


def has_users(session: Session) -> bool:
    return session.scalar(select(User.id).limit(1)) is not None


def read_setup_link() -> str:
    """Return the kept set-up link, "" when there is none."""
    path = settings().home / SETUP_FILE
    return path.read_text().strip() if path.exists() else ""


def keep_setup_link(link: str) -> None:
    """Keep the link where only this user of the machine can read it."""
    path = settings().home / SETUP_FILE
    if read_setup_link() != link:
        path.unlink(missing_ok=True)
        _write_once(path, link + "\n")


def forget_setup_link() -> None:
    (settings().home / SETUP_FILE).unlink(missing_ok=True)


def _furnish(session: Session) -> None:
    """Make the team, inbox, tags and rules that every workspace starts with."""
    inboxes.create(session, name=SUPPORT, team=_team(session, SUPPORT))
    for name, colour in first_rules.TAGS:
        if session.scalar(select(Tag.id).where(Tag.name == name)) is None:
            tags.create(session, name=name, colour=colour)
    if session.scalar(select(AutomationRule.id).limit(1)) is not None:
        return
    for name, conditions, actions, stop in first_rules.RULES:
        rule_book.add(session, name=name, conditions=conditions, actions=actions, stop=stop)


def _furnish_demo(session: Session) -> None:
    support = session.scalars(select(Inbox).where(Inbox.name == SUPPORT)).one()
    sales = inboxes.create(session, name=SALES, team=_team(session, SALES))
    sandbox = {"folder": str(settings().home / "sandbox"), "drip_seconds": DRIP_SECONDS}
    for inbox, kind, name, own in (
        (support, SANDBOX, "Demo customers", sandbox),
        (support, WEBFORM, "Contact form", {}),
        (sales, WEBCHAT, "Website chat", {"identify_secret": secrets.token_hex(16)}),
    ):
        credentials = channel_settings.read(kind, channel_settings.defaults(kind) | own)
        channels.connect(session, inbox=inbox, kind=kind, name=name, credentials=credentials)


def _team(session: Session, name: str) -> Team:
    return session.scalar(select(Team).where(Team.name == name)) or teams.create(session, name=name)


def _let_in(session: Session, people: Sequence[tuple[SignIn, str]]) -> None:
    for person, password_hash in people:
        user = users.add(session, email=person.email, name=person.name, role=person.role, password_hash=password_hash)
        mine = session.scalars(select(Team.id).where(Team.name.in_(person.teams)))
        session.add_all(TeamMember(team_id=team_id, user_id=user.id) for team_id in mine)
    session.flush()


def _write_once(path: Path, content: str) -> None:
    """Write a 0600 file whole, unless it is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # another process was faster; what it wrote counts
    finally:
        part.unlink()
