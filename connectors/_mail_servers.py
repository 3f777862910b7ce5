"""Which servers a mail address has: known providers, then what the domain says of itself, then the usual names.

    the address's domain among the providers' → its MX leads to a provider → SRV records (RFC 6186, RFC 8314)
    → names that are there: imap. or mail. for what comes in, smtp. or mail. for what goes out

Only names are looked up, in bounded time; nothing is connected to, and no password is sent, before the person says so.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._mail_oauth import PASSWORD
from connectors._mail_providers import Provider, of_domain, of_mail_host

SECONDS = 2.0  # of one question to the name server
IMAPS, SUBMISSION, SUBMISSIONS = 993, 587, 465
Records = Callable[[str, str], list[Any]]  # name, type → records


@dataclass(frozen=True, slots=True)
class MailServers:
    """What to put into a mail channel's form; `values` by the keys of its settings.

    `auth` is how the provider wants programs to sign in, `advice` a sentence about it, "" where nothing is known.
    """

    values: Mapping[str, Any]
    source: str  # "provider", "domain", "guess"
    provider: str = ""
    auth: str = PASSWORD
    advice: str = ""
    help_url: str = field(default="")


def find_servers(address: str, *, records: Records | None = None) -> MailServers | None:
    """Return the servers of an address; None where nothing was found. Takes seconds at most (SECONDS a question)."""
    domain = address.rpartition("@")[2].strip().lower().rstrip(".")
    if not domain or not _is_name(domain):
        return None
    ask = records or _records
    provider = of_domain(domain) or _by_delivery(ask, domain)
    if provider is not None:
        return _of_provider(provider)
    return _by_services(ask, domain) or (None if records else _by_names(domain))


def _by_delivery(ask: Records, domain: str) -> Provider | None:
    return next((found for one in ask(domain, "MX") if (found := of_mail_host(str(one.exchange)))), None)


def _of_provider(one: Provider) -> MailServers:
    values = _values(one.imap_host, IMAPS, one.smtp_host, one.smtp_port, one.smtp_security)
    return MailServers(values, "provider", one.name, one.auth, one.advice, one.help_url)


def _by_services(ask: Records, domain: str) -> MailServers | None:
    """Read the SRV records; a target "." says that there is no such service."""
    imap = _service(ask, f"_imaps._tcp.{domain}")
    smtps, smtp = _service(ask, f"_submissions._tcp.{domain}"), _service(ask, f"_submission._tcp.{domain}")
    out = smtps or smtp
    if imap is None or out is None:
        return None
    return MailServers(_values(*imap, *out, "ssl" if smtps else "starttls"), "domain")


def _service(ask: Records, name: str) -> tuple[str, int] | None:
    found = sorted(ask(name, "SRV"), key=lambda one: (one.priority, -one.weight))
    hosts = [(str(one.target).rstrip("."), int(one.port)) for one in found]
    return next(((host, port) for host, port in hosts if host and port > 0), None)


def _by_names(domain: str) -> MailServers | None:
    imap = next(_there(f"imap.{domain}", f"mail.{domain}"), None)
    smtp = next(_there(f"smtp.{domain}", f"mail.{domain}"), None)
    if imap is None or smtp is None:
        return None
    return MailServers(_values(imap, IMAPS, smtp, SUBMISSION, "starttls"), "guess")


def _there(*names: str) -> Iterator[str]:
    for name in names:
        try:
            socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            continue
        yield name


def _values(imap_host: str, imap_port: int, smtp_host: str, smtp_port: int, smtp_security: str) -> dict[str, Any]:
    return {
        "imap_host": imap_host,
        "imap_port": imap_port,
        "imap_security": "ssl",
        "smtp_host": smtp_host,
        "smtp_port": smtp_port,
        "smtp_security": smtp_security,
    }


def _records(name: str, kind: str) -> list[Any]:
    """Ask the name server; nothing where it knows nothing or does not answer in time."""
    from dns.exception import DNSException
    from dns.resolver import Resolver

    try:
        resolver = Resolver()
        resolver.lifetime = resolver.timeout = SECONDS
        return list(resolver.resolve(name, kind, search=False))
    except (DNSException, OSError, UnicodeError):
        return []


def _is_name(domain: str) -> bool:
    labels = domain.split(".")
    plain = all(label and len(label) <= 63 and not label.startswith("-") for label in labels)
    return plain and len(domain) <= 253 and all(sign.isalnum() or sign in "-." for sign in domain)
