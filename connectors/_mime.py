"""One mail, from its bytes to an InboundMessage. Pure and total: a result, or Malformed.

    bytes → _parts (the MIME tree) → _content (words and files) → _newtext (new, quoted, signature)
          ↘ _headers, _addresses, _envelope (who, when, which thread) → _auto, _bounce (what wrote it)

Importing this loads only the standard library.
"""

from __future__ import annotations

import hashlib
import re

from connectors import _auto, _bounce, _envelope
from connectors._authentication import authenticate
from connectors._calendar import calendar_text
from connectors._complaint import complaint_details
from connectors._content import Content, read_content
from connectors._headers import Headers
from connectors._htmltext import MARKS
from connectors._newtext import SplitText, split_lines
from connectors._parts import Tree, take_apart
from connectors._sealed import seals_of, unsealed
from connectors.base import Address, Identity, InboundMessage
from connectors.errors import Malformed

_NO_MARKS = dict.fromkeys(map(ord, MARKS))
MAX_SUBJECT_CHARS = 2_000
SYNTHETIC_DOMAIN = "tributary.invalid"
NOBODY_DOMAIN = "nobody.invalid"  # senders of mails that name none: one for each, so that they never become one contact
_REPLY_SUBJECT = re.compile(
    r"(?:re|aw|sv|vs|antw|odp|r|rif|res|re-?\[\d+\]|回复|答复|回覆|ynt|atb|απ|vá|נענה|ответ)\s?[:：]", re.IGNORECASE
)
_FORWARD_SUBJECT = re.compile(
    r"(?:fwd?|wg|tr|rv|enc|i|doorst|vb|vl|pd|转发|轉寄|fs|ilt|προ|továbbítás|пересл\w*)\s?[:：]", re.IGNORECASE
)
_FIELDS_OF_MAIL = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "received",
    "mime-version",
    "content-type",
    "return-path",
)


def parse_mail(raw: bytes, *, authserv_id: str = "") -> InboundMessage:
    """Read one mail. Raises Malformed where the bytes are no mail at all; everything else gives a message.

    `authserv_id`: the name under which our own mail server tells what it found out about the sender.
    """
    tree = take_apart(raw)
    content = read_content(unsealed(tree))
    _refuse_noise(raw, tree, content)
    whole = "\n".join(content.lines).translate(_NO_MARKS)
    sender = _sender(tree.headers)
    auto = _auto.classify(tree, sender, whole)
    split = _split(tree, content, whole, is_bounce=auto == "bounce")
    custom = _bounce.bounce_details(tree, whole) if auto == "bounce" else {}
    is_final = auto == "bounce" and "original_message_id" in custom and _bounce.is_final(tree, custom)
    custom |= complaint_details(tree, whole) | seals_of(tree, content.attachments)
    if content.truncated:
        custom["truncated"] = "yes"
    headers = tree.headers
    vouched = authenticate(headers, _envelope.addresses(headers, "from"), authserv_id)
    custom |= _said({"authentication": vouched.summary, "warning": vouched.warning})
    to, cc = _envelope.addresses(headers, "to"), _envelope.addresses(headers, "cc")
    return InboundMessage(
        external_id=_envelope.message_id(headers) or _synthetic_id(raw),
        sender=_identity(sender, raw, is_verified=vouched.is_verified),
        subject=headers.first("subject")[:MAX_SUBJECT_CHARS],
        text=split.text,
        quoted=split.quoted,
        signature=split.signature,
        html=content.html,
        attachments=tuple(content.attachments),
        to=to,
        cc=cc,
        reply_to=_envelope.addresses(headers, "reply-to"),
        in_reply_to=next(iter(_envelope.message_ids(headers, "in-reply-to")), None),
        references=_envelope.message_ids(headers, "references"),
        tokens=_envelope.reply_tokens(headers, to, cc),
        auto=auto,
        sent_at=_envelope.sent_at(headers),
        custom=custom,
        target=custom["original_message_id"] if is_final else None,
        status="failed" if is_final else None,
        status_reason=custom.get("bounce_reason", "") if is_final else "",
    )


def _refuse_noise(raw: bytes, tree: Tree, content: Content) -> None:
    """A mail has at least one header of a mail, or words."""
    if any(name in tree.headers for name in _FIELDS_OF_MAIL):
        return
    words = "".join("".join(content.lines).split())
    if not words and not content.attachments:
        raise Malformed("There are neither mail headers nor any text in these bytes.")
    odd = sum(1 for sign in words[:2000] if not sign.isprintable() or sign == "�")
    if b"\x00" in raw[:2000] or odd * 10 > len(words[:2000]) or (not raw.isascii() and not _is_utf8(raw[:4000])):
        raise Malformed("These bytes are not a mail: no mail headers, and the content is not text.")


def _is_utf8(data: bytes) -> bool:
    return data.decode("utf-8", "ignore").encode() == data or data[:-3].decode("utf-8", "replace").count("�") == 0


def _sender(headers: Headers) -> Address | None:
    """The first address of From; where From has none, of Sender, Return-Path or Reply-To, with From's name."""
    for name in ("from", "sender", "return-path", "x-sender", "reply-to"):
        found = _envelope.addresses(headers, name)
        if found:
            written = headers.first("from").replace("<>", "").strip()
            return found[0] if name == "from" else Address(found[0].email, found[0].name or written[:200])
    local = headers.first("from").strip("<> ")
    return Address(local.lower()) if local and " " not in local and len(local) < 100 else None


def _said(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _identity(sender: Address | None, raw: bytes, *, is_verified: bool) -> Identity:
    if sender is None:
        return Identity("email", f"{_digest(raw)[:24]}@{NOBODY_DOMAIN}")
    return Identity("email", sender.email, sender.name, verified=is_verified)


def _split(tree: Tree, content: Content, whole: str, *, is_bounce: bool) -> SplitText:
    """New words, quote and signature; what a machine says of a failure is not cut."""
    if not whole.strip():
        calendar = next((leaf for leaf in tree.leaves if leaf.content_type == "text/calendar"), None)
        return SplitText(calendar_text(tree.payload(calendar)).strip() if calendar else "")
    split = split_lines(content.lines, is_reply=_is_reply(tree.headers))
    return SplitText(whole.strip()) if is_bounce and not split.text else split


def _is_reply(headers: Headers) -> bool:
    subject = headers.first("subject")
    if _FORWARD_SUBJECT.match(subject):
        return False
    return _REPLY_SUBJECT.match(subject) is not None or "in-reply-to" in headers


def _synthetic_id(raw: bytes) -> str:
    return f"synthetic-{_digest(raw)[:32]}@{SYNTHETIC_DOMAIN}"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
