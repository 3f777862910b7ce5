"""That somebody is typing: what channels tell of customers, and the setting by which customers are shown it of us.

Slack, Telegram, Meta's channels and LINE tell nobody when a customer types; mail, SMS, Viber, X, Mastodon and Reddit
know no such signal at all, either way.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPING_SECONDS = 5.0  # of one call: later it is no longer true


@dataclass(frozen=True, slots=True)
class Typing:
    """`sender` (the provider's id) types in the conversation `thread_key` right now."""

    thread_key: str
    sender: str
