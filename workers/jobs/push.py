"""Tell browsers through their push services."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from app.clock import now
from app.config import settings
from app.db import assert_no_transaction, reading, retrying, transaction
from app.services import network_guard, push_letters, push_subscriptions
from app.services.push_letters import LATEST, Push
from connectors.errors import Rejected, Transient
from workers import queues
from workers.queues import Job


def tell(conversation_ids: Sequence[int]) -> None:
    """Tell browsers of these conversations, where there is something to tell."""
    begun = now()

    def write() -> None:
        with transaction() as session:
            push_letters.write(session, conversation_ids=conversation_ids)
            push_letters.answered(session, conversation_ids=conversation_ids, since=begun)

    retrying(write)
    with reading() as session:
        letters = push_letters.due(session, conversation_ids=conversation_ids)
    for letter_id in letters:
        push = retrying(lambda id_=letter_id: _claim(id_))  # type: ignore[misc]
        if push is not None:
            _send(push)


def _claim(letter_id: int) -> Push | None:
    with transaction() as session:
        return push_letters.claim(session, letter_id=letter_id)


def hand_out() -> None:
    """Ask for what is due again, and for what was never begun."""
    with reading() as session:
        ids = push_letters.overdue(session)
    queues.enqueue([Job("slow", "workers.jobs.push.tell", tuple(ids))] if ids else [])


def purge() -> None:
    """Forget old letters."""
    with transaction() as session:
        push_letters.purge(session)


def _send(push: Push) -> None:
    from connectors import web_push

    assert_no_transaction()
    try:
        web_push.send(
            push.browser,
            push.text,
            sender=push_subscriptions.sender(),
            may_reach=_may_hear,
            now=now().timestamp(),
            ttl_seconds=int(LATEST.total_seconds()),
            topic=push.topic,
        )
    except web_push.Gone:
        with transaction() as session:
            push_letters.record_gone(session, letter_id=push.letter_id)
    except Rejected:
        with transaction() as session:
            push_letters.record_failed(session, letter_id=push.letter_id)
    except Transient as error:
        with transaction() as session:
            push_letters.record_transient(
                session, letter_id=push.letter_id, retry_after_seconds=error.retry_after_seconds
            )
    else:
        with transaction() as session:
            push_letters.record_sent(session, letter_id=push.letter_id)


def _may_hear(address: IPv4Address | IPv6Address) -> bool:
    return network_guard.may_hear(address, private_allowed=settings().private_webhooks)
