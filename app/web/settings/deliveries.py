"""Settings, deliveries: exactly what arrived and what became of it; what was parked can be tried again."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from app import blobs
from app.db import reading, transaction
from app.errors import NotFound
from app.models import AuditAction, Channel, Delivery
from app.phrases import phrase
from app.queries import settings_channels
from app.services import access, audit, by_public_id, ingest
from app.web.authz import admin_only, current_user, local_path, supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_deliveries", __name__, url_prefix="/settings/deliveries")


@pages.get("")
@supervisor_only
def index() -> str:
    """Show the newest deliveries of the inboxes one sees, of one channel or of all."""
    channel_id, parked_only = request.args.get("channel", ""), request.args.get("parked") == "1"
    with reading() as session:
        inboxes = access.visible_inboxes(session, current_user())
        channel = by_public_id.get(session, Channel, channel_id) if channel_id else None
        if channel and channel.inbox_id not in {inbox.id for inbox in inboxes}:
            raise NotFound
        rows = settings_channels.deliveries(session, inboxes=inboxes, channel=channel, parked_only=parked_only)
        name = channel.name if channel else ""
    return render_template(
        "settings/deliveries.html", rows=rows, channel_id=channel_id, channel=name, parked_only=parked_only
    )


@pages.post("/<delivery_id>/retry")
@supervisor_only
def retry(delivery_id: str) -> BaseResponse:
    with transaction() as session:
        delivery = access.delivery_for(session, current_user(), delivery_id)
        ingest.retry_parked(session, delivery=delivery)
    flash(phrase("Trying again: look here in a few seconds."), "success")
    return redirect(local_path(request.form.get("back")), code=303)


@pages.get("/<delivery_id>/raw")
@admin_only
def raw(delivery_id: str) -> Response:
    """Hand out the bytes as they arrived, as a file: nothing in them is ever shown or run by the browser."""
    with transaction() as session:  # who took the bytes along is written down
        delivery: Delivery = access.delivery_for(session, current_user(), delivery_id)
        sha256 = delivery.blob_sha256
        audit.record(
            session,
            action=AuditAction.DELIVERY_DOWNLOADED,
            user=current_user(),
            kind="delivery",
            object_id=delivery.public_id,
            ip=request.remote_addr or "",
        )
    return Response(
        blobs.get(sha256),
        mimetype="text/plain",
        headers={
            "Content-Disposition": f'attachment; filename="delivery-{delivery_id}.txt"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
