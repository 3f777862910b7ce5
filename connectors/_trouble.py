"""What went wrong on the way to a mail server, in a sentence that a person can act on."""

from __future__ import annotations

import socket
import ssl

from connectors._mail_oauth import was_kept
from connectors._mail_settings import Endpoint
from connectors.errors import BadCredentials, ConnectorError, Transient

_LONGEST = 200


def network_trouble(protocol: str, server: Endpoint, error: OSError) -> Transient:
    """Say why `server` could not be spoken to. Always Transient: networks come back."""
    where = f"The {protocol} server {server.host}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return Transient(f"{where} shows a certificate that cannot be trusted: {error.verify_message}.")
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "no reason given"
        return Transient(f"{where} does not speak TLS as expected ({reason}); check port and security.")
    if isinstance(error, socket.gaierror):
        return Transient(f"The name of the {protocol} server, {server.host}, is not known.")
    if isinstance(error, TimeoutError):
        return Transient(f"{where} did not answer in time.")
    if isinstance(error, ConnectionRefusedError):
        return Transient(f"{where} refuses connections.")
    return Transient(f"{where} cannot be reached: {error.strerror or 'the connection was cut'}.")


def readable(answer: bytes | str) -> str:
    """Make a server's own words fit for a screen: one line, printable, not long."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return "".join(sign if sign.isprintable() else " " for sign in text[: 2 * _LONGEST]).strip()[:_LONGEST]


def refused_token(server: Endpoint, answer: str) -> ConnectorError:
    """Say that a server did not take an access token; one that served before may be worth a new one."""
    if server.oauth is not None and was_kept(server.oauth):
        return Transient(f"{server.host} does not take the access token of {server.user} any more: {answer}")
    return BadCredentials(f"{server.host} does not let {server.user} in by OAuth: {answer}")
