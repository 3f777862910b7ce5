"""People on the other side of a chat widget: who they are, that they are there, how to reach them later.

A visitor holds a secret token; we keep only what follows from it, the public visitor id. It names the conversation
(its thread key), the room of their sockets and their ContactIdentity. Tokens are signed by us and need no table:

    a.<160 random bits>.<signature>                     somebody, on this browser
    k.<base64 of {id, email, name, until}>.<signature>  a customer whom the website vouched for, on any browser
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.errors import Forbidden, Invalid
from app.models import Contact, ContactIdentity, Role
from app.phrases import phrase
from app.services import access, activities, contacts, presence
from app.services.arrivals import plain
from connectors.base import RawDelivery
from connectors.webchat import MAX_TEXT, is_signed_user, name_for
from connectors.webform import is_email

KNOWN_FOR_SECONDS = 12 * 60 * 60
MAX_TOKEN = 2_000
CHAT_EMAIL = "chat_email"  # in Contact.custom: an address that somebody else holds, good for answers only
REFUSED = phrase("The chat could not be opened: the website's signature does not fit.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`id` is public; `email` is set, and vouched for by the website, only where `is_known`."""

    id: str
    name: str = ""
    email: str = ""
    is_known: bool = False


def welcome(*, channel_token: str) -> str:
    """Return the token of a visitor nobody has seen before."""
    return _signed(channel_token, f"a.{crypto.new_token()}")


def recognise(*, channel_token: str, secret: str, user: dict[str, Any], signature: str) -> str:
    """Return a token for a customer the website vouches for. Raises Forbidden."""
    user_id, email = str(user.get("id") or "")[:200], str(user.get("email") or "")[:254]
    if not user_id or not is_email(email) or not is_signed_user(secret, user_id, email, signature):
        raise Forbidden(REFUSED)
    until = int(now().timestamp()) + KNOWN_FOR_SECONDS
    body = {"id": user_id, "email": email.lower(), "name": plain(str(user.get("name") or ""), 100), "until": until}
    packed = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
    return _signed(channel_token, f"k.{packed}")


def visitor_of(*, channel_token: str, token: str) -> Visitor:
    """Return who holds a token. Raises Forbidden if we did not make it for this channel, or it is too old."""
    body, _, signature = token[:MAX_TOKEN].rpartition(".")
    kind, _, value = body.partition(".")
    signed = signature.isascii() and crypto.is_signed("visitor", f"{channel_token} {body}", signature)
    if not signed or kind not in {"a", "k"}:
        raise Forbidden(phrase("This visitor is not known here: load the page again."))
    if kind == "a":
        return Visitor(_public_id("somebody", channel_token, value))
    known = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    if known["until"] < now().timestamp():
        raise Forbidden(phrase("This visit is over: load the page again."))
    return Visitor(_public_id("known", channel_token, known["id"]), known["name"], known["email"], is_known=True)


def said(visitor: Visitor, *, client_id: str, text: str, page: str, remote_address: str) -> RawDelivery:
    """Return what a visitor typed as a delivery. The same client_id twice is one message. Raises Invalid."""
    if not text.strip():
        raise Invalid(phrase("Write something first."), field="text")
    if len(text) > MAX_TEXT:
        raise Invalid(phrase("Please keep a message under {most} characters.", most=MAX_TEXT), field="text")
    raw = json.dumps({"type": "message", "client_id": client_id, "text": text}).encode()
    return delivery_of(
        visitor,
        client_id=client_id,
        raw=raw,
        content_type="application/json",
        page=page,
        remote_address=remote_address,
    )


def delivery_of(
    visitor: Visitor, *, client_id: str, raw: bytes, content_type: str, page: str, remote_address: str
) -> RawDelivery:
    """Return bytes a visitor sent as a delivery, with who they are beside them. Raises Invalid."""
    if not 8 <= len(client_id) <= 64 or not client_id.isascii() or not client_id.replace("-", "").isalnum():
        raise Invalid(phrase("The message has no usable id: load the page again."), field="client_id")
    who = {"visitor": visitor.id, "name": visitor.name, "email": visitor.email}
    return RawDelivery(
        raw=raw,
        received_at=now(),
        external_id=f"{visitor.id}:{client_id}",
        meta={
            **{key: value for key, value in who.items() if value},
            "email_verified": "1" if visitor.is_known else "0",
            "content_type": content_type,
            "page": page[:500],
            "remote_address": remote_address,
        },
    )


def seen(session: Session, *, visitor_id: str) -> None:
    """Say that a visitor is connected. Nothing happens before their first message is on the timeline."""
    session.execute(_own_identity(visitor_id).values(seen_at=now()))


def gone(session: Session, *, visitor_id: str) -> None:
    """Say that a visitor has left: answers go by mail from now on."""
    session.execute(_own_identity(visitor_id).values(seen_at=None))


def is_attended(session: Session, *, inbox_id: int) -> bool:
    """Tell whether a person who sees the inbox is online and takes new work."""
    online = presence.accepting_user_ids(session)
    if not online:
        return False
    return any(user.id in online and user.role is not Role.BOT for user in access.colleagues(session, inbox_id))


def leave_email(session: Session, *, visitor: Visitor, email: str, name: str = "") -> None:
    """Keep the address a visitor typed, so that answers reach them by mail. Raises Invalid.

    Anybody can type any address: one that another contact holds opens nothing of theirs; it is kept for answers only.
    """
    email = email.strip().lower()
    if not is_email(email):
        raise Invalid(phrase("This does not look like an e-mail address."), field="email")
    contact = _contact_of(session, visitor, plain(" ".join(name.split()), 200))
    held_by = select(ContactIdentity.contact_id).where(
        ContactIdentity.kind == "email", ContactIdentity.address == email
    )
    holder = session.scalars(held_by).one_or_none()
    if holder == contact.id or contact.custom.get(CHAT_EMAIL) == email:
        return
    if holder is None:
        claim = insert(ContactIdentity).values(contact_id=contact.id, kind="email", address=email, name=contact.name)
        session.execute(claim.on_conflict_do_nothing())
    if session.scalars(held_by).one() != contact.id:
        contact.custom = {**contact.custom, CHAT_EMAIL: email}
    data = {"who": contact.name or "The visitor", "address": f"{email} (typed in the chat)"}
    activities.record(session, verb="identity.added", contact=contact, data=data)
    contacts.changed(session, contact)


def _contact_of(session: Session, visitor: Visitor, name: str) -> Contact:
    """Return the visitor's contact, locked; somebody who leaves an address before the first word becomes one now."""
    mine = ContactIdentity.kind == "visitor", ContactIdentity.address == visitor.id
    contact_id = session.scalars(select(ContactIdentity.contact_id).where(*mine)).one_or_none()
    if contact_id is None:
        contact = Contact(name=name or visitor.name or name_for(visitor.id))
        session.add(contact)
        session.flush()  # its id is needed for the identity
        claim = {"kind": "visitor", "address": visitor.id, "name": contact.name, "seen_at": now()}
        made = insert(ContactIdentity).values(contact_id=contact.id, **claim)
        session.execute(made.on_conflict_do_nothing())
        contact_id = session.scalars(select(ContactIdentity.contact_id).where(*mine)).one()
        if contact_id != contact.id:  # their first message was faster
            session.delete(contact)
            session.flush()
    contact = session.get_one(Contact, contact_id, with_for_update=True, populate_existing=True)
    if name and contact.name in {"", name_for(visitor.id)}:
        contact.name = name
    return contact


def _own_identity(visitor_id: str) -> Update:
    return update(ContactIdentity).where(ContactIdentity.kind == "visitor", ContactIdentity.address == visitor_id)


def _public_id(kind: str, channel_token: str, value: str) -> str:
    return crypto.digest(f"visitor {kind} {channel_token} {value}")[:40]


def _signed(channel_token: str, body: str) -> str:
    return f"{body}.{crypto.sign('visitor', f'{channel_token} {body}')}"
