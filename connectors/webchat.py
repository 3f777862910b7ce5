"""Web chat: a widget on a website. What visitors say comes to us; storing a reply is delivering it (they fetch it).

A delivery's bytes are what the visitor sent; who they are stands in its meta, which only the server writes:
visitor (public id), name, email, email_verified ("1"), page. The visitor's secret token is never part of either.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    Identity,
    InboundAttachment,
    InboundMessage,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Setting,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Malformed
from connectors.origins import bad_origins, origins_of
from connectors.phrases import phrase
from connectors.submission import Submission, clean_line, clean_text, load_json, read_submission

MAX_TEXT = 5_000


class WebchatConnector(Defaults):
    kind: ClassVar[str] = "webchat"
    label: ClassVar[str] = phrase("Web chat")
    family: ClassVar[str] = "website"
    about: ClassVar[str] = phrase("A chat on your website; a visitor who left is answered by mail.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        own_pages=True,
        send=True,
        reaches=("visitor",),
        live_only=True,
        idempotent_send=True,
        threads=True,
        shows_typing=True,
        tells_typing=True,
        attachments=True,
        max_text=MAX_TEXT,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "title",
            "Title",
            default="Chat with us",
            required=True,
            help="Stands at the top of the open chat, and screen readers say it of the bubble",
        ),
        Setting(
            "greeting",
            "First words",
            kind="lines",
            default="Hello! How can we help?",
            help="What a visitor reads before anything was said",
        ),
        Setting(
            "away",
            "Words while away",
            kind="lines",
            default="We are away right now. Leave a message.",
            help="Shown instead while nobody who sees the inbox is online and takes new work",
        ),
        Setting("colour", "Colour", default="#4f46e5", help="Of the bubble and the visitor's own messages: #rrggbb."),
        Setting(
            "side",
            "Side of the page",
            kind="choice",
            default="right",
            choices=(("right", "Right"), ("left", "Left")),
            help="In which lower corner of your pages the bubble sits",
        ),
        Setting(
            "origins",
            "Websites",
            kind="lines",
            help="One a line, as https://shop.example or https://*.shop.example: only they may show the chat. "
            "Empty: only the preview on this installation.",
        ),
        Setting(
            "identify_secret",
            "Secret for signed-in customers",
            kind="secret",
            help="Your server signs `id|email` with it (HMAC-SHA256, hex). Empty: every visitor is anonymous.",
        ),
    )

    def address(self, credentials: Credentials) -> str:
        """Return the first website the chat is on."""
        return next(iter(origins_of(credentials.get("origins"))), "")

    def check(self, credentials: Credentials) -> str:
        """Say where the chat may be shown. Raises BadCredentials naming the line that is no website."""
        bad = bad_origins(credentials.get("origins"))
        if bad:
            raise BadCredentials(
                phrase("{bad} is no website address: write it as https://shop.example.", bad=repr(bad[0]))
            )
        origins = origins_of(credentials.get("origins"))
        return (
            f"The chat can be shown on {', '.join(origins)}." if origins else "The chat is shown in the preview only."
        )

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies: a preview, the one tag, the tag for signed-in customers."""
        tag = f'<script src="{base_url}/webchat/{token}.js" async></script>'
        known = (
            "<script>\n"
            "  // signature: HMAC-SHA256 of `id|email` with the secret, in hex, made on your server\n"
            "  window.TributaryChat = {\n"
            '    user: { id: "42", email: "kim@example.com", name: "Kim" },\n    signature: "…",\n  };\n'
            f"</script>\n{tag}"
        )
        return (
            ("Try it out here", f"{base_url}/webchat/{token}/preview"),
            ("Put it on every page of the website", tag),
            ("For customers who are signed in there", known),
        )

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:  # noqa: ARG002 - part of the protocol
        """Yield nothing: visitors come to us."""
        return iter(())

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Accept: visitors prove themselves by their token, see app/services/visitors.py."""

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the one message of a delivery: {"type": "message", "text"} or a form with files. Raises Malformed."""
        visitor = delivery.meta.get("visitor", "")
        if not visitor:
            raise Malformed("It is not said which visitor wrote this.")
        submission = _read(delivery)
        text = clean_text(submission.values.get("text", ""))
        if not text and not submission.files:
            raise Malformed("There is neither text nor a file in it.")
        sender, also = _identities(delivery.meta, visitor)
        return [
            InboundMessage(
                external_id=delivery.external_id or hashlib.sha256(delivery.raw).hexdigest(),
                sender=sender,
                also=also,
                text=text,
                attachments=tuple(InboundAttachment(f.filename, f.content_type, f.data) for f in submission.files),
                thread_key=visitor,
                custom={"page": page} if (page := clean_line(delivery.meta.get("page", ""))) else {},
            )
        ]

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:  # noqa: ARG002 - part of the protocol
        """Return a receipt: the reply is on the visitor's page as soon as it is marked sent."""
        return Receipt(external_id=message.idempotency_key, detail="stored for the visitor")


def name_for(visitor: str) -> str:
    """Return what people call a visitor who has given no name: "Visitor 3F2A"."""
    return f"Visitor {visitor[:4].upper()}"


def is_signed_user(secret: str, user_id: str, email: str, signature: str) -> bool:
    """Check the HMAC-SHA256 of `id|email` that the website's server made. False without a secret."""
    if not secret or "|" in user_id:
        return False
    expected = hmac.new(secret.encode(), f"{user_id}|{email}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "replace"))


def _read(delivery: RawDelivery) -> Submission:
    content_type = delivery.meta.get("content_type", "application/json")
    if not content_type.startswith("application/json"):
        return read_submission(delivery.raw, content_type)
    body: Any = load_json(delivery.raw)
    if not isinstance(body, dict) or body.get("type") != "message" or not isinstance(body.get("text"), str):
        raise Malformed('A chat message is {"type": "message", "text": "…"}.')
    return Submission(values={"text": body["text"]})


def _identities(meta: Mapping[str, str], visitor: str) -> tuple[Identity, tuple[Identity, ...]]:
    """Return the visitor, and the e-mail address where one is known: vouched for only if the website signed it."""
    name = clean_line(meta.get("name", ""), 200) or name_for(visitor)
    is_verified = meta.get("email_verified") == "1"
    sender = Identity("visitor", visitor, name, verified=is_verified)
    email = meta.get("email", "").strip().lower()
    return sender, (Identity("email", email, name, verified=is_verified),) if email else ()
