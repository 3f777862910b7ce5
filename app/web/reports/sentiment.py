"""The supervisor's sentiment report: the page, its tables as files, and the messages behind a number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request
from sqlalchemy.orm import Session

from app import render
from app.clock import now
from app.db import reading, transaction
from app.models import AuditAction
from app.phrases import phrase
from app.queries import sentiment_messages, sentiment_report
from app.queries.sentiment_asked import BUCKETS, DAYS_BY_HOUR, DIMENSIONS, TASKS, Asked, Period, period
from app.queries.sentiment_messages import Spot
from app.queries.sentiment_names import names
from app.queries.sentiment_report import MOST_LINES, Report
from app.services import access, audit, business_hours
from app.services.business_hours import Opening
from app.services.moods import FELL_TO
from app.web.authz import current_user, supervisor_only
from app.web.inbox.asked import part
from app.web.reports import csv_file, tables, words
from app.web.reports.definitions import definitions
from app.web.reports.figures import figures

pages = Blueprint("reports", __name__, url_prefix="/reports")

RANGES = {
    "today": phrase("Today"),
    "7": phrase("7 days"),
    "30": phrase("30 days"),
    "90": phrase("90 days"),
    "365": phrase("A year"),
}
FILES = {"time": "over time", "groups": "by group", "agents": "recovery by agent", "teams": "recovery by team"}
LARGEST_MOMENT = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())


@pages.get("/sentiment")
@supervisor_only
def sentiment() -> Response:
    asked = Asked.of(request.args.to_dict())
    with reading() as session:
        opening, report = _report(session, asked)
    name = "reports/_sentiment.html" if part() == "report" else "reports/sentiment.html"
    response = make_response(render_template(name, **_context(report, opening)))
    response.headers["HX-Push-Url"] = f"/reports/sentiment{asked.query()}"
    return response


@pages.get("/sentiment/files/<name>")
@supervisor_only
def as_file(name: str) -> Response:
    """Hand out one table of the page: the same numbers, by the same question."""
    if name not in FILES:
        abort(404)
    asked = Asked.of(request.args.to_dict())
    with reading() as session:
        _, report = _report(session, asked)
    with transaction() as session:
        done = {"what": f"report on {asked.task}, {name}"}
        audit.record(
            session, action=AuditAction.DATA_EXPORTED, user=current_user(), ip=request.remote_addr or "", details=done
        )
    table = {"time": tables.over_time, "groups": tables.by_group}.get(name)
    text = csv_file.written(table(report) if table else tables.recoveries(report, name))
    day = report.period.start.astimezone(report.period.zone).date()
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{asked.task}-{name}-from-{day}.csv"'
    return response


@pages.get("/sentiment/messages")
@supervisor_only
def messages() -> str:
    """List the messages behind a number of the page."""
    asked = Asked.of(request.args.to_dict())
    fell = request.args.get("fell", "")
    after = max(0, request.args.get("after", 0, type=int))
    ids = access.inbox_ids_of(current_user())
    with reading() as session:
        here = _period(asked, business_hours.get(session))
        spot = _spot(here)
        known = names(session, inbox_ids=ids, until=here.end)
        if fell:
            is_recovered = fell == "recovered"
            page = sentiment_messages.fallen(
                session,
                asked=asked,
                period=here,
                inbox_ids=ids,
                fell_to=FELL_TO,
                has_recovered=is_recovered,
                after=after,
            )
        else:
            page = sentiment_messages.page(session, asked=asked, period=here, spot=spot, inbox_ids=ids, after=after)
    more = f"{request.path}?{_query_with(after=page.more)}" if page.more else ""
    back = f"/reports/sentiment{asked.query()}"
    return render_template(
        "reports/messages.html", asked=asked, period=here, spot=spot, fell=fell, page=page, names=known, more=more,
        back=back, words=words,
    )  # fmt: skip


def _report(session: Session, asked: Asked) -> tuple[Opening, Report]:
    opening = business_hours.get(session)
    ids = access.inbox_ids_of(current_user())
    here = _period(asked, opening)
    return opening, sentiment_report.report(session, asked=asked, period=here, inbox_ids=ids, fell_to=FELL_TO)


def _period(asked: Asked, opening: Opening) -> Period:
    return period(asked, now=now(), zone=render.zone(), week=opening.week, house=opening.zone)


def _context(report: Report, opening: Opening) -> dict[str, object]:
    return {
        "asked": report.asked,
        "report": report,
        "opening": opening,
        "time": tables.over_time(report),
        "groups": tables.by_group(report) if report.asked.by else None,
        "recoveries": [tables.recoveries(report, name) for name in ("agents", "teams")],
        "figures": figures(report),
        "DEFINITIONS": definitions(),
        "TASKS": TASKS,
        "RANGES": RANGES,
        "BUCKETS": _buckets(report.period),
        "DIMENSIONS": DIMENSIONS,
        "shown": tables.shown(report),
        "MOST_LINES": MOST_LINES,
        "words": words,
    }  # fmt: skip


def _buckets(here: Period) -> tuple[str, ...]:
    """Return the buckets that this range can be shown by."""
    days = (here.end - here.start) / timedelta(days=1)
    return BUCKETS if days <= DAYS_BY_HOUR + 0.1 else BUCKETS[1:]


def _spot(here: Period) -> Spot:
    since, until = (_moment(name, default) for name, default in (("from", here.start), ("to", here.end)))
    label, version = (request.args.get(name, "").replace("\0", "")[:100] for name in ("label", "version"))
    return Spot(since, max(since, until), label, version)


def _moment(name: str, default: datetime) -> datetime:
    seconds = request.args.get(name, -1, type=int)
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds < LARGEST_MOMENT else default


def _query_with(**changes: object) -> str:
    return urlencode(request.args.to_dict() | changes)
