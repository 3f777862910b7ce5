"""The alert rules that a workspace starts with: gentle ones watch, the others wait to be switched on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AlertKind, AlertMetric, AlertRule
from app.services import alert_rules
from app.services.alert_rules import Draft
from app.services.alerting import SENSITIVITIES

UNUSUAL = SENSITIVITIES["normal"]
RULES: tuple[tuple[Draft, bool], ...] = (  # and whether it watches from the start
    (Draft("More messages than usual", AlertMetric.VOLUME, threshold=UNUSUAL, window_minutes=60, minimum=20), True),
    (
        Draft(
            "Customers unhappier than usual",
            AlertMetric.NEGATIVE_SHARE,
            threshold=UNUSUAL,
            window_minutes=120,
            minimum=20,
        ),
        True,
    ),
    (
        Draft(
            "Most of what comes in is negative",
            AlertMetric.NEGATIVE_SHARE,
            AlertKind.THRESHOLD,
            threshold=0.6,
            window_minutes=240,
            minimum=20,
        ),
        False,
    ),
    (
        Draft(
            "Security or fraud, more than once",
            AlertMetric.INTENT_VOLUME,
            AlertKind.THRESHOLD,
            label="security_fraud",
            threshold=3.0,
            window_minutes=60,
            minimum=1,
        ),
        False,
    ),
    (
        Draft(
            "Moods fall",
            AlertMetric.MOOD_FALLS,
            AlertKind.THRESHOLD,
            threshold=8.0,
            window_minutes=120,
            minimum=1,
        ),
        False,
    ),
)


def add_all(session: Session, *, all_enabled: bool = False) -> None:
    """Make them, unless there are rules already. Supervisors and admins are told, in the app."""
    if session.scalar(select(AlertRule.id).limit(1)) is not None:
        return
    for draft, is_enabled in RULES:
        alert_rules.add(session, actor=None, draft=draft, is_enabled=is_enabled or all_enabled)
