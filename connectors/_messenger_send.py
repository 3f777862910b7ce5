"""Answers by the Messenger Platform, for pages and for Instagram accounts: direct messages and private replies.

Sources (developers.facebook.com/documentation/business-messaging): messenger-platform/send-messages (a text or a file a
message; messaging types and the HUMAN_AGENT tag: a person may answer within 7 days, where Meta allowed the app so);
messenger-platform/discovery/private-replies and instagram-messaging/features/private-replies (one text for a comment,
within 7 days); messenger-platform/reference/attachment-upload-api and instagram-messaging/features/attachment-upload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors._graph import Graph
from connectors._graph_errors import WindowClosed
from connectors._json_api import segment
from connectors._payload import at, line
from connectors.base import OutboundAttachment, OutboundMessage, Receipt, Setting
from connectors.errors import ConnectorError, Rejected
from connectors.phrases import phrase
from connectors.typing_signal import TYPING_SECONDS

DAY_SECONDS = 24 * 3600.0
HUMAN_AGENT_SECONDS = 7 * DAY_SECONDS
MEGABYTE = 1024 * 1024
MAX_IMAGE, MAX_FILE = 8 * MEGABYTE, 25 * MEGABYTE
MOST_FILES = 10
HUMAN_AGENT = Setting(
    "human_agent",
    "People may answer within 7 days",
    kind="boolean",
    default=False,
    help="Only where Meta has granted this app the Human Agent feature; otherwise it is 24 hours.",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """From where messages leave. `home` is the page's or account's id in paths."""

    graph: Graph
    name: str  # "Instagram"
    home: str
    human_agent: bool = False
    upload_fields: Mapping[str, str] = field(default_factory=dict)


def deliver(desk: Desk, message: OutboundMessage) -> Receipt:
    """Send a direct message: its text, then each file. Raises Transient, BadCredentials or Rejected.

    Files are uploaded before anything leaves; once something has left, what fails is Rejected, never tried again.
    """
    if not message.recipient:
        raise Rejected("It is not known to whom this should go.")
    files = [_uploaded(desk, file) for file in _checked(message.attachments)]
    bodies: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
    bodies += [{"attachment": {"type": kind, "payload": {"attachment_id": known}}} for kind, known in files]
    if not bodies:
        raise Rejected("There is nothing to send.")
    receipts: list[Receipt] = []
    for body in bodies:
        try:
            receipts.append(_sent_to(desk, message, body))
        except ConnectorError as error:
            if not receipts:
                raise
            raise Rejected(
                phrase(
                    "Only {receipts} of {bodies} parts were sent: {reason}",
                    receipts=len(receipts),
                    bodies=len(bodies),
                    reason=error.reason,
                )
            ) from None
    return receipts[0]


def mark_seen(desk: Desk, recipient: str) -> None:
    """Show that everything was read: messenger-platform/send-messages/sender-actions. Raises as `deliver`."""
    desk.graph.post(f"{segment(desk.home)}/messages", {"recipient": {"id": recipient}, "sender_action": "mark_seen"})


def show_typing(desk: Desk, recipient: str) -> None:
    """Show that somebody is typing, for some seconds: same page, "Typing indicator". Raises as `deliver`."""
    hasty = replace(desk.graph, api=replace(desk.graph.api, seconds=TYPING_SECONDS))
    hasty.post(f"{segment(desk.home)}/messages", {"recipient": {"id": recipient}, "sender_action": "typing_on"})


def reply_in_private(desk: Desk, recipient: Mapping[str, str], message: OutboundMessage) -> Receipt:
    """Answer a comment or post by one direct message of text. Raises as `deliver`."""
    if message.attachments:
        raise Rejected("A private reply to a public message holds text only.")
    return _posted(desk, {"recipient": dict(recipient), "message": {"text": message.text}})


def _sent_to(desk: Desk, message: OutboundMessage, body: dict[str, Any]) -> Receipt:
    """Answer within the day; later as a person, where Meta allowed this app so."""
    call = {"recipient": {"id": message.recipient}, "message": body}
    try:
        return _posted(desk, call | {"messaging_type": "RESPONSE"})
    except WindowClosed:
        if not desk.human_agent or message.automatic:
            raise
    return _posted(desk, call | {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})


def _posted(desk: Desk, body: Mapping[str, Any]) -> Receipt:
    answer = desk.graph.post(f"{segment(desk.home)}/messages", body)
    message_id = line(at(answer, "message_id"), 500)
    if not message_id:
        raise Rejected(phrase("{name} took the message but did not say under which id.", name=desk.name))
    return Receipt(external_id=message_id)


def _checked(files: Sequence[OutboundAttachment]) -> Sequence[OutboundAttachment]:
    for file in files:
        most = MAX_IMAGE if kind_of(file) == "image" else MAX_FILE
        if len(file.data) > most:
            raise Rejected(
                phrase("{file} is too large: {most} MB at most.", file=line(file.filename, 100), most=most // MEGABYTE)
            )
    return files


def _uploaded(desk: Desk, file: OutboundAttachment) -> tuple[str, str]:
    """Bring a file to Meta; returns its kind and id."""
    kind = kind_of(file)
    wanted = {"attachment": {"type": kind, "payload": {"is_reusable": True}}}
    fields = {**desk.upload_fields, "message": json.dumps(wanted)}
    answer = desk.graph.upload(f"{segment(desk.home)}/message_attachments", fields, "filedata", file)
    attachment_id = line(at(answer, "attachment_id"), 60)
    if not attachment_id:
        raise Rejected(phrase("{name} did not take the file {file}.", name=desk.name, file=line(file.filename, 100)))
    return kind, attachment_id


def kind_of(file: OutboundAttachment) -> str:
    """Return what Meta calls a file of this type."""
    family = file.content_type.partition("/")[0].strip().lower()
    return family if family in {"image", "video", "audio"} else "file"
