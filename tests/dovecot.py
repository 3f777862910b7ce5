"""A real Dovecot for tests: own folder, own ports, gone afterwards. Runs as root and as an ordinary user, 2.3 and 2.4.

    def test_something(dovecot):                       # one server per session
        mailbox = dovecot.new_mailbox()                # a fresh user each
        mailbox.append(b"From: a@example.com\r\n\r\nHello")
        connector.fetch(mailbox.credentials(), {})

A conftest imports it: `from tests.dovecot import dovecot`. A test that kills the server takes `own_dovecot`.
"""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import psutil
import pytest

from tests.certificates import make_certificate
from tests.loops import free_port

SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"))

COMMON = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap
listen = 127.0.0.1
first_valid_uid = 1
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
auth_failure_delay = 0s
default_vsz_limit = 1T
ssl = yes
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0  # no delays for everybody after one wrong password
  }}
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
"""

# In 2.4 passdb and userdb got names, mail_location became two settings, and the configuration says its own version.
VERSION_2_3 = """
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
ssl_cert = <{base}/certificate.pem
ssl_key = <{base}/key.pem
service imap-login {{
  service_count = 0
}}
passdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = passwd-file
  args = {base}/users
}}
"""
VERSION_2_4 = """
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
ssl_server_cert_file = {base}/certificate.pem
ssl_server_key_file = {base}/key.pem
service imap-login {{
  restart_request_count = unlimited
}}
passdb passwd-file {{
  passwd_file_path = {base}/users
}}
userdb passwd-file {{
  passwd_file_path = {base}/users
}}
"""


@dataclass(frozen=True)
class Mailbox:
    """One user of the server; `maildir` is where a bulk test may write files itself."""

    host: str
    port: int
    tls_port: int
    user: str
    password: str
    maildir: Path

    def credentials(self, **changes: object) -> dict[str, object]:
        """Return the credentials of a mail channel for this mailbox; name an SMTP server by `smtp_port`."""
        plain: dict[str, object] = {
            "address": self.user,
            "imap_host": self.host,
            "imap_port": self.port,
            "imap_security": "none",
            "imap_password": self.password,
            "smtp_host": "localhost",
            "smtp_port": 1,
            "smtp_security": "none",
        }
        return {**plain, **changes}

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        """Give a signed-in connection of the standard library: the test's own hand, not the code under test."""
        with imaplib.IMAP4(self.host, self.port, timeout=20) as imap:
            imap.login(self.user, self.password)
            yield imap

    def append(self, raw: bytes, folder: str = "INBOX") -> int:
        """Store one mail as a mail server would and return its UID."""
        with self.session() as imap:
            return append(imap, raw, folder)

    def create(self, folder: str) -> None:
        with self.session() as imap:
            ok(imap.create(f'"{folder}"'))

    def delete(self, folder: str) -> None:
        with self.session() as imap:
            ok(imap.delete(f'"{folder}"'))

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """Return the flags of every mail of the folder, by UID."""
        with self.session() as imap:
            ok(imap.select(f'"{folder}"', readonly=True))
            return dict(_flags_of(row) for row in ok(imap.uid("FETCH", "1:*", "(FLAGS)")) if row)


def append(imap: imaplib.IMAP4, raw: bytes, folder: str = "INBOX") -> int:
    """Append over an open connection; returns the UID that the server gave."""
    data = ok(imap.append(f'"{folder}"', "", "", raw))
    return int(data[0].decode().partition("APPENDUID ")[2].split()[1].rstrip("]"))


def ok(answer: tuple[str, Any]) -> Any:
    assert answer[0] == "OK", answer
    return answer[1]


def _flags_of(row: bytes) -> tuple[int, set[str]]:
    text = row.decode()
    uid = int(text.partition("UID ")[2].split()[0].rstrip(")"))
    return uid, set(text.partition("FLAGS (")[2].partition(")")[0].split())


class Dovecot:
    """The server process. `new_mailbox()` gives a fresh user, `restart()` kills hard and starts anew on the same port."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.binary = shutil.which("dovecot", path=SEARCH_PATH)
        if self.binary is None:
            pytest.fail(
                "These tests need Dovecot 2.3 or 2.4: install dovecot-imapd (Debian, Ubuntu) or dovecot (Homebrew)."
            )
        self.folder = Path(tempfile.mkdtemp(prefix="dvc"))  # short: sockets live below it
        self.folder.chmod(0o755)
        self.certificate, _ = make_certificate(self.folder)
        self.port, self.tls_port = free_port(), free_port()
        self.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        # all users exist from the start: Dovecot reads the file again once a second at most
        self._users = [(f"user{token_hex(4)}@mail.example", token_hex(8)) for _ in range(2_000)]
        self._write_configuration()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def _write_configuration(self) -> None:
        (self.folder / "users").write_text("".join(self._line(user, password) for user, password in self._users))
        (self.folder / "state").mkdir()
        version = subprocess.run([str(self.binary), "--version"], capture_output=True, text=True, check=True).stdout
        is_2_4 = tuple(int(part) for part in version.split(maxsplit=1)[0].split(".")[:2]) >= (2, 4)
        head = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" if is_2_4 else ""
        text = head + COMMON + (VERSION_2_4 if is_2_4 else VERSION_2_3)
        (self.folder / "dovecot.conf").write_text(text.format(**self._values()))

    def _line(self, user: str, password: str) -> str:
        owner = self.owner
        return f"{user}:{{PLAIN}}{password}:{owner.pw_uid}:{owner.pw_gid}::{self.folder}/homes/{user}::\n"

    def _values(self) -> dict[str, object]:
        root = os.geteuid() == 0
        myself, my_group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
        return {
            "base": self.folder,
            "port": self.port,
            "tls_port": self.tls_port,
            "internal_user": "dovecot" if root else myself,
            "internal_group": "dovecot" if root else my_group,
            "login_user": "dovenull" if root else myself,
        }

    def start(self) -> None:
        assert self.binary
        tether = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []  # dies with the tests
        command = [*tether, self.binary, "-F", "-c", str(self.folder / "dovecot.conf")]
        self.process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection((self.host, self.port), 2) as probe:
                    probe.settimeout(5)
                    if probe.recv(64).startswith(b"* OK"):
                        return
            except OSError:
                time.sleep(0.02)
        log = self.folder / "dovecot.log"
        pytest.fail(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")

    def kill(self) -> None:
        """Kill the server and every session, as a power cut would."""
        assert self.process
        _kill_group(self.process.pid)
        self.process.wait(10)

    def restart(self) -> None:
        self.kill()
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)
        self.start()

    def new_mailbox(self) -> Mailbox:
        """Give a user with an empty mailbox, never the same twice, so tests may run in any order."""
        user, password = self._users.pop()
        home = self.folder / "homes" / user
        home.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(home, self.owner.pw_uid, self.owner.pw_gid)
        return Mailbox(self.host, self.port, self.tls_port, user, password, home / "Maildir")

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _kill_group(leader: int) -> None:
    """Kill every process of the session that `leader` began, and wait until each is gone (a zombie is gone)."""
    try:
        family = [psutil.Process(leader), *psutil.Process(leader).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    while any(_is_alive(process) for process in family):
        time.sleep(0.005)


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with closing(Dovecot()) as server:
        yield server


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """A server for one test that kills it."""
    with closing(Dovecot()) as server:
        yield server
