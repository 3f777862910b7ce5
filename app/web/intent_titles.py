"""The titles of the workspace's own intents, for labels on any page."""

from __future__ import annotations

from app.services import workspace_intents
from app.web.now_and_then import NowAndThen

_titles: NowAndThen[dict[str, str]] = NowAndThen(workspace_intents.titles, {}, seconds=5)
forget = _titles.forget  # an intent was renamed


def title_of(label: str) -> str | None:
    """Return the title of an own intent by its slug, None for any other label."""
    return _titles.value().get(label)
