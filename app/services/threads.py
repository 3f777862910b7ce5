"""Which conversation a message belongs to.

In this order: the token in the address it was sent to, the private thread into which a public conversation moved, the
channel's own thread, the messages it refers to (nearest first). Never the subject. What was resolved may go on in a new
conversation (reopen_rules); then all that named the old one leads to that. A sender who is not part of the
conversation found, and was never named in it, gets a conversation of their own; both show a line about the other.

A private thread of the provider is one conversation, whoever speaks in it (a group, a shared room). Of a public thread
everybody has their own: a post with a hundred commenters is a hundred customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.crypto import new_token
from app.models import Contact, Conversation, Message, Status, ThreadReference
from app.services import activities, private_threads, reopen_rules
from app.services.arrivals import MAX_SHORT, Arrival, plain
from app.services.numbering import Ids
from connectors.base import Credentials
from connectors.errors import ConnectorError
from connectors.registry import connector_for

ANSWER_MARKS = frozenset(
    ("re", "aw", "sv", "vs", "antw", "odp", "rif", "res", "ref", "tr", "fw", "fwd", "wg", "vl", "vb", "rv", "enc")
)
Candidates = dict[tuple[str, int, str], Conversation]  # ("token" | "moved" | …, inbox or channel id, value)


@dataclass(slots=True)
class Place:
    """Where one arrival goes."""

    arrival: Arrival
    contact: Contact
    conversation: Conversation


def place(
    session: Session, arrivals: Sequence[Arrival], contacts: dict[int, Contact], *, also: Collection[int] = ()
) -> list[Place]:
    """Find or open the conversation of each arrival, in order; lock those found, and `also` (ids), in one order."""
    candidates, members = _candidates(session, arrivals, also)
    named = _named(session, arrivals, contacts, candidates)
    ids = Ids(session, Conversation, len(arrivals))
    places: list[Place] = []
    strangers: list[tuple[Place, Conversation]] = []
    rules, ended = reopen_rules.Rules(session), _Ended()
    for index, arrival in enumerate(arrivals):
        contact = contacts[index]
        found = ended.now(_found(arrival, candidates))
        if found and _belongs(arrival, contact, members.get(found.id, (found,)), named[found.id]):
            if rules.begins_new(found, arrival):
                opened = _opened_for(session, ids, arrival, found)
                opened.assignee_id = found.assignee_id if rules.keeps(found) else None
                found = ended.go_on(found, opened, contact)
            placed = Place(arrival, contact, found)
        else:
            placed = Place(arrival, contact, _open(ids, arrival, contact.id))
            session.add(placed.conversation)
            if found and not arrival.message.is_public:
                strangers.append((placed, found))
        _remember(arrival, placed.conversation, candidates)
        named[placed.conversation.id] |= _addresses(arrival)
        places.append(placed)
    session.flush()  # the conversations before what refers to them
    for stranger, found in strangers:
        _keep_apart(session, stranger, found)
    for old, new, contact in ended.pairs:
        reopen_rules.continue_in(session, old=old, new=new, contact=contact)
    _store_references(session, places)
    return places


class _Ended:
    """Which resolved conversations went on in a new one in this batch."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Conversation, Conversation, Contact]] = []
        self._new: dict[int, Conversation] = {}

    def now(self, found: Conversation | None) -> Conversation | None:
        """Return where a conversation that was found goes on."""
        return self._new.get(found.id, found) if found else None

    def go_on(self, old: Conversation, new: Conversation, contact: Contact) -> Conversation:
        self.pairs.append((old, new, contact))
        self._new[old.id] = new
        return new


def bare_subject(subject: str) -> str:
    """Return a subject without the "Re:" and "Fwd:" that mail programs put before it, in the common languages."""
    words = subject.strip()
    while True:
        mark, colon, rest = words.partition(":")
        if not colon or mark.strip().casefold() not in ANSWER_MARKS or not rest.strip():
            return words
        words = rest.strip()


def store_reference(session: Session, conversation: Conversation, external_id: str) -> None:
    """Remember the id of a message we sent, so that its answer finds the conversation."""
    values = {
        "inbox_id": conversation.inbox_id,
        "external_id": external_id,
        "conversation_id": conversation.id,
    }
    session.execute(insert(ThreadReference).values(values).on_conflict_do_nothing())


def foretell(session: Session, conversation: Conversation, kind: str, credentials: Credentials, key: str) -> None:
    """Remember the id that a reply is about to get, where its channel knows that before: then its answer finds the
    conversation even if the server's word that it took the reply gets lost. `key`: the reply's idempotency key.
    """
    foretold = getattr(connector_for(kind), "foretell", None)
    if foretold is not None:
        with suppress(ConnectorError):  # whoever sends it is told
            store_reference(session, conversation, foretold(credentials, key))


def _belongs(arrival: Arrival, contact: Contact, found: Sequence[Conversation], named: set[str]) -> bool:
    """Tell whether a sender is part of a conversation, or of one that was merged into it."""
    if any(conversation.contact_id == contact.id for conversation in found):
        return True
    if arrival.message.is_public:
        return False
    threads = {conversation.thread_key for conversation in found}
    shares_thread = arrival.thread_name is not None and arrival.thread_name in threads
    return shares_thread or arrival.message.sender.address in named


def _candidates(
    session: Session, arrivals: Sequence[Arrival], also: Collection[int]
) -> tuple[Candidates, dict[int, list[Conversation]]]:
    """Return the conversations that arrivals name, and by id those with what was merged into them."""
    tokens = {token for arrival in arrivals for token in arrival.message.tokens}
    threads = {(a.channel_id, name) for a in arrivals if (name := a.thread_name)}
    references = {(a.inbox_id, id_) for a in arrivals for id_ in (a.external_id, *a.references)}
    by_reference = _referred(session, references)
    moved = private_threads.entered(session, arrivals)
    known = {*by_reference.values(), *moved.values(), *also}
    wanted = Conversation.reply_token.in_(tokens) | Conversation.id.in_(known)
    if threads:
        wanted |= tuple_(Conversation.channel_id, Conversation.thread_key).in_(sorted(threads))
    rows, homes = _locked(session, wanted)
    found: Candidates = {("reference", inbox, id_): homes[cid] for (inbox, id_), cid in by_reference.items()}
    found |= {("moved", channel, sender): homes[cid] for (channel, sender), cid in moved.items()}
    members: dict[int, list[Conversation]] = {}
    for row in rows:
        found["token", row.inbox_id, row.reply_token] = homes[row.id]
        if row.thread_key:
            found["thread", row.channel_id, row.thread_key] = homes[row.id]
        members.setdefault(homes[row.id].id, []).append(row)
    return found, members


def _locked(session: Session, wanted: ColumnElement[bool]) -> tuple[list[Conversation], dict[int, Conversation]]:
    """Lock the wanted rows and those that they lead to; return them, and by id where each one is now."""
    query = select(Conversation).where(wanted).order_by(Conversation.id).with_for_update()
    rows = {row.id: row for row in session.scalars(query)}
    while further := sorted(_leads_to(rows.values()) - rows.keys()):
        for id_ in further:
            rows[id_] = session.get_one(Conversation, id_, with_for_update=True)
    return list(rows.values()), {row.id: _home(row, rows) for row in rows.values()}


def _leads_to(rows: Iterable[Conversation]) -> set[int]:
    """Return the ids of what these were merged into, or go on in."""
    merged = {row.merged_into_id for row in rows if row.merged_into_id}
    return merged | {row.continued_in_id for row in rows if row.continued_in_id and row.status is Status.RESOLVED}


def _home(row: Conversation, rows: dict[int, Conversation]) -> Conversation:
    """Return where what belongs to a conversation goes now."""
    here = rows[row.merged_into_id or row.id]
    if here.continued_in_id and here.status is Status.RESOLVED:
        here = rows[here.continued_in_id]
    return rows[here.merged_into_id or here.id]


def _referred(session: Session, references: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    if not references:
        return {}
    query = select(ThreadReference).where(
        tuple_(ThreadReference.inbox_id, ThreadReference.external_id).in_(sorted(references))
    )
    return {(row.inbox_id, row.external_id): row.conversation_id for row in session.scalars(query)}


def _found(arrival: Arrival, candidates: Candidates) -> Conversation | None:
    keys: list[tuple[str, int, str]] = [("token", arrival.inbox_id, token) for token in arrival.message.tokens]
    if not arrival.message.is_public:
        keys.append(("moved", arrival.channel_id, private_threads.moved_name(arrival)))
    if name := arrival.thread_name:
        keys.append(("thread", arrival.channel_id, name))
    keys += [("reference", arrival.inbox_id, id_) for id_ in (*arrival.references, arrival.external_id)]
    return next((candidates[key] for key in keys if key in candidates), None)


def _named(
    session: Session, arrivals: Sequence[Arrival], contacts: dict[int, Contact], candidates: Candidates
) -> defaultdict[int, set[str]]:
    """Return who wrote, or was written to, in the conversations that somebody else's message points to."""
    found = ((_found(arrival, candidates), contacts[index]) for index, arrival in enumerate(arrivals))
    ids = {conversation.id for conversation, contact in found if conversation and conversation.contact_id != contact.id}
    named: defaultdict[int, set[str]] = defaultdict(set)
    if not ids:
        return named
    query = select(Message.conversation_id, Message.sender, Message.recipients)
    for id_, sender, recipients in session.execute(query.where(Message.conversation_id.in_(ids))):
        named[id_].add(sender)
        for field in ("to", "cc", "reply_to"):
            named[id_].update(address["email"] for address in recipients.get(field, ()))
    return named


def _addresses(arrival: Arrival) -> set[str]:
    said = arrival.message
    return {said.sender.address, *(address.email for address in (*said.to, *said.cc, *said.reply_to))}


def _open(ids: Ids, arrival: Arrival, contact_id: int) -> Conversation:
    return Conversation(
        id=ids.take(),
        public_id=uuid7(),
        inbox_id=arrival.inbox_id,
        channel_id=arrival.channel_id,
        contact_id=contact_id,
        subject=bare_subject(plain(arrival.message.subject, MAX_SHORT)),
        thread_key=arrival.thread_name,
        reply_token=new_token(),
        last_message_at=arrival.received_at,
        version=0,
        messages=0,
    )


def _opened_for(session: Session, ids: Ids, arrival: Arrival, old: Conversation) -> Conversation:
    """Open the conversation in which a resolved one goes on; its thread at the provider is the new one's."""
    if old.thread_key is not None and old.thread_key == arrival.thread_name:
        old.thread_key = None
        session.flush()  # two may not have one thread
    new = _open(ids, arrival, old.contact_id)
    session.add(new)
    new.subject, new.team_id = new.subject or old.subject, old.team_id
    return new


def _keep_apart(session: Session, stranger: Place, found: Conversation) -> None:
    """Say in both conversations that a stranger's message pointed from one to the other."""
    own, sender = stranger.conversation, stranger.arrival.message.sender.address
    own.related_id = found.id
    activities.record(
        session, verb="conversation.related", conversation=own, data={"sender": sender, "number": found.number}
    )
    data = {"sender": sender, "number": own.number}
    activities.record(session, verb="conversation.stranger_kept_apart", conversation=found, data=data)


def _remember(arrival: Arrival, conversation: Conversation, candidates: Candidates) -> None:
    """Let later messages of the same batch find this conversation."""
    if name := arrival.thread_name:
        candidates["thread", arrival.channel_id, name] = conversation
    candidates["reference", arrival.inbox_id, arrival.external_id] = conversation
    for id_ in arrival.references:
        candidates.setdefault(("reference", arrival.inbox_id, id_), conversation)


def _store_references(session: Session, places: Iterable[Place]) -> None:
    rows: dict[tuple[int, str], int] = {}
    for item in places:
        for id_ in (item.arrival.external_id, *item.arrival.references):
            rows.setdefault((item.arrival.inbox_id, id_), item.conversation.id)
    if rows:
        values = [
            {"inbox_id": inbox, "external_id": id_, "conversation_id": conversation}
            for (inbox, id_), conversation in sorted(rows.items())
        ]
        session.execute(insert(ThreadReference).values(values).on_conflict_do_nothing())
