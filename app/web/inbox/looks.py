"""How kinds, labels and states look: an icon and a word each, never colour alone."""

from __future__ import annotations

from functools import cache

from connectors.registry import connector_for

SENTIMENTS = {"negative": "frown", "neutral": "meh", "positive": "smile"}
PRIORITIES = {"urgent": "siren", "high": "chevrons-up", "normal": "equal", "low": "chevrons-down"}
STATUSES = {"open": "circle-dot", "pending": "circle-pause", "snoozed": "alarm-clock", "resolved": "circle-check"}
SEND_STATES = {
    "queued": ("clock", "Waiting to be sent"),
    "sending": ("loader-circle", "Sending"),
    "sent": ("check", "Sent"),
    "failed": ("circle-alert", "Not sent"),
    "uncertain": ("circle-help", "Maybe sent"),
}
IDENTITIES = {"email": "at-sign", "phone": "phone", "handle": "hash", "visitor": "globe"}
FILES = (
    ("image/", "image"),
    ("audio/", "music"),
    ("video/", "film"),
    ("application/pdf", "file-text"),
    ("text/calendar", "calendar"),
    ("text/", "file-text"),
    ("message/", "mail"),
    ("application/zip", "file-archive"),
)


@cache
def channel_icon(kind: str) -> str:
    """Choose an icon by what a kind of channel can do: no page needs to know the kinds."""
    try:
        can = connector_for(kind).capabilities
    except KeyError:
        return "radio"
    if can.live_only:
        return "message-circle"
    if can.cc:
        return "mail"
    return "send" if can.send else "clipboard-list"


@cache
def channel_label(kind: str) -> str:
    try:
        return connector_for(kind).label
    except KeyError:
        return kind


def file_icon(content_type: str) -> str:
    return next((icon for start, icon in FILES if content_type.startswith(start)), "file")


CHANNEL_LOOKS = {
    "channel_icon": channel_icon,
    "channel_label": channel_label,
    "file_icon": file_icon,
    "SENTIMENTS": SENTIMENTS,
    "PRIORITIES": PRIORITIES,
    "STATUSES": STATUSES,
    "SEND_STATES": SEND_STATES,
    "IDENTITIES": IDENTITIES,
}
