"""From anywhere in a long conversation to its first message, or to a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading
from app.errors import Invalid
from app.phrases import phrase
from app.queries import timeline
from app.render import zone
from app.services import access
from app.web.inbox import asked
from app.web.languages import flash
from app.web.session import current_user, signed_in

pages = Blueprint("jumping", __name__)


@pages.get("/inbox/c/<public_id>/at")
@signed_in
def place(public_id: str) -> BaseResponse:
    """Lead to the first message, or with `?day=2026-11-22` to the first since that day began where the user is."""
    day = request.args.get("day", "")
    since = _beginning(day) if day else None
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        start = timeline.start_at(session, conversation_id=conversation.id, since=since)
    query = asked.filters().query()
    here = f"/inbox/c/{conversation.public_id}{query}"
    if start is None:
        flash(phrase("Nothing was said since then: this is the end."), "success")
        return redirect(here)
    before = f"{'&' if query else '?'}before={start.before}" if start.before else ""
    return redirect(f"{here}{before}#m-{start.message}")


def _beginning(day: str) -> datetime:
    """Return when a day begins in the user's zone. Raises Invalid for what is no date."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(phrase("Choose a day."), field="day") from None
