"""The bytes that the WhatsApp Cloud API posts, as messages: whose they are, and what happened to what was sent.

Since April 2026 a customer has a business-scoped user id ("US.1349…") besides the phone number, and with a username
only that: documentation/business-messaging/whatsapp/business-scoped-user-ids on developers.facebook.com.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from connectors._graph import is_envelope, made_id
from connectors._payload import at, line, mapping, moment, objects
from connectors._whatsapp_content import Said, first_error, referral, said
from connectors.base import Identity, InboundMessage, Profile, Status
from connectors.errors import Malformed
from connectors.submission import load_json

KIND, PHONE = "whatsapp", "phone"
GROUP = "group:"  # the thread of a group chat, so that it is never taken for a person
STATES: Mapping[str, Status] = {**{state: state for state in get_args(Status)}, "played": "read"}
NOT_SAID = frozenset({"request_welcome"})  # opening the chat for the first time
DEEPEST = 7  # a list of calls, a call, its entries, an entry, its changes, a change, its value
Object = Mapping[str, Any]


def messages_of(data: Any, is_ours: Callable[[str], bool] = lambda _: True) -> list[InboundMessage]:
    """Return what a webhook call tells, or an entry, change, value or message of one alone. Raises Malformed.

    `is_ours` says whether what is addressed to a phone number (by its id, "" for none) is to be read.
    """
    values = list(_values(data, DEEPEST))
    if not values and not is_envelope(data):
        raise Malformed("This is not what WhatsApp sends: it holds neither an entry nor messages.")
    found = [message for value in values if is_ours(_number_of(value)) for message in _of_value(value)]
    kept = [message for message in found if message is not None]
    if found and not kept:
        raise Malformed("It is not said who wrote this.")
    return kept


def numbers_of(raw: bytes) -> tuple[str, ...]:
    """Return the ids of the phone numbers that a call is for, "" for what names none; () if unreadable. Total."""
    try:
        return tuple(dict.fromkeys(_number_of(value) for value in _values(load_json(raw), DEEPEST)))
    except Malformed:
        return ()


def _number_of(value: Object) -> str:
    return line(at(value, "metadata", "phone_number_id"), 60)


def address_of(value: str) -> tuple[str, str]:
    """Return an id of a customer as (kind, address): a phone number as +E.164, or a business-scoped user id."""
    digits = value.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= 20:
        return PHONE, f"+{digits}"
    return KIND, value


def _values(data: Any, depth: int) -> Iterator[Object]:
    """Find the objects that hold "messages" or "statuses", however much of the envelope is around them."""
    if isinstance(data, list):
        for each in data if depth else ():
            yield from _values(each, depth - 1)
        return
    if not isinstance(data, dict) or not depth:
        return
    for key in ("entry", "changes"):
        if isinstance(data.get(key), (list, dict)):
            yield from _values(data[key], depth - 1)
            return
    if isinstance(data.get("value"), dict):
        yield data["value"]  # also a change that tells nothing of messages
    elif isinstance(data.get("recipient_id"), str) and isinstance(data.get("status"), str):
        yield {"statuses": [data]}
    elif isinstance(data.get("type"), str) and isinstance(data.get("id"), str):
        yield {"messages": [data]}
    elif (
        "messages" in data or "statuses" in data or "messaging_product" in data or isinstance(data.get("errors"), list)
    ):
        yield data


def _of_value(value: Object) -> Iterator[InboundMessage | None]:
    """Yield the messages of one change; None for one of which nobody says who wrote it."""
    contacts = objects(value.get("contacts"))
    known = {
        line(contact.get(key)): contact for key in ("wa_id", "user_id") for contact in contacts if contact.get(key)
    }
    ours = "".join(filter(str.isdigit, line(at(value, "metadata", "display_phone_number"), 40)))
    for message in objects(value.get("messages")):
        if line(message.get("type"), 60) in NOT_SAID or (ours and line(message.get("from")) == ours):
            continue
        yield _message(message, known, contacts)
    for status in objects(value.get("statuses")):
        yield from _status(status, known)


def _message(message: Object, known: Mapping[str, Object], contacts: Sequence[Object]) -> InboundMessage | None:
    content = said(message)
    sender, also = _people(message, known, contacts)
    if sender is None:
        return None
    context = mapping(message.get("context"))
    group = line(message.get("group_id"))
    return InboundMessage(
        external_id=line(message.get("id")) or made_id(KIND, message),
        sender=sender,
        also=also,
        text=content.text,
        kind=content.kind,
        target=content.target or None,
        reaction=content.reaction,
        remote_files=content.files,
        custom={**content.custom, **_told(message, content)},
        thread_key=f"{GROUP}{group}" if group else sender.address,
        in_reply_to=line(context.get("id")) or line(context.get("message_id")) or None,
        sent_at=moment(message.get("timestamp")),
    )


def _told(message: Object, content: Said) -> dict[str, str]:
    return {} if content.target else referral(message)


def _people(
    message: Object, known: Mapping[str, Object], contacts: Sequence[Object]
) -> tuple[Identity | None, tuple[Identity, ...]]:
    """Return who wrote it and by which other addresses the same person is known."""
    system = mapping(message.get("system"))
    written = (message.get("from"), message.get("from_user_id"), system.get("previous_user_id"), system.get("customer"))
    ids = [line(each, 200) for each in written]
    contact = next((known[each] for each in ids if each in known), contacts[0] if len(contacts) == 1 else {})
    if message.get("type") == "system":
        ids += [line(system.get(key), 200) for key in ("wa_id", "new_wa_id", "user_id")]
    ids += [line(contact.get(key), 200) for key in ("wa_id", "user_id")]
    addresses = dict.fromkeys(address_of(each) for each in ids if each)
    everyone = [_identity(kind, address, contact) for kind, address in addresses]
    # a phone number first: replies to it always work, and people know each other by it
    everyone.sort(key=lambda each: each.kind != PHONE)
    return (everyone[0], tuple(everyone[1:])) if everyone else (None, ())


def _identity(kind: str, address: str, contact: Object) -> Identity:
    profile = mapping(contact.get("profile"))
    username = line(profile.get("username") or contact.get("username"), 100).removeprefix("@")
    shown = Profile(handle=f"@{username}") if username else None
    return Identity(kind, address, line(profile.get("name"), 200), verified=True, profile=shown)


def _status(status: Object, known: Mapping[str, Object]) -> Iterator[InboundMessage | None]:
    target, state = line(status.get("id")), STATES.get(line(status.get("status"), 20))
    if not target or state is None:
        return  # deleted, warning, payments: nothing that a reply's state knows
    keys = ("recipient_participant_id", "recipient_participant_user_id", "recipient_id", "recipient_user_id")
    who = next((each for key in keys if (each := line(status.get(key), 200))), "")
    if not who:
        yield None
        return
    kind, address = address_of(who)
    is_group = status.get("recipient_type") == "group"
    yield InboundMessage(
        external_id=f"{target}:{line(status.get('status'), 20)}" + (f":{address}" if is_group else ""),
        sender=_identity(kind, address, known.get(who, {})),
        kind="status",
        target=target,
        status=state,
        status_reason=first_error(status) if state == "failed" else "",
        thread_key=f"{GROUP}{line(status.get('recipient_id'))}" if is_group else address,
        sent_at=moment(status.get("timestamp")),
    )
