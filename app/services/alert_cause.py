"""What an alert is about: words and intents that stand out beside the messages before it, and samples.

Reading and counting happen outside the transaction that writes the cause down. People are told once it is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Alert, AlertRule
from app.queries import alert_messages
from app.queries.alert_messages import Read
from app.services import alert_changes, alert_notices
from app.services.alert_rules import policy_of
from app.services.alert_terms import Term, standing_out, words_of
from app.services.moods import FELL_TO

AT_ONCE = 5  # alerts a minute
AGAIN = timedelta(minutes=10)  # while it goes on
MOST_SAMPLES, MOST_INTENTS = 6, 5


def due(session: Session, *, at: datetime) -> list[int]:
    """Return the alerts whose cause is not known yet, and open ones that are old, or have twice the messages now."""
    known = Alert.cause["of"].astext.cast(Integer)
    grown = or_(Alert.caused_at <= at - AGAIN, known * 2 <= Alert.messages)
    wanted = or_(Alert.caused_at.is_(None), and_(Alert.closed_at.is_(None), Alert.caused_at < at, grown))
    query = select(Alert.id).where(wanted).order_by(Alert.caused_at.nulls_first(), Alert.id)
    return list(session.scalars(query.limit(AT_ONCE)))


def material(session: Session, *, alert_id: int) -> tuple[list[Read], list[Read]]:
    """Return the messages of an alert's window, and those before the alert."""
    alert = session.get_one(Alert, alert_id)
    since = policy_of(alert).since(alert.measured_at)
    first = policy_of(alert).since(alert.opened_at)
    return (
        alert_messages.behind(session, alert=alert, since=since, until=alert.measured_at, fell_to=FELL_TO),
        alert_messages.before(session, alert=alert, until=first, fell_to=FELL_TO),
    )


def find(now: Sequence[Read], before: Sequence[Read]) -> dict[str, Any]:
    """Return the cause as Alert.cause keeps it. Pure."""
    terms = standing_out([one.text for one in now], [one.text for one in before])
    return {
        "terms": [{"term": term.term, "now": round(term.now, 4), "before": round(term.before, 4)} for term in terms],
        "intents": _intents(now, before),
        "samples": _samples(now, terms),
        "messages": len(now),
        "before": len(before),
    }


def record(session: Session, *, alert_id: int, cause: dict[str, Any], at: datetime) -> None:
    """Write the cause down; the first time, tell people."""
    alert = session.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        return
    is_first = alert.caused_at is None
    if cause["messages"] or is_first:  # what is found no more does not take back what was found
        alert.cause = {**cause, "of": alert.messages}
    alert.caused_at = at
    rule = session.get(AlertRule, alert.rule_id) if alert.rule_id is not None else None
    if is_first and rule is not None:
        alert_notices.plan(session, alert=alert, rule=rule, at=at)
    alert_changes.tell(session, alert)


def _intents(now: Sequence[Read], before: Sequence[Read]) -> list[dict[str, Any]]:
    """Return what customers wanted most, beside how often they wanted it before."""
    here, there = (Counter(one.intent for one in some if one.intent) for some in (now, before))
    ranked = sorted(here, key=lambda label: (-here[label], label or ""))[:MOST_INTENTS]
    return [
        {
            "label": label,
            "now": round(here[label] / len(now), 4),
            "before": round(there[label] / max(1, len(before)), 4),
        }
        for label in ranked
    ]


def _samples(now: Sequence[Read], terms: Sequence[Term]) -> list[int]:
    """Choose messages in which most of the terms stand, the newest first among equals, one a conversation."""
    wanted = {term.term for term in terms}
    ranked = sorted(now, key=lambda one: (-len(wanted & words_of(one.text)), -one.id))
    chosen: dict[int, int] = {}
    for one in ranked:
        chosen.setdefault(one.conversation_id, one.id)
    return list(chosen.values())[:MOST_SAMPLES]
