"""How alerts are said, on pages, in mail and in webhooks: one place for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from app.models import AlertKind, AlertMetric, Watched
from app.services import labels
from app.services.alert_baseline import Family
from app.services.alerting import FAMILIES, SENSITIVITIES

METRICS: Mapping[AlertMetric, str] = {
    AlertMetric.VOLUME: "Messages",
    AlertMetric.NEGATIVE_SHARE: "Negative share",
    AlertMetric.NET_SENTIMENT: "Net sentiment",
    AlertMetric.INTENT_VOLUME: "Messages with an intent",
    AlertMetric.EMOTION_VOLUME: "Messages with an emotion",
    AlertMetric.MOOD_FALLS: "Moods that fell",
}
WINDOW_WORDS: Mapping[int, str] = {
    15: "15 minutes",
    30: "half an hour",
    60: "an hour",
    120: "2 hours",
    240: "4 hours",
    480: "8 hours",
    1440: "a day",
}
SENSITIVITY_WORDS = {"high": "somewhat unusual", "normal": "clearly unusual", "low": "very unusual"}
BUILT_IN_INTENTS = dict(labels.BUILT_IN["intent"])
EMOTIONS = dict(labels.EMOTIONS)


def metric_words(watched: Watched, intents: Mapping[str, str]) -> str:
    """Say what is measured: "Messages", "Messages about “Refund or return”", "Messages with anger"."""
    if watched.metric is AlertMetric.INTENT_VOLUME:
        return f"Messages about “{intent_words(watched.label, intents)}”"
    if watched.metric is AlertMetric.EMOTION_VOLUME:
        return f"Messages with {EMOTIONS.get(watched.label, watched.label).lower()}"
    return METRICS[watched.metric]


def value_words(metric: AlertMetric, value: float | None) -> str:
    """Say a value of a metric: "84", "52%", "−31"; a dash for none."""
    if value is None:
        return "–"
    if FAMILIES[metric] is Family.COUNT:
        return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    if FAMILIES[metric] is Family.SHARE:
        return f"{value:.0%}"
    points = round(value * 100)
    return f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)}"


def condition_words(watched: Watched) -> str:
    """Say when a rule raises an alert: "at least 40% in 2 hours", "clearly unusual for an hour like this"."""
    window = WINDOW_WORDS.get(watched.window_minutes, f"{watched.window_minutes} minutes")
    if watched.kind is AlertKind.ANOMALY:
        name = sensitivity_of(watched.threshold)
        return f"{SENSITIVITY_WORDS[name]} for this hour of the week, over {window}"
    limit = value_words(watched.metric, watched.threshold)
    return f"{limit} or {'lower' if FAMILIES[watched.metric] is Family.NET else 'more'} in {window}"


def sensitivity_of(threshold: float) -> str:
    """Return the name of the sensitivity that lies nearest."""
    return min(SENSITIVITIES, key=lambda name: abs(SENSITIVITIES[name] - threshold))


def headline(watched: Watched, *, value: float, messages: int, usual: float | None, intents: Mapping[str, str]) -> str:
    """Say in one line what happened: "Negative share: 52% of 40 messages in 2 hours; usual is 24%"."""
    said = value_words(watched.metric, value)
    of = "" if FAMILIES[watched.metric] is Family.COUNT else f" of {messages} messages"
    window = WINDOW_WORDS.get(watched.window_minutes, f"{watched.window_minutes} minutes")
    usually = "" if usual is None else f"; usual is {value_words(watched.metric, usual)}"
    return f"{metric_words(watched, intents)}: {said}{of} in {window}{usually}"


def intent_words(label: str | None, intents: Mapping[str, str]) -> str:
    """Say an intent: one of the workspace's own by its title."""
    if not label:
        return "No intent told"
    return intents.get(label) or BUILT_IN_INTENTS.get(label) or label.replace("_", " ").capitalize()
