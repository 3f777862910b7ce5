"""Settings, channels: what is connected and how it fares; connect, test, pause, resume, remove."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import crypto
from app.config import settings
from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Channel, ChannelState, Inbox
from app.phrases import phrase
from app.queries import channel_health, composer_view, settings_channels, settings_people
from app.services import (
    by_public_id,
    channel_settings,
    channel_sign_in,
    channel_templates,
    channels,
    mailbox_checks,
    test_messages,
)
from app.services.teams import clean_name
from app.web.authz import admin_only, current_user
from app.web.languages import flash
from app.web.settings import channel_kinds, day_bars
from app.web.settings.channel_form import ChannelForm, can_be_made

pages = Blueprint("settings_channels", __name__, url_prefix="/settings/channels")
SIGN_IN = "sign-in"  # a button's value: connect, then sign in before anything is tried
MAKE = "make:"  # a button's value: think up the secret of this key
ADDRESS_WORDS = {
    "email": phrase("E-mail address"),
    "phone": phrase("Phone number"),
    "handle": phrase("Handle"),
    "visitor": phrase("Visitor"),
}


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
    """Offer the kinds of channels; `q` leaves those that hold its words."""
    search = request.args.get("q", "").strip()[:60]
    families = channel_kinds.by_family(channel_settings.all_connectors())
    return render_template("settings/channel_kinds.html", families=families, search=search)


@pages.get("/new/<kind>")
@admin_only
def new(kind: str) -> str:
    return _page(ChannelForm.empty(kind))


@pages.post("/new/<kind>")
@admin_only
def connect(kind: str) -> BaseResponse | str | tuple[str, int]:
    form = ChannelForm.typed(kind, current_user())
    if form.do.startswith(MAKE):
        return _with_secret(form)
    signs_in = form.do == SIGN_IN and channel_sign_in.begins_with_it(kind)
    try:
        credentials = form.credentials({})
        found = _try_out(form, credentials, skip=signs_in)
        if form.do == "test":
            return _page(form, found=found)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, form.inbox)
            channel = channels.connect(session, inbox=inbox, kind=kind, name=form.name, credentials=credentials)
            if signs_in:
                channels.pause_for(session, channel_id=channel.id, reason=channel_sign_in.WAITING)
    except (Invalid, Conflict) as problem:
        return _page(form, problem=problem), problem.status
    if signs_in:
        return redirect(f"/settings/channels/{channel.public_id}/sign-in", code=303)
    flash(phrase("Connected. {found}", found=found) if found else phrase("Connected."), "success")
    return redirect(f"/settings/channels/{channel.public_id}", code=303)


@pages.get("/<channel_id>")
@admin_only
def show(channel_id: str) -> str:
    channel, inbox = _read(channel_id)
    return _page(ChannelForm.of(channel, inbox), channel=channel)


@pages.post("/<channel_id>")
@admin_only
def save(channel_id: str) -> BaseResponse | str | tuple[str, int]:
    channel, _ = _read(channel_id)
    form = ChannelForm.typed(channel.kind, current_user(), channel)
    if form.do.startswith(MAKE):
        return _with_secret(form, channel)
    try:
        seen = crypto.unseal(channel.sealed)
        credentials = form.credentials(seen)
        found = _try_out(form, credentials)
        if form.do == "test":
            return _page(form, channel=channel, found=found)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, form.inbox)
            row = by_public_id.get(session, Channel, channel_id, lock=True)
            credentials = channel_settings.with_newest(row.kind, credentials, seen=seen, now=crypto.unseal(row.sealed))
            channels.edit(session, channel=row, inbox=inbox, name=form.name, credentials=credentials)
    except (Invalid, Conflict) as problem:
        return _page(form, channel=channel, problem=problem), problem.status
    flash(phrase("Saved. {found}", found=found) if found else phrase("Saved."), "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/pause")
@admin_only
def pause(channel_id: str) -> BaseResponse:
    with transaction() as session:
        row = by_public_id.get(session, Channel, channel_id, lock=True)
        channels.pause(session, channel=row, actor=current_user())
    flash(phrase("Paused. Nothing is fetched or sent until you resume it."), "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/resume")
@admin_only
def resume(channel_id: str) -> BaseResponse:
    with transaction() as session:
        channels.resume(session, channel=by_public_id.get(session, Channel, channel_id, lock=True))
    flash(phrase("Running again."), "success")
    return redirect(f"/settings/channels/{channel_id}", code=303)


@pages.post("/<channel_id>/remove")
@admin_only
def remove(channel_id: str) -> BaseResponse:
    with transaction() as session:
        channels.remove(session, channel=by_public_id.get(session, Channel, channel_id, lock=True))
    flash(phrase("Removed, and its secrets destroyed. Conversations and deliveries stay."), "success")
    return redirect("/settings/channels", code=303)


@pages.post("/<channel_id>/templates")
@admin_only
def fetch_templates(channel_id: str) -> BaseResponse:
    """Have the templates fetched that the provider approved."""
    with transaction() as session:
        channel_templates.ask(session, channel=by_public_id.get(session, Channel, channel_id, lock=True))
    flash(phrase("Fetching the templates: look here in a few seconds."), "success")
    return redirect(f"/settings/channels/{channel_id}#templates", code=303)


@pages.post("/<channel_id>/test-message")
@admin_only
def send_test(channel_id: str) -> BaseResponse | tuple[str, int]:
    """Send a message to the address that an admin typed; its conversation shows what becomes of it."""
    kind, address = request.form.get("kind", ""), request.form.get("address", "")
    try:
        with transaction() as session:
            row = by_public_id.get(session, Channel, channel_id)
            user = current_user()
            sent = test_messages.send(session, channel=row, author=user, kind=kind, address=address)
            place = sent.public_id
    except (Invalid, Conflict) as problem:
        channel, inbox = _read(channel_id)
        form = ChannelForm.of(channel, inbox)
        page = _page(form, channel=channel, test_problem=problem, test_address=address)
        return page, problem.status
    flash(phrase("The test message is on its way: here you see how far it comes."), "success")
    return redirect(f"/inbox/c/{place}", code=303)


def _with_secret(form: ChannelForm, channel: Channel | None = None) -> BaseResponse | tuple[str, int]:
    """Show the form again with a new secret in it, once."""
    try:
        form.make_secret(form.do.removeprefix(MAKE), current_user())
    except Invalid as problem:
        return _page(form, channel=channel, problem=problem), problem.status
    response = make_response(_page(form, channel=channel))
    response.headers["Cache-Control"] = "no-store"
    return response


def _try_out(form: ChannelForm, credentials: dict[str, object], *, skip: bool = False) -> str:
    """Connect once, unless the admin wants to save without; forbidden servers are refused either way."""
    clean_name(form.name)
    if skip or form.do == "anyway":
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
    form: ChannelForm,
    *,
    channel: Channel | None = None,
    problem: AppError | None = None,
    found: str = "",
    **more: object,
) -> str:
    with reading() as session:
        inboxes = settings_people.inboxes_to_choose(session)
        fared = _fared(session, channel) if channel else {}
    return render_template(
        "settings/channel.html",
        form=form,
        channel=channel,
        inboxes=inboxes,
        problem=problem,
        found=found,
        snippets=_snippets(channel) if channel else (),
        more_pages=_more_pages(channel) if channel else (),
        opens=_opens,
        can_be_made=can_be_made,
        begins_with_sign_in=channel is None and channel_sign_in.begins_with_it(form.kind),
        waits_for_sign_in=channel is not None and channel_sign_in.is_waiting(channel),
        **fared,
        **more,
    )


def _fared(session: Session, channel: Channel) -> dict[str, Any]:
    home = session.get_one(Inbox, channel.inbox_id)
    days = channel_health.days(session, channel=channel)
    return {
        "days": days,
        "bars": day_bars.bars(days),
        "rows": settings_channels.deliveries(session, inboxes=[home], channel=channel),
        "most_deliveries": settings_channels.NEWEST,
        "test_kinds": test_messages.kinds(channel),
        "templates": composer_view.templates(session, channel_id=channel.id),
        "is_syncing": channel_templates.is_syncing(channel),
        "ADDRESS_WORDS": ADDRESS_WORDS,
    }


def _more_pages(channel: Channel) -> tuple[tuple[str, str], ...]:
    """Return (label, address) of the further pages that a channel of this kind has."""
    here = f"/settings/channels/{channel.public_id}"
    sign_in = (
        ((phrase("Sign in at the provider"), f"{here}/sign-in"),) if channel_sign_in.can_sign_in(channel.kind) else ()
    )
    mailbox = ((phrase("Compare the mailbox"), f"{here}/mailbox"),) if mailbox_checks.can_check(channel.kind) else ()
    return sign_in + mailbox


def _snippets(channel: Channel) -> tuple[tuple[str, str], ...]:
    """Return (label, text) of what an admin takes along to the provider; nothing of a channel that is gone."""
    connector = channel_settings.find_connector(channel.kind)
    if channel.state is ChannelState.REMOVED:
        return ()
    base = settings().base_url
    hook = getattr(connector, "snippets", None)
    if hook is not None:
        return tuple((phrase(label), text) for label, text in hook(base, channel.token))  # gathered by forms.py
    address = f"{base}/webhooks/{channel.kind}/{channel.token}"
    can = connector.capabilities
    return ((phrase("Webhook address"), address),) if can.push and not can.own_pages else ()


def _opens(snippet: str) -> bool:
    """Tell whether a snippet is a page to look at: a webhook is called by machines."""
    return "/webhooks/" not in snippet
