"""Ask providers who the people are that messages name by ids only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from app.db import assert_no_transaction, retrying, transaction
from app.services import look_ups
from app.services.look_ups import Question
from connectors.base import Identity
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def look_up(look_up_ids: Sequence[int]) -> None:
    """Ask for people, one by one."""
    for id_ in sorted(look_up_ids):
        question = retrying(lambda id_=id_: _claim(id_))  # type: ignore[misc]  # bound now, not when it is called
        if question:
            _ask(question)


def _claim(look_up_id: int) -> Question | None:
    with transaction() as session:
        return look_ups.claim(session, look_up_id=look_up_id)


def _ask(question: Question) -> None:
    id_ = question.look_up_id
    try:
        told = _told(question)
    except (Rejected, BadCredentials) as error:  # whether a channel's credentials are good, others find out
        reason = error.reason
        _record(lambda session: look_ups.record_nothing(session, look_up_id=id_, reason=reason))
        return
    except Transient as error:
        said, after = error.reason, error.retry_after_seconds
        _record(
            lambda session: look_ups.record_transient(session, look_up_id=id_, reason=said, retry_after_seconds=after)
        )
        return
    if told is None:
        _record(lambda session: look_ups.record_nothing(session, look_up_id=id_))
    else:
        _record(lambda session: look_ups.record_told(session, look_up_id=id_, told=told))


def _told(question: Question) -> Identity | None:
    assert_no_transaction()
    return connector_for(question.kind).look_up(question.credentials, question.address, question.thread_key)


def _record(note: Callable[[Session], None]) -> None:
    def work() -> None:
        with transaction() as session:
            note(session)

    retrying(work)
