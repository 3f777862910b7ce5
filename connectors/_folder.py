"""What the cursor knows of one mail folder, and how its mail is cut into batches.

    {"uidvalidity": 1, "uid": 42, "doubt": {"from": 43, "to": 92, "times": 1}}

`uid` is the watermark: every mail up to it has been stored. It moves only over mail that was handed out or that the
server no longer lists. Another UIDVALIDITY means that the server numbered the folder anew: it is read again from the
start, and the hash of the bytes tells what was seen before.

`doubt` is where a read failed. Some servers (Dovecot too) hang up at a mail that they cannot read, for ever; so after a
failure the mails of that batch are read one by one, and one that failed GIVE_UP times is passed over, visibly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors._imap import FolderState

BATCH_MAILS = 50
BATCH_BYTES = 8_000_000
GIVE_UP = 5


@dataclass(slots=True)
class Doubt:
    """The mails from `first` to `last` could not be read; `times` counts failures at exactly `first`."""

    first: int = 0
    last: int = 0
    times: int = 0


class Folder:
    """Where we are in one folder."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        self.name = name
        self.is_new = not known
        self.uidvalidity = int(known.get("uidvalidity", 0))
        self.uid = int(known.get("uid", 0))
        doubt = known.get("doubt", {})
        self._doubt = Doubt(int(doubt.get("from", 0)), int(doubt.get("to", 0)), int(doubt.get("times", 0)))

    def opened(self, state: FolderState, *, from_start: bool) -> None:
        """Compare with what the server says; a folder that was numbered anew begins again."""
        if self.is_new and not from_start and state.next_uid is not None:
            self.uid = state.next_uid - 1
        elif self.uidvalidity != state.uidvalidity:
            self.uid, self._doubt = 0, Doubt()
        self.uidvalidity, self.is_new = state.uidvalidity, False

    def differs(self, state: FolderState) -> bool:
        """Say whether there may be mail above the watermark."""
        is_behind = state.next_uid is None or state.next_uid > self.uid + 1
        return is_behind or state.uidvalidity != self.uidvalidity

    def stored(self, uid: int) -> None:
        """Move the watermark."""
        self.uid = uid
        if uid >= self._doubt.last:
            self._doubt = Doubt()

    def failed(self, uids: Sequence[int]) -> None:
        """Remember that these mails, read together, could not be read."""
        is_alone = len(uids) == 1
        again = is_alone and self._doubt.first == uids[0]
        self._doubt = Doubt(uids[0], max(uids[-1], self._doubt.last), self._doubt.times + 1 if again else int(is_alone))

    def is_hopeless(self, uids: Sequence[int]) -> bool:
        return len(uids) == 1 and uids[0] == self._doubt.first and self._doubt.times >= GIVE_UP

    def groups(self, sizes: Mapping[int, int]) -> Iterator[list[int]]:
        """Cut listed mails into batches, bounded in number and bytes; a large mail is its own batch."""
        group: list[int] = []
        total = 0
        for uid, size in sizes.items():
            is_full = len(group) >= BATCH_MAILS or total + size > BATCH_BYTES or uid <= self._doubt.last
            if group and is_full:
                yield group
                group, total = [], 0
            group.append(uid)
            total += size
        if group:
            yield group

    def as_cursor(self) -> dict[str, Any]:
        doubt = self._doubt
        known = {"from": doubt.first, "to": doubt.last, "times": doubt.times}
        return {"uidvalidity": self.uidvalidity, "uid": self.uid, **({"doubt": known} if doubt.last else {})}
