"""One call may bring very much: all of it is taken in, however much it is, and nothing goes round for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from app.clock import now
from app.db import reading, transaction
from app.models import Channel, Delivery, DeliveryState, Message, MessageChange
from app.services import ingest
from connectors.base import RawDelivery
from tests.public_channels import open_channel
from workers.jobs import ingest as job

MANY = 5_000  # they took more locks than a server has


def call(*, messages: list[dict[str, Any]] | None = None, statuses: list[dict[str, Any]] | None = None) -> bytes:
    """Return one call of WhatsApp."""
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    value = {
        "messaging_product": "whatsapp",
        "metadata": metadata,
        "messages": messages or [],
        "statuses": statuses or [],
    }
    change = {"field": "messages", "value": value}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def message(number: int) -> dict[str, Any]:
    words = {"type": "text", "text": {"body": f"Hello {number}"}}
    return {"from": f"49151{number:07}", "id": f"wamid.{number}", "timestamp": "1763640000", **words}


def status(number: int) -> dict[str, Any]:
    said = {"id": f"wamid.ours{number}", "status": "read", "timestamp": "1763640000"}
    return {**said, "recipient_id": f"49151{number:07}"}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (call(statuses=[status(number) for number in range(MANY)]), MessageChange),
        (call(messages=[message(number) for number in range(MANY)]), Message),
    ],
    ids=["states", "messages"],
)
@pytest.mark.usefixtures("pipeline")
def test_a_call_that_brings_thousands_is_taken_in(raw: bytes, kind: type[Any]) -> None:
    channel = open_channel("whatsapp")
    kept = ingest.keep_all([RawDelivery(raw, now())])
    with transaction() as session:
        ids = ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept)
    job.ingest(ids)
    with reading() as session:
        assert session.scalars(select(Delivery.state)).one() is DeliveryState.INGESTED
        assert session.scalar(select(func.count()).select_from(kind)) == MANY


@pytest.mark.usefixtures("pipeline")
def test_what_a_job_had_no_time_for_is_taken_in_by_the_next_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "MOST_AT_ONCE", 10)
    write, left = job._write_piece, [0]

    def write_while_there_is_time(*given: Any, **more: Any) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("The job ran out of time.")
        return write(*given, **more)

    monkeypatch.setattr(job, "_write_piece", write_while_there_is_time)
    channel = open_channel("whatsapp")
    kept = ingest.keep_all([RawDelivery(call(messages=[message(number) for number in range(95)]), now())])
    with transaction() as session:
        (id_,) = ingest.store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept)
    for pieces in (2, 4, 6, 8):  # more tries than one that brings nothing may have
        left[0] = pieces
        with pytest.raises(RuntimeError):
            job.ingest([id_])
    left[0] = 20
    job.ingest([id_])
    with reading() as session:
        assert session.get_one(Delivery, id_).state is DeliveryState.INGESTED
        assert session.scalar(select(func.count()).where(Message.delivery_id == id_)) == 95
