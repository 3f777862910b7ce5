"""Who wrote: find the contact behind each sender, or make one.

A known sender identity decides. A new sender joins an existing contact only through a further identity that the channel
vouches for (a signed chat visitor); what somebody merely typed never opens another person's timeline to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.models import Contact, ContactIdentity
from app.services import search_index
from app.services.arrivals import Arrival, plain, web_address
from app.services.numbering import Ids
from connectors.base import Identity, Profile

Key = tuple[str, str]
MOST_FOLLOWERS = 2**62


def resolve(session: Session, arrivals: Sequence[Arrival], *, also: Collection[int] = ()) -> dict[int, Contact]:
    """Return the contact of each arrival, by its place in the sequence; lock these, and `also` (ids), in one order.

    The people's addresses are locked by the caller.
    """
    identities = _known(session, arrivals)
    contacts = _contacts(session, identities, also)
    ids = Ids(session, Contact, len({arrival.sender_key for arrival in arrivals} - set(identities)))
    found: dict[int, Contact] = {}
    held: list[ContactIdentity] = []
    for place, arrival in enumerate(arrivals):
        identity = identities.get(arrival.sender_key)
        contact = contacts[identity.contact_id] if identity else _by_voucher(arrival, identities, contacts)
        if contact is None:
            contact = Contact(id=ids.take(), name=_name(arrival.message.sender))
            session.add(contact)
            contacts[contact.id] = contact
        held += _hold(arrival, contact, identities)
        if not contact.name:
            contact.name = _name(arrival.message.sender)
        contact.last_message_at = max(contact.last_message_at or arrival.received_at, arrival.received_at)
        found[place] = contact
    named = {row.id for row in contacts.values() if _has_new(row, "name")}
    named |= {row.contact_id for row in (*identities.values(), *held) if _has_new(row, "handle", "address")}
    session.flush()  # the contacts before their identities
    session.add_all(held)
    search_index.contacts(session, named)
    return found


def _has_new(row: Contact | ContactIdentity, *names: str) -> bool:
    """Say whether any of these attributes is not what the database holds."""
    return any(get_history(row, name).has_changes() for name in names)


def _known(session: Session, arrivals: Sequence[Arrival]) -> dict[Key, ContactIdentity]:
    keys = {arrival.sender_key for arrival in arrivals}
    keys |= {_key(also) for arrival in arrivals for also in arrival.message.also}
    if not keys:
        return {}
    held = tuple_(ContactIdentity.kind, ContactIdentity.address).in_(sorted(keys))
    return {(row.kind, row.address): row for row in session.scalars(select(ContactIdentity).where(held))}


def _contacts(session: Session, identities: dict[Key, ContactIdentity], also: Collection[int]) -> dict[int, Contact]:
    ids = sorted({identity.contact_id for identity in identities.values()} | set(also))
    if not ids:
        return {}
    query = select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update()
    return {contact.id: contact for contact in session.scalars(query)}


def _by_voucher(
    arrival: Arrival, identities: dict[Key, ContactIdentity], contacts: dict[int, Contact]
) -> Contact | None:
    for also in arrival.message.also:
        identity = identities.get(_key(also))
        if also.verified and identity:
            return contacts[identity.contact_id]
    return None


def _hold(arrival: Arrival, contact: Contact, identities: dict[Key, ContactIdentity]) -> list[ContactIdentity]:
    """Give the contact every address of this sender that nobody holds yet; return the new ones."""
    new = []
    for identity in (arrival.message.sender, *arrival.message.also):
        key = _key(identity)
        held = identities.get(key)
        if held is None:
            held = ContactIdentity(
                contact_id=contact.id, kind=key[0], address=key[1], name=_name(identity), verified=identity.verified
            )
            new.append(held)
            identities[key] = held
        elif held.contact_id == contact.id and identity.verified:
            held.verified = True
        _see_profile(held, identity.profile, arrival.received_at)
    return new


def learn(held: ContactIdentity, told: Identity, seen_at: datetime) -> bool:
    """Keep what the provider told when it was asked who somebody is; return whether anything is new."""
    before = _shown(held)
    held.name = _name(told) or held.name
    _see_profile(held, told.profile, seen_at)
    held.profile_seen_at = seen_at
    return _shown(held) != before


def _shown(held: ContactIdentity) -> tuple[object, ...]:
    return (held.name, held.handle, held.profile_url, held.avatar_url, held.followers)


def _see_profile(held: ContactIdentity, profile: Profile | None, seen_at: datetime) -> None:
    """Keep what the provider shows of a person; the newest holds."""
    if profile is None or (held.profile_seen_at is not None and held.profile_seen_at > seen_at):
        return
    held.handle = plain(" ".join(profile.handle.split()), 200)
    held.profile_url, held.avatar_url = web_address(profile.url), web_address(profile.avatar_url)
    held.followers = profile.followers if profile.followers is None else min(max(profile.followers, 0), MOST_FOLLOWERS)
    held.profile_seen_at = seen_at


def _key(identity: Identity) -> Key:
    return (identity.kind, plain(identity.address, 320))


def _name(identity: Identity) -> str:
    return plain(" ".join(identity.name.split()), 200)
