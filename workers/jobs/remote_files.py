"""Fetch the files that messages name and providers keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from app import blobs
from app.config import settings
from app.db import assert_no_transaction, retrying, transaction
from app.services import channel_settings, network_guard, remote_files
from app.services.arrivals import StoredAttachment
from app.services.remote_files import MOST_BYTES, TOO_LARGE, Fetch
from connectors.base import InboundAttachment, MayReach
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def fetch(file_ids: Sequence[int]) -> None:
    """Fetch files, each by itself."""
    for file_id in sorted(file_ids):
        claimed = retrying(lambda id_=file_id: _claim(id_))  # type: ignore[misc]  # bound now, not when it is called
        if claimed:
            _fetch(claimed)


def _claim(file_id: int) -> Fetch | None:
    with transaction() as session:
        return remote_files.claim(session, file_id=file_id)


def _fetch(claimed: Fetch) -> None:
    id_ = claimed.file_id
    try:
        fetched = _download(claimed)
    except Rejected as error:
        reason = error.reason
        _record(lambda session: remote_files.record_failed(session, file_id=id_, reason=reason))
        return
    except (Transient, BadCredentials) as error:
        told, after = error.reason, error.retry_after_seconds if isinstance(error, Transient) else None
        _record(
            lambda session: remote_files.record_transient(session, file_id=id_, reason=told, retry_after_seconds=after)
        )
        return
    blobs.put(fetched.data)
    stored = StoredAttachment.of(fetched)
    _record(lambda session: remote_files.record_fetched(session, file_id=id_, stored=stored))


def _download(claimed: Fetch) -> InboundAttachment:
    assert_no_transaction()
    connector = connector_for(claimed.kind)
    fetched = connector.download(claimed.credentials, claimed.file, _guard(claimed))
    if len(fetched.data) > MOST_BYTES:
        raise Rejected(TOO_LARGE)
    return remote_files.named(claimed.file, fetched)


def _guard(claimed: Fetch) -> MayReach:
    """Let public addresses be reached, and the servers that an admin named in this channel's settings."""
    hosts = [host for _, host in channel_settings.places(claimed.kind, claimed.credentials)]
    own = network_guard.addresses_of(hosts)
    private_allowed = settings().private_webhooks
    return lambda address: address in own or network_guard.may_hear(address, private_allowed=private_allowed)


def _record(note: Callable[[Session], None]) -> None:
    def work() -> None:
        with transaction() as session:
            note(session)

    retrying(work)
