"""Settings, channels: sign in at a provider instead of typing a password or pasting a token.

    the channel's page → sign-in → the provider's own page → signed-in (a look) → POST signed-in (the code is used)
                                                                                    → which of several accounts → kept

The provider leads people back by a plain link, and a link changes nothing here: one more button is pressed, by the page
itself where scripts run, because some codes are good for seconds only.
"""

from __future__ import annotations

import flask
from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app import crypto
from app.db import reading, transaction
from app.errors import Conflict, Invalid, NotFound
from app.models import Channel, ChannelState
from app.phrases import Phrase, phrase, phrase_in
from app.services import by_public_id, channel_sign_in
from app.services.channel_sign_in import Traveller
from app.web.authz import admin_only, current_user
from app.web.languages import flash
from connectors.sign_in import ProviderAccount

pages = Blueprint("settings_channel_oauth", __name__, url_prefix="/settings/channels")

REFUSED = {
    "access_denied": phrase(
        "The provider says that access was not given. Nothing has changed here. To connect the channel, "
        "begin again and agree to everything that is asked for, signed in as somebody who manages the account."
    ),
    "invalid_scope": phrase(
        "The provider does not know what was asked for: give the application these rights at the provider "
        "(or check the scope in the settings), then begin again."
    ),
    "unauthorized_client": phrase("The provider does not let this application do that: check how it is set up there."),
    "temporarily_unavailable": phrase("The provider cannot do this now: begin again in some minutes."),
    "server_error": phrase("Something went wrong at the provider: begin again in some minutes."),
}
NOT_SIGNED_IN = phrase("The provider did not sign you in. Nothing has changed here: begin again on the channel's page.")
CHOOSE = phrase("Choose one.")
ACCOUNT_WORDS = {  # what one of the accounts is called that a sign-in opens: SignIn.account_word
    "account": phrase_in("to sign in as", "account"),
    "workspace": phrase_in("to sign in as", "workspace"),
    "page": phrase_in("to sign in as", "page"),
    "Instagram account": phrase_in("to sign in as", "Instagram account"),
}


@pages.get("/<channel_id>/sign-in")
@admin_only
def begin(channel_id: str) -> Response:
    """Show what to register with the provider, and the way there."""
    return _beginning(_read(channel_id))


@pages.post("/<channel_id>/sign-in")
@admin_only
def register(channel_id: str) -> Response:
    """Make the application at a provider that lets anybody make one, then show the way there."""
    channel = _read(channel_id)
    try:
        made = channel_sign_in.register(channel)
    except Invalid as problem:
        return _beginning(channel, problem)
    with transaction() as session:
        channel_sign_in.keep_registered(by_public_id.get(session, Channel, channel_id, lock=True), made)
    return redirect(f"/settings/channels/{channel_id}/sign-in", code=303)


@pages.get("/signed-in")
@admin_only
def look() -> Response:
    """Take in what the provider sent along; nothing is used yet."""
    code, state = (request.args.get(name, "")[: channel_sign_in.MOST_CHARACTERS] for name in ("code", "state"))
    refused = request.args.get("error")
    try:
        channel = _read(channel_sign_in.come_back(state, _traveller()).channel_id)
    except Invalid as problem:
        return _page(problem=Invalid(REFUSED.get(refused, NOT_SIGNED_IN)) if refused else problem)
    if refused or not code:
        return _page(channel, problem=Invalid(REFUSED.get(refused or "", NOT_SIGNED_IN)))
    return _page(channel, code=code, state=state)


@pages.post("/signed-in")
@admin_only
def finish() -> Response:
    """Use the code, once, and keep what it stands for; where that is several accounts, ask for which."""
    channel: Channel | None = None
    try:
        returned = channel_sign_in.come_back(request.form.get("state", ""), _traveller())
        channel = _read(returned.channel_id)
        accounts = channel_sign_in.exchange(channel, code=request.form.get("code", ""), verifier=returned.verifier)
        if len(accounts) > 1:
            return _choice(channel, accounts)
        return _kept(channel, accounts[0])
    except (Invalid, Conflict) as problem:
        return _page(channel, problem=problem)


@pages.post("/signed-in/choice")
@admin_only
def choose() -> Response:
    """Keep the account that was chosen."""
    channel: Channel | None = None
    try:
        channel_id, accounts = channel_sign_in.open_choice(request.form.get("choice", ""), _traveller())
        channel = _read(channel_id)
        key = request.form.get("account", "")
        chosen = next((one for one in accounts if one.key == key), None)
        if chosen is None:
            return _choice(channel, accounts, problem=Invalid(CHOOSE, field="account"))
        try:
            return _kept(channel, chosen)
        except (Invalid, Conflict) as problem:
            return _choice(channel, accounts, problem=problem)
    except Invalid as problem:
        return _page(channel, problem=problem)


def _kept(channel: Channel, account: ProviderAccount) -> Response:
    """Keep an account and lead to the channel's page. Raises Invalid, Conflict."""
    with transaction() as session:
        row = by_public_id.get(session, Channel, str(channel.public_id), lock=True)
        channel_sign_in.keep(session, channel=row, account=account)
        is_running = row.is_active
        session.flush()
        session.expunge(row)
    trouble = channel_sign_in.settle(row)
    flash(_signed_in(account.name, is_running=is_running), "success")
    if trouble:
        flash(phrase("One step is left to do at the provider: {trouble}", trouble=trouble), "error")
    return redirect(f"/settings/channels/{channel.public_id}", code=303)


def _signed_in(name: str, *, is_running: bool) -> Phrase:
    """Say as whom the channel signs in from now on."""
    if not name:
        said = phrase("Signed in. The channel uses this from now on.")
    else:
        said = phrase("Signed in as {name}. The channel uses this from now on.", name=name)
    if is_running:
        return said
    rest = phrase("The channel is still paused: resume it when you are ready.")
    return phrase("{sentence} {next_sentence}", sentence=said, next_sentence=rest)


def _traveller() -> Traveller:
    """Return who is on the way, with a key that this session of the browser keeps."""
    key = flask.session.get("sign-in")
    if not isinstance(key, str):
        key = flask.session["sign-in"] = crypto.new_token()
    return Traveller(current_user(), key)


def _read(channel_id: str) -> Channel:
    """Return a channel that can be signed in to. Raises NotFound."""
    with reading() as session:
        channel = by_public_id.get(session, Channel, channel_id)
        session.expunge_all()
    if channel.state is ChannelState.REMOVED or not channel_sign_in.can_sign_in(channel.kind):
        raise NotFound
    return channel


def _beginning(channel: Channel, problem: Invalid | None = None) -> Response:
    status = problem.status if problem else 200
    must_register = channel_sign_in.must_register(channel)
    beginning = None
    if not must_register and problem is None:
        try:
            beginning = channel_sign_in.begin(channel, _traveller())
        except Invalid as error:
            problem = error
    page = render_template(
        "settings/channel_sign_in.html",
        channel=channel,
        makes_its_own=channel_sign_in.makes_its_own(channel.kind),
        about=channel_sign_in.about(channel.kind),
        account_word=_account_word(channel),
        beginning=beginning,
        must_register=must_register,
        problem=problem,
        redirect_address=channel_sign_in.redirect_address(),
    )
    return _unkept(page, status)


def _account_word(channel: Channel) -> str:
    word = channel_sign_in.about(channel.kind).account_word
    return ACCOUNT_WORDS.get(word, word)


def _choice(
    channel: Channel, accounts: tuple[ProviderAccount, ...], *, problem: Invalid | Conflict | None = None
) -> Response:
    page = render_template(
        "settings/channel_accounts.html",
        channel=channel,
        about=channel_sign_in.about(channel.kind),
        account_word=_account_word(channel),
        accounts=accounts,
        choice=channel_sign_in.seal_choice(str(channel.public_id), _traveller(), accounts),
        problem=problem,
    )
    return _unkept(page, problem.status if problem else 200)


def _page(
    channel: Channel | None = None, *, problem: Invalid | Conflict | None = None, code: str = "", state: str = ""
) -> Response:
    page = render_template("settings/channel_signed_in.html", channel=channel, problem=problem, code=code, state=state)
    return _unkept(page, problem.status if problem else 200)


def _unkept(page: str, status: int) -> Response:
    """Return a page that no browser keeps: there is a secret in it."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
