"""Settings, audit log: who did what that is sensitive; and the rules for personal data beside it."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.languages import language, translated
from app.models import AuditAction
from app.personal_data import Kind, mask
from app.phrases import phrase, phrase_in
from app.queries import audit_log
from app.render import words
from app.services import audit, privacy
from app.web.authz import admin_only, current_privacy, current_user
from app.web.inbox.concealed import KINDS
from app.web.languages import flash

pages = Blueprint("settings_audit", __name__)

FILE_ROWS = 10_000  # the newest entries that one file holds
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ACTIONS = {
    AuditAction.DATA_REVEALED: phrase("Showed hidden data"),
    AuditAction.DATA_EXPORTED: phrase("Exported data"),
    AuditAction.DELIVERY_DOWNLOADED: phrase("Downloaded what arrived"),
    AuditAction.ROLE_CHANGED: phrase("Changed a role"),
    AuditAction.USER_INVITED: phrase("Invited somebody"),
    AuditAction.USER_DEACTIVATED: phrase("Deactivated somebody"),
    AuditAction.USER_ACTIVATED: phrase("Activated somebody"),
    AuditAction.PASSWORD_LINK_MADE: phrase("Made a link to a password"),
    AuditAction.KEYS_ROTATED: phrase("Rotated the sealing key"),
    AuditAction.PRIVACY_CHANGED: phrase("Changed the rules for personal data"),
}


@pages.get("/settings/audit")
@admin_only
def index() -> str:
    who, action = request.args.get("who", ""), request.args.get("action", "")
    before = max(0, request.args.get("before", 0, type=int))
    with reading() as session:
        page = audit_log.page(session, user=who, action=action, before=before)
        people = audit_log.people(session)
    return render_template(
        "settings/audit.html", page=page, people=people, who=who, action=action, actions=ACTIONS, said=details_in_words
    )


@pages.post("/settings/audit/file")
@admin_only
def as_file() -> Response:
    """Hand out the newest entries as CSV, personal data masked; that is written down too."""
    who, action = request.form.get("who", ""), request.form.get("action", "")
    with transaction() as session:
        rows = audit_log.page(session, user=who, action=action, limit=FILE_ROWS).rows
        done = {"what": "audit log", "rows": len(rows)}
        audit.record(
            session, action=AuditAction.DATA_EXPORTED, user=current_user(), ip=request.remote_addr or "", details=done
        )
    response = Response("\ufeff" + _written(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-until-{now().date()}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/settings/privacy")
@admin_only
def rules() -> str:
    return _rules(None)


@pages.post("/settings/privacy")
@admin_only
def change_rules() -> BaseResponse | tuple[str, int]:
    before = current_privacy()
    try:
        with transaction() as session:
            after = privacy.change(
                session, region=request.form.get("region", ""), agents_reveal="agents_reveal" in request.form
            )
            if after != before:
                audit.record(
                    session,
                    action=AuditAction.PRIVACY_CHANGED,
                    user=current_user(),
                    ip=request.remote_addr or "",
                    details={"region": after.region, "agents_reveal": after.agents_reveal},
                )
    except Invalid as problem:
        return _rules(problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/settings/privacy", code=303)


def details_in_words(details: dict[str, Any]) -> str:
    """Say an entry's details on one line: "part: message; kinds: card 1, cvv 1"."""
    parts = []
    for name, value in details.items():
        said = (
            ", ".join(f"{_kind(key)} {one}" for key, one in value.items()) if isinstance(value, dict) else _said(value)
        )
        if said:
            parts.append(f"{translated(DETAILS.get(name, words(name).lower()))}: {said}")
    return "; ".join(parts)


def _kind(name: str) -> str:
    return translated(KINDS[Kind(name)]) if name in set(Kind) else name


def _said(value: object) -> str:
    return translated(VALUES.get(str(value), str(value)))


DETAILS = {  # of an entry → as it is said
    "part": phrase_in("audit", "part"),
    "kinds": phrase_in("audit", "kinds"),
    "region": phrase_in("audit", "region"),
    "agents_reveal": phrase_in("audit", "agents reveal"),
    "role": phrase_in("audit", "role"),
    "was": phrase_in("audit", "was"),
}
VALUES = {
    "True": phrase_in("audit", "True"),
    "False": phrase_in("audit", "False"),
    "message": phrase_in("audit", "message"),
    "formatted mail": phrase_in("audit", "formatted mail"),
    "whole text": phrase_in("audit", "whole text"),
    "source": phrase_in("audit", "source"),
}


def _rules(problem: Invalid | None) -> str:
    known = language().locale.territories
    named = {code: str(known.get(code) or name) for code, name in privacy.regions().items()}
    regions = sorted(named.items(), key=lambda one: one[1].casefold())
    return render_template("settings/privacy.html", rules=current_privacy(), regions=regions, problem=problem)


def _written(rows: tuple[audit_log.AuditRow, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["when", "who", "what", "to what", "id", "from", "details"])
    for row in rows:
        said = (row.who, ACTIONS.get(row.action, row.action), row.object_kind, str(row.object_id or ""), row.ip)  # type: ignore[call-overload]  # a StrEnum is found by its text
        writer.writerow([row.at.isoformat(), *map(_cell, (*said, details_in_words(row.details)))])
    return out.getvalue()


def _cell(text: str) -> str:
    """Return a text masked, and so that no spreadsheet takes it for a formula."""
    safe = mask(text, region=current_privacy().region)
    return f"'{safe}" if safe.startswith(STARTS_A_FORMULA) else safe
