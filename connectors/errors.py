"""What can go wrong between us and a provider.

ConnectorError
├── Transient        try again later; `retry_after_seconds` when the provider said when
├── BadCredentials   the provider does not accept us: the channel is paused and says so
├── Rejected         the provider refused this one thing for good; the reason is shown to a person
└── Malformed        these bytes cannot be understood: the delivery is parked with its bytes
"""

from __future__ import annotations

from connectors.phrases import Phrase, phrase


class ConnectorError(Exception):
    """Base of everything a connector may raise; `reason` is one sentence fit for a screen.

    A literal sentence is marked for translation by being raised; one with values in it is a `phrase(…)`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason if isinstance(reason, Phrase) else phrase(reason)


class Transient(ConnectorError):
    """A time-out, a 429, a 5xx, a refused connection: the same call may work later."""

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class BadCredentials(ConnectorError):
    """Sign-in refused, token expired or revoked, signature key wrong."""


class Rejected(ConnectorError):
    """Refused for good: unknown recipient, text too long, window closed."""


class Malformed(ConnectorError):
    """The bytes are not what this kind of channel sends."""
