"""Follows the folders of one mailbox: first what is above each folder's watermark, in batches, then whatever comes.

The cursor is {"folders": {name: …}}; see _folder.py. A batch is read whole, yielded, and acknowledged (marked as seen)
only when the generator is resumed, because then it has been stored.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors._folder import Folder
from connectors._imap import LARGEST_MAIL, Mailbox, NoSuchFolder, StoredMail
from connectors._mail_fields import AUTHSERV_ID
from connectors._mail_settings import MailSettings, Timing
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import Transient
from connectors.phrases import phrase

UNREADABLE = "unreadable"  # the mark, in a delivery's meta, of a mail that its server cannot hand over
_WINDOW = 500  # UIDs listed at once; doubled while a mailbox is sparse
_FRESH = timedelta(seconds=60)
_HURRY_SECONDS = 0.04


def missing_sentence(missing: Sequence[str], host: str) -> str:
    names = ", ".join(missing)
    if len(missing) == 1:
        return phrase("{host} has no folder {names}.", host=host, names=names)
    return phrase("{host} has no folders {names}.", host=host, names=names)


class Watch:
    """One connection's work over all folders. `catch_up` ends, `follow` goes on until the connection fails."""

    def __init__(self, mailbox: Mailbox, settings: MailSettings, cursor: Cursor, timing: Timing) -> None:
        known = cursor.get("folders", {})
        self._folders = [Folder(name, known.get(name, {})) for name in settings.folders]
        self._mailbox, self._settings, self._timing = mailbox, settings, timing
        self._selected: Folder | None = None

    def catch_up(self) -> Iterator[Batch]:
        """Yield everything that is new in every folder, the first folder last so that it stays selected.

        Raises Transient, at the end, when a folder is missing: the others have been read by then.
        """
        missing = []
        for folder in reversed(self._folders):
            try:
                top = self._open(folder)
            except NoSuchFolder:
                missing.append(folder.name)
                continue
            yield self._batch([])
            yield from self._read(folder, top)
        if missing:
            raise Transient(missing_sentence(missing[::-1], self._settings.imap.host))

    def follow(self) -> Iterator[Batch]:
        """Catch up, then listen at the first folder and look into the others now and then; never ends by itself."""
        yield from self.catch_up()
        first, *others = self._folders
        others_due = time.monotonic() + self._timing.folders_seconds
        while True:
            yield Batch()
            self._wait(self._patience(others_due if others else None))
            yield from self._read(first)
            if others and time.monotonic() >= others_due:
                yield from self._look_into(others)
                others_due = time.monotonic() + self._timing.folders_seconds

    def _wait(self, seconds: float) -> None:
        """Listen; or, in a hurry, ask again and again. Dovecot announces half a second late and answers at once."""
        if not self._settings.hurry:
            self._mailbox.wait(seconds)
            return
        until = time.monotonic() + seconds
        while not self._mailbox.has_news and time.monotonic() < until:
            self._mailbox.wait(_HURRY_SECONDS, listen=False)

    def _patience(self, others_due: float | None) -> float:
        """Seconds to wait at most: until a heartbeat, a poll of a server without IDLE, a look at other folders."""
        seconds = self._timing.heartbeat_seconds
        if not self._mailbox.can_idle:
            seconds = min(seconds, self._settings.poll_seconds)
        return seconds if others_due is None else min(seconds, max(0.0, others_due - time.monotonic()))

    def _look_into(self, others: Sequence[Folder]) -> Iterator[Batch]:
        """Read other folders where there is news, then go back to the first."""
        try:
            for folder in others:
                if folder.differs(self._mailbox.status(folder.name)):
                    yield from self._read(folder, self._open(folder))
            first = self._folders[0]
            if self._selected is not first:
                yield from self._read(first, self._open(first))
        except NoSuchFolder as gone:
            raise Transient(missing_sentence([gone.folder], self._settings.imap.host)) from gone

    def _open(self, folder: Folder) -> int:
        """Select a folder and return the highest UID that it may hold, 0 where the server does not tell."""
        self._selected = None
        state = self._mailbox.select(folder.name, read_only=not self._settings.mark_seen)
        self._selected = folder
        folder.opened(state, from_start=self._settings.import_existing)
        return (state.next_uid or 1) - 1

    def _read(self, folder: Folder, top: int = 0) -> Iterator[Batch]:
        """Yield what is above the watermark, until the server has announced nothing since we looked."""
        while True:
            self._mailbox.has_news = False
            for sizes in self._listings(folder.uid + 1, top):
                for uids in folder.groups(sizes):
                    yield from self._hand_out(folder, uids, max(sizes[uid] for uid in uids))
            if not self._mailbox.has_news:
                return

    def _listings(self, first: int, top: int) -> Iterator[dict[int, int]]:
        """List sizes window by window up to `top`, then whatever came since."""
        span = _WINDOW
        while first <= top:
            last = min(top, first + span - 1)
            sizes = self._mailbox.sizes(first, last)
            yield sizes
            first = last + 1
            span = span * 2 if len(sizes) < _WINDOW // 10 else _WINDOW
        yield self._mailbox.sizes(first, None)

    def _hand_out(self, folder: Folder, uids: list[int], largest: int) -> Iterator[Batch]:
        """Read, yield, acknowledge. A failure is noted in the cursor before it is raised."""
        if folder.is_hopeless(uids):
            deliveries = [self._placeholder(folder, uids[0])]
            folder.stored(uids[0])
            yield self._batch(deliveries)
            return
        try:
            mails = self._get(uids, largest)
        except Transient:
            folder.failed(uids)
            yield self._batch([])
            raise
        deliveries = [delivery_of(folder.name, folder.uidvalidity, mail, self._settings) for mail in mails]
        read = [mail.uid for mail in mails]
        del mails  # the bytes belong to the batch alone while it is being stored
        folder.stored(uids[-1])
        yield self._batch(deliveries)
        if self._settings.mark_seen and read:
            self._mailbox.mark_seen(read)

    def _get(self, uids: list[int], largest: int) -> list[StoredMail]:
        """Read mails; one that is still listed and yet does not come is a failure, one that is gone is gone."""
        mails = self._mailbox.mails(uids, whole=largest <= LARGEST_MAIL)
        read = {mail.uid for mail in mails}
        for uid in uids:
            if uid not in read and uid in self._mailbox.sizes(uid, uid):
                raise Transient(phrase("{host} does not hand over mail {uid}.", host=self._settings.imap.host, uid=uid))
        return mails

    def _placeholder(self, folder: Folder, uid: int) -> RawDelivery:
        """Stand in for a mail that its server cannot read, so that a person learns of it."""
        sentence = (
            f"{self._settings.imap.host} fails whenever mail {uid} of folder {folder.name} is read. "
            "Once the server can read it, copy it within the folder and it will arrive."
        )
        name = f"{UNREADABLE}:{folder.name}:{folder.uidvalidity}:{uid}"
        place = {"folder": folder.name, "uid": str(uid), "uidvalidity": str(folder.uidvalidity)}
        meta = {**place, UNREADABLE: sentence}
        return RawDelivery(sentence.encode(), _now(), external_id=name, meta=meta)

    def _batch(self, deliveries: Sequence[RawDelivery]) -> Batch:
        folders = {folder.name: folder.as_cursor() for folder in self._folders if not folder.is_new}
        return Batch(tuple(deliveries), {"folders": folders})


def delivery_of(folder: str, uidvalidity: int, mail: StoredMail, settings: MailSettings) -> RawDelivery:
    """Make a delivery of a mail: its bytes, when it came, and where it lies."""
    now = _now()
    # an old mail keeps the moment it reached the mailbox; a fresh one gets ours, which is finer than a second
    is_old = mail.stored_at is not None and mail.stored_at < now - _FRESH
    meta = {"folder": folder, "uid": str(mail.uid), "uidvalidity": str(uidvalidity)}
    if settings.authserv_id:
        meta[AUTHSERV_ID] = settings.authserv_id
    if mail.stored_at is not None:
        meta["internaldate"] = mail.stored_at.isoformat()
    if mail.truncated:
        meta["truncated"] = "yes"
    return RawDelivery(mail.raw, mail.stored_at if is_old and mail.stored_at else now, meta=meta)


def _now() -> datetime:
    return datetime.now(UTC)
