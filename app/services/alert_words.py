"""How alerts are said, on pages and in mail: one place for all of them. The words are phrases, to be translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.languages import from_left
from app.models import AlertKind, AlertMetric, AlertWay, Watched
from app.phrases import Phrase, counted, listed, phrase
from app.services import labels
from app.services.alert_baseline import Family
from app.services.alerting import FAMILIES, SENSITIVITIES

METRICS: Mapping[AlertMetric, Phrase] = {
    AlertMetric.VOLUME: phrase("Messages"),
    AlertMetric.NEGATIVE_SHARE: phrase("Negative share"),
    AlertMetric.NET_SENTIMENT: phrase("Net sentiment"),
    AlertMetric.INTENT_VOLUME: phrase("Messages with an intent"),
    AlertMetric.EMOTION_VOLUME: phrase("Messages with an emotion"),
    AlertMetric.MOOD_FALLS: phrase("Moods that fell"),
}
WINDOW_WORDS: Mapping[int, Phrase] = {
    15: phrase("15 minutes"),
    30: phrase("half an hour"),
    60: phrase("an hour"),
    120: phrase("2 hours"),
    240: phrase("4 hours"),
    480: phrase("8 hours"),
    1440: phrase("a day"),
}
UNUSUAL: Mapping[str, Phrase] = {
    "high": phrase("somewhat unusual for this hour of the week, over {window}"),
    "normal": phrase("clearly unusual for this hour of the week, over {window}"),
    "low": phrase("very unusual for this hour of the week, over {window}"),
}
WITH_EMOTION: Mapping[str, Phrase] = {
    "anger": phrase("Messages with anger"),
    "frustration": phrase("Messages with frustration"),
    "disappointment": phrase("Messages with disappointment"),
    "worry": phrase("Messages with worry"),
    "confusion": phrase("Messages with confusion"),
    "gratitude": phrase("Messages with gratitude"),
    "joy": phrase("Messages with joy"),
}
WAYS: Mapping[str, Phrase] = {
    AlertWay.APP: phrase("in the app"),
    AlertWay.MAIL: phrase("by mail"),
    AlertWay.WEBHOOK: phrase("by webhook"),
}
FIRST_NAMES: Mapping[str, Phrase] = {  # of the rules that a workspace starts with, as they are stored
    str(name): name
    for name in (
        phrase("More messages than usual"),
        phrase("Customers unhappier than usual"),
        phrase("Most of what comes in is negative"),
        phrase("Security or fraud, more than once"),
        phrase("Moods fall"),
    )
}
BUILT_IN_INTENTS = dict(labels.BUILT_IN["intent"])


def name_words(name: str) -> str:
    """Say the name of a rule or an alert: those that a workspace starts with in the reader's language."""
    return FIRST_NAMES.get(name, name)


def metric_words(watched: Watched, intents: Mapping[str, str]) -> Phrase:
    """Say what is measured: "Messages", "Messages about “Refund or return”", "Messages with anger"."""
    if watched.metric is AlertMetric.INTENT_VOLUME:
        return phrase("Messages about “{intent}”", intent=intent_words(watched.label, intents))
    if watched.metric is AlertMetric.EMOTION_VOLUME:
        return WITH_EMOTION.get(watched.label) or phrase("Messages with {emotion}", emotion=watched.label)
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
    return from_left(f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)}")


def window_words(watched: Watched) -> Phrase:
    """Say how far back a rule looks: "2 hours"."""
    minutes = watched.window_minutes
    return WINDOW_WORDS.get(minutes) or counted("{count} minute", "{count} minutes", minutes)


def condition_words(watched: Watched) -> Phrase:
    """Say when a rule alerts: "40% or more in 2 hours", "very unusual for this hour of the week, over a day"."""
    window = window_words(watched)
    if watched.kind is AlertKind.ANOMALY:
        return Phrase(UNUSUAL[sensitivity_of(watched.threshold)].template, values={"window": window})
    limit = value_words(watched.metric, watched.threshold)
    if FAMILIES[watched.metric] is Family.NET:
        return phrase("{limit} or lower in {window}", limit=limit, window=window)
    return phrase("{limit} or more in {window}", limit=limit, window=window)


def sensitivity_of(threshold: float) -> str:
    """Return the name of the sensitivity that lies nearest."""
    return min(SENSITIVITIES, key=lambda name: abs(SENSITIVITIES[name] - threshold))


def headline(
    watched: Watched, *, value: float, messages: int, usual: float | None, intents: Mapping[str, str]
) -> Phrase:
    """Say in one line what happened: "Negative share: 52% of 40 messages in 2 hours; usual is 24%"."""
    short = summary(watched, value=value, messages=messages, intents=intents)
    if usual is None:
        return short
    return phrase("{said}; usual is {usual}", said=short, usual=value_words(watched.metric, usual))


def summary(watched: Watched, *, value: float, messages: int, intents: Mapping[str, str]) -> Phrase:
    """Say it without what is usual: "Negative share: 52% of 40 messages in 2 hours"."""
    said = {
        "metric": metric_words(watched, intents),
        "value": value_words(watched.metric, value),
        "window": window_words(watched),
    }
    if FAMILIES[watched.metric] is Family.COUNT:
        return phrase("{metric}: {value} in {window}", **said)
    return counted(
        "{metric}: {value} of {count} message in {window}",
        "{metric}: {value} of {count} messages in {window}",
        messages,
        **said,
    )


def told_words(ways: Sequence[str], *, tells_supervisors: bool, recipients: int) -> Phrase:
    """Say whom a rule tells, and how: "tells supervisors and 2 more, in the app, by mail"."""
    if tells_supervisors and recipients:
        whom = counted("tells supervisors and {count} more", "tells supervisors and {count} more", recipients)
    elif tells_supervisors:
        whom = phrase("tells supervisors")
    elif recipients:
        whom = counted("tells {count} person or team", "tells {count} people or teams", recipients)
    else:
        whom = phrase("tells nobody")
    return phrase("{whom}, {ways}", whom=whom, ways=listed(WAYS[way] for way in ways))


def intent_words(label: str | None, intents: Mapping[str, str]) -> str:
    """Say an intent: one of the workspace's own by its title."""
    if not label:
        return phrase("No intent told")
    return intents.get(label) or BUILT_IN_INTENTS.get(label) or label.replace("_", " ").capitalize()
