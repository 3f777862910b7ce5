"""The form of an alert rule: what was typed, as the service takes it. Shares are typed in %, net sentiment too."""

from __future__ import annotations

import math
from typing import Any

from flask import request

from app.models import AlertKind, AlertMetric
from app.phrases import phrase
from app.services import alert_words, labels
from app.services.alert_baseline import Family
from app.services.alert_rules import Draft
from app.services.alerting import FAMILIES, SENSITIVITIES, Quiet

METRIC_CHOICES = (
    (AlertMetric.VOLUME, phrase("Messages")),
    (AlertMetric.NEGATIVE_SHARE, phrase("Negative share of what was judged")),
    (AlertMetric.NET_SENTIMENT, phrase("Net sentiment, in points")),
    (AlertMetric.INTENT_VOLUME, phrase("Messages with one intent")),
    (AlertMetric.EMOTION_VOLUME, phrase("Messages with one emotion")),
    (AlertMetric.MOOD_FALLS, phrase("Conversations whose mood fell")),
)
SENSITIVITY_CHOICES = (
    ("high", phrase("Somewhat unusual")),
    ("normal", phrase("Clearly unusual")),
    ("low", phrase("Very unusual")),
)
THRESHOLD_HELP = {
    Family.COUNT: phrase("Messages; percent for a share; points for net sentiment (or more)."),
    Family.SHARE: phrase("Messages; percent for a share; points for net sentiment (% or more)."),
    Family.NET: phrase("Messages; percent for a share; points for net sentiment (points or lower)."),
}
NO_THRESHOLD = {Family.COUNT: 20.0, Family.SHARE: 0.5, Family.NET: -0.2}


def typed() -> Draft:
    """Read what was sent; what is no number becomes one that the service refuses."""
    form = request.form
    metric = _one_of(AlertMetric, form.get("metric"), AlertMetric.VOLUME)
    kind = _one_of(AlertKind, form.get("kind"), AlertKind.ANOMALY)
    return Draft(
        name=form.get("name", ""),
        metric=metric,
        kind=kind,
        label=_label(metric),
        channel=form.get("channel", ""),
        inbox=form.get("inbox", ""),
        intent=form.get("intent", ""),
        language=form.get("language", ""),
        threshold=_threshold(metric, kind),
        window_minutes=form.get("window_minutes", 0, type=int),
        minimum=form.get("minimum", 0, type=int),
        ways=form.getlist("ways"),
        tells_supervisors=form.get("tells_supervisors") == "1",
        users=form.getlist("users"),
        teams=form.getlist("teams"),
        mail_channel=form.get("mail_channel", ""),
        quiet=_quiet(),
    )


def version() -> int:
    """Return which version of the rule the form was made of."""
    told = request.form.get("version", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


def context(draft: Draft) -> dict[str, Any]:
    """Return what the form shows of a draft, in the units that people type."""
    family = FAMILIES[draft.metric]
    is_anomaly = draft.kind is AlertKind.ANOMALY
    threshold = NO_THRESHOLD[family] if is_anomaly else draft.threshold
    shown = threshold if family is Family.COUNT else threshold * 100
    return {
        "metrics": METRIC_CHOICES,
        "windows": list(alert_words.WINDOW_WORDS.items()),
        "emotions": labels.EMOTIONS,
        "sensitivities": SENSITIVITY_CHOICES,
        "sensitivity": alert_words.sensitivity_of(draft.threshold) if is_anomaly else "normal",
        "threshold": "" if math.isnan(shown) else f"{shown:g}",
        "threshold_help": THRESHOLD_HELP[family],
    }


def _label(metric: AlertMetric) -> str:
    field = {AlertMetric.INTENT_VOLUME: "intent_label", AlertMetric.EMOTION_VOLUME: "emotion_label"}.get(metric)
    return request.form.get(field, "") if field else ""


def _threshold(metric: AlertMetric, kind: AlertKind) -> float:
    if kind is AlertKind.ANOMALY:
        return SENSITIVITIES.get(request.form.get("sensitivity", ""), math.nan)
    number = request.form.get("threshold", "").strip().replace("−", "-").replace(",", ".")
    try:
        value = float(number[:20])
    except ValueError:
        return math.nan
    return value if FAMILIES[metric] is Family.COUNT else value / 100


def _quiet() -> Quiet | None:
    form = request.form
    if form.get("is_quiet") != "1":
        return None
    start, end = (form.get(name, -1, type=int) for name in ("quiet_from", "quiet_until"))
    return Quiet(start, end, form.get("quiet_weekends") == "1")


def _one_of(kind: Any, told: str | None, otherwise: Any) -> Any:
    return kind(told) if told in {one.value for one in kind} else otherwise
