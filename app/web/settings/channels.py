"""Settings, channels: what is connected and how it fares; connect, test, pause, resume, remove."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from app import crypto
from app.config import settings
from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Channel, Inbox
from app.queries import settings_channels, settings_people
from app.services import by_public_id, channel_settings, channels
from app.services.teams import clean_name
from app.web.authz import admin_only, current_user
from app.web.settings.channel_form import ChannelForm

pages = Blueprint("settings_channels", __name__, url_prefix="/settings/channels")


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_channels.channels(session)
    labels = {connector.kind: connector.label for connector in channel_settings.all_connectors()}
    return render_template("settings/channels.html", rows=rows, labels=labels)


@pages.get("/new")
@admin_only
def choose() -> str:
    return render_template("settings/channel_kinds.html", connectors=channel_settings.all_connectors())


@pages.get("/new/<kind>")
@admin_only
def new(kind: str) -> str:
    return _page(ChannelForm.empty(kind))


@pages.post("/new/<kind>")
@admin_only
def connect(kind: str) -> Response | str | tuple[str, int]:
    form = ChannelForm.typed(kind, current_user())
    try:
        credentials = form.credentials({})
        found = _try_out(form, credentials)
        if form.do == "test":
            return _page(form, found=found)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, form.inbox)
            channel = channels.connect(session, inbox=inbox, kind=kind, name=form.name, credentials=credentials)
    except (Invalid, Conflict) as problem:
        return _page(form, problem=problem), problem.status
    flash(f"Connected. {found}".strip(), "success")
    return redirect(f"/settings/channels/{channel.public_id}", code=303)


@pages.get("/<channel_id>")
@admin_only
def show(channel_id: str) -> str:
    channel, inbox = _read(channel_id)
    return _page(ChannelForm.of(channel, inbox), channel=channel)


@pages.post("/<channel_id>")
@admin_only
def save(channel_id: str) -> Response | str | tuple[str, int]:
    channel, _ = _read(channel_id)
    form = ChannelForm.typed(channel.kind, current_user(), channel)
    try:
        credentials = form.credentials(crypto.unseal(channel.sealed))
        found = _try_out(form, credentials)
        if form.do == "test":
            return _page(form, channel=channel, found=found)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, form.inbox)
            row = by_public_id.get(session, Channel, channel_id, lock=True)
            channels.edit(session, channel=row, inbox=inbox, name=form.name, credentials=credentials)
    except (Invalid, Conflict) as problem:
        return _page(form, channel=channel, problem=problem), problem.status
    flash(f"Saved. {found}".strip(), "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/pause")
@admin_only
def pause(channel_id: str) -> Response:
    with transaction() as session:
        row = by_public_id.get(session, Channel, channel_id, lock=True)
        channels.pause(session, channel=row, actor=current_user())
    flash("Paused. Nothing is fetched or sent until you resume it.", "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/resume")
@admin_only
def resume(channel_id: str) -> Response:
    with transaction() as session:
        channels.resume(session, channel=by_public_id.get(session, Channel, channel_id, lock=True))
    flash("Running again.", "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/remove")
@admin_only
def remove(channel_id: str) -> Response:
    with transaction() as session:
        channels.remove(session, channel=by_public_id.get(session, Channel, channel_id, lock=True))
    flash("Removed, and its secrets destroyed. Conversations and deliveries stay.", "success")
    return redirect("/settings/channels", code=303)


def _try_out(form: ChannelForm, credentials: dict[str, object]) -> str:
    """Connect once, unless the admin wants to save without; forbidden servers are refused either way."""
    clean_name(form.name)
    if form.do == "anyway":
        channels.check_places(form.kind, credentials)
        return ""
    try:
        return channels.check(form.kind, credentials)
    except Invalid:
        form.may_skip_test = True
        raise


def _read(channel_id: str) -> tuple[Channel, Inbox]:
    with reading() as session:
        channel = by_public_id.get(session, Channel, channel_id)
        inbox = session.get_one(Inbox, channel.inbox_id)
        session.expunge_all()
    return channel, inbox


def _page(
    form: ChannelForm, *, channel: Channel | None = None, problem: AppError | None = None, found: str = ""
) -> str:
    with reading() as session:
        inboxes = settings_people.inboxes_to_choose(session)
    hook = getattr(form.connector, "snippets", None)
    snippets = hook(settings().base_url, channel.token) if hook and channel else ()
    return render_template(
        "settings/channel.html",
        form=form,
        channel=channel,
        inboxes=inboxes,
        problem=problem,
        found=found,
        snippets=snippets,
    )
