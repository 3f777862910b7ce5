"""Web forms: a hosted page, an embedded form and a JSON endpoint. Bytes come to us; answers leave by the inbox's mail.

Settings are the form itself: one line a field, `key|label|type|required`. The keys name, email, phone, subject and
message are the customer and what they say; every other key is a custom value of the message.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
from connectors.errors import BadCredentials, Malformed, Rejected
from connectors.origins import bad_origins, lines_of
from connectors.phrases import phrase
from connectors.submission import Submission, clean_line, read_submission

MAX_FIELDS = 40
MAX_FILES = 10
MAX_LINE = 500
MAX_TEXT = 20_000
KINDS = ("text", "email", "phone", "textarea", "checkbox", "choice")
STANDARD_KEYS = frozenset({"name", "email", "phone", "subject", "message"})
DEFAULT_FIELDS = """\
name|Your name|text|required
email|E-mail address|email|required
subject|Subject|text
message|How can we help?|textarea|required"""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_PHONE_CHARACTERS = frozenset("0123456789 +-()./")


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form; `choices` belong to the kind "choice"."""

    key: str
    label: str
    kind: str = "text"
    is_required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def limit(self) -> int:
        return MAX_TEXT if self.kind == "textarea" else MAX_LINE


class WebformConnector(Defaults):
    kind: ClassVar[str] = "webform"
    label: ClassVar[str] = phrase("Web form")
    family: ClassVar[str] = "website"
    about: ClassVar[str] = phrase("A form on your website; your answers leave by the inbox's mail.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True, own_pages=True, subject=True, attachments=True, max_text=MAX_TEXT
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("title", "Title", default="Contact us", required=True, help="Stands above the form, on your website"),
        Setting(
            "intro",
            "Words above the form",
            kind="lines",
            default="Tell us what it is about; we answer by e-mail.",
            help="Shown below the title, before the fields; empty: nothing",
        ),
        Setting(
            "thanks",
            "Words after sending",
            kind="lines",
            default="Thank you. We have your message and answer soon.",
            help="What people see once their message is here",
        ),
        Setting("button", "Text on the button", default="Send", help="What people press to send the form"),
        Setting("colour", "Colour", default="#4f46e5", help="Of the button and of links, as #rrggbb."),
        Setting(
            "fields",
            "Fields",
            kind="lines",
            required=True,
            default=DEFAULT_FIELDS,
            help="One a line: key|label|type|required. Types: text, email, phone, textarea, checkbox, choice:one;two.",
        ),
        Setting(
            "files",
            "People may add files",
            kind="boolean",
            default=True,
            help="On: a field for files, at most 25 MB together. Off: words only",
        ),
        Setting(
            "origins",
            "Websites",
            kind="lines",
            help="One a line, as https://shop.example or https://*.shop.example. They may embed the form and call its "
            "JSON address from a browser. Empty: any website may embed it, none may call the JSON address.",
        ),
    )

    def address(self, credentials: Credentials) -> str:  # noqa: ARG002 - part of the protocol
        """Return "": a form is known by its link, which the screens build from the channel's token."""
        return ""

    def check(self, credentials: Credentials) -> str:
        """Say what the form asks for. Raises BadCredentials naming the line that cannot be used."""
        fields, problems = read_fields(credentials.get("fields"))
        problems += [f"{line!r} is no website address." for line in bad_origins(credentials.get("origins"))]
        if problems:
            raise BadCredentials(problems[0])
        return f"The form asks for {', '.join(field.label for field in fields)}."

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin copies: the page, the tag that embeds it, a JSON call."""
        call = (
            f"curl {base_url}/api/forms/{token} \\\n  -H 'Content-Type: application/json' \\\n"
            """  -d '{"name": "Kim", "email": "kim@example.com", "message": "Hello"}'"""
        )
        return (
            ("Link to the form", f"{base_url}/forms/{token}"),
            ("Put it where the form shall stand", f'<script src="{base_url}/forms/{token}.js" async></script>'),
            ("Send from a program", call),
        )

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:  # noqa: ARG002 - part of the protocol
        """Yield nothing: forms come to us."""
        return iter(())

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Accept: a form carries no signature; what keeps robots out stands in app/web/webform.py."""

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the one message of a submission. Raises Malformed, for robots too: they are parked, never lost."""
        meta = delivery.meta
        if meta.get("robot") and not meta.get("released"):
            raise Malformed(f"Looks like a robot: {meta['robot']}.")
        submission = read_submission(delivery.raw, meta.get("content_type", ""))
        external_id = delivery.external_id or hashlib.sha256(delivery.raw).hexdigest()
        return [_message(submission, external_id, meta.get("fields", ""), meta.get("title", ""))]

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:  # noqa: ARG002 - part of the protocol
        """Refuse: there is no way back through a form."""
        raise Rejected("A web form cannot carry an answer: answer by mail.")


def read_fields(lines: Any) -> tuple[list[Field], list[str]]:
    """Return the fields a setting describes, and a sentence about every line that cannot be used."""
    fields: dict[str, Field] = {}
    problems: list[str] = []
    for line in lines_of(lines or DEFAULT_FIELDS):
        field = _field_of(line)
        if isinstance(field, str):
            problems.append(field)
        elif field.key in fields:
            problems.append(f"The key {field.key!r} is there twice.")
        else:
            fields[field.key] = field
    if len(fields) > MAX_FIELDS:
        problems.append(f"A form has at most {MAX_FIELDS} fields.")
    return list(fields.values())[:MAX_FIELDS], problems


def problems_of(submission: Submission, fields: list[Field]) -> dict[str, str]:
    """Return what is wrong with a submission, one sentence a field; empty means it can be sent."""
    problems: dict[str, str] = {}
    for field in fields:
        problem = _problem(field, submission.values.get(field.key, "").strip())
        if problem:
            problems[field.key] = problem
    if len(submission.files) > MAX_FILES:
        problems["files"] = f"Add at most {MAX_FILES} files."
    return problems


def is_email(text: str) -> bool:
    """Tell whether a text could be an e-mail address: one "@", a dotted host, no blanks or brackets. Linear."""
    local, at, host = text.rpartition("@")
    if not at or not 1 <= len(local) <= 64 or len(text) > 254 or "@" in local:
        return False
    if any(not character.isprintable() or character in ' <>()[]{},;:"\\|' for character in text):
        return False
    labels = host.split(".")
    return len(labels) > 1 and all(label and label[0] != "-" and label[-1] != "-" for label in labels)


def phone_number(text: str) -> str:
    """Return a phone number as digits with an optional leading "+", or "" if the text is none."""
    text = text.strip()
    if len(text) > 40 or not set(text) <= _PHONE_CHARACTERS:
        return ""
    digits = "".join(character for character in text if character.isdigit())
    return ("+" if text.startswith("+") else "") + digits if 5 <= len(digits) <= 20 else ""


def _field_of(line: str) -> Field | str:
    key, label, kind, required = (part.strip() for part in (line + "|||").split("|")[:4])
    kind, _, choices = kind.partition(":")
    if not _KEY.fullmatch(key):
        return f"{line!r}: a key is made of lower-case letters, digits and _ and begins with a letter."
    if (kind or "text") not in KINDS:
        return f"{line!r}: the type must be one of {', '.join(KINDS)}."
    options = tuple(dict.fromkeys(choice.strip() for choice in choices.split(";") if choice.strip()))
    if kind == "choice" and not options:
        return f"{line!r}: write the choices as choice:one;two."
    return Field(key, clean_line(label) or key.capitalize(), kind or "text", required == "required", options)


def _problem(field: Field, value: str) -> str:
    if not value:
        return "Please fill this in." if field.is_required else ""
    if len(value) > field.limit:
        return f"Please keep this under {field.limit:,} characters."
    match field.kind:
        case "email" if not is_email(value):
            return "This does not look like an e-mail address."
        case "phone" if not phone_number(value):
            return "This does not look like a phone number."
        case "choice" if value not in field.choices:
            return "Please choose one of the list."
    return ""


def _message(submission: Submission, external_id: str, fields: str, title: str) -> InboundMessage:
    values = dict(submission.values)
    sender, also = _identities(values, external_id)
    labels = {field.key: field.label for field in read_fields(fields)[0]}
    custom = {key: value for key, value in values.items() if key not in STANDARD_KEYS and key[0] != "_" and value}
    text = values.get("message", "")
    if not text:
        text = "\n".join(f"{labels.get(key, key)}: {value}" for key, value in custom.items())
    attachments = tuple(InboundAttachment(file.filename, file.content_type, file.data) for file in submission.files)
    if not (text or attachments or values.get("subject")):
        raise Malformed("Nothing was filled in.")
    return InboundMessage(
        external_id=external_id,
        sender=sender,
        also=also,
        subject=clean_line(values.get("subject", "")) or title,
        text=text,
        attachments=attachments,
        custom=custom,
    )


def _identities(values: dict[str, str], external_id: str) -> tuple[Identity, tuple[Identity, ...]]:
    """Return who wrote, and further addresses they gave. Somebody who gave none is a visitor seen once."""
    name = clean_line(values.get("name", ""), 200)
    found: list[Identity] = []
    email = values.get("email", "").strip().lower()
    if is_email(email):
        found.append(Identity("email", email, name))
    phone = phone_number(values.get("phone", ""))
    if phone:
        found.append(Identity("phone", phone, name))
    if not found:
        found.append(Identity("visitor", f"form-{hashlib.sha256(external_id.encode()).hexdigest()[:40]}", name))
    return found[0], tuple(found[1:])
