"""Do what agents asked to be done with messages, in the order in which they asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from app.db import assert_no_transaction, retrying, transaction
from app.services import channels, message_actions
from app.services.message_actions import Doing
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def act(action_ids: Sequence[int]) -> None:
    """Do what waits for the messages of these actions."""
    for action_id in sorted(action_ids):
        while doing := retrying(lambda id_=action_id: _claim(id_)):  # type: ignore[misc]  # bound now, not when called
            if not _act(doing):
                break


def _claim(action_id: int) -> Doing | None:
    with transaction() as session:
        return message_actions.claim_next(session, action_id=action_id)


def _act(doing: Doing) -> bool:
    """Do one action; return whether the next one of the message may be done now."""
    id_, failed = doing.action_id, ""
    try:
        assert_no_transaction()
        connector_for(doing.kind).act(doing.credentials, doing.action)
    except Rejected as error:
        failed = error.reason
    except (Transient, BadCredentials) as error:
        _later(doing, error)
        return False
    _record(lambda session: message_actions.record(session, action_id=id_, failed=failed))
    return True


def _later(doing: Doing, error: Transient | BadCredentials) -> None:
    after = error.retry_after_seconds if isinstance(error, Transient) else None

    def note(session: Session) -> None:
        message_actions.record_transient(
            session, action_id=doing.action_id, reason=error.reason, retry_after_seconds=after
        )

    _record(note)
    if isinstance(error, BadCredentials):
        used = doing.credentials
        _record(
            lambda session: channels.pause_for(session, channel_id=doing.channel_id, reason=error.reason, used=used)
        )


def _record(note: Callable[[Session], None]) -> None:
    def work() -> None:
        with transaction() as session:
            note(session)

    retrying(work)
