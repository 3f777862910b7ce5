"""Web addresses that something is sent to: taken apart, and refused where they are not plain. Pure."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from connectors.errors import Rejected

LONGEST = 2000  # characters
PORTS = {"https": 443, "http": 80}
UNSAFE = frozenset(' \\<>"{}|^`')


def split(url: str) -> SplitResult:
    """Take an address apart. Raises Rejected for one that is no plain http or https address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Rejected("This is no web address.") from None
    is_plain = url.isascii() and url.isprintable() and not UNSAFE & set(url) and len(url) <= LONGEST
    if not is_plain or parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise Rejected("This is no web address: it begins with https://, and other letters are written as %C3%A9.")
    if parts.username is not None or parts.password is not None:
        raise Rejected("An address with a user name or a password in it is not accepted.")
    return parts


def target(parts: SplitResult) -> str:
    """Return what the request line asks for: path and query."""
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def authority(parts: SplitResult) -> str:
    """Return what the Host header says: the port only where it is not the scheme's own."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    return host if parts.port in {None, PORTS[parts.scheme]} else f"{host}:{parts.port}"
