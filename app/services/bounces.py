"""Mail that did not arrive: the reply it was fails, and the address is marked until somebody writes from it again.

A message may say what became of another one (a delivery failure does): that is then a change of its own, beside the
message itself. Only a notice about a reply that we really sent to that address marks it: anybody can write a notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from app.models import ContactIdentity, Direction, Message, MessageChange
from app.services.arrivals import Arrival, plain
from app.services.threads import Place
from connectors.base import Identity, InboundMessage

RECIPIENT = "bounce_recipient"  # in a message's custom fields: the address that was not reached
FAILED_MAIL = ("failed", "email")
MAX_REASON = 500
Key = tuple[int, str]  # channel id, external id


def with_outcomes(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the arrivals, and behind each that says what became of another message, that as a change of its own."""
    found: list[Arrival] = []
    for arrival in arrivals:
        found.append(arrival)
        if not arrival.is_change and arrival.message.status and arrival.message.target:
            found.append(replace(arrival, message=_outcome(arrival.message), attachments=()))
    return found


def mark(session: Session, told: Sequence[MessageChange]) -> None:
    """Mark the addresses that replies of ours did not reach. The people's addresses are locked by the caller."""
    failed = [one for one in told if (one.details.get("status"), one.details.get("sender_kind")) == FAILED_MAIL]
    named = recipients_of(session, {(one.channel_id, one.target) for one in failed})
    for change in sorted(failed, key=lambda one: one.sender):
        if change.sender in named.get((change.channel_id, change.target), set()):
            session.execute(
                update(ContactIdentity)
                .where(ContactIdentity.kind == "email", ContactIdentity.address == change.sender)
                .values(bounced_at=change.at, bounce_reason=plain(change.details.get("reason") or "", MAX_REASON))
            )


def unmark(session: Session, places: Sequence[Place]) -> None:
    """Take the mark off addresses from which somebody wrote. The people's addresses are locked by the caller."""
    wrote = {place.arrival.sender_key for place in places if place.arrival.message.auto in {"none", "list", "calendar"}}
    if wrote:
        held = tuple_(ContactIdentity.kind, ContactIdentity.address).in_(sorted(wrote))
        marked = update(ContactIdentity).where(held, ContactIdentity.bounced_at.is_not(None))
        session.execute(marked.values(bounced_at=None, bounce_reason=""))


def recipients_of(session: Session, keys: set[Key]) -> dict[Key, set[str]]:
    """Return to which addresses (small letters) each of these replies of ours went."""
    if not keys:
        return {}
    query = select(Message.channel_id, Message.external_id, Message.recipients).where(
        tuple_(Message.channel_id, Message.external_id).in_(sorted(keys)), Message.direction == Direction.OUTBOUND
    )
    return {
        (channel_id, external_id or ""): {
            str(one["email"]).lower() for field in ("to", "cc", "bcc") for one in recipients.get(field, ())
        }
        for channel_id, external_id, recipients in session.execute(query)
    }


def _outcome(said: InboundMessage) -> InboundMessage:
    recipient = said.custom.get(RECIPIENT)
    return InboundMessage(
        external_id=f"{said.external_id[:400]}:{said.status}",
        sender=Identity("email", recipient) if recipient else said.sender,
        kind="status",
        target=said.target,
        status=said.status,
        status_reason=said.status_reason,
        sent_at=said.sent_at,
    )
