"""Replace the tokens that mail channels sign in with before they end: Microsoft's do after 90 days."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.db import assert_no_transaction, reading, transaction
from app.log import get_logger
from app.models import Channel, ChannelState
from app.services import channel_settings, channel_sign_in
from connectors.errors import ConnectorError


def renew() -> None:
    """Renew those of all active channels; one that fails is tried again at the next time, a day later."""
    with reading() as session:
        query = select(Channel).where(Channel.state == ChannelState.ACTIVE).order_by(Channel.id)
        due = [channel for channel in session.scalars(query) if channel_sign_in.can_renew(channel.kind)]
        session.expunge_all()
    for channel in due:
        _renew(channel)


def _renew(channel: Channel) -> None:
    assert_no_transaction()
    connector: Any = channel_settings.find_connector(channel.kind)
    before = channel_sign_in.credentials_of(channel)
    try:
        gained = connector.renewed(before)
    except ConnectorError as error:
        get_logger().warning("mail_tokens.failed", channel=channel.id, error=type(error).__name__)
        return
    if not gained:
        return
    with transaction() as session:
        row = session.get_one(Channel, channel.id, with_for_update=True)
        channel_sign_in.keep_renewed(row, before=before, gained=gained)
