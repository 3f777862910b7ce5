"""Write down by hand what no system told us: a call on a telephone that is not connected."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Conflict, Invalid
from app.models import Channel
from app.phrases import phrase
from app.services import access, channel_settings, entries
from app.web.languages import flash
from app.web.session import current_user, signed_in
from connectors.base import Setting
from connectors.registry import connector_for

pages = Blueprint("entries", __name__)


@pages.get("/entries/new")
@signed_in
def choose() -> str | Response:
    """Lead to the form; where there are several channels, let the person choose."""
    with reading() as session:
        found = entries.channels(session, current_user())
        session.expunge_all()
    if len(found) == 1:
        query = request.query_string.decode("utf-8", "replace")
        return redirect(f"/entries/new/{found[0].public_id}{f'?{query}' if query else ''}", code=303)
    titles = {channel.public_id: connector_for(channel.kind).entry_title for channel in found}
    return render_template("entries/choose.html", channels=found, titles=titles)


@pages.get("/entries/new/<public_id>")
@signed_in
def new(public_id: str) -> str:
    channel = _channel(public_id)
    fields = connector_for(channel.kind).entry
    return _page(channel, {field.key: request.args.get(field.key) or field.default for field in fields})


@pages.post("/entries/new/<public_id>")
@signed_in
def save(public_id: str) -> Response | tuple[str, int]:
    channel = _channel(public_id)
    typed = {field.key: request.form.get(channel_settings.field_of(field.key)) for field in _fields(channel)}
    try:
        delivery = entries.keep(channel, typed=typed, author=current_user())
        with transaction() as session:
            entries.store(session, channel=channel, delivery=delivery)
    except (Invalid, Conflict) as problem:
        return _page(channel, typed, problem), problem.status
    flash(phrase("Written down: it appears in the inbox in a moment."), "success")
    return redirect("/inbox", code=303)


def _channel(public_id: str) -> Channel:
    with reading() as session:
        channel = access.channel_for(session, current_user(), public_id)
        session.expunge(channel)
    return channel


def _fields(channel: Channel) -> tuple[Setting, ...]:
    return connector_for(channel.kind).entry


def _page(channel: Channel, values: Mapping[str, object], problem: Invalid | Conflict | None = None) -> str:
    title = connector_for(channel.kind).entry_title
    return render_template(
        "entries/new.html", channel=channel, title=title, fields=_fields(channel), values=values, problem=problem
    )
