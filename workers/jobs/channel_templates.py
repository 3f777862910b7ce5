"""Fetch the templates that providers approved."""

from __future__ import annotations

from collections.abc import Sequence

from app.db import assert_no_transaction, reading, transaction
from app.services import channel_templates
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def hand_out() -> None:
    """Ask for those of channels where that was an hour ago."""
    with transaction() as session:
        channel_templates.hand_out(session)


def sync(channel_ids: Sequence[int]) -> None:
    """Fetch the templates of channels, each by itself."""
    for channel_id in sorted(channel_ids):
        _sync(channel_id)


def _sync(channel_id: int) -> None:
    with reading() as session:
        found = channel_templates.credentials_of(session, channel_id=channel_id)
    if found is None:
        return
    kind, credentials = found
    assert_no_transaction()
    try:
        templates = connector_for(kind).templates(credentials)
    except (Transient, BadCredentials, Rejected) as error:
        with transaction() as session:
            channel_templates.record_failed(session, channel_id=channel_id, reason=error.reason)
        return
    with transaction() as session:
        channel_templates.record(session, channel_id=channel_id, templates=templates)
