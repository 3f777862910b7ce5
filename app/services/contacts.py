"""What people change about a contact."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid
from app.events import ContactChanged
from app.models import Contact, ContactIdentity, Conversation, Inbox, User
from app.phrases import phrase
from app.services import activities, search_index

MAX_NAME, MAX_NOTE = 200, 10_000  # characters


def edit(
    session: Session, *, contact: Contact, actor: User, version: int, name: str | None = None, note: str | None = None
) -> None:
    """Change name or note. Raises Conflict if somebody changed the contact since `version`, Invalid if too long."""
    if contact.version != version:
        raise Conflict(
            phrase("Somebody changed this contact meanwhile: look again, then save."), version=contact.version
        )
    changes = []
    if name is not None and name.strip() != contact.name:
        contact.name = _short(name.strip(), MAX_NAME, "name")
        changes.append(f"name is now {contact.name}")
    if note is not None and note.strip() != contact.note:
        contact.note = _short(note.strip(), MAX_NOTE, "note")
        changes.append("note")
    if changes:
        data = {"changes": ", ".join(changes)}
        activities.record(session, verb="contact.edited", contact=contact, actor=actor, data=data)
        changed(session, contact)


def add_identity(session: Session, *, contact: Contact, actor: User, kind: str, address: str) -> None:
    """Add an address. Raises Conflict if it belongs to another contact."""
    address = address.strip().lower() if kind == "email" else address.strip()
    if not address or len(address) > 320 or (kind == "email" and "@" not in address):
        raise Invalid(phrase("This does not look like an address."), field="address")
    held = select(ContactIdentity).where(ContactIdentity.kind == kind, ContactIdentity.address == address)
    identity = session.scalars(held).one_or_none()
    if identity and identity.contact_id != contact.id:
        raise Conflict(phrase("This address belongs to another contact."))
    if identity is None:
        session.add(ContactIdentity(contact_id=contact.id, kind=kind, address=address))
        activities.record(session, verb="identity.added", contact=contact, actor=actor, data={"address": address})
        changed(session, contact)


def changed(session: Session, contact: Contact) -> None:
    """Record `contact.changed` for the pages that show the contact."""
    contact.version += 1
    search_index.contacts(session, [contact.id])
    theirs = Conversation.contact_id == contact.id
    newest_first = select(Conversation.public_id).where(theirs).order_by(Conversation.last_message_at.desc())
    conversations = session.scalars(newest_first.limit(50))
    inboxes = session.scalars(
        select(Inbox.public_id).where(Inbox.id.in_(select(Conversation.inbox_id).where(theirs))).order_by(Inbox.id)
    )
    outbox.record(
        session,
        ContactChanged(
            contact_id=contact.id,
            contact=str(contact.public_id),
            conversations=[str(public_id) for public_id in conversations],
            version=contact.version,
            inboxes=[str(public_id) for public_id in inboxes],
        ),
    )


def _short(value: str, limit: int, field: str) -> str:
    if len(value) > limit:
        raise Invalid(phrase("Use at most {most} characters.", most=limit), field=field)
    return value
