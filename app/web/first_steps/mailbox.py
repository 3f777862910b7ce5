"""First steps: connect a mailbox. The address finds its servers; signing in is tried before anything is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Inbox
from app.phrases import phrase
from app.queries import settings_people
from app.services import by_public_id, channel_settings, channels, mailbox_servers
from app.web.authz import admin_only, current_user
from app.web.languages import flash
from app.web.settings.channel_form import ChannelForm
from connectors.registry import MAIL

if TYPE_CHECKING:
    from connectors._mail_servers import MailServers

pages = Blueprint("first_steps_mailbox", __name__)

HERE = "/first-steps/mailbox"
ADDRESS = "address"
MAIN = ("from_name", "imap_password", "import_existing")  # settings that everybody decides; the servers are below
SERVERS = ("imap_host", "imap_port", "imap_security", "imap_user", "smtp_host", "smtp_port", "smtp_security")
NOT_FOUND = phrase(
    "No servers are known for this address: write them below. Your mail provider's help has them under IMAP and SMTP."
)


@pages.get(HERE)
@admin_only
def show() -> str:
    return _page(ChannelForm.empty(MAIL), is_looked_up=False)


@pages.post(HERE)
@admin_only
def go_on() -> Response | str | tuple[str, int]:
    """Find the servers of the address, or (`do=connect`) sign in to them and connect."""
    form = ChannelForm.typed(MAIL, current_user())
    try:
        if form.do != "connect":
            return _with_servers(form)
        credentials = form.credentials({})
        found = channels.check(MAIL, credentials)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, form.inbox)
            channels.connect(session, inbox=inbox, kind=MAIL, name=form.values[ADDRESS][:60], credentials=credentials)
    except (Invalid, Conflict) as problem:
        return _page(form, is_looked_up=form.do == "connect", problem=problem), problem.status
    flash(phrase("Connected. {found}", found=found), "success")
    return redirect("/first-steps", code=303)


def _with_servers(form: ChannelForm) -> str:
    try:
        servers = mailbox_servers.find(str(form.values.get(ADDRESS) or ""))
    except Invalid as problem:
        raise Invalid(problem.reason, field=channel_settings.field_of(ADDRESS)) from None
    form.values = channel_settings.defaults(MAIL) | {key: value for key, value in form.values.items() if value}
    form.values |= servers.values if servers else {}
    return _page(form, is_looked_up=True, servers=servers)


def _page(
    form: ChannelForm, *, is_looked_up: bool, problem: AppError | None = None, servers: MailServers | None = None
) -> str:
    with reading() as session:
        inboxes = settings_people.inboxes_to_choose(session)
    known = {setting.key: setting for setting in form.connector.settings}
    return render_template(
        "first_steps/mailbox.html",
        form=form,
        inboxes=inboxes,
        problem=problem,
        is_looked_up=is_looked_up,
        servers=servers,
        not_found=NOT_FOUND if is_looked_up and servers is None and problem is None else "",
        address=known[ADDRESS],
        main=[known[key] for key in MAIN],
        server_settings=[known[key] for key in SERVERS],
        full_form=f"/settings/channels/new/{MAIL}?{urlencode(_shown(form, servers))}",
    )


def _shown(form: ChannelForm, servers: MailServers | None) -> dict[str, Any]:
    """Return what the full form starts with: what was typed and found, and how the provider wants a sign-in."""
    keys = (ADDRESS, "from_name", *SERVERS)
    told = {channel_settings.field_of(key): form.values[key] for key in keys if form.values.get(key)}
    return told | ({channel_settings.field_of("auth"): servers.auth} if servers else {})
