"""Endpoints of customers' own systems: which events they hear, their secrets, and whether they are told at all.

Only admins make them. An endpoint hears of every inbox; what it is told carries no names and no addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import crypto, outbox
from app.clock import now
from app.config import settings
from app.errors import Conflict, Invalid
from app.events import (
    AlertRaised,
    CaseChanged,
    ContactChanged,
    ConversationChanged,
    Event,
    MessageAnnotated,
    MessageChanged,
    MessageReceived,
    MoodChanged,
    ReplyFailed,
    ReplySent,
    WebhookQueued,
)
from app.models import User, WebhookEndpoint
from app.phrases import phrase
from app.services import network_guard, webhook_signing
from app.services.teams import clean_name
from connectors import web_address
from connectors.errors import Rejected

MOST_ENDPOINTS = 50
OLD_SECRET_SIGNS = timedelta(days=1)
OFFERED: Mapping[type[Event], str] = {
    MessageReceived: phrase("A customer's message arrived"),
    MessageAnnotated: phrase("A message was understood: sentiment, emotion, intent, urgency"),
    MessageChanged: phrase("A message was edited, deleted, reacted to, delivered or read"),
    MoodChanged: phrase("The mood of a conversation went up or down a step"),
    ConversationChanged: phrase("Status, priority, assignee, team or tags of a conversation changed"),
    ReplySent: phrase("A reply left"),
    ReplyFailed: phrase("A reply could not be sent"),
    CaseChanged: phrase("A case was opened or changed"),
    ContactChanged: phrase("A customer's record changed"),
    AlertRaised: phrase("An alert was raised: something is out of the ordinary"),
}
NAMES: Mapping[str, str] = {kind.wire_name(): said for kind, said in OFFERED.items()}


def add(session: Session, *, name: str, url: str, events: Sequence[str]) -> tuple[WebhookEndpoint, str]:
    """Make an active endpoint; return it with its secret, which is never shown again. Raises Invalid."""
    if session.scalars(select(func.count(WebhookEndpoint.id))).one() >= MOST_ENDPOINTS:
        raise Invalid(phrase("A workspace has at most {most} webhooks.", most=MOST_ENDPOINTS))
    secret = webhook_signing.new_secret()
    endpoint = WebhookEndpoint(
        name=clean_name(name), url=clean_url(url), events=_chosen(events), sealed=crypto.seal({"secret": secret})
    )
    session.add(endpoint)
    session.flush()
    return endpoint, secret


def edit(
    session: Session, *, endpoint: WebhookEndpoint, version: int, name: str, url: str, events: Sequence[str]
) -> None:
    """Change an endpoint that is still as it was read; a new address begins without old failures. Raises Invalid."""
    if endpoint.version != version:
        changed = phrase("Somebody else changed this webhook meanwhile. Look at it again.")
        raise Conflict(changed, version=endpoint.version)
    cleaned = clean_url(url)
    if cleaned != endpoint.url:
        _forget_failures(endpoint)
    endpoint.name, endpoint.url, endpoint.events = clean_name(name), cleaned, _chosen(events)
    endpoint.version += 1
    session.flush()


def rotate(session: Session, *, endpoint: WebhookEndpoint) -> str:
    """Replace the secret and return the new one; the old one goes on signing beside it for a day."""
    secret = webhook_signing.new_secret()
    until = (now() + OLD_SECRET_SIGNS).isoformat()
    old = crypto.unseal(endpoint.sealed)["secret"]
    endpoint.sealed = crypto.seal({"secret": secret, "old_secret": old, "old_until": until})
    endpoint.version += 1
    session.flush()
    return secret


def secrets_of(endpoint: WebhookEndpoint) -> tuple[str, ...]:
    """Return the secrets that sign now, the newest first."""
    held = crypto.unseal(endpoint.sealed)
    old_signs = "old_until" in held and datetime.fromisoformat(held["old_until"]) > now()
    return (held["secret"], held["old_secret"]) if old_signs else (held["secret"],)


def pause(session: Session, *, endpoint: WebhookEndpoint, reason: str) -> None:
    """Tell it nothing until it is resumed; facts of that time are not kept for it."""
    endpoint.is_active, endpoint.paused_reason = False, reason[:500]
    endpoint.version += 1
    session.flush()


def pause_by(session: Session, *, endpoint: WebhookEndpoint, actor: User) -> None:
    pause(session, endpoint=endpoint, reason=phrase("Paused by {name}.", name=actor.name))


def resume(session: Session, *, endpoint: WebhookEndpoint) -> None:
    """Go on; what still waits from before goes out first."""
    endpoint.is_active, endpoint.paused_reason = True, ""
    endpoint.version += 1
    _forget_failures(endpoint)
    session.flush()
    outbox.record(session, WebhookQueued(endpoint_id=endpoint.id))


def delete(session: Session, *, endpoint: WebhookEndpoint) -> None:
    """Forget an endpoint, its secret and its log."""
    session.delete(endpoint)
    session.flush()


def reseal_batch(session: Session, *, after_id: int, limit: int = 100) -> tuple[int, int] | None:
    """Seal the next secrets with the newest key; return how many and the last id, None when there is no more."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id > after_id).order_by(WebhookEndpoint.id).limit(limit)
    rows = session.scalars(query.with_for_update()).all()
    for endpoint in rows:
        endpoint.sealed = crypto.reseal(endpoint.sealed)
    return (len(rows), rows[-1].id) if rows else None


def clean_url(text: str) -> str:
    """Return an address a webhook may go to, as far as can be said without looking its name up. Raises Invalid."""
    url = text.strip()
    try:
        parts = web_address.split(url)
    except Rejected as problem:
        raise Invalid(problem.reason, field="url") from None
    private_allowed = settings().private_webhooks
    if parts.scheme != "https" and not private_allowed:
        raise Invalid(phrase("It must begin with https://, for it tells about customers."), field="url")
    try:
        address = ip_address(str(parts.hostname))
    except ValueError:
        return url  # a name: looked up, and judged, at every attempt
    if not network_guard.may_hear(address, private_allowed=private_allowed):
        refused = phrase(
            "{address} is no public address. Webhooks into a private network need WEBHOOKS_TO_PRIVATE=1 in the settings"
            " of this installation.",
            address=str(address),
        )
        raise Invalid(refused, field="url")
    return url


def _chosen(events: Sequence[str]) -> list[str]:
    """Return wire names in the order of the form. Raises Invalid."""
    if not events or not set(events) <= set(NAMES):
        raise Invalid(phrase("Choose at least one of the events."), field="events")
    return [name for name in NAMES if name in events]


def _forget_failures(endpoint: WebhookEndpoint) -> None:
    endpoint.failures = 0
    endpoint.failing_since = endpoint.quiet_until = None
