"""The mail that tells of an alert: what happened and where to look. Of customers' words it has single terms only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from app.config import settings
from app.models import Alert, Channel, Inbox
from app.services import alert_words, workspace_intents


def written(session: Session, *, alert: Alert, zone: tzinfo) -> tuple[str, str]:
    """Return subject and text."""
    intents = workspace_intents.titles(session)
    said = alert_words.headline(
        alert, value=alert.value, messages=alert.messages, usual=alert.expected, intents=intents
    )
    lines = [said + ".", "", f"Since {_moment(alert.opened_at, zone)}{_end(alert, zone)}."]
    lines += _scope(session, alert, intents) + _cause(alert.cause, intents)
    lines += ["", f"{settings().base_url}/alerts/{alert.public_id}", ""]
    lines += [f"You are told by the rule “{alert.name}”. Acknowledge it there, so that others know you are on it."]
    return f"{alert.name}: {said.partition(';')[0]}", "\n".join(lines)


def _scope(session: Session, alert: Alert, intents: Mapping[str, str]) -> list[str]:
    channel = session.get(Channel, alert.channel_id) if alert.channel_id else None
    inbox = session.get(Inbox, alert.inbox_id) if alert.inbox_id else None
    parts = [
        f"channel {channel.name}" if channel else "",
        f"inbox {inbox.name}" if inbox else "",
        alert_words.intent_words(alert.intent, intents) if alert.intent else "",
        f"language {alert.language}" if alert.language else "",
    ]
    told = ", ".join(part for part in parts if part)
    return [f"Only {told}."] if told else []


def _cause(cause: Mapping[str, Any], intents: Mapping[str, str]) -> list[str]:
    terms = ", ".join(one["term"] for one in cause.get("terms", []))
    wanted = ", ".join(
        f"{alert_words.intent_words(one['label'], intents)} {one['now']:.0%} (before: {one['before']:.0%})"
        for one in cause.get("intents", [])[:3]
    )
    lines = [f"Words that stand out: {terms}."] if terms else []
    return ["", *lines, *([f"What customers want: {wanted}."] if wanted else [])] if lines or wanted else []


def _end(alert: Alert, zone: tzinfo) -> str:
    return "" if alert.closed_at is None else f", over since {_moment(alert.closed_at, zone)}"


def _moment(moment: datetime, zone: tzinfo) -> str:
    here = moment.astimezone(zone)
    return f"{here.day} {here:%b %Y, %H:%M %Z}"
