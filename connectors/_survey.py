"""What a mailbox holds, beside what was fetched of it: the UIDs of its folders, lines about mails, the mails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors._envelope import addresses, sent_at
from connectors._folder import BATCH_MAILS
from connectors._headers import read_headers, skip_envelope
from connectors._imap import LARGEST_MAIL, Mailbox, NoSuchFolder, StoredMail, open_mailbox
from connectors._mail_settings import MailSettings, Timing
from connectors._watch import delivery_of, missing_sentence
from connectors.base import RawDelivery
from connectors.errors import Transient

HEADER_BYTES = 16_000  # read of a mail that is only described


@dataclass(frozen=True, slots=True)
class FolderListing:
    """One folder: the UIDs of every mail in it, ascending; `reason` where it cannot be opened."""

    name: str
    uidvalidity: int = 0
    uids: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MailLine:
    """What a person needs to know a mail again."""

    uid: int
    sender: str
    subject: str
    sent_at: datetime | None


def survey(settings: MailSettings, timing: Timing) -> list[FolderListing]:
    """List every folder of the channel. Raises Transient, BadCredentials."""
    listed = []
    with open_mailbox(settings.imap, timing) as mailbox:
        for name in settings.folders:
            try:
                state = mailbox.select(name, read_only=True)
            except NoSuchFolder:
                listed.append(FolderListing(name, reason=missing_sentence([name], settings.imap.host)))
                continue
            listed.append(FolderListing(name, state.uidvalidity, tuple(mailbox.uids())))
    return listed


def describe(settings: MailSettings, timing: Timing, folder: str, uids: Sequence[int]) -> list[MailLine]:
    """Say of mails who wrote them, about what and when; marks nothing. Raises Transient, BadCredentials."""
    with open_mailbox(settings.imap, timing) as mailbox:
        _select(mailbox, folder, settings)
        return [_line(mail) for mail in mailbox.mails(uids, whole=False, most=HEADER_BYTES)]


def read_again(
    settings: MailSettings, timing: Timing, folder: str, uidvalidity: int, uids: Sequence[int]
) -> Iterator[list[RawDelivery]]:
    """Yield mails by their UIDs, in batches, without marking them; none where the folder was numbered anew.

    Raises Transient, BadCredentials.
    """
    with open_mailbox(settings.imap, timing) as mailbox:
        if _select(mailbox, folder, settings) != uidvalidity:
            return
        for start in range(0, len(uids), BATCH_MAILS):
            part = list(uids[start : start + BATCH_MAILS])
            sizes = mailbox.sizes(part[0], part[-1])
            for uid in part:
                if uid in sizes:  # one by one: a mail that its server cannot read takes none along
                    mails = mailbox.mails([uid], whole=sizes[uid] <= LARGEST_MAIL)
                    yield [delivery_of(folder, uidvalidity, mail, settings) for mail in mails]


def _select(mailbox: Mailbox, folder: str, settings: MailSettings) -> int:
    try:
        return mailbox.select(folder, read_only=True).uidvalidity
    except NoSuchFolder:
        raise Transient(missing_sentence([folder], settings.imap.host)) from None


def _line(mail: StoredMail) -> MailLine:
    headers, _ = read_headers(mail.raw, skip_envelope(mail.raw), len(mail.raw))
    sender = next(iter(addresses(headers, "from")), None)
    name = f"{sender.name} <{sender.email}>" if sender and sender.name else sender.email if sender else ""
    return MailLine(mail.uid, name[:200], headers.first("subject")[:200], sent_at(headers) or mail.stored_at)
