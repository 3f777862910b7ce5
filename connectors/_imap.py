"""One open, signed-in IMAP connection, with every fault translated into the connectors' error tree.

imapclient signs in, speaks TLS and knows folder names. Three things are done beside it, on the imaplib object below:

- Bodies are read with a regular expression instead of its lexer (0.3 ms a mail), which still reads odd answers.
- Waiting: its `idle_check()` takes a closed connection for silence, over and over (mjs/imapclient #565), overlooks
  lines that were read ahead, and its `idle()` fails when the server says something before it agrees. Here a wait
  only asks "are there bytes?"; ending the IDLE reads them, so a closed connection shows itself at once.
- News: an EXISTS that comes with the answer to any other command is never repeated in IDLE (RFC 3501, 7.3.1), so
  it is remembered in `has_news`, which the reader takes down before it looks.
"""

from __future__ import annotations

import imaplib
import selectors
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors._imap_rows import read_bodies, read_sizes
from connectors._mail_oauth import access_token, sasl_string
from connectors._mail_settings import Endpoint, Timing
from connectors._trouble import (
    imap_trouble,
    network_trouble,
    no_ascii_password,
    no_imap_server,
    not_let_in,
    readable,
    refused_password,
    refused_token,
)
from connectors.errors import Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    from imapclient import IMAPClient

LARGEST_MAIL = 64_000_000  # bytes; of a larger mail the beginning is read, and the delivery says so

# what imaplib and imapclient raise over an answer that is no IMAP at all
_NOT_IMAP = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
# RFC 5530: the sign-in was not judged, so the password may be right
_NOT_JUDGED = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[OVERQUOTA]", "too many", "try again", "temporar")


@dataclass(frozen=True, slots=True)
class FolderState:
    """What a folder says of itself; `next_uid` is None where a server does not tell."""

    uidvalidity: int
    next_uid: int | None


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail as the server holds it; `size` is what the server says, `raw` may be less (LARGEST_MAIL)."""

    uid: int
    raw: bytes
    stored_at: datetime | None
    truncated: bool = False


class NoSuchFolder(Exception):  # a fact about a folder, not an error of ours
    """The folder cannot be opened; others may."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder


class Mailbox:
    """An open connection. Use `open_mailbox`; every method raises Transient when the connection or the server fails."""

    def __init__(self, client: IMAPClient, server: Endpoint, timing: Timing) -> None:
        self._client = client
        self._imap: Any = client._imap  # noqa: SLF001  # see the module's docstring
        self._server = server
        self._timing = timing
        self.can_idle: bool = False
        self.has_news = False

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except imaplib.IMAP4.error as error:
            raise imap_trouble(self._server, error) from error
        except OSError as error:
            raise network_trouble("IMAP", self._server, error) from error
        except _NOT_IMAP as error:
            raise Transient(phrase("{host} gave an answer that is not IMAP.", host=self._server.host)) from error

    def sign_in(self) -> None:
        """Raises BadCredentials when the server refuses user and password."""
        with self._speaking():
            _sign_in(self._client, self._server)
            self.can_idle = bool(self._client.has_capability("IDLE"))
            if self._client.has_capability("ID"):  # some providers let in only clients that say who they are
                with suppress_refusal():
                    self._client.id_({"name": "Tributary"})

    def folders(self) -> list[str]:
        """Names of the folders that there are, at most a hundred."""
        with self._speaking():
            return [str(name) for _, _, name in self._client.list_folders()][:100]

    def select(self, folder: str, *, read_only: bool) -> FolderState:
        """Open a folder. Raises NoSuchFolder."""
        with self._speaking():
            try:
                answer = self._client.select_folder(folder, readonly=read_only)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.readonly:
                answer = self._client.select_folder(folder, readonly=True)
            except imaplib.IMAP4.error as error:
                raise NoSuchFolder(folder) from error
            self._imap.untagged_responses.clear()
            self.has_news = False  # whoever selects goes on to read what is there
            return FolderState(int(answer.get(b"UIDVALIDITY", 0)), answer.get(b"UIDNEXT"))

    def status(self, folder: str) -> FolderState:
        """Ask about a folder that is not selected. Raises NoSuchFolder."""
        with self._speaking():
            try:
                answer = self._client.folder_status(folder, ("UIDNEXT", "UIDVALIDITY"))
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise NoSuchFolder(folder) from error
            return FolderState(int(answer.get(b"UIDVALIDITY", 0)), answer.get(b"UIDNEXT"))

    def sizes(self, first: int, last: int | None) -> dict[int, int]:
        """Size in bytes of each mail whose UID is from `first` to `last` (None: no end), by UID ascending."""
        with self._speaking():
            kind, rows = self._fetch(f"{first}:{last or '*'}", "(UID RFC822.SIZE)")
            if kind != "OK":
                raise imaplib.IMAP4.error("the folder cannot be listed")
        # "n:*" always names the last mail, even when its UID is smaller (RFC 3501, 6.4.8)
        return {uid: size for uid, size in read_sizes(rows).items() if uid >= first}

    def uids(self) -> list[int]:
        """The UIDs of all mails in the open folder, ascending."""
        with self._speaking():
            found = sorted(int(uid) for uid in self._client.search("ALL"))
            self._listen()
            return found

    def mails(self, uids: Sequence[int], *, whole: bool = True, most: int = LARGEST_MAIL) -> list[StoredMail]:
        """Read mails without marking them; those that are gone by now are left out."""
        part = "" if whole else f"<0.{most}>"
        with self._speaking():
            _, rows = self._fetch(",".join(map(str, uids)), f"(UID INTERNALDATE BODY.PEEK[]{part})")
            found = read_bodies(rows, set(uids))
        return [StoredMail(uid, *found[uid], truncated=not whole) for uid in uids if uid in found]

    def _fetch(self, uids: str, items: str) -> tuple[str, list[Any]]:
        """Return OK or NO, and the rows: also those that came before the server said NO to the others."""
        self._imap.untagged_responses.pop("FETCH", None)
        kind, rows = self._imap.uid("FETCH", uids, items)
        rows = rows if kind == "OK" else self._imap.untagged_responses.pop("FETCH", [])
        self._listen()
        return kind, [row for row in rows if row is not None]

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Courtesy to people who look into the mailbox: a server that refuses is left in peace."""
        with self._speaking(), suppress_refusal():
            self._imap.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Seen)")
            self._listen()

    def wait(self, seconds: float, *, listen: bool = True) -> None:
        """Return as soon as the server has something to say, at the latest after `seconds`.

        Without `listen`, or where the server has no IDLE, it is asked after that time.
        """
        with self._speaking():
            if self.can_idle and listen:
                tag = self._start_idle()
                self._wait_for_bytes(seconds)
                self._imap.send(b"DONE\r\n")
                self._imap._command_complete("IDLE", tag)  # noqa: SLF001  # see the module's docstring
            else:
                self._wait_for_bytes(seconds)
                self._client.noop()
            self._listen()

    def _start_idle(self) -> bytes:
        tag: bytes = self._imap._command("IDLE")  # noqa: SLF001  # see the module's docstring
        while self._imap._get_response() is not None:  # noqa: SLF001  # None: the server agreed
            if self._imap.tagged_commands[tag]:
                raise imaplib.IMAP4.error("IDLE was refused")
        return tag

    def _wait_for_bytes(self, seconds: float) -> None:
        sock = self._imap.sock
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            if not self._has_read_ahead(sock):
                selector.select(seconds)

    def _has_read_ahead(self, sock: Any) -> bool:
        """Say whether bytes wait above the socket: in imaplib's buffer or decrypted in the TLS layer."""
        buffered = getattr(self._imap, "_readbuf", None)  # Python 3.14 and later
        if buffered is not None:
            return any(buffered) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
        sock.setblocking(False)
        try:
            return bool(self._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(self._timing.read_seconds)

    def _listen(self) -> None:
        """Remember that mail was announced, and forget everything else that was said in passing."""
        self.has_news = self.has_news or "EXISTS" in self._imap.untagged_responses
        self._imap.untagged_responses.clear()

    def close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error):
            self._client.shutdown()


@contextmanager
def open_mailbox(server: Endpoint, timing: Timing) -> Iterator[Mailbox]:
    """Connect and sign in; TLS certificates are verified. Raises Transient, BadCredentials."""
    from imapclient import IMAPClient, SocketTimeout

    timeout = SocketTimeout(timing.connect_seconds, timing.read_seconds)
    context = None if server.security == "none" else ssl.create_default_context()
    try:
        client = IMAPClient(
            server.host, server.port, ssl=server.security == "ssl", ssl_context=context, timeout=timeout
        )
    except (imaplib.IMAP4.error, *_NOT_IMAP) as error:
        if isinstance(error, OSError):  # a certificate that is not trusted is a ValueError, too
            raise network_trouble("IMAP", server, error) from error
        if isinstance(error, imaplib.IMAP4.abort) and "EOF" in str(error):
            raise imap_trouble(server, error) from error
        raise no_imap_server(server) from error
    except OSError as error:
        raise network_trouble("IMAP", server, error) from error
    mailbox = Mailbox(client, server, timing)
    try:
        if server.security == "starttls":
            with mailbox._speaking():  # noqa: SLF001  # same module
                client.starttls(context)
                client.socket().settimeout(timing.read_seconds)
        mailbox.sign_in()
        yield mailbox
    finally:
        mailbox.close()


@contextmanager
def suppress_refusal() -> Iterator[None]:
    """Let pass that the server says no; a broken connection still counts."""
    try:
        yield
    except imaplib.IMAP4.error as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise


def _sign_in(client: IMAPClient, server: Endpoint) -> None:
    from imapclient.exceptions import LoginError

    try:
        if server.oauth is not None:
            _sign_in_by_token(client, server, access_token(server.oauth))
        elif client.has_capability("AUTH=PLAIN"):  # carries every sign of a password; LOGIN knows only ASCII
            secret = f"\0{server.user}\0{server.password}".encode()
            client.sasl_login("PLAIN", lambda _: secret)
        elif not (server.user + server.password).isascii() or any(sign < " " for sign in server.user + server.password):
            raise no_ascii_password(server)
        else:
            client.login(server.user, server.password)
    except LoginError as error:
        # imapclient calls everything that goes wrong here a LoginError, a cut connection too
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise error.__context__ from None
        answer = readable(str(error).removeprefix("b'").removesuffix("'"))
        if any(sign.lower() in answer.lower() for sign in _NOT_JUDGED):
            raise not_let_in(server, answer) from error
        if server.oauth is None:
            raise refused_password(server, answer) from error
        raise refused_token(server, answer) from error


def _sign_in_by_token(client: IMAPClient, server: Endpoint, token: str) -> None:
    mechanism = "OAUTHBEARER" if client.has_capability("AUTH=OAUTHBEARER") else "XOAUTH2"
    says = iter([sasl_string(mechanism, server.user, token, server.host, server.port).encode()])
    # a refusal comes as a challenge that wants one more word before the server says no
    client.sasl_login(mechanism, lambda _: next(says, b"\x01" if mechanism == "OAUTHBEARER" else b""))
