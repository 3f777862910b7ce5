"""What kinds share that show their customers which messages were read, and what providers give with a message."""

from __future__ import annotations

from connectors.base import Setting

READ_TOKEN, QUOTE_TOKEN = "_read_token", "_quote_token"  # in `custom`; what begins with "_" is shown to nobody
TELLS_READ = Setting(
    "tells_read",
    "Show customers that their messages were read",
    kind="boolean",
    default=True,
    help="As soon as somebody here has opened the conversation.",
    group="Advanced",
)
