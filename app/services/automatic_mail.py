"""The breaker against mail storms: what nobody wrote goes out rarely, and never in answer to a robot, an import
or an old message, nor to somebody who called our mail spam.

Nothing here answers by itself today. Whatever will (a confirmation of receipt, a survey, a campaign) queues its replies
with `replies.queue_reply(automatic=True)`: that asks `may_answer` first, and `sending.claim_next` asks `is_too_often`
once more before a reply leaves, for many may have been queued at once.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.config import settings
from app.models import Delivery, Direction, Message, SendState
from app.services import complaints

AUTOMATIC = "automatic"  # Message.auto of what nobody wrote here
IMPORTED = "imported"  # in Delivery.meta of what was taken over from elsewhere
HOUR = timedelta(hours=1)
TOO_OLD = timedelta(days=1)  # a mail from an old folder, from a mailbox just connected, from a restored backup
UNDER_WAY = (SendState.SENDING, SendState.SENT, SendState.UNCERTAIN)


def may_answer(session: Session, *, message: Message) -> bool:
    """Say whether a customer's message may be answered automatically at all, now."""
    if not message.is_inbound or message.auto != "none" or message.is_deleted:
        return False
    if (message.sent_at or message.created_at) < now() - TOO_OLD:
        return False
    if message.delivery_id is not None:
        delivery = session.get_one(Delivery, message.delivery_id)
        if delivery.meta.get(IMPORTED):
            return False
    if complaints.has_complained(session, contact_id=message.contact_id):
        return False
    return not is_too_often(session, contact_id=message.contact_id)


def is_too_often(session: Session, *, contact_id: int) -> bool:
    """Say whether this contact was sent as many automatic messages within the last hour as the installation allows."""
    query = select(func.count()).where(
        Message.contact_id == contact_id,
        Message.direction == Direction.OUTBOUND,
        Message.auto == AUTOMATIC,
        Message.send_state.in_(UNDER_WAY),
        func.coalesce(Message.sent_at, Message.created_at) > now() - HOUR,
    )
    return session.scalars(query).one() >= settings().automatic_mails_per_hour
