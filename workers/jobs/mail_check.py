"""Compare mailboxes with what is stored of them, and bring in what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.db import assert_no_transaction, reading, retrying, transaction
from app.models import Channel, CheckState, MailboxCheck
from app.services import channel_settings, ingest, mailbox_checks
from connectors.base import Credentials, RawDelivery
from connectors.errors import BadCredentials, Transient

BATCH = 25


def run(channel_ids: Sequence[int]) -> None:
    """Do what was asked for, channel by channel."""
    for channel_id in sorted(channel_ids):
        with transaction() as session:
            found = mailbox_checks.take(session, channel_id=channel_id)
        if found is not None:
            _run(*found)


def _run(channel: Channel, credentials: Credentials, check: MailboxCheck) -> None:
    connector: Any = channel_settings.find_connector(channel.kind)
    try:
        if check.state is CheckState.FETCHING:
            _fetch(connector, channel, credentials, check)
        folders = _count(connector, channel, credentials)
    except (Transient, BadCredentials) as error:
        reason = error.reason
        with transaction() as session:
            mailbox_checks.record_failed(session, channel_id=channel.id, reason=reason)
        return
    with transaction() as session:
        mailbox_checks.record_counted(session, channel_id=channel.id, folders=folders)


def _count(connector: Any, channel: Channel, credentials: Credentials) -> list[dict[str, Any]]:
    """Compare every folder. Raises Transient, BadCredentials."""
    assert_no_transaction()
    listed = connector.survey(credentials)
    with reading() as session:
        known = mailbox_checks.known_places(session, channel_id=channel.id)
    folders = []
    for one in listed:
        folder = mailbox_checks.compared(one.name, one.uidvalidity, one.uids, known) | {"reason": one.reason}
        shown = folder["missing"][: mailbox_checks.MOST_SHOWN]
        lines = connector.describe(credentials, one.name, shown) if shown else []
        folder["lines"] = [
            {
                "uid": line.uid,
                "sender": line.sender,
                "subject": line.subject,
                "sent_at": line.sent_at.isoformat() if line.sent_at else "",
            }
            for line in lines
        ]
        folders.append(folder)
    return folders


def _fetch(connector: Any, channel: Channel, credentials: Credentials, check: MailboxCheck) -> None:
    """Bring in what was found missing and is not there yet. Raises Transient, BadCredentials."""
    done = check.fetched  # by a run that was cut off
    for batch in _batches(connector, credentials, check):
        kept = ingest.keep_all(batch)
        done += len(kept)
        retrying(lambda kept=kept, done=done: _store(channel.id, kept, done))  # type: ignore[misc]  # bound now


def _store(channel_id: int, kept: list[ingest.StoredDelivery], done: int) -> None:
    with transaction() as session:
        channel = session.get_one(Channel, channel_id)
        ingest.store_batch(session, channel=channel, deliveries=kept)
        mailbox_checks.remember_places(session, channel_id=channel_id, deliveries=kept)
        mailbox_checks.record_progress(session, channel_id=channel_id, fetched=done)


def _batches(connector: Any, credentials: Credentials, check: MailboxCheck) -> Iterator[list[RawDelivery]]:
    """What is still missing: an earlier run that was cut off may have brought in some."""
    with reading() as session:
        known = mailbox_checks.known_places(session, channel_id=check.channel_id)
    batch: list[RawDelivery] = []
    for folder in check.folders:
        name, numbering = folder["name"], folder["uidvalidity"]
        missing = [uid for uid in folder["missing"] if (name, numbering, uid) not in known]
        for mails in connector.read_again(credentials, name, numbering, missing):
            batch += mails
            if len(batch) >= BATCH:
                yield batch
                batch = []
    if batch:
        yield batch
