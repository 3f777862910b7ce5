"""Files that a provider fetches from an address of ours instead of taking their bytes."""

from __future__ import annotations

from connectors.base import OutboundAttachment
from connectors.errors import Rejected
from connectors.phrases import phrase


def address_of(file: OutboundAttachment, name: str) -> str:
    """Return where a provider may fetch a file; `name` ("LINE") begins the sentence. Raises Rejected without one."""
    if not file.url.startswith("https://"):
        raise Rejected(
            phrase(
                "{name} fetches files from a public https address, which this installation does not have: an"
                " administrator sets BASE_URL to one.",
                name=name,
            )
        )
    return file.url


def bare_type(file: OutboundAttachment) -> str:
    """Return "image/png" of a file's type."""
    return file.content_type.partition(";")[0].strip().lower()
