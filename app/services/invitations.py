"""Invite several colleagues at once: make them users of a team, and mail each their link where mail can leave.

A link opens somebody's account: it is kept nowhere in clear. It leaves by mail at once, or the page shows it this once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import digest, unseal
from app.db import assert_no_transaction
from app.errors import Invalid
from app.models import AuditAction, Channel, ChannelState, Role, Team, TeamMember, TokenPurpose, User
from app.phrases import phrase
from app.services import audit, first_steps, links, teams, users
from app.services.alert_rules import sends_mail
from connectors.base import Address, Credentials, OutboundMessage
from connectors.errors import ConnectorError
from connectors.protocol import Connector
from connectors.registry import connector_for

MOST = 30  # people at once
LONGEST = 10_000  # characters typed
SECONDS = 25.0  # for all mails together
FIELD = "addresses"
TOO_SLOW = phrase("The mail server took too long.")
_BETWEEN = re.compile(r"[\n;,]+")


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who may come; `reason` says why no mail left, "" where one did."""

    user: User
    link: str = field(repr=False)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """The channel by which invitations leave."""

    name: str
    kind: str
    credentials: Credentials = field(repr=False)


def read_addresses(typed: str) -> list[tuple[str, str]]:
    """Return (address, name) of what was typed, one a line or with commas; "Ana Keller <ana@…>" brings the name.

    Raises Invalid, which names the first that is no address.
    """
    if len(typed) > LONGEST:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST), field=FIELD)
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, _BETWEEN.split(typed))):
        name, address = parseaddr(part)
        try:
            email = users.clean_email(address or part)
        except Invalid:
            wrong = phrase("“{part}” is no whole address, like ana@example.com.", part=part[:80])
            raise Invalid(wrong, field=FIELD) from None
        found.setdefault(email, " ".join(name.split())[: users.LONGEST_NAME] or _name_in(email))
    if not found:
        raise Invalid(phrase("Write at least one address."), field=FIELD)
    if len(found) > MOST:
        raise Invalid(phrase("Invite at most {most} people at once.", most=MOST), field=FIELD)
    return list(found.items())


def invite(
    session: Session, *, people: Sequence[tuple[str, str]], role: Role, team: Team | None, by: User, ip: str = ""
) -> list[Invited]:
    """Make users of people nobody knows yet, each with a link that works once. Raises Invalid; then nobody is made."""
    if role is Role.BOT:
        raise Invalid(phrase("A program is no colleague: make a bot under Settings, Users."), field="role")
    known = set(session.scalars(select(User.email).where(User.email.in_([email for email, _ in people]))))
    if known:
        listed = ", ".join(sorted(known))
        raise Invalid(phrase("{addresses}: works here already. Leave it out.", addresses=listed), field=FIELD)
    invited = []
    for email, name in people:
        user = users.add(session, email=email, name=name, role=role)
        first_steps.begin(session, user=user)
        if team is not None:
            session.add(TeamMember(team_id=team.id, user_id=user.id))
        details = {"role": role.value}
        audit.record(
            session,
            action=AuditAction.USER_INVITED,
            user=by,
            kind="user",
            object_id=user.public_id,
            ip=ip,
            details=details,
        )
        invited.append(Invited(user, links.make(session, purpose=TokenPurpose.INVITE, user=user)))
    teams.tell_access_changed(session, [one.user.id for one in invited])
    return invited


def find_post(session: Session) -> Post | None:
    """Return the channel by which mail can leave, None where there is none."""
    query = (
        select(Channel).where(Channel.state == ChannelState.ACTIVE, Channel.demo_of_id.is_(None)).order_by(Channel.id)
    )
    found = next((row for row in session.scalars(query) if sends_mail(row)), None)
    return Post(found.name, found.kind, unseal(found.sealed)) if found else None


def mail_all(post: Post, invited: Sequence[Invited], *, subject: str, texts: Sequence[str]) -> list[Invited]:
    """Send each their mail, `texts` in the same order; return them with the reason where none left.

    Takes SECONDS at most: whose mail did not leave until then gets none. No transaction may be open.
    """
    assert_no_transaction()
    connector = connector_for(post.kind)
    pool = ThreadPoolExecutor(4, thread_name_prefix="invitations")
    letters = [_letter(one, subject, text) for one, text in zip(invited, texts, strict=True)]
    told = pool.map(partial(_send, connector, post.credentials), letters, timeout=SECONDS)
    results: list[Invited] = []
    try:
        for one, reason in zip(invited, told, strict=True):
            results.append(replace(one, reason=reason))
    except OutOfTime:
        results += [replace(one, reason=TOO_SLOW) for one in invited[len(results) :]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return results


def _send(connector: Connector, credentials: Credentials, letter: OutboundMessage) -> str:
    try:
        connector.send(credentials, letter)
    except ConnectorError as error:
        return error.reason
    return ""


def _letter(one: Invited, subject: str, text: str) -> OutboundMessage:
    return OutboundMessage(
        idempotency_key=f"invitation-{digest(one.link)[:32]}",
        to=(Address(one.user.email, one.user.name),),
        recipient=one.user.email,
        subject=subject,
        text=text,
        from_name="Tributary",
        automatic=True,
    )


def _name_in(email: str) -> str:
    """Return what to call somebody of whom the address alone is known: "ana.keller@…" is Ana Keller."""
    words = re.split(r"[._+-]+", email.partition("@")[0])
    return " ".join(word.capitalize() for word in words if word)[: users.LONGEST_NAME] or email
