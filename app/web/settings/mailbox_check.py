"""Settings, channels: compare a mailbox with what is stored of it; fetch what is missing."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import Conflict, Invalid, NotFound
from app.models import Channel, ChannelState, CheckState
from app.queries import mailbox_check
from app.services import by_public_id, mailbox_checks
from app.web.authz import admin_only
from app.web.languages import flash

pages = Blueprint("settings_mailbox_check", __name__, url_prefix="/settings/channels")

LOOK_AGAIN_SECONDS = "3"


@pages.get("/<channel_id>/mailbox")
@admin_only
def show(channel_id: str) -> Response:
    """Show the newest count; while a worker is at it the page looks again by itself."""
    with reading() as session:
        channel = by_public_id.get(session, Channel, channel_id)
        if not mailbox_checks.can_check(channel.kind) or channel.state is ChannelState.REMOVED:
            raise NotFound
        view = mailbox_check.view(session, channel=channel)
        session.expunge_all()
    answer = make_response(render_template("settings/mailbox_check.html", channel=channel, view=view))
    if view.is_running:
        answer.headers["Refresh"] = LOOK_AGAIN_SECONDS
    return answer


@pages.post("/<channel_id>/mailbox/count")
@admin_only
def count(channel_id: str) -> BaseResponse:
    return _asked(channel_id, CheckState.COUNTING)


@pages.post("/<channel_id>/mailbox/fetch")
@admin_only
def fetch(channel_id: str) -> BaseResponse:
    return _asked(channel_id, CheckState.FETCHING)


def _asked(channel_id: str, state: CheckState) -> BaseResponse:
    try:
        with transaction() as session:
            channel = by_public_id.get(session, Channel, channel_id, lock=True)
            if not mailbox_checks.can_check(channel.kind):
                raise NotFound
            mailbox_checks.ask(session, channel=channel, state=state)
    except (Invalid, Conflict) as problem:
        flash(problem.reason, "warning")
    return redirect(f"/settings/channels/{channel_id}/mailbox", code=303)
