"""Block senders: what they write from then on is kept and goes straight to spam, counted; and unblock them.

Blocked is an identity (kind and address), whatever channel it writes on, or a mail domain with all who write from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Forbidden, Invalid
from app.models import BlockedSender, Channel, Contact, ContactIdentity, Conversation, Status, User
from app.models.blocked_sender import DOMAIN, MAIL, domain_of
from app.phrases import phrase
from app.services import activities, sentiment_counts, spam, spam_lines
from app.services.arrivals import Arrival
from app.services.changes import conversation_changed
from app.services.threads import Place

MOST_BACK = 1_000  # conversations brought back at once
Key = tuple[str, str]  # kind, address


def block(session: Session, *, actor: User, conversation: Conversation, kind: str, address: str) -> BlockedSender:
    """Block one of the addresses of a conversation's contact, or the domain of one; `kind` is DOMAIN then.

    Raises Forbidden where somebody else than an admin blocks a domain, Invalid for an address that is not theirs or a
    domain that is ours, Conflict where it is blocked already.
    """
    _check_may(actor, kind)
    contact = session.get_one(Contact, conversation.contact_id)
    if (kind, address) not in _keys(session, contact):
        raise Invalid(phrase("Choose one of their addresses."), field="sender")
    if kind == DOMAIN and address in _own_domains(session):
        raise Invalid(phrase("That is your own domain: colleagues and your own systems write from it."), field="sender")
    wanted = insert(BlockedSender).values(
        kind=kind, address=address, name=contact.name if kind != DOMAIN else "", actor_id=actor.id
    )
    id_ = session.scalar(wanted.on_conflict_do_nothing().returning(BlockedSender.id))
    if id_ is None:
        raise Conflict(phrase("{address} is blocked already.", address=address))
    blocked = session.get_one(BlockedSender, id_)
    data = {"address": address, "block": str(blocked.public_id)}
    activities.record(session, verb="sender.blocked", conversation=conversation, actor=actor, data=data)
    if conversation.status is not Status.SPAM:
        spam.mark(session, conversation=conversation, actor=actor)
        conversation.caught_by_id = blocked.id
    else:
        conversation_changed(session, conversation)
    return blocked


def _check_may(actor: User, kind: str) -> None:
    if kind == DOMAIN and not actor.is_admin:
        raise Forbidden(
            phrase("A whole domain is for an administrator to block: it is everybody's who writes from there.")
        )


def unblock(session: Session, *, blocked: BlockedSender, actor: User, bring_back: bool) -> int:
    """Let a sender through again; return how many conversations came back out of spam, at most MOST_BACK.

    Raises Forbidden where somebody else than an admin lets a domain through.

    `bring_back`: what went to spam because of the block comes back into the inbox, the newest first.
    """
    _check_may(actor, blocked.kind)
    query = select(Conversation).where(Conversation.caught_by_id == blocked.id, Conversation.status == Status.SPAM)
    newest = query.order_by(Conversation.last_message_at.desc()).limit(MOST_BACK)
    ids = [row.id for row in session.scalars(newest)] if bring_back else []
    locked = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    rows = session.scalars(locked.execution_options(populate_existing=True)).all()
    for conversation in rows:
        spam.unmark(session, conversation=conversation, actor=actor)
    _tell_unblocked(session, blocked, actor)
    session.delete(blocked)
    session.flush()
    return len(rows)


def _tell_unblocked(session: Session, blocked: BlockedSender, actor: User) -> None:
    told = activities.settle(session, verb="sender.blocked", named="block", value=str(blocked.public_id))
    for id_ in sorted({line.conversation_id for line in told if line.conversation_id}):
        conversation = session.get_one(Conversation, id_, with_for_update=True)
        data = {"address": blocked.address}
        activities.record(session, verb="sender.unblocked", conversation=conversation, actor=actor, data=data)
        conversation_changed(session, conversation)


def caught(session: Session, arrivals: Sequence[Arrival]) -> Mapping[int, int]:
    """Return which arrivals (their index) are of blocked senders, with the id of the block."""
    wanted = {key for arrival in arrivals for key in _names(arrival)}
    if not wanted:
        return {}
    query = select(BlockedSender.kind, BlockedSender.address, BlockedSender.id)
    query = query.where(tuple_(BlockedSender.kind, BlockedSender.address).in_(sorted(wanted)))
    known: dict[Key, int] = {(kind, address): id_ for kind, address, id_ in session.execute(query)}
    found = {
        index: next((known[key] for key in _names(one) if key in known), None) for index, one in enumerate(arrivals)
    }
    return {index: id_ for index, id_ in found.items() if id_ is not None}


def keep_out(session: Session, places: Sequence[Place], blocks: Mapping[int, int]) -> None:
    """Put the conversations of blocked senders into spam, before their messages are written, and count these.

    A conversation that is somebody else's stays where it is: their customer is not to pay for it.
    """
    caught = {places[index].conversation.id: index for index in blocks if _is_theirs(places[index])}
    homes = [places[index].conversation for index in caught.values()]
    with sentiment_counts.moving_spam(session, *homes, may_change=bool(homes)):
        for index in caught.values():
            _put_into_spam(session, places[index], blocks[index])
    for id_, by in sorted(Counter(blocks.values()).items()):
        counted = update(BlockedSender).where(BlockedSender.id == id_)
        session.execute(counted.values(caught=BlockedSender.caught + by, last_caught_at=now()))


def _is_theirs(place: Place) -> bool:
    """Say whether a conversation is the sender's own, and not in spam yet."""
    return place.conversation.contact_id == place.contact.id and place.conversation.status is not Status.SPAM


def _put_into_spam(session: Session, place: Place, block_id: int) -> None:
    conversation = place.conversation
    data = {"address": place.arrival.message.sender.address, **spam_lines.as_it_is(conversation)}
    activities.record(session, verb="conversation.caught", conversation=conversation, data=data)
    conversation.status, conversation.snoozed_until, conversation.sleeps_through = Status.SPAM, None, False
    conversation.waiting_since, conversation.caught_by_id = None, block_id


def _names(arrival: Arrival) -> list[Key]:
    kind, address = arrival.sender_key
    named = [(kind, address)]
    if kind == MAIL and (domain := domain_of(address)):
        named.append((DOMAIN, domain))
    return named


def _keys(session: Session, contact: Contact) -> set[Key]:
    query = select(ContactIdentity.kind, ContactIdentity.address).where(ContactIdentity.contact_id == contact.id)
    keys: set[Key] = {(kind, address) for kind, address in session.execute(query)}
    return keys | {(DOMAIN, domain_of(address)) for kind, address in keys if kind == MAIL and domain_of(address)}


def _own_domains(session: Session) -> set[str]:
    addresses = session.scalars(select(func.lower(Channel.address)).where(Channel.address.contains("@")))
    return {domain_of(address) for address in addresses}
