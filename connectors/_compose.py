"""Makes the mail that carries a reply: headers written by hand, body parts by the standard library.

Header values are ours or a customer's, so CR, LF and NUL in any of them refuse the whole mail (CVE-2026-1299 and its
kin: the library does not always). The Message-ID follows from the idempotency key: sent twice, it is the same mail.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import Charset
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from connectors._mail_settings import MailSettings
from connectors.base import Address, OutboundAttachment, OutboundMessage
from connectors.errors import Rejected
from connectors.phrases import phrase

_MAX_ATTACHMENT_BYTES = 25_000_000
_MAX_REFERENCES = 30
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}")
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_MESSAGE_ID = re.compile(r"[^\s<>]{1,900}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._+-]{1,100}@[A-Za-z0-9.-]{1,100}")
# other signs that some programs take for the end of a line, or that no header may hold
_STRAY = dict.fromkeys([*range(1, 32), 127, 0x85, 0x2028, 0x2029], " ")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go: its envelope, its bytes with CRLF line ends, its Message-ID without brackets."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message_id: str
    needs_smtputf8: bool


def compose(settings: MailSettings, message: OutboundMessage) -> Letter:
    """Build the mail of a reply. Raises Rejected when it cannot be sent as it is."""
    everybody = (*message.to, *message.cc, *message.bcc)
    recipients = tuple(dict.fromkeys(_mailbox(address.email) for address in everybody))
    if not recipients:
        raise Rejected("There is nobody to send this to.")
    message_id = message_id_of(settings, message.idempotency_key)
    headers = [
        *_people(settings, message),
        ("Subject", _text(message.subject, "subject")),
        ("Date", format_datetime(_now())),
        ("Message-ID", f"<{message_id}>"),
        *_thread(message),
        *_automatic(message),
    ]
    top = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers)
    needs_smtputf8 = not top.isascii() or not all(recipient.isascii() for recipient in recipients)
    sender = _sender(settings, message)
    return Letter(_mailbox(sender.email), recipients, top + _body(message).as_bytes(), message_id, needs_smtputf8)


def message_id_of(settings: MailSettings, key: str) -> str:
    """Return the Message-ID of the reply with this key, without brackets. Raises Rejected where it can be none."""
    return f"{_token(key, 'The key of the reply')}@{_ascii_domain(settings.domain)}"


def _sender(settings: MailSettings, message: OutboundMessage) -> Address:
    return message.sender or Address(settings.address, message.from_name or settings.from_name)


def _people(settings: MailSettings, message: OutboundMessage) -> list[tuple[str, str]]:
    """Name sender and recipients; blind copies stand in the envelope alone."""
    sender = _sender(settings, message)
    people = [("From", _addresses([sender], "sender"))]
    if message.reply_token:
        local, _, domain = sender.email.rpartition("@")
        token = _token(message.reply_token, "The token of the conversation")
        people.append(("Reply-To", _addresses([Address(f"{local}+r-{token}@{domain}", sender.name)], "sender")))
    people.append(("To", _addresses(message.to, "recipient")))
    return people + ([("Cc", _addresses(message.cc, "copy"))] if message.cc else [])


def _addresses(addresses: Sequence[Address], field: str) -> str:
    """Write addresses one a line, each name encoded by itself, so that no folding can join or split them."""
    return ",\r\n ".join(_named(_clean(one.name, field).strip(), _mailbox(one.email)) for one in addresses)


def _named(name: str, email: str) -> str:
    if not name:
        return email
    if "=?" in name:  # plain words that look encoded
        return f"{Charset('utf-8').header_encode(name[:100])} <{email}>"
    written, _, _ = formataddr((name[:100], "a@b"), "utf-8").rpartition(" <")
    return f"{written} <{email}>"


def _mailbox(email: str) -> str:
    """Return an address as it stands in envelope and headers, its domain in ASCII. Raises Rejected."""
    local, at, domain = _clean(email, "address").strip().rpartition("@")
    if not local or not at or any(sign.isspace() or sign in '<>,;:()[]\\"@' for sign in local):
        raise Rejected(phrase("{address} is not an address that mail can be sent to.", address=repr(email[:100])))
    return f"{local}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    try:
        plain = domain.encode("ascii" if domain.isascii() else "idna").decode("ascii").lower()
        # the old IDNA of the standard library turns some letters into others (ß into ss): that is another domain
        is_same = domain.isascii() or plain.encode().decode("idna") == domain.lower()
    except UnicodeError:
        is_same, plain = False, ""
    if not is_same or not re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,250}[a-z0-9])?", plain):
        raise Rejected(phrase("{domain} is not a domain that mail can be sent to.", domain=repr(domain[:100])))
    return plain


def _thread(message: OutboundMessage) -> list[tuple[str, str]]:
    """Name the mail that this answers and the ones before it; ids that no mail program could read are left out."""
    before = [_clean(one, "reference") for one in message.references]
    answered = _clean(message.in_reply_to or "", "reference")
    ids = [
        one
        for one in dict.fromkeys([*(other for other in before if other != answered), answered])
        if _MESSAGE_ID.fullmatch(one) and one.isascii()
    ]
    if len(ids) > _MAX_REFERENCES:
        ids = [ids[0], *ids[1 - _MAX_REFERENCES :]]  # as RFC 5537 advises: the first and the latest
    thread = [("In-Reply-To", f"<{answered}>")] if answered in ids else []
    return thread + ([("References", "\r\n ".join(f"<{one}>" for one in ids))] if ids else [])


def _automatic(message: OutboundMessage) -> list[tuple[str, str]]:
    """The headers of RFC 3834 and its neighbours, which stop programs from answering each other."""
    if not message.automatic:
        return []
    return [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), ("Precedence", "bulk")]


def _text(value: str, field: str) -> str:
    """Encode and fold a header of free text."""
    clean = _clean(value, field).strip()
    is_plain = clean.isascii() and "=?" not in clean and all(len(word) < 70 for word in clean.split(" "))
    header = Header(clean, None if is_plain else "utf-8", header_name=field)
    return header.encode(linesep="\r\n").replace("\r\n\r\n", "\r\n")


def _clean(value: str, field: str) -> str:
    if any(sign in value for sign in "\r\n\0"):
        raise Rejected(phrase("The {field} contains a line break, which a mail header must not.", field=field))
    return value.encode("utf-8", "replace").decode().translate(_STRAY)


def _token(value: str, what: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise Rejected(phrase("{what} is not one that fits into a mail address.", what=what))
    return value


def _body(message: OutboundMessage) -> EmailMessage:
    """Text and HTML as alternatives, the HTML with its pictures; then the attachments."""
    if sum(len(attachment.data) for attachment in message.attachments) > _MAX_ATTACHMENT_BYTES:
        raise Rejected(
            phrase("The attachments are larger than {most} MB together.", most=_MAX_ATTACHMENT_BYTES // 1_000_000)
        )
    body = EmailMessage(policy=SMTP)
    body.set_content(_encodable(message.text))
    page = message.html or _as_html(message.text)
    body.add_alternative(_encodable(page), subtype="html")
    _, formatted = body.iter_parts()
    rest: list[tuple[bytes, str, str, str]] = []
    for attachment in message.attachments:
        maintype, subtype, filename = _described(attachment)
        if _is_shown(attachment, page):
            cid = f"<{attachment.content_id}>"
            formatted.add_related(
                attachment.data, maintype=maintype, subtype=subtype, filename=filename, cid=cid, disposition="inline"
            )
        else:
            rest.append((attachment.data, maintype, subtype, filename))
    for data, maintype, subtype, filename in rest:
        body.add_attachment(data, maintype=maintype, subtype=subtype, filename=filename)
    return body


def _is_shown(attachment: OutboundAttachment, page: str) -> bool:
    return bool(_CONTENT_ID.fullmatch(attachment.content_id)) and f"cid:{attachment.content_id}" in page


def _described(attachment: OutboundAttachment) -> tuple[str, str, str]:
    """Return both halves of the type and the name of a file as its headers may say them."""
    content_type = _clean(attachment.content_type, "type of an attachment").strip().lower()
    if not _CONTENT_TYPE.fullmatch(content_type) or content_type.startswith(("message/", "multipart/")):
        content_type = "application/octet-stream"  # those two may not be encoded, and not all servers take 8 bits
    maintype, _, subtype = content_type.partition("/")
    return maintype, subtype, _clean(attachment.filename, "name of an attachment").strip() or "attachment"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _as_html(text: str) -> str:
    """Show plain text as it was written: paragraphs and line breaks, nothing of it interpreted."""
    paragraphs = html.escape(text, quote=False).replace("\r\n", "\n").strip("\n").split("\n\n")
    written = "\n".join("<p>" + paragraph.strip("\n").replace("\n", "<br>\n") + "</p>" for paragraph in paragraphs)
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{written}\n</body></html>\n'


def _now() -> datetime:
    return datetime.now(UTC)
