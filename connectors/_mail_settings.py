"""What a mail channel is told: where its mailbox and its outgoing server are, and how patient to be with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from connectors._mail_fields import AUTH, AUTHSERV_ID, SETTINGS
from connectors._mail_oauth import PASSWORD, OAuth, provider_of
from connectors.base import Credentials
from connectors.errors import BadCredentials
from connectors.phrases import phrase

Security = Literal["ssl", "starttls", "none"]

NO_SERVER = "none.invalid"  # stands where no server for incoming mail is named
_KINDS: dict[str, Security] = {"ssl": "ssl", "starttls": "starttls", "none": "none"}
_BY_KEY = {setting.key: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what, in seconds. Tests make it short; nobody else changes it."""

    connect_seconds: float = 10
    read_seconds: float = 30
    answer_seconds: float = 120  # SMTP servers may scan a whole mail before they answer
    heartbeat_seconds: float = 25  # the longest a quiet connection goes without a sign of life
    folders_seconds: float = 60  # folders that are not being listened to are looked at this often


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and how to sign in to it."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    oauth: OAuth | None = None  # instead of the password


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The credentials of a mail channel, read and completed."""

    address: str
    from_name: str
    imap: Endpoint
    smtp: Endpoint
    folders: tuple[str, ...]
    mark_seen: bool
    import_existing: bool
    hurry: bool
    poll_seconds: float
    authserv_id: str = ""

    @property
    def is_fetched(self) -> bool:
        """Say whether there is a mailbox to look into; else mail is only brought here."""
        return self.imap.host != NO_SERVER

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def read_settings(credentials: Credentials) -> MailSettings:
    """Read credentials as a form or a command line left them. Raises BadCredentials that names the wrong setting."""
    address = _text(credentials, "address")
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(sign in address for sign in " <>,;\r\n\0"):
        raise BadCredentials(
            phrase("{address} is not a mail address that customers could write to.", address=address)
            if address
            else phrase("An empty text is not a mail address that customers could write to.")
        )
    user = _text(credentials, "imap_user") or address
    password = str(credentials.get("imap_password") or "")
    oauth = read_oauth(credentials)
    if not _text(credentials, "imap_host"):
        credentials = {**credentials, "imap_host": NO_SERVER}
    return MailSettings(
        address=address,
        from_name=_text(credentials, "from_name"),
        imap=_endpoint(credentials, "imap", user, password, oauth),
        smtp=_endpoint(
            credentials,
            "smtp",
            _text(credentials, "smtp_user") or user,
            str(credentials.get("smtp_password") or password),
            oauth,
        ),
        folders=_lines(credentials, "folders") or ("INBOX",),
        mark_seen=_boolean(credentials, "mark_seen"),
        import_existing=_boolean(credentials, "import_existing"),
        hurry=_boolean(credentials, "hurry"),
        poll_seconds=max(1, _integer(credentials, "poll_seconds")),
        authserv_id=_text(credentials, AUTHSERV_ID),
    )


def read_oauth(credentials: Credentials) -> OAuth | None:
    """How to sign in without a password, None where a password is used. Raises BadCredentials."""
    kind = _text(credentials, "auth")
    if kind == PASSWORD:
        return None
    if kind not in dict(AUTH):
        raise BadCredentials(
            phrase("{kind} is not a way to sign in; choose password, google, microsoft or other.", kind=kind)
        )
    keys = ("client_id", "client_secret", "refresh_token", "tenant", "authorize_url", "token_url", "scope")
    found = provider_of(kind, {key: _text(credentials, f"oauth_{key}") for key in keys})
    if not found.client_id:
        raise BadCredentials(phrase("The client ID of the application at {name} is missing.", name=found.name))
    return found


def _endpoint(credentials: Credentials, side: str, user: str, password: str, oauth: OAuth | None) -> Endpoint:
    host, port = _text(credentials, f"{side}_host"), _integer(credentials, f"{side}_port")
    if not host or any(sign.isspace() or sign in "/@" for sign in host):
        raise BadCredentials(
            phrase("The name of the {side} server is missing or is not a server's name.", side=side.upper())
        )
    if not 0 < port < 65_536:
        raise BadCredentials(phrase("{port} is not a port of the {value} server.", port=port, value=side.upper()))
    security = _text(credentials, f"{side}_security")
    if security not in _KINDS:
        raise BadCredentials(
            phrase("{security} is not a kind of security; choose ssl, starttls or none.", security=security)
        )
    return Endpoint(host, port, _KINDS[security], user, password, oauth)


def _value(credentials: Credentials, key: str) -> Any:
    value = credentials.get(key)
    return _BY_KEY[key].default if value is None or value == "" else value


def _text(credentials: Credentials, key: str) -> str:
    return str(_value(credentials, key) or "").strip()


def _integer(credentials: Credentials, key: str) -> int:
    value = _value(credentials, key)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadCredentials(
            phrase("{label}: {value} is not a number.", label=_BY_KEY[key].label, value=repr(value))
        ) from None


def _boolean(credentials: Credentials, key: str) -> bool:
    value = _value(credentials, key)
    return value.strip().lower() not in {"false", "0", "no", "off"} if isinstance(value, str) else bool(value)


def _lines(credentials: Credentials, key: str) -> tuple[str, ...]:
    value = _value(credentials, key)
    lines = value.splitlines() if isinstance(value, str) else [str(line) for line in value]
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
