"""Settings, alerts: the rules that watch, with a trial on the last four weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.clock import now
from app.db import reading, transaction
from app.errors import AppError, Conflict, Forbidden, Invalid
from app.models import AlertKind, AlertRule
from app.phrases import phrase
from app.queries import settings_alerts
from app.services import access, alert_rules, alert_watch, alert_words, first_alert_rules, labels, workspace_intents
from app.services.alert_learning import LEAST_WEEKS, MOST_WEEKS
from app.services.alert_replay import Incident, replay
from app.services.alert_rules import Draft
from app.services.alerting import HOUR
from app.web.authz import current_user, supervisor_only
from app.web.languages import flash
from app.web.settings import alert_form

pages = Blueprint("settings_alerts", __name__, url_prefix="/settings/alerts")
HOME = "/settings/alerts"
TRIAL = timedelta(days=28)
RECENT = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done; `weeks` is the history there was to learn from before, in full weeks."""

    incidents: Sequence[Incident]
    weeks: int


@pages.get("")
@supervisor_only
def index() -> str:
    with reading() as session:
        seen = access.watches_of(current_user(), AlertRule)
        rows = settings_alerts.rules(session, seen=seen, since=now() - TRIAL)
        intents = workspace_intents.titles(session)
    return render_template("settings/alerts.html", rows=rows, alert_words=alert_words, intents=intents)


@pages.post("/suggestions")
@supervisor_only
def suggestions() -> Response:
    with transaction() as session:
        first_alert_rules.add_all(session)
    return redirect(HOME, code=303)


@pages.get("/new")
@supervisor_only
def new() -> str:
    return _page(Draft(), None)


@pages.post("/new")
@supervisor_only
def create() -> Response | str | tuple[str, int]:
    draft = alert_form.typed()
    if request.form.get("press") == "try":
        return _try(draft)
    try:
        with transaction() as session:
            alert_rules.add(session, actor=current_user(), draft=draft)
    except (Invalid, Forbidden) as problem:
        return _page(draft, problem), problem.status
    flash(phrase("The rule watches from now on."), "success")
    return redirect(HOME, code=303)


@pages.get("/<rule_id>")
@supervisor_only
def edit(rule_id: str) -> str:
    with reading() as session:
        rule = access.alert_rule_for(session, current_user(), rule_id)
        draft = alert_rules.draft_of(session, rule)
    return _page(draft, None, rule)


@pages.post("/<rule_id>")
@supervisor_only
def save(rule_id: str) -> Response | str | tuple[str, int]:
    draft, user = alert_form.typed(), current_user()
    with reading() as session:
        shown = access.alert_rule_for(session, user, rule_id)
    if request.form.get("press") == "try":
        return _try(draft, shown)
    try:
        with transaction() as session:
            rule = access.alert_rule_for(session, user, rule_id, lock=True)
            alert_rules.edit(session, actor=user, rule=rule, version=alert_form.version(), draft=draft)
    except (Invalid, Forbidden, Conflict) as problem:
        return _page(draft, problem, shown), problem.status
    flash(phrase("Saved."), "success")
    return redirect(HOME, code=303)


@pages.post("/<rule_id>/switch")
@supervisor_only
def switch(rule_id: str) -> Response:
    with transaction() as session:
        rule = access.alert_rule_for(session, current_user(), rule_id, lock=True)
        alert_rules.switch(session, rule=rule, on=request.form.get("on") == "1")
    return redirect(HOME, code=303)


@pages.post("/<rule_id>/delete")
@supervisor_only
def delete(rule_id: str) -> Response:
    with transaction() as session:
        alert_rules.delete(session, rule=access.alert_rule_for(session, current_user(), rule_id, lock=True))
    flash(phrase("Deleted. Its alerts stay in the list."), "success")
    return redirect(HOME, code=303)


def _try(draft: Draft, rule: AlertRule | None = None) -> str | tuple[str, int]:
    try:
        with reading() as session:
            trial = _trial(session, draft)
    except (Invalid, Forbidden) as problem:
        return _page(draft, problem, rule), problem.status
    return _page(draft, None, rule, trial)


def _trial(session: Session, draft: Draft) -> Trial:
    """Replay a draft over the last four weeks. Raises Invalid, Forbidden."""
    watched = alert_rules.watched_of(session, actor=current_user(), draft=draft)
    until = alert_watch.full_hour(now())
    watched_from = until - TRIAL
    since = watched_from - timedelta(weeks=MOST_WEEKS)
    seen = alert_watch.series(session, watched=watched, since=since, until=until)
    first = next((index for index, tally in enumerate(seen) if tally.of), len(seen))
    before = max(0, round((watched_from - since) / HOUR) - first)
    incidents = replay(
        draft.policy,
        start=since + first * HOUR,
        seen=seen[first:],
        watched_from=before,
        zone=alert_watch.zone_of(session),
    )
    return Trial(incidents, before // 168)


def _page(draft: Draft, problem: AppError | None, rule: AlertRule | None = None, trial: Trial | None = None) -> str:
    with reading() as session:
        ids = access.inbox_ids_of(current_user())
        offered = settings_alerts.offered(session, inbox_ids=ids, since=now() - RECENT)
        seen = {choice.public_id for choice in offered.channels}
        mail = [channel for channel in alert_rules.mail_channels(session) if str(channel.public_id) in seen]
    built_in = [pair for pair in labels.BUILT_IN["intent"] if pair[0] not in offered.intents]
    return render_template(
        "settings/alert.html",
        draft=draft,
        rule=rule,
        problem=problem,
        offered=offered,
        mail_channels=mail,
        intents=[*offered.intents.items(), *built_in],
        trial=trial,
        waits=draft.kind is AlertKind.ANOMALY and trial is not None and trial.weeks < LEAST_WEEKS,
        alert_words=alert_words,
        **alert_form.context(draft),
    )
