"""What a user decides about themselves: name, language, clock and looks, taking new work, password."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.languages import LANGUAGES, language, speaking
from app.models import User
from app.phrases import phrase
from app.render import day, moment_words, reading_by, zone_name
from app.services import passwords, reading_settings, users
from app.web.authz import admin_only, begin_session, current_user, local_path, session_is_kept, signed_in
from app.web.languages import flash, language_for_browser
from app.web.limits import limiter

pages = Blueprint("account", __name__)

NOT_YOURS = phrase("That is not your password. Type the one you sign in with.")
TRIES = "10 per minute"
TOO_OFTEN = phrase("Too many tries. Wait a minute.")


@pages.get("/account")
@signed_in
def show() -> str:
    return _page(None)


@pages.post("/account")
@signed_in
def edit() -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            user = users.get(session, str(current_user().public_id))
            users.edit_profile(
                session,
                user=user,
                name=request.form.get("name", ""),
                theme=request.form.get("theme", user.theme),
                is_accepting=request.form.get("accepting") == "1",
            )
    except Invalid as problem:
        return _page(problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/account", code=303)


@pages.post("/account/reading")
@signed_in
def choose_reading() -> Response | tuple[str, int]:
    """Set language, clock and theme: the next page shows them."""
    try:
        with transaction() as session:
            reading_settings.choose(
                session,
                user=users.get(session, str(current_user().public_id)),
                language=request.form.get("language", ""),
                time_zone=request.form.get("time_zone", ""),
                theme=request.form.get("theme", ""),
            )
    except Invalid as problem:
        return _page(problem), problem.status
    with speaking(request.form.get("language", "") or language_for_browser()):
        flash(phrase("Saved."), "success")
    return redirect("/account", code=303)


@pages.get("/account/reading")
@signed_in
def preview() -> str:
    """Say this moment as it would be said with what is chosen in the form."""
    code, time_zone = request.args.get("language", ""), request.args.get("time_zone", "")
    return render_template("settings/_preview.html", **_preview(code, time_zone))


@pages.post("/account/house")
@admin_only
def choose_house_language() -> Response | tuple[str, int]:
    """Set the language of the workspace: for those whose browser names none that we speak."""
    try:
        with transaction() as session:
            reading_settings.change_house_language(session, language=request.form.get("house_language", ""))
    except Invalid as problem:
        return _page(problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect("/account", code=303)


@pages.post("/account/accepting")
@signed_in
def accept_work() -> Response:
    """Take new work, or let it pass to others; from the menu of any page."""
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.set_accepting(session, user=user, is_accepting=request.form.get("accepting") == "1")
    return redirect(_back(), code=303)


@pages.post("/account/theme")
@signed_in
def choose_theme() -> Response:
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.set_theme(session, user=user, theme=request.form.get("theme", ""))
    return redirect(_back(), code=303)


@pages.post("/account/writing")
@signed_in
def choose_writing() -> Response:
    """Write replies without formatting (`plain=1`), or with it; from the composer."""
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        reading_settings.write_plain(session, user=user, is_plain=request.form.get("plain") == "1")
    return Response(status=204)


@pages.post("/account/password")
@signed_in
@limiter.limit(TRIES, error_message=TOO_OFTEN)
def change_password() -> Response | tuple[str, int]:
    """Change the password: this session goes on under a new name, all others end."""
    me = current_user()
    try:
        hashed = _new_hash(me)
    except Invalid as problem:
        return _page(problem), problem.status
    with transaction() as session:
        user = users.get(session, str(me.public_id))
        users.set_password(session, user=user, password_hash=hashed)
    begin_session(user, keep=session_is_kept())
    flash(phrase("Your password is changed. Every other device has been signed out."), "success")
    return redirect("/account", code=303)


@pages.post("/account/sessions")
@signed_in
def sign_out_elsewhere() -> Response:
    with transaction() as session:
        user = users.get(session, str(current_user().public_id))
        users.sign_out_everywhere(session, user=user)
    begin_session(user, keep=session_is_kept())
    flash(phrase("Every other device has been signed out."), "success")
    return redirect("/account", code=303)


def _new_hash(me: User) -> str:
    if not passwords.is_right(me.password_hash, request.form.get("current", "")):
        raise Invalid(NOT_YOURS, field="current")
    if request.form.get("password", "") != request.form.get("again", ""):
        raise Invalid(phrase("The two new passwords differ: type the same one twice."), field="again")
    return passwords.hash_password(request.form.get("password", ""), email=me.email)


def _page(problem: Invalid | None) -> str:
    me = current_user()
    chosen = request.form if "language" in request.form else {"language": me.language, "time_zone": me.time_zone}
    with reading() as session:
        house_language = reading_settings.house_language(session)
    return render_template(
        "settings/account.html",
        problem=problem,
        typed=request.form,
        languages=[(one.code, one.name) for one in LANGUAGES.values()],
        zones=[(name, name.replace("_", " ")) for name in reading_settings.time_zones()],
        here=zone_name() or "UTC",
        house_language=house_language,
        **_preview(chosen["language"], chosen["time_zone"]),
    )


def _preview(code: str, time_zone: str) -> dict[str, object]:
    """Return this moment in words, and in which language they are."""
    with speaking(code or language_for_browser()), reading_by(time_zone):
        return {
            "preview": moment_words(now()),
            "preview_day": day(now() - timedelta(days=3)),
            "preview_language": language(),
        }


def _back() -> str:
    """Return to the page that the menu stood on."""
    origin = request.host_url.rstrip("/")
    referrer = request.referrer or ""
    return local_path(referrer.removeprefix(origin)) if referrer.startswith(origin + "/") else "/"
