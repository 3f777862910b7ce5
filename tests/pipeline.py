"""The whole pipeline in one process, step by step: the real relay, the real queues in Valkey, the real jobs.

A test decides what happens when: `relay()` publishes what the outbox holds, `jobs()` takes the waiting jobs out of the
queues, `run(job)` runs one. `settle()` goes on until nothing moves.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import new_token, seal
from app.db import transaction
from app.models import Channel, Inbox, InboxAccess, Role, Team, TeamMember, User
from app.services import ingest, presence, reconcile
from connectors.base import RawDelivery
from workers import queues, relay

ARRIVED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Pipeline:
    """Jobs are (function name, ids), as they were enqueued."""

    redis: Redis
    folder: Path
    twice: bool = False
    shuffle: random.Random | None = None

    def relay(self) -> int:
        published = 0
        while count := relay.publish_batch():
            published += count
        return published

    def jobs(self) -> list[tuple[str, list[int]]]:
        """Take every waiting job, as a worker would."""
        taken = []
        for name in queues.TIMEOUT_SECONDS:
            queue = Queue(name, connection=self.redis, serializer=JSONSerializer)
            for job_id in queue.get_job_ids():
                job = Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)
                taken.append((str(job.func_name), list(job.args[0])))
            queue.delete(delete_jobs=True)
        return taken

    def run(self, job: tuple[str, list[int]]) -> None:
        module, _, function = job[0].rpartition(".")
        for _ in range(2 if self.twice else 1):
            getattr(import_module(module), function)(job[1])

    def settle(self) -> None:
        """Relay and run until nothing is left to do."""
        while True:
            self.relay()
            waiting = self.jobs()
            if not waiting:
                return
            if self.shuffle:
                waiting = split(waiting)
                self.shuffle.shuffle(waiting)
            for job in waiting:
                self.run(job)

    def forget_redis(self) -> None:
        """What happens when Valkey is emptied, and time passes until the next reconcile."""
        self.redis.flushdb()
        with transaction() as session:
            reconcile.reconcile(session, older_than=timedelta(seconds=-1))

    def deliver(self, channel: Channel, payload: dict[str, Any] | bytes, *, minutes: int = 0) -> list[int]:
        """Store what a channel brings, as the poller does."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        kept = ingest.keep(RawDelivery(raw=raw, received_at=ARRIVED + timedelta(minutes=minutes)))
        with transaction() as session:
            return ingest.store_batch(session, channel=channel, deliveries=[kept])


def split(jobs: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """Give every id a job of its own, so that their order can be mixed."""
    return [(function, [id_]) for function, ids in jobs for id_ in ids]


def make_workspace(session: Session, *, folder: Path, kind: str = "sandbox", online: bool = True) -> dict[str, Any]:
    """A team of two agents, an inbox it may see, and one channel."""
    team = Team(name="Support")
    agents = [User(email=f"{n}@acme.example", name=n.title(), role=Role.AGENT) for n in ("ana", "ben")]
    admin = User(email="admin@acme.example", name="Admin", role=Role.ADMIN)
    session.add_all([team, *agents, admin])
    session.flush()
    inbox = Inbox(name="Support", team_id=team.id)
    session.add(inbox)
    session.flush()
    session.add_all([TeamMember(team_id=team.id, user_id=agent.id) for agent in agents])
    session.add(InboxAccess(inbox_id=inbox.id, team_id=team.id))
    sealed = seal({"folder": str(folder), "drip_seconds": 0, "address": "support@acme.example"})
    channel = Channel(inbox_id=inbox.id, kind=kind, name="Sandbox", token=new_token(), sealed=sealed)
    channel.address = "support@acme.example"
    session.add(channel)
    session.flush()
    if online:
        for agent in agents:
            presence.connect(session, user_id=agent.id, connection=f"socket-{agent.id}")
    return {"team": team, "agents": agents, "admin": admin, "inbox": inbox, "channel": channel}


def the(session: Session, kind: type[Any], **where: Any) -> Any:
    """Return the only row that fits."""
    return session.scalars(select(kind).filter_by(**where)).one()
