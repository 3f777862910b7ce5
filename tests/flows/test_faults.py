"""What goes wrong around a message is never the message's fault: it stays, and its neighbours pass."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import blobs
from app.db import reading, transaction
from app.models import Channel, Conversation, Delivery, DeliveryState, Heartbeat, Message, Role, SendState, User
from app.services import ingest, replies
from connectors.base import Batch, RawDelivery
from connectors.errors import Transient
from tests.pipeline import ARRIVED, Pipeline, make_workspace
from workers import poller, queues
from workers.heartbeat import beating
from workers.jobs import ingest as job
from workers.jobs.send import send

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


def letter(number: int, words: str = "Hello") -> dict[str, object]:
    return {"id": f"letter-{number}", "from": {"kind": "email", "address": f"c{number}@example.com"}, "text": words}


def states() -> list[DeliveryState]:
    with reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def arrive(pipeline: Pipeline, count: int) -> list[int]:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    return [id_ for number in range(count) for id_ in pipeline.deliver(channel, letter(number, f"Hello {number}"))]


def test_a_file_missing_on_disk_is_parked_and_its_neighbours_pass(pipeline: Pipeline) -> None:
    ids = arrive(pipeline, 3)
    with reading() as session:
        lost = session.get_one(Delivery, ids[1])
    blobs.path_of(lost.blob_sha256).unlink()
    job.ingest(ids)
    assert states() == [DeliveryState.INGESTED, DeliveryState.PARKED, DeliveryState.INGESTED]
    with reading() as session:
        assert "missing on disk" in session.get_one(Delivery, ids[1]).reason


@pytest.mark.parametrize("count", [1, 2])
def test_a_database_that_goes_away_parks_nothing(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    ids = arrive(pipeline, count)
    whole = ingest.ingest_messages

    def cut(session: Session, **more: object) -> list[int]:
        whole(session, **more)  # type: ignore[arg-type]
        monkeypatch.setattr(ingest, "ingest_messages", whole)
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        raise AssertionError("the connection is gone")

    monkeypatch.setattr(ingest, "ingest_messages", cut)
    with pytest.raises(OperationalError):
        job.ingest(ids)
    assert states() == [DeliveryState.STORED] * count
    job.ingest(ids)
    assert states() == [DeliveryState.INGESTED] * count
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == count


def test_what_breaks_the_code_is_parked_in_the_end_and_its_neighbours_pass_before(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = arrive(pipeline, 3)
    whole = ingest.prepare

    def breaks(delivery: Delivery, *more: object) -> object:
        if delivery.id == ids[0]:
            raise ZeroDivisionError
        return whole(delivery, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest, "prepare", breaks)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            job.ingest(ids)
    assert states() == [DeliveryState.STORED, DeliveryState.INGESTED, DeliveryState.INGESTED]
    job.ingest(ids)
    assert states() == [DeliveryState.PARKED, DeliveryState.INGESTED, DeliveryState.INGESTED]
    with reading() as session:
        assert "ZeroDivisionError" in session.get_one(Delivery, ids[0]).reason


def test_a_batch_that_two_workers_took_stays_ingested(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one finds everything seen: that makes the deliveries no duplicates."""
    ids = arrive(pipeline, 2)
    write = job._write

    def late(ready: object) -> None:
        monkeypatch.setattr(job, "_write", write)
        job.ingest(ids)
        write(ready)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "_write", late)
    job.ingest(ids)
    assert states() == [DeliveryState.INGESTED, DeliveryState.INGESTED]


def test_a_reply_whose_file_is_missing_on_disk_fails_and_says_so(pipeline: Pipeline) -> None:
    job.ingest(arrive(pipeline, 1))
    stored = replies.store_upload("terms.pdf", "application/pdf", b"%PDF-1.4")
    with transaction() as session:
        conversation = session.scalars(select(Conversation)).one()
        author = session.scalars(select(User).where(User.role == Role.AGENT)).first()
        assert author is not None
        sent = replies.queue_reply(
            session, conversation=conversation, author=author, text="Here", client_key="k", uploads=[stored]
        )
    blobs.path_of(stored.blob_sha256).unlink()
    send([conversation.id])
    with reading() as session:
        message = session.get_one(Message, sent.id)
    assert message.send_state is SendState.FAILED
    assert "missing on disk" in message.send_error


def test_replies_leave_in_jobs_of_their_own(pipeline: Pipeline) -> None:
    """Fifty replies through one slow server would outlast the time that one job has."""
    queues.enqueue([queues.Job("send", "workers.jobs.send.send", (1, 2, 3))])
    assert [ids for _, ids in pipeline.jobs()] == [[1], [2], [3]]


def test_a_channel_whose_connector_breaks_says_so_and_is_tried_again(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    stopped = Event()
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 2:
            stopped.set()
        return stopped.is_set()

    def breaks(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(stopped, "wait", wait)
    monkeypatch.setattr(poller, "_batches", breaks)
    poller.poll_channel(poller.assignment_of(channel), stopped)
    assert waits[0] < waits[1]
    with reading() as session:
        assert session.get_one(Channel, channel.id).last_error == "ZeroDivisionError"


def test_a_channel_that_fails_after_a_sign_of_life_is_tried_less_and_less_often(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many connectors begin with one, having only signed in: once a second for ever would get us locked out."""
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    stopped = Event()
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 6:
            stopped.set()
        return stopped.is_set()

    def breaks(*_: object) -> Iterator[Batch]:
        yield Batch()
        raise Transient("Not now.")

    monkeypatch.setattr(stopped, "wait", wait)
    monkeypatch.setattr(poller, "_batches", breaks)
    poller.poll_channel(poller.assignment_of(channel), stopped)
    assert max(waits[:3]) < waits[-1]
    assert waits[-1] >= 16


def test_a_process_has_said_that_it_lives_before_its_thread_begins(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child forked while the thread imports the driver inherits that lock, and waits for it for ever."""
    said: list[str] = []

    class Watched(Thread):
        def start(self) -> None:
            with reading() as session:
                said.extend(session.scalars(select(Heartbeat.kind)))
            super().start()

    monkeypatch.setattr("workers.heartbeat.threading.Thread", Watched)
    with beating("worker"):
        assert said == ["worker"]
