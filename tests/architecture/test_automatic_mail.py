"""Whatever leaves the house for a customer was queued by `replies.queue_reply`, whose breaker every automatic mail meets."""

from __future__ import annotations

import ast

from tests.architecture.source import modules

SENDERS = {
    "app/services/claimed_reply.py",  # what was queued and claimed
    "app/services/alert_notices.py",  # to people who work here, never to a customer
    "app/services/invitations.py",  # to people who are to work here
}


def makers_of(name: str) -> set[str]:
    """Return the modules of the house that build this."""
    return {
        path
        for path, tree in modules().items()
        if not path.startswith("connectors/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name
    }


def test_only_the_sender_the_alerts_and_the_invitations_make_what_leaves() -> None:
    assert makers_of("OutboundMessage") == SENDERS
    assert makers_of("claim_of") == {"app/services/sending.py"}


def test_whoever_queues_a_reply_that_nobody_wrote_passes_the_breaker() -> None:
    """The breaker is asked in one place, before a row is written, and once more before it leaves."""
    assert makers_of("may_answer") == {"app/services/replies.py"}
    assert makers_of("is_too_often") == {"app/services/automatic_mail.py", "app/services/sending.py"}
