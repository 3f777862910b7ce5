"""Settings, webhooks: other systems that hear of events, their secrets, and what was sent to them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid, NotFound
from app.models import WebhookDelivery, WebhookEndpoint, WebhookState
from app.phrases import phrase
from app.queries import settings_webhooks
from app.services import by_public_id, webhook_deliveries, webhooks
from app.web.authz import admin_only, current_user
from app.web.languages import flash

pages = Blueprint("settings_webhooks", __name__, url_prefix="/settings/webhooks")
HOME = "/settings/webhooks"


@pages.get("")
@admin_only
def index() -> str:
    with reading() as session:
        rows = settings_webhooks.endpoints(session)
    return render_template("settings/webhooks.html", rows=rows, names=webhooks.NAMES)


@pages.get("/new")
@admin_only
def new() -> str:
    return _new(None)


@pages.post("/new")
@admin_only
def create() -> Response | tuple[str, int]:
    form = request.form
    try:
        with transaction() as session:
            endpoint, secret = webhooks.add(
                session, name=form.get("name", ""), url=form.get("url", ""), events=form.getlist("events")
            )
    except Invalid as problem:
        return _new(problem), problem.status
    return _secret(endpoint, secret, is_new=True)


@pages.get("/<endpoint_id>")
@admin_only
def edit(endpoint_id: str) -> str:
    return _page(endpoint_id, None)


@pages.get("/<endpoint_id>/log")
@admin_only
def log(endpoint_id: str) -> str:
    """Return the log alone: the page asks again while something is about to be sent."""
    with reading() as session:
        endpoint = by_public_id.get(session, WebhookEndpoint, endpoint_id)
        found = settings_webhooks.log(session, endpoint=endpoint, state=_state())
    return render_template("settings/_webhook_log.html", endpoint=endpoint, log=found, state=_state())


@pages.post("/<endpoint_id>")
@admin_only
def save(endpoint_id: str) -> Response | tuple[str, int]:
    form = request.form
    version = form.get("version", "")
    try:
        with transaction() as session:
            webhooks.edit(
                session,
                endpoint=by_public_id.get(session, WebhookEndpoint, endpoint_id, lock=True),
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
                name=form.get("name", ""),
                url=form.get("url", ""),
                events=form.getlist("events"),
            )
    except (Invalid, Conflict) as problem:
        return _page(endpoint_id, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect(f"{HOME}/{endpoint_id}", code=303)


@pages.post("/<endpoint_id>/rotate")
@admin_only
def rotate(endpoint_id: str) -> Response:
    with transaction() as session:
        endpoint = by_public_id.get(session, WebhookEndpoint, endpoint_id, lock=True)
        secret = webhooks.rotate(session, endpoint=endpoint)
    return _secret(endpoint, secret, is_new=False)


@pages.post("/<endpoint_id>/test")
@admin_only
def test(endpoint_id: str) -> Response:
    _do(endpoint_id, lambda session, endpoint: webhook_deliveries.send_test(session, endpoint=endpoint))
    return redirect(f"{HOME}/{endpoint_id}#log", code=303)


@pages.post("/<endpoint_id>/pause")
@admin_only
def pause(endpoint_id: str) -> Response:
    actor = current_user()
    _do(endpoint_id, lambda session, endpoint: webhooks.pause_by(session, endpoint=endpoint, actor=actor))
    return redirect(f"{HOME}/{endpoint_id}", code=303)


@pages.post("/<endpoint_id>/resume")
@admin_only
def resume(endpoint_id: str) -> Response:
    _do(endpoint_id, lambda session, endpoint: webhooks.resume(session, endpoint=endpoint))
    flash(phrase("It is told again, from now on."), "success")
    return redirect(f"{HOME}/{endpoint_id}", code=303)


@pages.post("/<endpoint_id>/delete")
@admin_only
def delete(endpoint_id: str) -> Response:
    _do(endpoint_id, lambda session, endpoint: webhooks.delete(session, endpoint=endpoint))
    flash(phrase("Deleted, with its secret and its log."), "success")
    return redirect(HOME, code=303)


@pages.post("/<endpoint_id>/deliveries/<delivery_id>/again")
@admin_only
def send_again(endpoint_id: str, delivery_id: str) -> Response:
    try:
        with transaction() as session:
            endpoint = by_public_id.get(session, WebhookEndpoint, endpoint_id)
            delivery = by_public_id.get(session, WebhookDelivery, delivery_id, lock=True)
            if delivery.endpoint_id != endpoint.id:
                raise NotFound
            webhook_deliveries.send_again(session, delivery=delivery)
    except Conflict as problem:
        flash(problem.reason, "error")
    return redirect(f"{HOME}/{endpoint_id}#log", code=303)


def _do(endpoint_id: str, change: Callable[[Session, WebhookEndpoint], None]) -> None:
    with transaction() as session:
        change(session, by_public_id.get(session, WebhookEndpoint, endpoint_id, lock=True))


def _state() -> WebhookState | None:
    wanted = request.args.get("state", "")
    return WebhookState(wanted) if wanted in set(WebhookState) else None


def _new(problem: AppError | None) -> str:
    form = request.form
    chosen = form.getlist("events") if problem else list(webhooks.NAMES)
    values = {"name": form.get("name", ""), "url": form.get("url", ""), "events": chosen}
    return render_template("settings/webhook_new.html", values=values, names=webhooks.NAMES, problem=problem)


def _secret(endpoint: WebhookEndpoint, secret: str, *, is_new: bool) -> Response:
    """Show a secret, this once: no cache keeps the page."""
    page = render_template("settings/webhook_secret.html", endpoint=endpoint, secret=secret, is_new=is_new)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(endpoint_id: str, problem: AppError | None) -> str:
    with reading() as session:
        endpoint = by_public_id.get(session, WebhookEndpoint, endpoint_id)
        found = settings_webhooks.log(session, endpoint=endpoint, state=_state())
    values = {"name": endpoint.name, "url": endpoint.url, "events": endpoint.events, "version": endpoint.version}
    if isinstance(problem, Invalid):
        form = request.form
        values |= {"name": form.get("name", ""), "url": form.get("url", ""), "events": form.getlist("events")}
    return render_template(
        "settings/webhook.html",
        endpoint=endpoint,
        values=values,
        names=webhooks.NAMES,
        log=found,
        state=_state(),
        problem=problem,
    )
