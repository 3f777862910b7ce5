"""Fetch from the channels that do not call us: one thread and one lease a channel.

lease ──► fetch ──► batch: blobs to disk ──► transaction: deliveries + cursor + lease ──► resume (acknowledge)
▲                                                                                        │
└── back off (Transient) ◄── error ──► pause the channel (BadCredentials) ◄──────────────┘
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import psutil
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import digest, unseal
from app.db import assert_no_transaction, first_line, reading, transaction
from app.errors import AppError
from app.log import get_logger
from app.models import Channel, ChannelState
from app.services import channels, ingest
from connectors.base import Batch
from connectors.errors import BadCredentials, ConnectorError, Transient
from connectors.registry import connector_for, kinds
from workers import typing_in
from workers.heartbeat import beating, pause
from workers.typing_out import telling_typing

LOOK_AGAIN_SECONDS = 2.0
LEASE = timedelta(seconds=90)  # a connector yields at least every 30 seconds
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 300.0
ME = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A channel as it was when its thread began; other settings make another assignment."""

    channel_id: int
    kind: str
    settings: str  # digest of the sealed settings


Running = dict[Assignment, tuple[threading.Thread, threading.Event]]


def run() -> None:
    """Keep one thread for each active channel that is fetched, until the process is told to stop."""
    running: Running = {}
    with beating("poller", lambda: {"channels": len(running)}), telling_typing():
        while True:
            try:
                wanted = _wanted()
            except SQLAlchemyError as error:
                get_logger().warning("poller.waiting", error=first_line(error))
                wanted = set(running)
            _stop_unwanted(running, wanted)
            for assignment in wanted - set(running):
                running[assignment] = _start(assignment)
            pause(LOOK_AGAIN_SECONDS)


def poll_channel(assignment: Assignment, stopped: threading.Event) -> None:
    """Fetch one channel until it is stopped, backing off after each failure."""
    failures = 0
    while not stopped.is_set():
        try:
            if not _lease(assignment):
                stopped.wait(LOOK_AGAIN_SECONDS)
                continue
            began = time.monotonic()
            for batch in _batches(assignment):
                if batch.deliveries or time.monotonic() - began > LONGEST_WAIT_SECONDS:
                    failures = 0  # a sign of life alone does not mend anything: many begin with one
                if not store(assignment, batch) or stopped.is_set():
                    return
                if batch.typing:
                    typing_in.show(assignment.channel_id, batch.typing)
            stopped.wait(LOOK_AGAIN_SECONDS)
        except BadCredentials as error:
            _pause(assignment, error.reason)
            return
        except Exception as error:  # noqa: BLE001 - a thread that dies tells nobody; this is shown
            failures += 1
            _failed(assignment, error)
            stopped.wait(_wait_seconds(failures, error))


def store(assignment: Assignment, batch: Batch) -> bool:
    """Store a batch and renew the lease; return False when the channel is no longer ours to fetch."""
    kept = ingest.keep_all(batch.deliveries)
    with transaction() as session:
        channel = session.get_one(Channel, assignment.channel_id, with_for_update=ingest.ROW_STAYS)
        if channel.leased_by != ME or not channel.is_active or digest(channel.sealed.hex()) != assignment.settings:
            return False
        channel.leased_until = now() + LEASE
        channel.last_error = ""
        ingest.store_batch(session, channel=channel, deliveries=kept, cursor=batch.cursor)
    return True


def assignment_of(channel: Channel) -> Assignment:
    return Assignment(channel.id, channel.kind, digest(channel.sealed.hex()))


def _wanted() -> set[Assignment]:
    pulled = [kind for kind in kinds() if connector_for(kind).capabilities.pull]
    with reading() as session:
        query = select(Channel).where(Channel.state == ChannelState.ACTIVE, Channel.kind.in_(pulled))
        return {assignment_of(channel) for channel in session.scalars(query)}


def _stop_unwanted(running: Running, wanted: set[Assignment]) -> None:
    for assignment, (thread, stopped) in list(running.items()):
        if assignment not in wanted or not thread.is_alive():
            stopped.set()
            del running[assignment]


def _start(assignment: Assignment) -> tuple[threading.Thread, threading.Event]:
    stopped = threading.Event()
    name = f"{assignment.kind}-{assignment.channel_id}"
    thread = threading.Thread(target=poll_channel, args=(assignment, stopped), name=name, daemon=True)
    thread.start()
    return thread, stopped


def _lease(assignment: Assignment) -> bool:
    """Take the channel if no other poller holds it: two would fetch everything twice."""
    with transaction() as session:
        query = select(Channel).where(Channel.id == assignment.channel_id, Channel.state == ChannelState.ACTIVE)
        channel = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
        if channel is None or not _is_free(channel):
            return False
        channel.leased_by, channel.leased_until = ME, now() + LEASE
    return True


def _is_free(channel: Channel) -> bool:
    if channel.leased_by in {None, ME} or channel.leased_until is None or channel.leased_until < now():
        return True
    host, _, pid = str(channel.leased_by).rpartition(":")
    return host == socket.gethostname() and not psutil.pid_exists(int(pid))  # it was killed: no need to wait


def _batches(assignment: Assignment) -> Iterator[Batch]:
    assert_no_transaction()
    with reading() as session:
        channel = session.get_one(Channel, assignment.channel_id)
        cursor, sealed = dict(channel.cursor), channel.sealed
    return connector_for(assignment.kind).fetch(unseal(sealed), cursor)


def _failed(assignment: Assignment, error: Exception) -> None:
    reason = error.reason if isinstance(error, (ConnectorError, AppError)) else first_line(error)
    get_logger().warning("poller.failed", channel=assignment.channel_id, reason=reason)

    def note(session: Session) -> None:
        channel = session.get_one(Channel, assignment.channel_id, with_for_update=True)
        channel.last_error, channel.last_error_at = reason[:500], now()

    _record(note)


def _pause(assignment: Assignment, reason: str) -> None:
    def pause_it(session: Session) -> None:
        channel = session.get_one(Channel, assignment.channel_id, with_for_update=True)
        if assignment_of(channel) == assignment:  # else a sign-in was renewed meanwhile, or the settings corrected
            channels.pause_for(session, channel_id=channel.id, reason=reason)

    _record(pause_it)


def _record(note: Callable[[Session], None]) -> None:
    try:
        with transaction() as session:
            note(session)
    except SQLAlchemyError as error:
        get_logger().warning("poller.unrecorded", error=first_line(error))


def _wait_seconds(failures: int, error: Exception) -> float:
    asked = error.retry_after_seconds if isinstance(error, Transient) and error.retry_after_seconds else 0.0
    doubled = min(SHORTEST_WAIT_SECONDS * 2.0 ** (failures - 1), LONGEST_WAIT_SECONDS)
    return max(asked, doubled * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, so that channels do not march in step
