"""Complaints in the Abuse Reporting Format (RFC 5965): somebody called a mail of ours spam, their provider says."""

from __future__ import annotations

from connectors._bounce import original_id
from connectors._headers import read_headers, skip_envelope
from connectors._parts import Tree

_MAX_BYTES = 100_000


def complaint_details(tree: Tree, text: str) -> dict[str, str]:
    """Return complaint (abuse, fraud, not-spam …), complaint_recipient, original_message_id; {} where it is none."""
    report = next((leaf for leaf in tree.leaves if leaf.content_type == "message/feedback-report"), None)
    if report is None:
        return {}
    data = tree.payload(report)[:_MAX_BYTES]
    fields = read_headers(data, skip_envelope(data), len(data))[0]
    recipient = fields.first("original-rcpt-to") or fields.first("removal-recipient")
    details = {
        "complaint": fields.token("feedback-type")[:50] or "abuse",
        "complaint_recipient": recipient.rpartition(";")[2].strip("<> ").lower()[:320],
        "original_message_id": original_id(tree, text),
    }
    return {name: value for name, value in details.items() if value}
