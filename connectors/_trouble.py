"""What went wrong on the way to a mail server, in a sentence that a person can act on."""

from __future__ import annotations

import imaplib
import socket
import ssl

from connectors._mail_oauth import was_kept
from connectors._mail_settings import Endpoint
from connectors.errors import BadCredentials, ConnectorError, Transient
from connectors.phrases import phrase

_LONGEST = 200


def network_trouble(protocol: str, server: Endpoint, error: OSError) -> Transient:
    """Say why `server` could not be spoken to. Always Transient: networks come back."""
    place = f"{server.host}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return Transient(
            phrase(
                "The {protocol} server {server} shows a certificate that cannot be trusted: {said}.",
                protocol=protocol,
                server=place,
                said=error.verify_message,
            )
        )
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "no reason given"
        return Transient(
            phrase(
                "The {protocol} server {server} does not speak TLS as expected ({said}); check port and security.",
                protocol=protocol,
                server=place,
                said=reason,
            )
        )
    if isinstance(error, socket.gaierror):
        return Transient(
            phrase("The name of the {protocol} server, {server}, is not known.", protocol=protocol, server=server.host)
        )
    if isinstance(error, TimeoutError):
        return Transient(
            phrase("The {protocol} server {server} did not answer in time.", protocol=protocol, server=place)
        )
    if isinstance(error, ConnectionRefusedError):
        return Transient(phrase("The {protocol} server {server} refuses connections.", protocol=protocol, server=place))
    return Transient(
        phrase(
            "The {protocol} server {server} cannot be reached: {said}.",
            protocol=protocol,
            server=place,
            said=error.strerror or phrase("the connection was cut"),
        )
    )


def readable(answer: bytes | str) -> str:
    """Make a server's own words fit for a screen: one line, printable, not long."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return "".join(sign if sign.isprintable() else " " for sign in text[: 2 * _LONGEST]).strip()[:_LONGEST]


def refused_token(server: Endpoint, answer: str) -> ConnectorError:
    """Say that a server did not take an access token; one that served before may be worth a new one."""
    if server.oauth is not None and was_kept(server.oauth):
        return Transient(
            phrase(
                "{host} does not take the access token of {user} any more: {answer}",
                host=server.host,
                user=server.user,
                answer=answer,
            )
        )
    return BadCredentials(
        phrase("{server} does not let {user} in by OAuth: {said}", server=server.host, user=server.user, said=answer)
    )


def no_imap_server(server: Endpoint) -> Transient:
    """Say that something else answers there."""
    place = f"{server.host}:{server.port}"
    return Transient(phrase("What answers at {place} is not an IMAP server; check port and security.", place=place))


def not_let_in(server: Endpoint, answer: str) -> Transient:
    """Say that a server has no time for this account now, and what it answered."""
    host, user = server.host, server.user
    said = phrase("{host} does not let {user} in for the moment: {answer}", host=host, user=user, answer=answer)
    return Transient(said)


def imap_trouble(server: Endpoint, error: imaplib.IMAP4.error) -> Transient:
    """Say what an IMAP server answered instead of what was asked for, or that it closed the connection."""
    said = readable(str(error))
    if isinstance(error, imaplib.IMAP4.abort):
        return Transient(phrase("{host} closed the connection ({value}).", host=server.host, value=said))
    return Transient(phrase("{host} answered with an error: {value}.", host=server.host, value=said))


def refused_password(server: Endpoint, said: str) -> BadCredentials:
    """Say that a server knows no such user, or another password."""
    return BadCredentials(
        phrase("{server} refuses user {user} and its password: {said}", server=server.host, user=server.user, said=said)
    )


def no_ascii_password(server: Endpoint) -> BadCredentials:
    """Say that a server cannot be given this password."""
    return BadCredentials(phrase("{server} takes no password with other signs than ASCII.", server=server.host))
