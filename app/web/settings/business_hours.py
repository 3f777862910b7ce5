"""Settings, business hours: when the house is open, for reports."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid
from app.phrases import phrase
from app.services import business_hours
from app.services.business_hours import DAYS, Opening
from app.web.authz import supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_business_hours", __name__, url_prefix="/settings/business-hours")


@pages.get("")
@supervisor_only
def show() -> str:
    with reading() as session:
        opening = business_hours.get(session)
    return _page(opening, None)


@pages.post("")
@supervisor_only
def change() -> Response | tuple[str, int]:
    typed = Opening(week=tuple(_hours(day) for day in range(len(DAYS))), zone_name=request.form.get("time_zone", ""))
    try:
        with transaction() as session:
            business_hours.change(session, week=typed.week, time_zone=typed.zone_name)
    except Invalid as problem:
        return _page(typed, problem), problem.status
    flash(phrase("Saved. Reports count by these hours from now on."), "success")
    return redirect("/settings/business-hours", code=303)


def _hours(day: int) -> tuple[int, int]:
    """Read a day; what is no number is said to be wrong, not guessed."""
    if not request.form.get(f"open-{day}"):
        return (0, 0)
    opens, closes = (request.form.get(f"{name}-{day}", -1, type=int) for name in ("from", "to"))
    return (opens, closes)


def _page(opening: Opening, problem: Invalid | None) -> str:
    zones = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    choices = [(name, name.replace("_", " ")) for name in ("UTC", *zones)]
    return render_template("settings/business_hours.html", opening=opening, days=DAYS, zones=choices, problem=problem)
