"""The mail that tells of an alert: what happened and where to look. Of customers' words it has single terms only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from app.config import settings
from app.languages import date_words, translated
from app.models import Alert, Channel, Inbox
from app.phrases import Phrase, listed, phrase
from app.services import alert_words, workspace_intents


def written(session: Session, *, alert: Alert, zone: tzinfo, language: str) -> tuple[str, str]:
    """Return subject and text in a language, by its code."""
    intents = workspace_intents.titles(session)
    shown: dict[str, Any] = {"value": alert.value, "messages": alert.messages, "intents": intents}
    name = alert_words.name_words(alert.name)
    subject = phrase("{alert}: {said}", alert=name, said=alert_words.summary(alert, **shown))
    said = alert_words.headline(alert, **shown, usual=alert.expected)
    lines = [
        phrase("{sentence}.", sentence=said),
        "",
        _span(alert, zone, language),
        *_scope(session, alert, intents),
        *_cause(alert.cause, intents),
        "",
        f"{settings().base_url}/alerts/{alert.public_id}",
        "",
        phrase(
            "You are told by the rule “{rule}”. Acknowledge it there, so that others know you are on it.", rule=name
        ),
    ]
    return translated(subject, language), "\n".join(translated(line, language) for line in lines)


def _scope(session: Session, alert: Alert, intents: Mapping[str, str]) -> list[Phrase]:
    channel = session.get(Channel, alert.channel_id) if alert.channel_id else None
    inbox = session.get(Inbox, alert.inbox_id) if alert.inbox_id else None
    parts = [
        phrase("channel {name}", name=channel.name) if channel else "",
        phrase("inbox {name}", name=inbox.name) if inbox else "",
        alert_words.intent_words(alert.intent, intents) if alert.intent else "",
        phrase("language {code}", code=alert.language) if alert.language else "",
    ]
    told = listed(part for part in parts if part)
    return [phrase("Only {scope}.", scope=told)] if told else []


def _cause(cause: Mapping[str, Any], intents: Mapping[str, str]) -> list[str]:
    terms = listed(one["term"] for one in cause.get("terms", []))
    wanted = listed(
        phrase(
            "{intent} {now} (before: {before})",
            intent=alert_words.intent_words(one["label"], intents),
            now=f"{one['now']:.0%}",
            before=f"{one['before']:.0%}",
        )
        for one in cause.get("intents", [])[:3]
    )
    lines = [phrase("Words that stand out: {terms}.", terms=terms)] if terms else []
    lines += [phrase("What customers want: {intents}.", intents=wanted)] if wanted else []
    return ["", *lines] if lines else []


def _span(alert: Alert, zone: tzinfo, language: str) -> Phrase:
    since = _moment(alert.opened_at, zone, language)
    if alert.closed_at is None:
        return phrase("Since {time}.", time=since)
    return phrase("Since {time}, over since {end}.", time=since, end=_moment(alert.closed_at, zone, language))


def _moment(moment: datetime, zone: tzinfo, language: str) -> Phrase:
    here = moment.astimezone(zone)
    return phrase("{date}, {time}", date=date_words(here.date(), "yMMMd", language), time=f"{here:%H:%M %Z}")
