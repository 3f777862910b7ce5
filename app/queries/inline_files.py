"""The files that the formatted body of a mail refers to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Attachment

MOST = 200


def inline_files(session: Session, message_id: int) -> list[tuple[str, UUID]]:
    """Return (content id without angle brackets, public id) of a message's attachments that have a content id."""
    query = select(Attachment.content_id, Attachment.public_id).where(
        Attachment.message_id == message_id, Attachment.content_id.is_not(None)
    )
    rows = session.execute(query.order_by(Attachment.id).limit(MOST))
    return [(cid.strip("<> "), public_id) for cid, public_id in rows if cid]
