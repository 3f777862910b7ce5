"""How a channel does: how long what it brings takes to reach us, and which calls were refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Channel
from app.services.arrivals import Arrival, plain

REMEMBERED = timedelta(minutes=1)


def note_refused(session: Session, *, channel_id: int, reason: str) -> None:
    """Keep why a call was refused, at most once a minute: a wrong secret is the usual mistake, and this is where it
    shows. The next call that is taken clears it.
    """
    recently = now() - REMEMBERED
    forgotten = or_(Channel.last_error_at.is_(None), Channel.last_error_at < recently)
    values = {"last_error": plain(reason, 500), "last_error_at": now()}
    session.execute(update(Channel).where(Channel.id == channel_id, forgotten).values(values))


def note_lag(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Keep how long the newest message of each channel took from the provider to us, in seconds.

    The last thing a transaction does: channels are locked in one order, after all else, for as short as can be.
    """
    newest: dict[int, Arrival] = {}
    for arrival in arrivals:
        if arrival.message.sent_at is not None:
            newest[arrival.channel_id] = arrival
    for channel_id, arrival in sorted(newest.items()):
        assert arrival.message.sent_at is not None
        seconds = max(0.0, (arrival.received_at - arrival.message.sent_at).total_seconds())
        session.execute(update(Channel).where(Channel.id == channel_id).values(lag_seconds=seconds))
