"""Deliver what waits for endpoints of customers' own systems."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from app.config import settings
from app.db import assert_no_transaction, retrying, transaction
from app.services import network_guard, webhook_deliveries
from app.services.webhook_deliveries import Letter, Outcome
from connectors.errors import Rejected, Transient

LONGEST_SECONDS = 60.0  # then the next endpoint's turn
TOO_MANY, SERVER_ERRORS = 429, 500
SHOWN_BYTES = 8_000


def deliver(endpoint_ids: Sequence[int]) -> None:
    """Send what is due for these endpoints, oldest first."""
    for endpoint_id in sorted(endpoint_ids):
        _drain(endpoint_id)


def _drain(endpoint_id: int) -> None:
    ends_at = time.monotonic() + LONGEST_SECONDS
    while letter := retrying(lambda: _claim(endpoint_id)):
        if not _attempt(letter):
            return
        if time.monotonic() >= ends_at:
            with transaction() as session:
                webhook_deliveries.ask_for_more(session, endpoint_id=endpoint_id)
            return


def _claim(endpoint_id: int) -> Letter | None:
    with transaction() as session:
        return webhook_deliveries.claim_next(session, endpoint_id=endpoint_id)


def _attempt(letter: Letter) -> bool:
    """Send one letter; return whether the next one may go now."""
    outcome = _post(letter)

    def record() -> bool:
        with transaction() as session:
            return webhook_deliveries.record(session, delivery_id=letter.delivery_id, outcome=outcome)

    return retrying(record)


def _post(letter: Letter) -> Outcome:
    from connectors import _http

    assert_no_transaction()
    try:
        answer = _http.post(letter.url, body=letter.body, headers=letter.headers, may_reach=_may_hear)
    except (Transient, Rejected) as error:
        return Outcome(error=error.reason, is_down=True)
    is_down = answer.status == TOO_MANY or answer.status >= SERVER_ERRORS
    return Outcome(
        error=_complaint(answer.status),
        status=answer.status,
        response=_readable(answer.body),
        seconds=answer.seconds,
        retry_after_seconds=_retry_after(answer.headers),
        is_down=is_down,
    )


def _may_hear(address: IPv4Address | IPv6Address) -> bool:
    return network_guard.may_hear(address, private_allowed=settings().private_webhooks)


def _complaint(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}: redirects are not followed, so give the address it leads to."
    return f"It answered {status}."


def _readable(body: bytes) -> str:
    """Return the beginning of an answer as text that the database can hold."""
    return body[:SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) < 8 else None
