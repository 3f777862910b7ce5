"""What kinds share that show their customers that somebody here is typing."""

from __future__ import annotations

from connectors.base import Setting

SHOWS_TYPING = Setting(
    "shows_typing",
    "Show customers that somebody is typing",
    kind="boolean",
    default=True,
    help="While a reply is written, not a note.",
    group="Advanced",
)
