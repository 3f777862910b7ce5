"""The one customer of a live demo conversation: writes first, waits for a person's reply, and answers once.

What is told, and when the answer is due, follows from the cursor ({"position": n}) and from the replies in the folder,
so that a process that begins anew goes on where the last one stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors._sandbox_folders import Folders
from connectors.base import Batch, Credentials, Cursor, RawDelivery
from connectors.errors import Malformed, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

NAME = "Robin Vega (demo)"
SUBJECT = "My tent has not arrived"
SAID = (
    "Hello, my tent was ordered nine days ago and has not come. I am really frustrated: where is my parcel?",
    "Thank you so much for the quick answer! That is wonderful, now I am happy again. Have a great day!",
)
ANSWERS_AFTER_SECONDS = 3.0  # of a reply: somebody has to read it first
MOST_REPLIES = 200  # files looked at


class DemoCustomer:
    """Tells at most two messages; `position` is how many were told."""

    def __init__(self, credentials: Credentials, cursor: Cursor, folders: Folders) -> None:
        is_wanted = str(credentials.get("customer") or "").lower() in {"true", "1", "yes", "on"}
        self._is_here = is_wanted and not credentials.get("drip_seconds")  # the stories have the cursor for themselves
        self._thread = f"demo-customer-{credentials.get('seed') or 1}"
        self._position = int(cursor.get("position", 0))
        self._folders = folders
        self._answered_at: float | None = None  # on the monotonic clock

    def tell(self) -> Iterator[Batch]:
        """Yield the message that is due now, if one is. Raises Transient where the folder cannot be read."""
        if not self._is_here or self._position >= len(SAID) or not self._is_due():
            return
        delivery = self._delivery(self._position)
        self._position += 1
        yield Batch((delivery,), {"position": self._position})

    def _is_due(self) -> bool:
        if self._position == 0:
            return True
        if self._answered_at is None and self._is_answered():
            self._answered_at = time.monotonic()
        return self._answered_at is not None and time.monotonic() - self._answered_at >= ANSWERS_AFTER_SECONDS

    def _is_answered(self) -> bool:
        """Tell whether a reply to this customer was written, by a person."""
        try:
            paths = sorted(self._folders.outbox.glob("*.json"))[:MOST_REPLIES]
            said = [load_json(path.read_bytes()) for path in paths]
        except OSError as error:
            raise Transient(
                phrase(
                    "The folder {outbox} cannot be read: {strerror}.",
                    outbox=self._folders.outbox,
                    strerror=error.strerror,
                )
            ) from error
        except Malformed:
            return False
        return any(
            isinstance(one, dict) and one.get("thread") == self._thread and not one.get("automatic") for one in said
        )

    def _delivery(self, number: int) -> RawDelivery:
        now = datetime.now(UTC)
        message = {
            "id": f"{self._thread}-{number}",
            "from": {"kind": "handle", "address": self._thread, "name": NAME},
            "subject": f"Re: {SUBJECT}" if number else SUBJECT,
            "text": SAID[number],
            "thread": self._thread,
            "sent_at": now.isoformat(),
        }
        raw = json.dumps(message).encode()
        return RawDelivery(raw, now, external_id=f"{self._thread}-{number}", meta={"content_type": "application/json"})
