"""Replace what channels sign in with before it ends: access tokens of hours, and refresh tokens that are good for once.

Kinds that know when theirs end are looked at every minute; the others (mail: Microsoft's end after 90 days) once a day.
What comes instead is kept at once: the provider has already forgotten what it replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.clock import now
from app.db import assert_no_transaction, is_passing, reading, retrying, transaction
from app.log import get_logger
from app.models import Channel, ChannelState
from app.services import channel_settings, channel_sign_in, channels
from connectors.errors import BadCredentials, ConnectorError

MOST_AT_ONCE = 8
TRIES, PAUSE_SECONDS = 300, 2.0
AGAIN_SECONDS = 120.0  # after one that failed for now

_running: dict[int, threading.Thread] = {}
_failed_at: dict[int, float] = {}  # time.monotonic()


def renew_daily() -> None:
    """Renew those of which nobody tells when they end; one that fails is tried again a day later."""
    for channel in _channels():
        if not channel_sign_in.tells_when(channel.kind):
            renew(channel)


def renew_due() -> None:
    """Renew what ends soon, beside the timetable: a provider that does not answer holds nothing else up."""
    for channel_id in [one for one, thread in _running.items() if not thread.is_alive()]:
        del _running[channel_id]
    for channel in _channels():
        if len(_running) >= MOST_AT_ONCE:
            return
        if channel.id not in _running and _is_due(channel):
            thread = threading.Thread(target=renew, args=(channel,), name=f"sign-in-{channel.id}", daemon=True)
            _running[channel.id] = thread
            thread.start()


def wait() -> None:
    """Wait for the renewals that were begun."""
    for thread in list(_running.values()):
        thread.join()


def forget() -> None:
    """Forget what failed: all are tried again at the next look."""
    _failed_at.clear()


def renew(channel: Channel) -> None:
    """Renew one channel's sign-in. Where the provider wants a person again, the channel is paused and says so."""
    assert_no_transaction()
    connector: Any = channel_settings.find_connector(channel.kind)
    before, began = channel_sign_in.credentials_of(channel), now()
    try:
        gained = connector.renewed(before)
    except ConnectorError as error:
        _failed_at[channel.id] = time.monotonic()
        get_logger().warning("sign_in.not_renewed", channel=channel.id, error=type(error).__name__)
        if isinstance(error, BadCredentials) and channel_sign_in.tells_when(channel.kind):
            retrying(partial(_pause, channel.id, before, error.reason))
        return

    def keep() -> None:
        with transaction() as session:
            row = session.get_one(Channel, channel.id, with_for_update=True)
            channel_sign_in.keep_renewed(session, row, before=before, gained=gained, began=began)

    if gained:
        _surely(keep)


def _surely(work: Callable[[], None]) -> None:
    """Do it, however long the database is away: what was gained is nowhere else."""
    for _ in range(TRIES):
        try:
            retrying(work)
        except DBAPIError as error:
            if not is_passing(error):
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
    retrying(work)


def _channels() -> list[Channel]:
    """Return the channels whose sign-ins are renewed: not those that wait for a person."""
    with reading() as session:
        query = select(Channel).where(Channel.state != ChannelState.REMOVED).order_by(Channel.id)
        found = [channel for channel in session.scalars(query) if channel_sign_in.can_renew(channel.kind)]
        session.expunge_all()
    return [channel for channel in found if not channel_sign_in.is_paused_for_trouble(channel)]


def _is_due(channel: Channel) -> bool:
    failed_at = _failed_at.get(channel.id)
    if failed_at is not None and time.monotonic() < failed_at + AGAIN_SECONDS:
        return False
    due = channel_sign_in.renews_at(channel)
    return due is not None and due <= now().timestamp()


def _pause(channel_id: int, before: dict[str, Any], reason: str) -> None:
    """Pause a channel, unless somebody signed in or changed its settings meanwhile."""
    with transaction() as session:
        channels.pause_for(session, channel_id=channel_id, reason=reason, used=before)
