"""What every event of app/events.py is: a fact under a name made of its class, that survives as JSON."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

_WORD = re.compile(r"[A-Z][a-z0-9]*")


@dataclass(frozen=True, slots=True)
class Event:
    vocabulary: ClassVar[dict[str, type[Event]]] = {}

    @classmethod
    def wire_name(cls) -> str:
        """Return `noun.past_participle`."""
        noun, *rest = _WORD.findall(cls.__name__)
        return f"{noun.lower()}.{'_'.join(word.lower() for word in rest)}"

    def payload(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_payload(cls, name: str, payload: dict[str, Any]) -> Event:
        """Rebuild an event. Raises KeyError for a name nobody knows."""
        return cls.vocabulary[name](**payload)
