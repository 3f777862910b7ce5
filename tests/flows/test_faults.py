"""What goes wrong around a message is never the message's fault: it stays, and its neighbours pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from app.db import reading, transaction
from app.models import Delivery
from app.services import ingest
from connectors.base import RawDelivery
from tests.pipeline import ARRIVED, Pipeline, make_workspace

SENDERS = 8


def test_many_who_send_to_one_channel_at_once_are_all_stored(pipeline: Pipeline) -> None:
    """Each transaction refers to the channel and moves it: in the wrong order all but one are deadlock victims."""
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    together = Barrier(SENDERS)

    def send(number: int) -> None:
        kept = ingest.keep(RawDelivery(raw=str(number).encode(), received_at=ARRIVED))
        together.wait()
        with transaction() as session:
            ingest.store_batch(session, channel=channel, deliveries=[kept])

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SENDERS)))
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == SENDERS
