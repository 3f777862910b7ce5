"""What a user is told of while the page is not looked at: the settings page, the pause, and what there is to say now.

Pokes carry no text: a browser that heard one asks /notices what it may say of the conversations that were named.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.languages import translated
from app.models import NoticeScope
from app.phrases import phrase
from app.queries import notices
from app.queries.notices import Notice
from app.render import clock
from app.services import access, notice_settings, notice_words
from app.web.authz import current_user, signed_in
from app.web.languages import flash
from app.web.settings import push

pages = Blueprint("notices", __name__)

HERE = "/settings/notices"
SCOPES = (
    (NoticeScope.MINE, phrase("What is assigned to me"), phrase("A customer writes in a conversation of yours.")),
    (
        NoticeScope.UNASSIGNED,
        phrase("That, and what nobody has yet"),
        phrase("Also new conversations in your inboxes."),
    ),
    (
        NoticeScope.EVERYTHING,
        phrase("Everything in my inboxes"),
        phrase("Also what customers write to your colleagues."),
    ),
    (NoticeScope.NOTHING, phrase("Nothing"), phrase("No notice and no sound. The list still shows everything.")),
)
LONGEST_AWAY = timedelta(minutes=30)


@pages.get(HERE)
@signed_in
def show() -> str:
    with reading() as session:
        return _page(session, None)


@pages.post(HERE)
@signed_in
def change() -> BaseResponse | tuple[str, int]:
    try:
        with transaction() as session:
            notice_settings.change(
                session,
                user=current_user(),
                scope=request.form.get("scope", ""),
                has_sound=request.form.get("sound") == "1",
                quiet=(request.form.get("from", ""), request.form.get("until", "")),
                quiet_days=[int(day) if day.isdecimal() else -1 for day in request.form.getlist("day")],
                time_zone=request.form.get("time_zone", ""),
            )
    except Invalid as problem:
        with reading() as session:
            return _page(session, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/pause")
@signed_in
def pause() -> BaseResponse:
    """Say nothing for an hour, or (`end`) speak again."""
    act = notice_settings.resume if "end" in request.form else notice_settings.pause
    with transaction() as session:
        act(session, user=current_user())
    return redirect(HERE, code=303)


@pages.get("/notices")
@signed_in
def news() -> Response:
    """Tell what is news in the conversations `c`, and in those written to in the last `away` seconds."""
    user, seconds = current_user(), request.args.get("away", 0, type=int)
    away = min(timedelta(seconds=min(seconds, 86_400)), LONGEST_AWAY) if seconds > 0 else None
    with reading() as session:
        setting = notice_settings.get(session, user)
        found: tuple[Notice, ...] = ()
        if not notice_settings.is_quiet(setting, now()):
            inboxes = access.inbox_ids_of(user)
            found = notices.notices(
                session, user=user, inbox_ids=inboxes, scope=setting.scope, about=_asked(), away=away
            )
        return jsonify(sound=setting.has_sound, notices=[_said(one) for one in found])


def _asked() -> list[UUID]:
    found = []
    for text in request.args.getlist("c")[: notices.MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _said(notice: Notice) -> dict[str, Any]:
    title, text = notice_words.said(notice)
    return {"key": notice.key, "conversation": notice.conversation, "title": translated(title), "text": text}


def _page(session: Session, problem: Invalid | None) -> str:
    setting = notice_settings.get(session, current_user())
    zones = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    is_new = not setting.quiet_days and setting.time_zone == "UTC"
    return render_template(
        "settings/notices.html",
        setting=setting,
        problem=problem,
        scopes=SCOPES,
        days=notice_settings.DAYS,
        zones=[(name, name.replace("_", " ")) for name in ("UTC", *zones)],
        zone=request.cookies.get("tz", "UTC") if is_new else setting.time_zone,
        browsers=push.listed(session, current_user()),
        paused=clock(setting.paused_until) if notice_settings.is_paused(setting, now()) else "",
    )
