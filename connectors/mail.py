"""Mail: IMAP in (listening with IDLE, polling where there is none), or posted or piped in; SMTP out.

_mail_settings.py  the form and what it means        _imap.py    one connection
_folder.py         the cursor and the batches        _watch.py   all folders, first what is there, then what comes
_ingress.py        mail that is brought here         _mail_oauth.py  sign-in without a password
_compose.py        a reply as a mail                 _smtp.py    handing it over        _mime.py  bytes to values
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from connectors._mail_fields import AUTHSERV_ID, SETTINGS
from connectors._mail_oauth import OAuth
from connectors._mail_settings import MailSettings, Timing, read_oauth, read_settings
from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundMessage,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Received,
    Setting,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Malformed
from connectors.phrases import counted, phrase

if TYPE_CHECKING:
    from connectors._mail_servers import MailServers
    from connectors._survey import FolderListing, MailLine


class MailConnector(Defaults):
    """Speaks to one mailbox and its outgoing server."""

    kind: ClassVar[str] = "mail"
    label: ClassVar[str] = phrase("E-mail")
    family: ClassVar[str] = "letters"
    about: ClassVar[str] = phrase(
        "A mailbox: what arrives becomes conversations, and your answers leave from its address."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("email",),
        idempotent_send=True,  # the Message-ID is made from the key, so that mailboxes see a repetition as one mail
        threads=True,
        subject=True,
        html=True,
        cc=True,
        senders=True,
        attachments=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS

    def __init__(self, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()

    def address(self, credentials: Credentials) -> str:
        return str(credentials.get("address") or "")

    def find_servers(self, address: str) -> MailServers | None:
        """Return what servers an address has and how its provider wants a sign-in; looks names up, connects nowhere."""
        from connectors._mail_servers import find_servers

        return find_servers(address)

    def check(self, credentials: Credentials) -> str:
        """Sign in to both servers and open each folder; name what is missing. Raises BadCredentials, Transient."""
        from connectors._smtp import check_smtp

        settings = read_settings(credentials)
        folders = self._check_imap(settings) if settings.is_fetched else ""
        check_smtp(settings.smtp, settings.domain, self._timing)
        if not folders:
            return phrase("Signed in to {smtp}.", smtp=settings.smtp.host)
        hosts = {"imap": settings.imap.host, "smtp": settings.smtp.host}
        return phrase("Signed in to {imap} ({folders}) and {smtp}.", folders=folders, **hosts)

    def _check_imap(self, settings: MailSettings) -> str:
        from connectors._imap import NoSuchFolder, open_mailbox
        from connectors._watch import missing_sentence

        missing = []
        with open_mailbox(settings.imap, self._timing) as mailbox:
            for folder in settings.folders:
                try:
                    mailbox.select(folder, read_only=True)
                except NoSuchFolder:
                    missing.append(folder)
            if missing:
                there = ", ".join(mailbox.folders())
                lacking = missing_sentence(missing, settings.imap.host)
                raise BadCredentials(phrase("{missing} There are: {there}.", missing=lacking, there=there))
            can_idle = mailbox.can_idle
        count = len(settings.folders)
        if can_idle:
            return counted("{count} folder", "{count} folders", count)
        return counted("{count} folder; new mail is polled for", "{count} folders; new mail is polled for", count)

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield what is new, then listen for more; ends only by Transient or BadCredentials."""
        from connectors._imap import open_mailbox
        from connectors._watch import Watch

        settings = read_settings(credentials)
        while not settings.is_fetched:  # mail is brought here
            yield Batch()
            time.sleep(min(10.0, self._timing.heartbeat_seconds))
        with open_mailbox(settings.imap, self._timing) as mailbox:
            yield from Watch(mailbox, settings, cursor, self._timing).follow()

    def fetch_once(self, credentials: Credentials, cursor: Cursor) -> Generator[Batch, None, None]:
        """Yield what is new and end. Raises Transient, BadCredentials."""
        from connectors._imap import open_mailbox
        from connectors._watch import Watch

        settings = read_settings(credentials)
        if not settings.is_fetched:
            return
        with open_mailbox(settings.imap, self._timing) as mailbox:
            yield from Watch(mailbox, settings, cursor, self._timing).catch_up()

    def survey(self, credentials: Credentials) -> list[FolderListing]:
        """List every mail of every folder by its number. Raises Transient, BadCredentials."""
        from connectors._survey import survey

        return survey(read_settings(credentials), self._timing)

    def describe(self, credentials: Credentials, folder: str, uids: Sequence[int]) -> list[MailLine]:
        """Say of some mails who wrote them, about what and when. Raises Transient, BadCredentials."""
        from connectors._survey import describe

        return describe(read_settings(credentials), self._timing, folder, uids)

    def read_again(
        self, credentials: Credentials, folder: str, uidvalidity: int, uids: Sequence[int]
    ) -> Iterator[list[RawDelivery]]:
        """Yield mails by their numbers, whatever the cursor says. Raises Transient, BadCredentials."""
        from connectors._survey import read_again

        return read_again(read_settings(credentials), self._timing, folder, uidvalidity, uids)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the secret of a call that posts a mail. Raises BadCredentials."""
        from connectors._ingress import verify_push

        verify_push(credentials, request)

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take the mail that was posted. Raises Malformed."""
        from connectors._ingress import receive_push

        return receive_push(credentials, request, received_at)

    def piped(self, credentials: Credentials, raw: bytes, received_at: datetime) -> RawDelivery:
        """Make a delivery of a mail that the mail server of this machine piped in. Raises Malformed."""
        from connectors._ingress import brought

        return brought(credentials, raw, received_at, by="pipe")

    def sign_in_address(
        self, credentials: Credentials, *, redirect_uri: str, state: str, challenge: str
    ) -> tuple[str, str]:
        """Say with whom and where a person signs in for this mailbox. Raises BadCredentials."""
        from connectors._mail_oauth import authorize_address

        oauth = _oauth_of(credentials)
        hint = str(credentials.get("imap_user") or self.address(credentials))
        address = authorize_address(oauth, redirect_uri=redirect_uri, state=state, challenge=challenge, login_hint=hint)
        return oauth.name, address

    def signed_in(self, credentials: Credentials, *, code: str, verifier: str, redirect_uri: str) -> Credentials:
        """Turn the code that came back into what is kept. Raises BadCredentials, Transient, Rejected."""
        from connectors._mail_oauth import exchange

        token = exchange(_oauth_of(credentials), code=code, verifier=verifier, redirect_uri=redirect_uri)
        return {"oauth_refresh_token": token}

    def renewed(self, credentials: Credentials) -> Credentials:
        """Return what to keep instead, where it would end otherwise; nothing for a password. Raises as `signed_in`."""
        from connectors._mail_oauth import renewed

        oauth = read_oauth(credentials)
        return {"oauth_refresh_token": renewed(oauth)} if oauth is not None and oauth.refresh_token else {}

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of the ways in besides IMAP."""
        address = f"{base_url}/webhooks/{self.kind}/{token}"
        posting = f"curl --fail --data-binary @- -H 'Authorization: Bearer SECRET' {address}"
        return (
            ("Webhook address", address),
            ("Post a mail to it (from a mail server's pipe, or a mail service)", posting),
            ("Or, on this machine, in Postfix's aliases", f'support: "|python -m workers take-mail {token}"'),
        )

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Turn one mail into one message. Raises Malformed."""
        from connectors._watch import UNREADABLE

        if UNREADABLE in delivery.meta:
            raise Malformed(delivery.meta[UNREADABLE])
        from connectors._mime import parse_mail

        return [parse_mail(delivery.raw, authserv_id=delivery.meta.get(AUTHSERV_ID, ""))]

    def foretell(self, credentials: Credentials, key: str) -> str:
        """Return the Message-ID that the reply with this idempotency key will have, without brackets."""
        from connectors._compose import message_id_of

        return message_id_of(read_settings(credentials), key)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Hand a reply to the outgoing server; all recipients or none. Raises Transient, BadCredentials, Rejected."""
        from connectors._compose import compose
        from connectors._smtp import deliver

        settings = read_settings(credentials)
        letter = compose(settings, message)
        detail = deliver(settings.smtp, settings.domain, letter, self._timing)
        return Receipt(letter.message_id, detail)


def _oauth_of(credentials: Credentials) -> OAuth:
    oauth = read_oauth(credentials)
    if oauth is None:
        raise BadCredentials("The settings say that a password is used: choose another way under “Sign in with”.")
    return oauth
