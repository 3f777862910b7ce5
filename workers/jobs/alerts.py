"""Watch what is to be watched, find out what an alert is about, and tell people by mail."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import now
from app.db import assert_no_transaction, reading, retrying, transaction
from app.services import alert_cause, alert_notices, alert_watch, channels
from app.services.alert_notices import Letter
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def watch() -> None:
    """Judge every rule, then look for the causes of what opened (the clock calls this every minute)."""
    at = now()

    def work() -> None:
        with transaction() as session:
            alert_watch.watch(session, at=at)

    retrying(work)
    with reading() as session:
        due = alert_cause.due(session, at=at)
    for alert_id in due:
        _find_cause(alert_id)


def _find_cause(alert_id: int) -> None:
    with reading() as session:
        found, before = alert_cause.material(session, alert_id=alert_id)
    cause = alert_cause.find(found, before)

    def keep() -> None:
        with transaction() as session:
            alert_cause.record(session, alert_id=alert_id, cause=cause, at=now())

    retrying(keep)


def send_mail(notice_ids: Sequence[int]) -> None:
    """Send the mails of these notices."""
    for notice_id in sorted(notice_ids):
        letter = retrying(lambda id_=notice_id: _claim(id_))  # type: ignore[misc]
        if letter is not None:
            _send(letter)


def _claim(notice_id: int) -> Letter | None:
    with transaction() as session:
        return alert_notices.claim(session, notice_id=notice_id)


def _send(letter: Letter) -> None:
    assert_no_transaction()
    try:
        connector_for(letter.kind).send(letter.credentials, letter.outbound)
    except Rejected as error:
        with transaction() as session:
            alert_notices.record_failed(session, notice_id=letter.notice_id, reason=error.reason)
    except Transient as error:
        _later(letter, error)
    except BadCredentials as error:
        _later(letter, Transient(error.reason))
        with transaction() as session:
            used = letter.credentials
            channels.pause_for(session, channel_id=letter.channel_id, reason=error.reason, used=used)
    else:
        with transaction() as session:
            alert_notices.record_sent(session, notice_id=letter.notice_id)


def _later(letter: Letter, error: Transient) -> None:
    with transaction() as session:
        alert_notices.record_transient(
            session,
            notice_id=letter.notice_id,
            reason=error.reason,
            retry_after_seconds=error.retry_after_seconds,
        )
