"""Parse stored deliveries and put their messages on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app import blobs
from app.clock import now
from app.db import first_line, is_passing, retrying, transaction
from app.errors import NotFound
from app.log import get_logger
from app.models import Channel, Delivery, DeliveryState
from app.services import ingest as service
from app.services import local_people
from app.services.arrivals import Arrival
from connectors.base import RawDelivery
from connectors.errors import Malformed
from connectors.registry import connector_for
from workers.guard import survives

CLAIM = timedelta(seconds=15)  # a batch takes a second; one that takes longer may run twice, which is once
MAX_ATTEMPTS = 3
MOST_AT_ONCE = 200  # arrivals a transaction: each holds half a dozen locks, and the server has some thousand for all


def ingest(delivery_ids: Sequence[int]) -> None:
    """Ingest a batch in one transaction; if that fails, and where it failed before, delivery by delivery."""
    claimed = retrying(lambda: _claim(delivery_ids))
    troubles = [_ingest_again(delivery, channel) for delivery, channel in claimed if delivery.attempts > 1]
    _ingest_together([(delivery, channel) for delivery, channel in claimed if delivery.attempts == 1])
    for trouble in filter(None, troubles):
        raise trouble


def _ingest_together(claimed: Sequence[tuple[Delivery, Channel]]) -> None:
    prepared = [(delivery, _arrivals(delivery, channel)) for delivery, channel in claimed]
    ready = [(delivery, arrivals) for delivery, arrivals in prepared if arrivals is not None]
    try:
        retrying(lambda: _write(ready))
    except DBAPIError as error:
        if is_passing(error):
            raise  # reconcile brings them back
        get_logger().warning("ingest.one_by_one", deliveries=len(ready), error=first_line(error))
        for delivery, arrivals in ready:
            _write_alone(delivery, arrivals)


def _ingest_again(delivery: Delivery, channel: Channel) -> Exception | None:
    """Ingest what failed before on its own: whatever is wrong, its neighbours do not wait and a person is told."""
    try:
        arrivals = _arrivals(delivery, channel)
        if arrivals is not None:
            _write_alone(delivery, arrivals)
    except (DBAPIError, OSError):
        raise  # the house's trouble, not the message's: reconcile brings it back
    except Exception as error:  # noqa: BLE001 - the point is that nothing gets past; it is raised, or shown, later
        if delivery.attempts < MAX_ATTEMPTS:
            return error
        _park(delivery, f"Taking it in failed {delivery.attempts} times: {type(error).__name__}.")
    return None


def _claim(delivery_ids: Sequence[int]) -> list[tuple[Delivery, Channel]]:
    """Take what is still to be done, and count the attempt before anything can crash."""
    with transaction() as session:
        query = select(Delivery).where(Delivery.id.in_(delivery_ids), Delivery.state == DeliveryState.STORED)
        deliveries = session.scalars(query.order_by(Delivery.id).with_for_update(skip_locked=True)).all()
        for delivery in deliveries:
            delivery.attempts += 1
            delivery.claimed_until = now() + CLAIM
        return [(delivery, session.get_one(Channel, delivery.channel_id)) for delivery in deliveries]


def _arrivals(delivery: Delivery, channel: Channel) -> list[Arrival] | None:
    """Parse one delivery; None when it was parked. A delivery that crashed before is tried in a guarded fork first."""
    parse = connector_for(channel.kind).parse
    try:
        raw = RawDelivery(
            raw=blobs.get(delivery.blob_sha256),
            received_at=delivery.received_at,
            external_id=delivery.dedupe_key,
            meta=delivery.meta,
        )
    except NotFound as error:
        _park(delivery, error.reason)
        return None
    if delivery.attempts > 1 and not survives(lambda: parse(raw)):
        if delivery.attempts >= MAX_ATTEMPTS:
            _park(delivery, f"Reading it failed {delivery.attempts} times within its limits of time and memory.")
        return None
    try:
        return service.prepare(delivery, channel, [local_people.named(channel, said) for said in parse(raw)])
    except Malformed as error:
        _park(delivery, error.reason)
        return None


def _write(ready: Sequence[tuple[Delivery, list[Arrival]]]) -> None:
    """Put messages on the timeline, piece by piece; the deliveries are done with the last. What broke off between two
    pieces, or was cut off by the job's time, begins anew and leaves out what is there: as long as each try brings
    something new, none of them counts against a delivery.
    """
    left = [arrival for _, arrivals in ready for arrival in arrivals]
    while len(left) > MOST_AT_ONCE:
        piece, left = left[:MOST_AT_ONCE], left[MOST_AT_ONCE:]
        is_new = _write_piece(piece)
        _goes_on([delivery for delivery, _ in ready], is_new=is_new)
    _write_piece(left, done=[delivery.id for delivery, _ in ready])


def _write_piece(arrivals: Sequence[Arrival], done: Sequence[int] = ()) -> bool:
    """Write a piece; return whether there was anything new in it."""
    service.keep_files(arrivals)
    with transaction() as session:
        return bool(service.ingest_messages(session, deliveries=done, arrivals=arrivals))


def _goes_on(deliveries: Sequence[Delivery], *, is_new: bool) -> None:
    """Keep others from beginning the same deliveries meanwhile; where something new came, forget failed tries."""
    for delivery in deliveries:
        delivery.attempts = 1 if is_new else delivery.attempts
    with transaction() as session:
        stored = Delivery.id.in_([delivery.id for delivery in deliveries]), Delivery.state == DeliveryState.STORED
        values = {"claimed_until": now() + CLAIM, **({"attempts": 1} if is_new else {})}
        session.execute(update(Delivery).where(*stored).values(values))


def _write_alone(delivery: Delivery, arrivals: list[Arrival]) -> None:
    try:
        retrying(lambda: _write([(delivery, arrivals)]))
    except DBAPIError as error:
        if is_passing(error):
            raise
        _park(delivery, f"The database refused it: {first_line(error)}")


def _park(delivery: Delivery, reason: str) -> None:
    with transaction() as session:
        service.park(session, delivery_id=delivery.id, reason=reason)
