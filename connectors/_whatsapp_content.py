"""What one WhatsApp message says: its type's object as words, files and parts. Total.

Sources: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages and the pages
below it (text, image, video, audio, document, sticker, location, contacts, interactive, button, order, system,
reaction, edit, revoke, unsupported).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._payload import at, line, mapping, objects, text
from connectors._place import place
from connectors.base import MessageKind, RemoteFile

Object = Mapping[str, Any]
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
MOST_PARTS = 20  # contacts, products or answers that are told one by one


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says; `target` and `reaction` where it is about another message."""

    kind: MessageKind
    text: str = ""
    files: tuple[RemoteFile, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    reaction: str = ""


def said(message: Object) -> Said:
    """Return what a message says; a type we do not know, or one without its object, is unsupported."""
    named = line(message.get("type"), 60)
    kind = named if named in READERS else next((key for key in READERS if key in message), named)
    reader = READERS.get(kind)
    return (reader(message, kind) if reader else None) or _unsupported(message, kind)


def media_name(kind: str, content_type: str) -> str:
    """Return a name for a file that has none: "voice.ogg"."""
    extension = EXTENSIONS.get(content_type.partition(";")[0].strip().lower(), "")
    return f"{kind}.{extension}" if extension else kind


def _text(message: Object, _kind: str) -> Said | None:
    body = text(at(message, "text", "body")) or text(message.get("text"))
    return Said("text", body) if body else None


def _media(message: Object, kind: str) -> Said | None:
    media = mapping(message.get(kind))
    media_id, content_type = line(media.get("id")), line(media.get("mime_type"), 100)
    url = "" if media_id else line(media.get("url") or media.get("link"), 2000)
    caption = text(media.get("caption"))
    if not media:
        return None
    if not media_id and not url:  # a file on a disk of the old On-Premises client, or one that is not handed out
        return Said(MEDIA[kind], caption or f"[A file that WhatsApp does not hand out: {kind}]")
    is_voice = kind == "voice" or media.get("voice") is True
    filename = line(media.get("filename"), 200) or media_name("voice" if is_voice else kind, content_type)
    file = RemoteFile(filename, content_type or "application/octet-stream", url=url, media_id=media_id)
    return Said(MEDIA[kind], caption, files=(file,), custom={"voice": "yes"} if is_voice else {})


def _location(message: Object, _kind: str) -> Said | None:
    spot = mapping(message.get("location"))
    words, parts = place(spot.get("latitude"), spot.get("longitude"), spot.get("name"), spot.get("address"))
    return Said("location", words, custom=_filled({**parts, "url": line(spot.get("url"))})) if words else None


def _contacts(message: Object, _kind: str) -> Said | None:
    people = [_card(card) for card in objects(message.get("contacts"))[:MOST_PARTS]]
    lines = [", ".join(part for part in card if part) for card in people if any(card)]
    if not lines:
        return None
    names, phones, mails, _ = zip(*people, strict=True)
    parts = {"name": names, "phone": phones, "email": mails}
    return Said(
        "contact", "\n".join(lines), custom=_filled({key: "; ".join(filter(None, v)) for key, v in parts.items()})
    )


def _card(card: Object) -> tuple[str, str, str, str]:
    """Return a contact card's name, phones, mail addresses and company."""
    name = mapping(card.get("name"))
    whole_name = line(name.get("formatted_name")) or " ".join(
        filter(None, (line(name.get("first_name")), line(name.get("last_name"))))
    )
    phones = [
        line(phone.get("phone"), 60) or _plus(line(phone.get("wa_id"), 60)) for phone in objects(card.get("phones"))
    ]
    mails = [line(mail.get("email"), 200) for mail in objects(card.get("emails"))]
    return (
        whole_name,
        ", ".join(filter(None, phones[:MOST_PARTS])),
        ", ".join(filter(None, mails[:MOST_PARTS])),
        line(at(card, "org", "company"), 200),
    )


def _button(message: Object, _kind: str) -> Said | None:
    button = mapping(message.get("button"))
    words = text(button.get("text")) or text(button.get("payload"))
    return Said("text", words, custom=_filled({"payload": line(button.get("payload"))})) if words else None


def _interactive(message: Object, _kind: str) -> Said | None:
    chosen = mapping(message.get("interactive"))
    kind = line(chosen.get("type"), 60)
    answer = mapping(chosen.get(kind))
    if kind in {"button_reply", "list_reply"}:
        parts = {"payload": line(answer.get("id")), "description": line(answer.get("description"))}
        words = text(answer.get("title")) or parts["payload"]
    elif kind == "nfm_reply":
        parts = _form(answer)
        body = text(answer.get("body"))
        filled_in = "\n".join(f"{key}: {value}" for key, value in parts.items())
        words = body if answer.get("name") == "address_message" and body else filled_in or body
    else:
        parts = {"response": line(answer.get("response"), 100)} if kind == "call_permission_reply" else {}
        words = text(answer.get("title")) or text(at(answer, "body", "text")) or text(at(chosen, "body", "text"))
        words = words or (f"[Permission to call: {parts['response']}]" if parts.get("response") else "")
    return Said("text", words, custom=_filled(parts)) if words else None


def _form(answer: Object) -> dict[str, str]:
    """Return what was filled in: the answers of a flow or an address form, without the token, which is ours."""
    response = answer.get("response_json")
    try:
        fields = mapping(json.loads(response) if isinstance(response, str) else response)
    except (ValueError, RecursionError):
        return {}
    told = {line(key, 100): _written(value) for key, value in list(fields.items())[:MOST_PARTS] if key != "flow_token"}
    return _filled({key: value for key, value in told.items() if key})


def _written(value: Any) -> str:
    """Say an answer as text; lists joined, of an inner object its plain values."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, (_written(each) for each in value[:MOST_PARTS] if not isinstance(each, list))))
    if isinstance(value, dict):
        parts = {line(key, 100): line(part, 500) for key, part in list(value.items())[:MOST_PARTS]}
        return ", ".join(f"{key}: {part}" for key, part in parts.items() if part)
    return number(value) or text(value)


def _order(message: Object, _kind: str) -> Said | None:
    order = mapping(message.get("order"))
    products = objects(order.get("product_items"))
    lines = [_product(product) for product in products[:MOST_PARTS]]
    words = "\n".join(filter(None, (text(order.get("text")), *lines)))
    return Said("text", words, custom=_filled({"catalog": line(order.get("catalog_id"))})) if words else None


def _product(product: Object) -> str:
    price = " ".join(filter(None, (number(product.get("item_price")), line(product.get("currency"), 10))))
    name = line(product.get("product_retailer_id"), 200)
    return f"{number(product.get('quantity')) or 1} × {name}" + (f" ({price})" if price else "")


def _system(message: Object, _kind: str) -> Said | None:
    system = mapping(message.get("system"))
    words = text(system.get("body"))
    return Said("text", words, custom=_filled({"system": line(system.get("type"), 60)})) if words else None


def _reaction(message: Object, _kind: str) -> Said | None:
    given = mapping(message.get("reaction"))
    target = line(given.get("message_id")) or line(given.get("messsage_id"))  # so written in old documentation
    return Said("reaction", target=target, reaction=line(given.get("emoji"), 40)) if target else None


def _edit(message: Object, _kind: str) -> Said | None:
    target, new = line(at(message, "edit", "original_message_id")), mapping(at(message, "edit", "message"))
    return Said("edit", said(new).text, target=target) if target and new else None


def _revoke(message: Object, _kind: str) -> Said | None:
    target = line(at(message, "revoke", "original_message_id"))
    return Said("delete", target=target) if target else None


def _unsupported(message: Object, kind: str) -> Said:
    error = next(iter(objects(message.get("errors"))), {})
    reason = line(at(error, "error_data", "details")) or line(error.get("title"))
    what = line(at(message, "unsupported", "type"), 60) or ("" if kind in {"unsupported", "unknown"} else kind)
    words = f"A message that WhatsApp does not pass on{f' ({what})' if what else ''}{f': {reason}' if reason else ''}"
    return Said("unsupported", words.rstrip(".") + ".", custom=_filled({"type": what}))


def number(value: Any) -> str:
    """Return a finite number, or digits in a string, as text; "" for anything else."""
    if isinstance(value, float):
        return f"{value:.10g}" if math.isfinite(value) else ""
    written = line(value, 60)
    return written if written and all(sign in "0123456789.-+" for sign in written) else ""


def _plus(digits: str) -> str:
    return f"+{digits}" if digits.isascii() and digits.isdigit() else digits


def _filled(parts: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}


MEDIA: Mapping[str, MessageKind] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "file",
    "sticker": "sticker",
}
READERS: Mapping[str, Callable[[Object, str], Said | None]] = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "system": _system,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
}


def referral(message: Object) -> dict[str, str]:
    """Return what brought the customer here: an advertisement or post, a product that was asked about, a forward."""
    source = mapping(message.get("referral"))
    product = mapping(at(message, "context", "referred_product"))
    keys = ("source_type", "source_url", "source_id", "headline", "body", "ctwa_clid")
    parts = {f"referral_{key}": line(source.get(key), 1000) for key in keys}
    parts["product"] = line(product.get("product_retailer_id"), 200)
    context = mapping(message.get("context"))
    parts["forwarded"] = "yes" if True in (context.get("forwarded"), context.get("frequently_forwarded")) else ""
    return _filled(parts)


def first_error(status: Object) -> str:
    """Return why a message failed, as Meta words it, with its code; "" where it does not say."""
    error = next(iter(objects(status.get("errors"))), {})
    words = line(at(error, "error_data", "details")) or line(error.get("message")) or line(error.get("title"))
    code = line(error.get("code"), 20)
    return f"{words} ({code})" if words and code else words or code
