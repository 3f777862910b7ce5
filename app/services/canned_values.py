"""What the variables of canned responses stand for in a conversation: read in one query."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import (
    BusinessHours,
    Case,
    CaseConversation,
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    Inbox,
    User,
)
from app.services import signatures
from app.services.business_hours import DAYS
from app.services.canned_responses import first_name

UTC_NAME = "UTC"
TIME_ZONE = "time_zone"  # of a contact's own fields: "Europe/Berlin"


def of(session: Session, *, conversation: Conversation, user: User) -> dict[str, str]:
    """Return the value of each variable of liquid_texts, "" for what nobody knows."""
    row = _read(session, conversation)
    contact, inbox, hours = row.Contact, row.Inbox, row.BusinessHours
    signature = signatures.of_letter(
        inbox=inbox, conversation=conversation, contact=contact, author=user, sender=row.address
    )
    return {
        "contact.name": _named(contact.name),
        "contact.first_name": first_name(contact.name),
        "contact.email": row.email or "",
        "agent.name": user.name,
        "agent.first_name": first_name(user.name),
        "agent.signature": signature,
        "conversation.number": str(conversation.number),
        "conversation.subject": conversation.subject,
        "conversation.inbox": inbox.name,
        "conversation.channel": row.channel,
        "business_hours": _hours_words(hours) if hours else "",
        "today": _today(_zone_of(contact, hours), conversation.language),
        "case.number": str(row.case_number or ""),
    }


def _read(session: Session, conversation: Conversation) -> Row[Any]:
    email = select(ContactIdentity.address).where(
        ContactIdentity.contact_id == conversation.contact_id, ContactIdentity.kind == "email"
    )
    case = (
        select(Case.number)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .where(CaseConversation.conversation_id == conversation.id)
    )
    query = (
        select(
            Contact,
            Inbox,
            BusinessHours,
            Channel.name.label("channel"),
            Channel.address.label("address"),
            email.order_by(ContactIdentity.id).limit(1).scalar_subquery().label("email"),
            case.order_by(Case.id.desc()).limit(1).scalar_subquery().label("case_number"),
        )
        .select_from(Contact)
        .join(Inbox, Inbox.id == conversation.inbox_id)
        .join(Channel, Channel.id == conversation.channel_id)
        .outerjoin(BusinessHours, BusinessHours.id == 1)
        .where(Contact.id == conversation.contact_id)
    )
    return session.execute(query).one()


def _named(name: str) -> str:
    """Return a name, "" where there is only an address in its place."""
    return "" if "@" in name else name


def _zone_of(contact: Contact, hours: BusinessHours | None) -> tzinfo:
    """Return the customer's time zone where their fields say it, else the house's, else UTC."""
    for name in (contact.custom.get(TIME_ZONE), hours.time_zone if hours else ""):
        try:
            if isinstance(name, str) and 0 < len(name) < 64:
                return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            continue
    return ZoneInfo(UTC_NAME)


def _today(zone: tzinfo, language: str | None) -> str:
    """Say the date in the customer's language, in English where that is not known."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    try:
        locale = Locale.parse(language or "en")
    except (ValueError, UnknownLocaleError):
        locale = Locale.parse("en")
    return format_date(now().astimezone(zone).date(), format="long", locale=locale)


def _hours_words(hours: BusinessHours) -> str:
    """Say opening hours: "Monday to Friday 9:00–17:00, Saturday 10:00–14:00 (Europe/Berlin)"."""
    runs: list[tuple[int, int, tuple[int, int]]] = []
    for day, (opens, closes) in enumerate(hours.week):
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == (opens, closes):
            runs[-1] = (runs[-1][0], day, (opens, closes))
        elif opens < closes:
            runs.append((day, day, (opens, closes)))
    words = ", ".join(f"{_days(first, last)} {opens}:00–{closes}:00" for first, last, (opens, closes) in runs)
    return f"{words} ({hours.time_zone})" if hours.time_zone else words


def _days(first: int, last: int) -> str:
    return DAYS[first] if first == last else f"{DAYS[first]} to {DAYS[last]}"
