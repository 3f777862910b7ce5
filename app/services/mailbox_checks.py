"""Compare a mailbox with what is stored of it, and bring in what is missing.

    ask → (worker) places of what is stored ∖ the server's listing → counted → ask_fetch → (worker) fetched → counted

A connector that can do it has `survey`, `describe` and `read_again` (connectors/mail.py). A mail is told by its place:
folder, the folder's numbering, its number there. The same mail in two places is stored once; its delivery then names
the other places too. What was asked for is kept here: a run whose job got lost, or whose worker died, is asked for
again (`reconcile`) and goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.errors import Conflict, Invalid
from app.events import MailboxAsked
from app.models import Channel, ChannelState, CheckState, Delivery, MailboxCheck
from app.phrases import phrase
from app.services import channel_settings
from app.services.ingest import StoredDelivery
from connectors.base import Credentials

CLAIM = timedelta(minutes=10)  # a run that said nothing for so long is lost, and asked for again
NUDGE_AGAIN = timedelta(seconds=30)  # what was asked for and nobody began is asked for again after this time
GIVE_UP = timedelta(days=1)
AT_WORK = (CheckState.COUNTING, CheckState.FETCHING)
NO_END = phrase("It was begun again and again for a day without coming to an end: ask once more.")
MOST_MISSING = 20_000  # numbers kept of one folder
MOST_SHOWN = 50  # of them, with sender and subject
MOST_ALSO = 40  # further places of one mail
ALSO = "also"  # in a delivery's meta: the other places, one a line
Place = tuple[str, int, int]  # folder, uidvalidity, uid


def can_check(kind: str) -> bool:
    """Tell whether channels of a kind have a mailbox that can be compared."""
    return hasattr(channel_settings.find_connector(kind), "survey")


def ask(session: Session, *, channel: Channel, state: CheckState = CheckState.COUNTING) -> None:
    """Have it counted, or (FETCHING) what is missing brought in. Raises Invalid, Conflict if a run goes on."""
    if not can_check(channel.kind) or not channel.is_active:
        raise Invalid(phrase("Resume the channel first: nothing is fetched while it is paused."))
    check = of(session, channel_id=channel.id, lock=True)
    if check is not None and is_running(check):
        raise Conflict(phrase("The mailbox is being looked at already: wait until that is done."))
    missing = sum(len(folder["missing"]) for folder in check.folders) if check else 0
    if state is CheckState.FETCHING and not missing:
        raise Invalid(phrase("Nothing is missing, as far as we know: count again first."))
    moment = now()
    values = {"state": state, "asked_at": moment, "claimed_until": moment + NUDGE_AGAIN, "reason": "", "fetched": 0}
    values["wanted"] = missing if state is CheckState.FETCHING else 0
    statement = insert(MailboxCheck).values(channel_id=channel.id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[MailboxCheck.channel_id], set_=values))
    outbox.record(session, MailboxAsked(channel_id=channel.id))


def of(session: Session, *, channel_id: int, lock: bool = False) -> MailboxCheck | None:
    """Return the newest check of a channel."""
    query = select(MailboxCheck).where(MailboxCheck.channel_id == channel_id)
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def is_running(check: MailboxCheck) -> bool:
    """Say whether somebody is at it, or will be: what got lost on the way is asked for again."""
    return check.state in AT_WORK


def take(session: Session, *, channel_id: int) -> tuple[Channel, Credentials, MailboxCheck] | None:
    """Claim the run that was asked for, and return what a worker needs; None where there is none, or one goes on."""
    check = of(session, channel_id=channel_id, lock=True)
    channel = session.get(Channel, channel_id)
    if check is None or channel is None or not channel.is_active or not is_running(check):
        return None
    if check.claimed_until is not None and check.claimed_until > now() + NUDGE_AGAIN:
        return None  # a worker's claim: who only asked claims for less
    check.claimed_until = now() + CLAIM
    session.flush()
    session.expunge_all()
    return channel, unseal(channel.sealed), check


def reconcile(session: Session, *, limit: int) -> int:
    """Ask again for runs that nobody began, or whose worker died; return how many. A paused channel's run waits."""
    query = (
        select(MailboxCheck)
        .join(Channel, Channel.id == MailboxCheck.channel_id)
        .where(
            MailboxCheck.state.in_(AT_WORK),
            or_(MailboxCheck.claimed_until.is_(None), MailboxCheck.claimed_until <= now()),
            Channel.state == ChannelState.ACTIVE,
        )
        .order_by(MailboxCheck.id)
        .limit(limit)
    )
    lost = session.scalars(query.with_for_update(skip_locked=True, of=MailboxCheck)).all()
    for check in lost:
        if check.asked_at <= now() - GIVE_UP:
            check.state, check.reason, check.claimed_until = CheckState.FAILED, NO_END, None
        else:
            check.claimed_until = now() + NUDGE_AGAIN
            outbox.record(session, MailboxAsked(channel_id=check.channel_id))
    return len(lost)


def known_places(session: Session, *, channel_id: int) -> set[Place]:
    """Return where every mail lies that is stored of a channel."""
    query = select(Delivery.meta).where(Delivery.channel_id == channel_id, Delivery.meta.has_key("uid"))
    return {place for meta in session.scalars(query).yield_per(1_000) for place in places_in(meta)}


def places_in(meta: Mapping[str, Any]) -> list[Place]:
    """Return the places that a delivery's meta names."""
    own = f"{meta.get('uidvalidity')}:{meta.get('uid')}:{meta.get('folder')}"
    parts = [line.split(":", 2) for line in (own, *str(meta.get(ALSO) or "").splitlines())]
    return [
        (part[2], int(part[0]), int(part[1]))
        for part in parts
        if len(part) == 3 and part[0].isdecimal() and part[1].isdecimal()
    ]


def compared(name: str, uidvalidity: int, uids: Sequence[int], known: set[Place]) -> dict[str, Any]:
    """Return what is shown of one folder: counts, and the numbers that are missing (of very many, the first)."""
    missing = [uid for uid in uids if (name, uidvalidity, uid) not in known]
    return {
        "name": name,
        "uidvalidity": uidvalidity,
        "on_server": len(uids),
        "stored": len(uids) - len(missing),
        "missing": missing[:MOST_MISSING],
        "more": max(0, len(missing) - MOST_MISSING),
        "lines": [],
        "reason": "",
    }


def record_counted(session: Session, *, channel_id: int, folders: list[dict[str, Any]]) -> None:
    """Keep what was found."""
    check = of(session, channel_id=channel_id, lock=True)
    if check is not None:
        check.folders, check.state, check.counted_at = folders, CheckState.COUNTED, now()
        check.reason, check.claimed_until = "", None


def record_progress(session: Session, *, channel_id: int, fetched: int) -> None:
    """Say how many were brought in; whoever looks sees that the run goes on."""
    check = of(session, channel_id=channel_id, lock=True)
    if check is not None and check.state is CheckState.FETCHING:
        check.fetched, check.claimed_until = fetched, now() + CLAIM


def record_failed(session: Session, *, channel_id: int, reason: str) -> None:
    """The server could not be asked."""
    check = of(session, channel_id=channel_id, lock=True)
    if check is not None:
        check.state, check.reason, check.claimed_until = CheckState.FAILED, reason[:500], None


def remember_places(session: Session, *, channel_id: int, deliveries: Iterable[StoredDelivery]) -> None:
    """Note for mails that are stored already that they lie at these places, too."""
    by_key = {delivery.dedupe_key: delivery for delivery in deliveries}
    query = select(Delivery).where(Delivery.channel_id == channel_id, Delivery.dedupe_key.in_(sorted(by_key)))
    for row in session.scalars(query.order_by(Delivery.id).with_for_update()):
        found = set(places_in(by_key[row.dedupe_key].meta)) - set(places_in(row.meta))
        lines = [*str(row.meta.get(ALSO) or "").splitlines(), *(f"{v}:{u}:{f}" for f, v, u in sorted(found))]
        if found and len(lines) <= MOST_ALSO:
            row.meta = {**row.meta, ALSO: "\n".join(lines)}
