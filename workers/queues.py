"""The only room that knows RQ. A job is the name of a function in workers/jobs and a list of ids, as JSON.

Jobs of `ingest`, `default` and the annotators run inside the worker (6 ms a job); those of `send` and `slow` in a
fork each, so that a hung provider or a hostile file takes nothing with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from app.config import settings

ASK = "ask"  # somebody looks at the screen
TRANSLATE = "translate"  # a process of its own, where there are models for it
LEARN = "learn"  # short, and somebody waits for it
RESCORING = "rescoring"
ANNOTATOR = (ASK, LEARN, "nlp", RESCORING)  # what annotators serve, in this order
IDS_A_JOB = {  # one slow provider holds up one reply
    "ingest": 50,
    ASK: 50,
    LEARN: 50,
    TRANSLATE: 50,
    "nlp": 50,
    "default": 50,
    "send": 1,
    "slow": 1,
    RESCORING: 16,
}
FORKED = frozenset({"send", "slow"})
TIMEOUT_SECONDS = {
    "ingest": 60,
    ASK: 60,
    LEARN: 300,
    TRANSLATE: 300,
    "nlp": 300,
    "default": 60,
    "send": 90,
    "slow": 120,
    RESCORING: 300,
}
FAILURE_TTL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Job:
    """`function` is a dotted name; `ids` is its one argument."""

    queue: str
    function: str
    ids: tuple[int, ...]


class MixedWorker(Worker):
    """A worker that forks only for the queues that need it."""

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        if queue.name in FORKED:
            super().execute_job(job, queue)
        else:
            SimpleWorker.execute_job(self, job, queue)  # type: ignore[arg-type]


@cache
def connection() -> Redis:
    return Redis.from_url(settings().redis_url, socket_keepalive=True, health_check_interval=30)


def enqueue(jobs: Sequence[Job]) -> None:
    """Hand jobs to their queues, split so that none carries more ids than IDS_A_JOB says. Raises redis.RedisError."""
    by_queue: dict[str, list[Any]] = {}
    for job in jobs:
        most = IDS_A_JOB[job.queue]
        for start in range(0, len(job.ids), most):
            by_queue.setdefault(job.queue, []).append(_data(job, list(job.ids[start : start + most])))
    with connection().pipeline() as pipe:
        for name, data in by_queue.items():
            _queue(name).enqueue_many(data, pipeline=pipe)
        pipe.execute()


def work(names: Sequence[str], *, burst: bool = False) -> None:
    """Run jobs of these queues until told to stop."""
    worker = MixedWorker(
        [_queue(name) for name in names],
        connection=connection(),
        serializer=JSONSerializer,
        worker_ttl=30,
        maintenance_interval=15,
        default_result_ttl=0,
        log_job_description=False,
    )
    worker.work(burst=burst, logging_level="WARNING")


def is_waiting(names: Sequence[str]) -> bool:
    """Say whether a job waits in one of these queues. Raises redis.RedisError."""
    return any(not _queue(name).is_empty() for name in names)


def lengths() -> Mapping[str, int]:
    """Return how many jobs wait, by queue. Raises redis.RedisError."""
    return {name: _queue(name).count for name in TIMEOUT_SECONDS}


@cache
def _queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=JSONSerializer, default_timeout=TIMEOUT_SECONDS[name])


def _data(job: Job, ids: list[int]) -> Any:
    return Queue.prepare_data(
        job.function,
        args=[ids],
        timeout=TIMEOUT_SECONDS[job.queue],
        result_ttl=0,
        failure_ttl=FAILURE_TTL_SECONDS,
    )
