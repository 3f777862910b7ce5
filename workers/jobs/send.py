"""Send the queued replies of conversations, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app import blobs
from app.db import assert_no_transaction, retrying, transaction
from app.errors import NotFound
from app.services import channels, sending
from app.services.claimed_reply import Claim
from connectors.base import OutboundAttachment, Receipt
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for


def send(conversation_ids: Sequence[int]) -> None:
    """Send until nothing of these conversations waits."""
    for conversation_id in sorted(conversation_ids):
        while claim := retrying(lambda id_=conversation_id: _claim(id_)):  # type: ignore[misc]
            if not _send(claim):
                break


def _claim(conversation_id: int) -> Claim | None:
    with transaction() as session:
        return sending.claim_next(session, conversation_id=conversation_id)


def _send(claim: Claim) -> bool:
    """Send one reply; return whether the next one of the conversation may go now."""
    try:
        receipt = _hand_over(claim)
    except (Rejected, NotFound) as error:  # NotFound: an attached file is missing on disk
        _failed(claim, error.reason)
        return True
    except Transient as error:
        _later(claim, error)
        return False
    except BadCredentials as error:
        _later(claim, Transient(error.reason))
        _pause_channel(claim, error.reason)
        return False
    _sent(claim, receipt)
    return True


def _hand_over(claim: Claim) -> Receipt:
    assert_no_transaction()
    files = tuple(OutboundAttachment(name, kind, blobs.get(sha), url, cid) for name, kind, sha, url, cid in claim.files)
    return connector_for(claim.kind).send(claim.credentials, replace(claim.outbound, attachments=files))


def _sent(claim: Claim, receipt: Receipt) -> None:
    def work() -> None:
        with transaction() as session:
            sending.record_sent(session, message_id=claim.message_id, receipt=receipt)

    retrying(work)


def _failed(claim: Claim, reason: str) -> None:
    with transaction() as session:
        sending.record_failed(session, message_id=claim.message_id, reason=reason)


def _later(claim: Claim, error: Transient) -> None:
    with transaction() as session:
        sending.record_transient(
            session,
            message_id=claim.message_id,
            reason=error.reason,
            retry_after_seconds=error.retry_after_seconds,
        )


def _pause_channel(claim: Claim, reason: str) -> None:
    with transaction() as session:
        channels.pause_for(session, channel_id=claim.channel_id, reason=reason, used=claim.credentials)
