"""Whose things come to a webhook address that serves several channels: a provider that knows one address an app."""

from __future__ import annotations

from dataclasses import dataclass, field

ONLY = "only"  # of a delivery's meta: for which ids it was stored, parted by spaces; `parse` leaves out the rest
NOBODY = "-"  # among them: what names nobody


@dataclass(frozen=True, slots=True)
class Home:
    """The id that the provider names when it calls, and what proves that two channels are of one app of its."""

    account: str = ""
    app: str = field(default="", repr=False)

    @property
    def is_shared(self) -> bool:
        return bool(self.account and self.app)
