"""Settings, channels: sign in at a provider instead of typing a password.

    the channel's page → sign-in → the provider's own page → signed-in (a look) → POST signed-in (the code is used)

The provider leads people back by a plain link, and a link changes nothing here: they press one more button.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid, NotFound
from app.models import Channel, ChannelState
from app.services import by_public_id, channel_sign_in
from app.web.authz import admin_only, current_user

pages = Blueprint("settings_channel_oauth", __name__, url_prefix="/settings/channels")

REFUSED = {
    "access_denied": "The provider says that access was not given.",
    "invalid_scope": "The provider does not know what was asked for: check the scope in the settings.",
}
NOT_SIGNED_IN = "The provider did not sign you in."


@pages.get("/<channel_id>/sign-in")
@admin_only
def begin(channel_id: str) -> str:
    """Show what to register with the provider, and the way there."""
    channel = _read(channel_id)
    beginning, problem = None, None
    try:
        beginning = channel_sign_in.begin(channel, current_user())
    except Invalid as error:
        problem = error
    return render_template(
        "settings/channel_sign_in.html",
        channel=channel,
        beginning=beginning,
        problem=problem,
        redirect_address=channel_sign_in.redirect_address(),
    )


@pages.get("/signed-in")
@admin_only
def look() -> str | tuple[str, int]:
    """Take in what the provider sent along; nothing is used yet."""
    code, state = (request.args.get(name, "")[: channel_sign_in.MOST_CHARACTERS] for name in ("code", "state"))
    refused = request.args.get("error")
    if refused or not code:
        problem = Invalid(REFUSED.get(refused or "", NOT_SIGNED_IN))
        return _page(problem=problem), problem.status
    try:
        channel = _read(channel_sign_in.come_back(state, current_user()).channel_id)
    except Invalid as problem:
        return _page(problem=problem), problem.status
    return _page(channel=channel, code=code, state=state)


@pages.post("/signed-in")
@admin_only
def finish() -> Response | tuple[str, int]:
    """Use the code, once, and keep what it stands for."""
    try:
        returned = channel_sign_in.come_back(request.form.get("state", ""), current_user())
        channel = _read(returned.channel_id)
        code = request.form.get("code", "")
        credentials = channel_sign_in.exchange(channel, code=code, verifier=returned.verifier)
        with transaction() as session:
            row = by_public_id.get(session, Channel, returned.channel_id, lock=True)
            channel_sign_in.keep(session, channel=row, credentials=credentials)
    except Invalid as problem:
        return _page(problem=problem), problem.status
    flash("Signed in. The channel uses this from now on.", "success")
    return redirect(f"/settings/channels/{returned.channel_id}", code=303)


def _read(channel_id: str) -> Channel:
    """Return a channel that can be signed in to. Raises NotFound."""
    with reading() as session:
        channel = by_public_id.get(session, Channel, channel_id)
        session.expunge_all()
    if channel.state is ChannelState.REMOVED or not channel_sign_in.can_sign_in(channel.kind):
        raise NotFound
    return channel


def _page(*, channel: Channel | None = None, problem: Invalid | None = None, code: str = "", state: str = "") -> str:
    return render_template("settings/channel_signed_in.html", channel=channel, problem=problem, code=code, state=state)
