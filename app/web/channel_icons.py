"""Which icon stands for a kind of channel: those drawn in app/static/src/channel_icons.svg, by their ids."""

from __future__ import annotations

import re
from functools import cache

from app.config import ROOT

DRAWN = ROOT / "app" / "static" / "src" / "channel_icons.svg"
FALLBACK = "radio"  # of a kind that nobody has drawn yet, or that is gone


@cache
def drawn() -> frozenset[str]:
    """Return the ids of the icons that are drawn."""
    return frozenset(re.findall(r'<symbol id="(channel-[a-z0-9_-]+)"', DRAWN.read_text(encoding="utf-8")))


def channel_icon(kind: str) -> str:
    """Return the name of the icon of a kind of channel."""
    name = f"channel-{kind}"
    return name if name in drawn() else FALLBACK
