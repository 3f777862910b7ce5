"""Hands one mail to an outgoing server. All recipients or none: a mail that some would not get is sent to nobody."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from connectors._compose import Letter
from connectors._mail_oauth import access_token, sasl_string
from connectors._mail_settings import Endpoint, Timing
from connectors._trouble import network_trouble, no_ascii_password, readable, refused_password, refused_token
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase

FIRST_FINAL = 500
_SIGN_IN_CODES = {530, 534, 535, 538}


def deliver(server: Endpoint, domain: str, letter: Letter, timing: Timing) -> str:
    """Send, and return the server's own words. Raises Transient, BadCredentials, Rejected."""
    with _session(server, domain, timing) as client:
        options = []
        if letter.needs_smtputf8:
            if not client.has_extn("smtputf8"):
                raise Rejected(phrase("{server} cannot send to addresses with signs beyond ASCII.", server=server.host))
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        elif client.has_extn("8bitmime"):
            options = ["BODY=8BITMIME"]
        if client.has_extn("size"):
            options.append(f"SIZE={len(letter.raw)}")
        _expect(server, client.mail(letter.sender, options), f"refuses mail from {letter.sender}")
        _name_recipients(server, client, letter)
        _set_patience(client, timing.answer_seconds)
        code, words = client.data(letter.raw)
        _expect(server, (code, words), "refuses the mail")
        return readable(words)


def check_smtp(server: Endpoint, domain: str, timing: Timing) -> None:
    """Connect and sign in. Raises Transient, BadCredentials."""
    with _session(server, domain, timing) as client:
        client.noop()


def _name_recipients(server: Endpoint, client: smtplib.SMTP, letter: Letter) -> None:
    refused = {}
    for recipient in letter.recipients:
        code, words = client.rcpt(recipient)
        if code not in {250, 251}:
            refused[recipient] = (code, words)
    if not refused:
        return
    said = "; ".join(f"{recipient}: {code} {readable(words)}" for recipient, (code, words) in refused.items())
    told = {"host": server.host, "said": said[:500]}
    others = len(refused) < len(letter.recipients)  # got nothing either
    permanent = [code for code, _ in refused.values() if code >= 500]
    if any(code in _SIGN_IN_CODES for code in permanent):
        raise BadCredentials(phrase("{host} wants another sign-in: {said}", host=server.host, said=said))
    if permanent:
        raise Rejected(
            phrase("{host} refuses a recipient ({said}). Nobody was sent the mail.", **told)
            if others
            else phrase("{host} refuses a recipient ({said}).", **told)
        )
    raise Transient(
        phrase("{host} does not take a recipient for the moment ({said}). Nobody was sent the mail.", **told)
        if others
        else phrase("{host} does not take a recipient for the moment ({said}).", **told)
    )


@contextmanager
def _session(server: Endpoint, domain: str, timing: Timing) -> Iterator[smtplib.SMTP]:
    """Give a connection that is signed in, and translate what goes wrong."""
    client: smtplib.SMTP | None = None
    try:
        client = _connect(server, domain, timing)
        yield client
    except smtplib.SMTPResponseException as error:  # before OSError, which it is too
        raise _translated(server, error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise BadCredentials(
            phrase(
                "{host} does not support what the settings ask for: {value}",
                host=server.host,
                value=readable(str(error)),
            )
        ) from error
    except smtplib.SMTPServerDisconnected as error:
        if isinstance(error.__context__, OSError):  # smtplib hides a time-out or a reset in this
            raise network_trouble("SMTP", server, error.__context__) from error
        raise Transient(
            phrase("{host} closed the connection ({value}).", host=server.host, value=readable(str(error)))
        ) from error
    except smtplib.SMTPException as error:
        raise Transient(
            phrase("{host} answered with an error: {value}.", host=server.host, value=readable(str(error)))
        ) from error
    except OSError as error:
        raise network_trouble("SMTP", server, error) from error
    except ValueError as error:  # what smtplib makes of an answer that is not SMTP
        raise Transient(phrase("{host} gave an answer that is not SMTP.", host=server.host)) from error
    finally:
        if client is not None:
            _leave(client)


def _connect(server: Endpoint, domain: str, timing: Timing) -> smtplib.SMTP:
    name = domain if domain.isascii() else "localhost"
    context = None if server.security == "none" else ssl.create_default_context()
    kind = smtplib.SMTP_SSL if server.security == "ssl" else smtplib.SMTP
    client: smtplib.SMTP
    if kind is smtplib.SMTP_SSL:
        client = smtplib.SMTP_SSL(server.host, server.port, name, timeout=timing.connect_seconds, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, name, timeout=timing.connect_seconds)
    try:
        _set_patience(client, timing.read_seconds)
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
        if server.user and client.has_extn("auth"):  # a server that offers no sign-in wants none
            _sign_in(client, server)
    except BaseException:
        client.close()
        raise
    return client


def _sign_in(client: smtplib.SMTP, server: Endpoint) -> None:
    if server.oauth is not None:
        _sign_in_by_token(client, server, access_token(server.oauth))
        return
    if not (server.user + server.password).isascii():
        raise no_ascii_password(server)
    try:
        client.login(server.user, server.password)
    except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
        raise
    except smtplib.SMTPException as error:
        raise BadCredentials(
            phrase("{server} offers no way to sign in with a password.", server=server.host)
        ) from error


def _sign_in_by_token(client: smtplib.SMTP, server: Endpoint, token: str) -> None:
    if not server.user.isascii():
        raise BadCredentials(phrase("{host} takes no user with other signs than ASCII.", host=server.host))
    mechanism = "OAUTHBEARER" if "OAUTHBEARER" in client.esmtp_features.get("auth", "").upper().split() else "XOAUTH2"
    says = iter([sasl_string(mechanism, server.user, token, server.host, server.port)])
    try:
        client.auth(mechanism, lambda _challenge=None: next(says, "\x01" if mechanism == "OAUTHBEARER" else ""))
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < FIRST_FINAL:
            raise
        raise refused_token(server, readable(error.smtp_error)) from error


def _set_patience(client: smtplib.SMTP, seconds: float) -> None:
    if client.sock is not None:
        client.sock.settimeout(seconds)


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye without waiting for an answer: what matters has been said."""
    with suppress(smtplib.SMTPException, OSError):
        client.putcmd("quit")
    client.close()


def _expect(server: Endpoint, answer: tuple[int, bytes], otherwise: str) -> None:
    code, words = answer
    if code != 250:
        raise _refusal(code, f"{server.host} {otherwise}: {code} {readable(words)}")


def _translated(server: Endpoint, error: smtplib.SMTPResponseException) -> ConnectorError:
    words = error.smtp_error
    said = f"{error.smtp_code} {readable(words)}"
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        return refused_password(server, said)
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return Transient(phrase("{server} does not take connections: {said}", server=server.host, said=said))
    return _refusal(error.smtp_code, f"{server.host} refuses the mail: {said}")


def _refusal(code: int, sentence: str) -> ConnectorError:
    if code in _SIGN_IN_CODES:
        return BadCredentials(sentence)
    return Rejected(sentence) if code >= 500 else Transient(sentence)
