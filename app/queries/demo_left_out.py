"""What belongs to a live demo conversation counts nowhere: one condition for every report, count and alert."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from app.models import Channel


def is_no_demo(channel_id: Any) -> ColumnElement[bool]:
    """Return whether a row with this channel id is a customer's, and not of somebody's demo conversation."""
    demos = select(Channel.id).where(Channel.demo_of_id.is_not(None))
    wanted: ColumnElement[bool] = channel_id.not_in(demos)
    return wanted
