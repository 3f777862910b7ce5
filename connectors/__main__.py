"""python -m connectors parse KIND FILE...   what a connector makes of raw deliveries, one JSON object a line.

KIND may be a product's name (twilio, messenger, twitter). FILE "-" is the standard input; it may also be a record of
calls with their headers around them, or have one a line.
A file that cannot be parsed prints {"error": …, "file": …}; the exit status is then 1
at the end. No database, no network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from connectors._mime import NOBODY_DOMAIN
from connectors._recorded import bodies
from connectors.base import Address, Identity, InboundAttachment, InboundMessage, RawDelivery, RemoteFile
from connectors.errors import Malformed
from connectors.registry import connector_for, kind_called, kinds
from connectors.sanitize import sanitize_html


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m connectors", description="Read raw deliveries without a database.")
    commands = parser.add_subparsers(dest="command", required=True)
    parse = commands.add_parser("parse", help="print what a connector makes of raw files, one JSON object a line")
    parse.add_argument("kind", type=kind_called, choices=kinds(), metavar="KIND", help=f"one of: {', '.join(kinds())}")
    parse.add_argument("files", nargs="+", metavar="FILE", help='raw deliveries; "-" is the standard input')
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the terminal speaks
    try:
        return max([_print_file(options.kind, name) for name in options.files])
    except BrokenPipeError:  # whoever reads has enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _print_file(kind: str, name: str) -> int:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        messages = [message for body in bodies(raw) for message in _parsed(kind, body)]
    except Malformed as error:
        print(json.dumps({"error": error.reason, "file": name}, ensure_ascii=False))
        return 1
    except OSError as error:
        print(json.dumps({"error": error.strerror or str(error), "file": name}, ensure_ascii=False))
        return 1
    for message in messages:
        print(json.dumps(message_as_json(message), ensure_ascii=False), flush=True)
    return 0


def _parsed(kind: str, body: bytes) -> list[InboundMessage]:
    return connector_for(kind).parse(RawDelivery(raw=body, received_at=_now()))


def _now() -> datetime:
    return datetime.now(UTC)


def message_as_json(message: InboundMessage) -> dict[str, Any]:
    """The contract of the command line: these keys, always all of them."""
    sender = message.sender
    email = sender.address if sender.kind == "email" and not sender.address.endswith("@" + NOBODY_DOMAIN) else ""
    return {
        "external_id": message.external_id,
        "from": {"email": email, "name": sender.name},
        "to": _addresses(message.to),
        "cc": _addresses(message.cc),
        "reply_to": _addresses(message.reply_to),
        "subject": message.subject,
        "text": message.text,
        "quoted": message.quoted,
        "signature": message.signature,
        "html": sanitize_html(message.html).html if message.html is not None else None,
        "attachments": [*map(_attachment, message.attachments), *map(_remote_file, message.remote_files)],
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "auto": message.auto,
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "kind": message.kind,
        "sender": _sender(sender),
        "thread": message.thread_key,
        "target": message.target,
        "reaction": message.reaction,
        "status": message.status,
        "public": message.is_public,
        "url": message.url,
    }


def _sender(sender: Identity) -> dict[str, str]:
    handle = sender.profile.handle if sender.profile else ""
    return {"kind": sender.kind, "address": sender.address, "handle": handle}


def _addresses(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [{"email": address.email, "name": address.name} for address in addresses]


def _attachment(attachment: InboundAttachment) -> dict[str, Any]:
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": len(attachment.data),
        "sha256": hashlib.sha256(attachment.data).hexdigest(),
        "inline": attachment.is_inline,
        "content_id": attachment.content_id,
    }


def _remote_file(file: RemoteFile) -> dict[str, Any]:
    """A file that is still with the provider: nobody has its bytes yet."""
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": None,
        "inline": False,
        "content_id": None,
        "url": file.url,
        "media_id": file.media_id,
    }


if __name__ == "__main__":
    sys.exit(main())
