"""A mailbox of generated mails → fetched, parsed, threaded, attachments on disk, outbox committed: one process."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from sqlalchemy import func, select

from app.crypto import new_token, seal
from app.db import reading, transaction
from app.models import Channel, Conversation, Delivery, Inbox, Message
from app.services import ingest
from bench.house import House, house
from bench.mails import generate
from bench.measure import cpu_seconds
from connectors.mail import MailConnector
from workers.jobs.ingest import ingest as ingest_job

MAILS = 2_000
BATCH = 50


def run() -> dict[str, Any]:
    """Measure; CPU counts this process and PostgreSQL, not the mail server."""
    with house() as place:
        fill(place, MAILS)
        bare = _fetch_only(place)
        channel = connect_channel(place)
        before, began = cpu_seconds([os.getpid()]), time.perf_counter()
        _ingest_all(place, channel)
        wall, cpu = time.perf_counter() - began, cpu_seconds([os.getpid()]) - before
        return {**_outcome(), **_figures(wall, cpu, bare)}


def fill(place: House, count: int) -> None:
    """Put generated mails straight into the maildir."""
    maildir = place.mailbox.maildir
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(generate(count)):
        (maildir / "new" / f"{1_700_000_000 + number}.M{number}.bench").write_bytes(raw)
    owner = maildir.parent.stat()
    for path in (maildir, *maildir.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def connect_channel(place: House) -> Channel:
    credentials = place.mailbox.credentials()
    with transaction() as session:
        inbox = Inbox(name="Support")
        session.add(inbox)
        session.flush()
        channel = Channel(inbox_id=inbox.id, kind=MailConnector.kind, name="Mail", token=new_token())
        channel.sealed = seal(json.loads(json.dumps(dict(credentials))))
        session.add(channel)
    return channel


def _fetch_only(place: House) -> float:
    """Return the CPU seconds of fetching everything and dropping it: the floor under ingest."""
    before = cpu_seconds([os.getpid()])
    found = sum(len(b.deliveries) for b in MailConnector().fetch_once(place.mailbox.credentials(mark_seen=False), {}))
    assert found == MAILS, found
    return cpu_seconds([os.getpid()]) - before


def _ingest_all(place: House, channel: Channel) -> None:
    for batch in MailConnector().fetch_once(place.mailbox.credentials(), {}):
        kept = ingest.keep_all(batch.deliveries)
        with transaction() as session:
            new = ingest.store_batch(session, channel=channel, deliveries=kept, cursor=batch.cursor)
        for start in range(0, len(new), BATCH):
            ingest_job(new[start : start + BATCH])


def _outcome() -> dict[str, Any]:
    with reading() as session:
        counted = {
            "messages": session.scalar(select(func.count()).select_from(Message)),
            "conversations": session.scalar(select(func.count()).select_from(Conversation)),
            "not ingested": session.scalar(select(func.count()).where(Delivery.state != "ingested")),
        }
    assert counted["messages"] == MAILS, counted
    return counted


def _figures(wall: float, cpu: float, bare: float) -> dict[str, Any]:
    return {
        "mails per second": round(MAILS / wall, 1),
        "CPU ms a mail (process and PostgreSQL)": round(1000 * cpu / MAILS, 2),
        "CPU ms a mail, fetching alone": round(1000 * bare / MAILS, 2),
    }
