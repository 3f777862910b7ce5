"""Somebody called a mail of ours spam, and their provider told us: their address is marked, with when and by whom.

Only a report about a mail that we really sent marks anybody, and only one to whom it went: anybody can write a report.
Providers often hide to whom (RFC 6590); where the mail went to one address only, that one is meant. The mark stays
when the person writes again, for it asks for care, until a report takes the complaint back ("not-spam").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import ContactIdentity, MessageChange
from app.services.arrivals import Arrival, plain
from app.services.bounces import recipients_of
from connectors.base import Identity, InboundMessage

KIND, RECIPIENT, ORIGINAL = "complaint", "complaint_recipient", "original_message_id"  # in a message's custom fields
TAKEN_BACK = "not-spam"
MAX_WORDS, MAX_ADDRESS = 50, 320


def with_outcomes(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the arrivals, and behind each report of a complaint that the mail it is about did arrive."""
    found: list[Arrival] = []
    for arrival in arrivals:
        found.append(arrival)
        if not arrival.is_change and arrival.message.custom.get(KIND) and arrival.message.custom.get(ORIGINAL):
            found.append(replace(arrival, message=_outcome(arrival.message), attachments=()))
    return found


def mark(session: Session, arrivals: Sequence[Arrival], told: Iterable[MessageChange]) -> None:
    """Mark who complained; `told`: the outcomes that were not known before. The people are locked by the caller."""
    reports = {(one.channel_id, _outcome_id(one.message)): one for one in arrivals if one.message.custom.get(KIND)}
    fresh = [change for change in told if (change.channel_id, change.external_id) in reports]
    sent_to = recipients_of(session, {(change.channel_id, change.target) for change in fresh})
    for change in sorted(fresh, key=lambda one: (one.sender, one.id)):
        report = reports[change.channel_id, change.external_id].message
        address = _meant(report.custom.get(RECIPIENT, ""), sent_to.get((change.channel_id, change.target), set()))
        if address:
            _mark(session, address, change, report)


def has_complained(session: Session, *, contact_id: int) -> bool:
    """Say whether a person called mail of ours spam: nothing automatic is sent to them any more."""
    query = select(ContactIdentity.id).where(
        ContactIdentity.contact_id == contact_id, ContactIdentity.complained_at.is_not(None)
    )
    return session.scalars(query.limit(1)).first() is not None


def _outcome(report: InboundMessage) -> InboundMessage:
    recipient = report.custom.get(RECIPIENT)
    return InboundMessage(
        external_id=_outcome_id(report),
        sender=Identity("email", recipient) if recipient else report.sender,
        kind="status",
        target=report.custom[ORIGINAL],
        status="delivered",
        sent_at=report.sent_at,
    )


def _outcome_id(report: InboundMessage) -> str:
    return f"{report.external_id[:400]}:{KIND}"


def _meant(told: str, sent_to: Collection[str]) -> str:
    """Return which of these addresses complained, "" where the report does not fit them."""
    if told in sent_to:
        return told
    only = next(iter(sent_to)) if len(sent_to) == 1 else ""
    is_hidden = "@" not in told or told.rpartition("@")[2] == only.rpartition("@")[2]
    return only if is_hidden else ""


def _mark(session: Session, address: str, change: MessageChange, report: InboundMessage) -> None:
    kind = plain(report.custom[KIND], MAX_WORDS)
    values = {"complained_at": change.at, "complaint": kind, "complaint_by": plain(report.sender.address, MAX_ADDRESS)}
    if kind == TAKEN_BACK:
        values = {"complained_at": None, "complaint": "", "complaint_by": ""}
    known = ContactIdentity.kind == "email", ContactIdentity.address == address
    session.execute(update(ContactIdentity).where(*known).values(**values))
