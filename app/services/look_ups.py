"""Who people are, where messages bring ids only: asked of the provider, after the message is on the timeline.

waiting ──► asking ──► done      a name and a profile, or nothing; asked again at the earliest a day later
▲             │
└── later ────┘

The job (workers/jobs/look_ups.py) claims, asks outside any transaction, and records. A person is asked for when they
write and are known by their id only, or when what is known of them is old.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.events import ProfileWanted
from app.models import Channel, ChannelState, Contact, ContactIdentity, Conversation, LookUp, LookUpState
from app.phrases import phrase
from app.services import changes, contacts, local_people, people
from app.services.arrivals import Arrival, plain
from connectors.base import Credentials, Identity
from connectors.registry import connector_for

OLD = timedelta(days=7)  # pictures' addresses expire, people change their names
ASK_AGAIN = timedelta(days=1)
MOST_A_MINUTE = 60  # of one channel: far below what any provider allows
MAX_ATTEMPTS = 6
CLAIM = timedelta(seconds=150)  # longer than the job may take
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 60, 3600  # a minute at least: see _is_too_much
MOST_TOLD = 5  # conversations of a person whose rows show a new name
NOTHING_TOLD = phrase("The provider tells nothing of this person.")
REMOVED = phrase("The channel it came by has been removed.")
BROKE_OFF = phrase("Asking broke off too often.")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody whom this worker alone may ask for now."""

    look_up_id: int
    kind: str
    credentials: Credentials
    address: str
    thread_key: str | None


def want(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Have those looked up who wrote and are hardly known. Their contacts are locked by the caller."""
    wrote = _writers(session, arrivals)
    if not wrote:
        return
    moment = now()
    known = select(ContactIdentity).where(
        tuple_(ContactIdentity.kind, ContactIdentity.address).in_(sorted(wrote)),
        or_(ContactIdentity.name.in_(("", ContactIdentity.address)), ContactIdentity.profile_seen_at < moment - OLD),
    )
    rows = [_row(identity, wrote[identity.kind, identity.address]) for identity in session.scalars(known)]
    if not rows:
        return
    fresh = {"state": LookUpState.WAITING, "attempts": 0, "next_try_at": None, "claimed_until": None, "reason": ""}
    statement = insert(LookUp).values(sorted(rows, key=lambda row: row["identity_id"]))
    again = statement.on_conflict_do_update(
        index_elements=[LookUp.identity_id],
        set_={"channel_id": statement.excluded.channel_id, "thread_key": statement.excluded.thread_key, **fresh},
        where=(LookUp.state == LookUpState.DONE) & (LookUp.done_at < moment - ASK_AGAIN),
    ).returning(LookUp.id)
    outbox.record_all(session, [ProfileWanted(look_up_id=id_) for id_ in sorted(session.scalars(again))])


def claim(session: Session, *, look_up_id: int) -> Question | None:
    """Take a question that is due; None where there is nothing to ask, or somebody else is at it, or not yet."""
    row = session.get(LookUp, look_up_id)
    if row is None:
        return None  # erased with its person
    channel = session.get_one(Channel, row.channel_id, with_for_update={"key_share": True}, populate_existing=True)
    row = session.get_one(LookUp, look_up_id, with_for_update=True, populate_existing=True)
    if row.channel_id != channel.id or not _is_due(row) or channel.state is ChannelState.PAUSED:
        return None  # of a paused channel they are asked for when it is resumed
    if channel.state is ChannelState.REMOVED or row.attempts >= MAX_ATTEMPTS:
        _end(row, REMOVED if channel.state is ChannelState.REMOVED else BROKE_OFF)
        return None
    moment = now()
    if _is_too_much(session, channel):
        row.state, row.claimed_until = LookUpState.WAITING, None
        row.next_try_at = moment + timedelta(seconds=FIRST_WAIT_SECONDS)
        return None
    row.state, row.claimed_until, row.tried_at = LookUpState.ASKING, moment + CLAIM, moment
    row.attempts += 1
    identity = session.get_one(ContactIdentity, row.identity_id)
    address = local_people.bare(channel, identity.address)
    return Question(row.id, channel.kind, unseal(channel.sealed), address, row.thread_key)


def record_told(session: Session, *, look_up_id: int, told: Identity) -> None:
    """Keep what the provider tells of a person; a name that somebody gave the contact stays."""
    found = _locked(session, look_up_id)
    if found is None:
        return
    contact, identity, row = found
    _end(row, "")
    is_nameless = contact.name in {"", identity.address}
    has_changed = people.learn(identity, told, now())
    if is_nameless and identity.name and contact.name != identity.name:
        contact.name, has_changed = identity.name, True
        _tell_lists(session, contact)
    if has_changed:
        contacts.changed(session, contact)


def record_nothing(session: Session, *, look_up_id: int, reason: str = NOTHING_TOLD) -> None:
    """Nothing was told, or we may not ask."""
    found = _locked(session, look_up_id)
    if found:
        _end(found[2], reason)


def record_transient(session: Session, *, look_up_id: int, reason: str, retry_after_seconds: float | None) -> None:
    """Ask again later, at longer and longer intervals; give up for a day after MAX_ATTEMPTS."""
    found = _locked(session, look_up_id)
    if found is None:
        return
    row = found[2]
    if row.attempts >= MAX_ATTEMPTS:
        _end(row, reason)
        return
    doubled = min(FIRST_WAIT_SECONDS * 2.0 ** (row.attempts - 1), LONGEST_WAIT_SECONDS)
    row.next_try_at = now() + timedelta(seconds=max(doubled, retry_after_seconds or 0))
    row.state, row.reason, row.claimed_until = LookUpState.WAITING, plain(reason, 500), None


def reconcile(session: Session, *, older_than: timedelta, limit: int) -> int:
    """Ask again for whom nobody asks although it is time; return for how many."""
    moment = now()
    query = (
        select(LookUp)
        .join(Channel, Channel.id == LookUp.channel_id)
        .where(
            LookUp.state.in_((LookUpState.WAITING, LookUpState.ASKING)),
            LookUp.created_at <= moment - older_than,
            or_(LookUp.claimed_until.is_(None), LookUp.claimed_until <= moment),
            or_(LookUp.next_try_at.is_(None), LookUp.next_try_at <= moment),
            Channel.state != ChannelState.PAUSED,
        )
        .order_by(LookUp.id)
        .limit(limit)
    )
    lost = session.scalars(query.with_for_update(skip_locked=True, of=LookUp)).all()
    for row in lost:
        row.state, row.claimed_until = LookUpState.WAITING, moment + timedelta(seconds=30)
    outbox.record_all(session, [ProfileWanted(look_up_id=row.id) for row in lost])
    return len(lost)


def _writers(session: Session, arrivals: Sequence[Arrival]) -> dict[Key, Arrival]:
    """Return by sender what was said on channels whose providers are to be asked; of several the newest."""
    ids = {arrival.channel_id for arrival in arrivals}
    if not ids:
        return {}
    kinds = session.execute(select(Channel.id, Channel.kind).where(Channel.id.in_(ids)))
    asked = {id_: limits for id_, kind in kinds if (limits := connector_for(kind).capabilities).profiles}
    return {
        arrival.sender_key: arrival
        for arrival in arrivals
        if arrival.channel_id in asked and arrival.sender_key[0] in asked[arrival.channel_id].reaches
    }


def _row(identity: ContactIdentity, arrival: Arrival) -> dict[str, object]:
    key = arrival.message.thread_key
    return {
        "identity_id": identity.id,
        "channel_id": arrival.channel_id,
        "thread_key": plain(key, 500) if key else None,
        "state": LookUpState.WAITING,
    }


def _is_due(row: LookUp) -> bool:
    if row.next_try_at is not None and row.next_try_at > now():
        return False
    is_free = row.claimed_until is None or row.claimed_until <= now()
    return row.state is LookUpState.WAITING or (row.state is LookUpState.ASKING and is_free)


def _is_too_much(session: Session, channel: Channel) -> bool:
    """Tell whether the channel's provider was asked often enough in the last minute; its row is locked. No question is
    asked twice within a minute, so that counting rows is counting calls.
    """
    since = now() - timedelta(seconds=FIRST_WAIT_SECONDS)
    query = select(func.count()).where(LookUp.channel_id == channel.id, LookUp.tried_at > since)
    return session.scalars(query).one() >= MOST_A_MINUTE


def _end(row: LookUp, reason: str) -> None:
    row.state, row.reason, row.done_at = LookUpState.DONE, plain(reason, 500), now()
    row.claimed_until = row.next_try_at = None


def _locked(session: Session, look_up_id: int) -> tuple[Contact, ContactIdentity, LookUp] | None:
    """Lock a question that is being asked, and of whom; None where it was answered already or the person is gone."""
    row = session.get(LookUp, look_up_id)
    if row is None:
        return None
    identity = session.get_one(ContactIdentity, row.identity_id)
    contact = session.get_one(Contact, identity.contact_id, with_for_update=True, populate_existing=True)
    session.refresh(identity, with_for_update=True)
    session.refresh(row, with_for_update=True)
    return (contact, identity, row) if row.state is LookUpState.ASKING else None


def _tell_lists(session: Session, contact: Contact) -> None:
    """Let the rows of a person's newest conversations show the name."""
    newest = select(Conversation.id).where(Conversation.contact_id == contact.id)
    ids = session.scalars(newest.order_by(Conversation.last_message_at.desc()).limit(MOST_TOLD)).all()
    locked = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    for conversation in session.scalars(locked.execution_options(populate_existing=True)):
        changes.conversation_changed(session, conversation)
