"""Tell browsers through their push services."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from app.clock import now
from app.config import settings
from app.db import assert_no_transaction, retrying, transaction
from app.services import network_guard, push_letters, push_subscriptions
from app.services.push_letters import LATEST, Push
from connectors.errors import Rejected, Transient


def tell(conversation_ids: Sequence[int]) -> None:
    """Decide which browsers are to be told of these conversations."""

    def write() -> None:
        with transaction() as session:
            push_letters.write(session, conversation_ids=conversation_ids)

    retrying(write)


def hand_out() -> None:
    """Ask for what is due again."""
    with transaction() as session:
        push_letters.hand_out(session)


def purge() -> None:
    """Forget old letters."""
    with transaction() as session:
        push_letters.purge(session)


def send(letter_ids: Sequence[int]) -> None:
    """Send these letters, where there is still something to tell."""
    for letter_id in sorted(letter_ids):
        with transaction() as session:
            push = push_letters.claim(session, letter_id=letter_id)
        if push is not None:
            _send(push)


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
