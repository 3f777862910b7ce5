"""Alerts: the list, one of them with its cause and who was told, and the number beside the bell."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import render
from app.clock import now
from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Alert, Role
from app.phrases import Phrase, phrase, phrase_in
from app.queries import alert_list, alert_messages
from app.services import access, alert_changes, alert_notices, alert_reasons, alert_words, alerts, workspace_intents
from app.web import alert_chart
from app.web.authz import current_user, signed_in
from app.web.inbox.asked import part
from app.web.languages import flash

pages = Blueprint("alerts", __name__, url_prefix="/alerts")
NOTICE_WORDS = {
    "waiting": phrase("Waits"),
    "sent": phrase("Told"),
    "failed": phrase("Not told"),
    "skipped": phrase("Not told"),
}
WAY_WORDS = {"app": phrase("In the app"), "email": phrase_in("way", "Mail"), "webhook": phrase("Webhooks")}


def register(app: Flask) -> None:
    app.register_blueprint(pages)


@pages.get("")
@signed_in
def index() -> str:
    """List the alerts. Those that go on stand on top of the first page."""
    user = current_user()
    before = max(0, request.args.get("before", 0, type=int))
    with reading() as session:
        seen = access.watches_of(user, Alert)
        page = alert_list.page(session, user=user, seen=seen, before=before)
        going_on = () if before else alert_list.page(session, user=user, seen=seen, is_open=True).rows
        unread = alert_list.unread(session, user=user, seen=seen)
        intents = workspace_intents.titles(session)
    name = "alerts/_list.html" if part() == "alerts" else "alerts/index.html"
    return render_template(name, page=page, going_on=going_on, unread=unread, is_first=not before, **_words(intents))


@pages.get("/bell")
@signed_in
def bell() -> str:
    """Return the number beside the bell alone."""
    user = current_user()
    with reading() as session:
        unread = alert_list.unread(session, user=user, seen=access.watches_of(user, Alert))
    return render_template("alerts/_bell.html", unread=unread)


@pages.post("/read")
@signed_in
def read_all() -> Response:
    with transaction() as session:
        alert_notices.mark_read(session, user=current_user())
    return redirect("/alerts", code=303)


@pages.get("/<public_id>")
@signed_in
def show(public_id: str) -> str:
    return _show(public_id, None, "")


@pages.post("/<public_id>/read")
@signed_in
def read(public_id: str) -> Response:
    """The reader has looked at it: said by the page itself, once it is there, or by a button without scripts."""
    user = current_user()
    with transaction() as session:
        alert = access.alert_for(session, user, public_id, lock=True)
        alert_notices.mark_read(session, user=user, alert=alert)
        alert_changes.tell(session, alert)
    if request.headers.get("HX-Request") == "true":
        return Response(status=204)
    return redirect(f"/alerts/{public_id}", code=303)


@pages.post("/<public_id>/acknowledge")
@signed_in
def acknowledge(public_id: str) -> Response | tuple[str, int]:
    user, note = current_user(), request.form.get("note", "")
    try:
        with transaction() as session:
            alert = access.alert_for(session, user, public_id, lock=True)
            alerts.acknowledge(session, alert=alert, actor=user, note=note)
    except (Invalid, Conflict) as problem:
        return _show(public_id, problem, note), problem.status
    flash(phrase("Acknowledged: others see that you are on it."), "success")
    return redirect(f"/alerts/{public_id}", code=303)


def _show(public_id: str, problem: AppError | None, note: str) -> str:
    with reading() as session:
        context = _context(session, access.alert_for(session, current_user(), public_id))
    name = "alerts/_alert.html" if part() == "alert" else "alerts/show.html"
    return render_template(name, problem=problem, typed=note, **context)


def _context(session: Session, alert: Alert) -> dict[str, Any]:
    user = current_user()
    samples = alert_messages.samples(
        session, message_ids=alert.cause.get("samples", []), inbox_ids=access.inbox_ids_of(user)
    )
    return {
        "row": alert_list.one(session, user=user, alert=alert),
        "alert": alert,
        "notices": alert_list.notices(session, alert=alert),
        "samples": samples,
        "hours": alert_chart.table(session, alert=alert, at=now(), zone=render.zone()),
        "DEFINITIONS": alert_chart.DEFINITIONS,
        "zone": render.zone(),
        "may_edit": user.role in {Role.SUPERVISOR, Role.ADMIN},
        "NOTICE_WORDS": NOTICE_WORDS,
        "WAY_WORDS": WAY_WORDS,
        "reason_words": alert_reasons.read_again,
        "begun": _begun(alert),
        **_words(workspace_intents.titles(session)),
    }


def _begun(alert: Alert) -> Phrase:
    """Say how long ago an alert began."""
    seconds = (now() - alert.opened_at).total_seconds()
    return phrase("just now") if seconds < 60 else phrase("{time} ago", time=render.duration(seconds))


def _words(intents: dict[str, str]) -> dict[str, Any]:
    return {"alert_words": alert_words, "intents": intents}
