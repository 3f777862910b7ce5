"""What can go wrong, raised low and translated once at the edge.

AppError
├── Invalid    422   the input cannot be used; `field` names it
├── NotFound   404   not there, or not for you: the two look alike
├── Forbidden  403   you may see it, but not do this
├── Conflict   409   somebody was faster; carries the current version
├── TooMany    429   slow down; `retry_after_seconds`
└── SetupError       the installation lacks something; one sentence says what to do
"""

from __future__ import annotations

from app.phrases import phrase

NOTHING = phrase("There is nothing here, or it is not shared with you.")


class AppError(Exception):
    """Base of everything the product refuses; `reason` is one sentence fit for a screen."""

    status = 500

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Invalid(AppError):
    status = 422

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


class NotFound(AppError):
    status = 404

    def __init__(self, reason: str = NOTHING) -> None:
        super().__init__(reason)


class Forbidden(AppError):
    status = 403


class Conflict(AppError):
    status = 409

    def __init__(self, reason: str, *, version: int | None = None) -> None:
        super().__init__(reason)
        self.version = version


class TooMany(AppError):
    status = 429

    def __init__(self, reason: str, *, retry_after_seconds: float = 60) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class SetupError(AppError):
    status = 503
