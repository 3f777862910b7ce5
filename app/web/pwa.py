"""The installable app: its manifest, its service worker, the page for when there is no connection, what may be kept.

The worker keeps what was read on this device. Every answer to a signed-in browser says for whom that is allowed
(`X-Offline-For: <user> <days>`); "nobody" makes the worker forget everything.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, g, jsonify, render_template, request, url_for

from app.built_files import DIST, asset
from app.db import reading
from app.languages import translated
from app.models import User
from app.phrases import phrase, phrase_in
from app.queries import still_seen
from app.services import access
from app.web.authz import current_user, public, session_is_kept, signed_in

pages = Blueprint("pwa", __name__)

ASSETS = ("app.css", "app.js", "icons.svg", "reports.css", "reports.js")
SCRIPT = "sw/worker.js"
ICONS = (("icon", 192, "any"), ("icon", 512, "any"), ("maskable", 192, "maskable"), ("maskable", 512, "maskable"))
COLOUR = "#1d63d8"
DAYS = 7  # what was read longer ago is forgotten
ALLOWED = "X-Offline-For"
SHORTCUTS = (
    (phrase("My conversations"), "/inbox?view=mine"),
    (phrase_in("noun", "Search"), "/search"),
    (phrase("Cases"), "/cases"),
)


def register(app: Flask) -> None:
    app.register_blueprint(pages)
    app.after_request(_allow)


@pages.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    response = jsonify(
        id="/",
        name="Tributary",
        short_name="Tributary",
        description=translated(phrase("Every conversation with your customers, in one inbox.")),
        start_url="/inbox",
        scope="/",
        display="standalone",
        theme_color=COLOUR,
        background_color="#ffffff",
        categories=["business", "productivity"],
        icons=[_icon(*icon) for icon in ICONS],
        shortcuts=[{"name": translated(name), "url": path} for name, path in SHORTCUTS],
    )
    response.content_type = "application/manifest+json"
    return response


@pages.get("/service-worker.js")
@public
def service_worker() -> Response:
    """Return the worker behind the build it belongs to: when anything is built anew, browsers take the new one."""
    script = (DIST / SCRIPT).read_text(encoding="utf-8")
    words = sorted(f"words/{path.name}" for path in (DIST / "words").glob("*.js"))
    assets = [*(asset(name) for name in (*ASSETS, *words)), url_for("static", filename="icons/icon-192.png")]
    page = url_for("pwa.offline")
    told = {"assets": assets, "page": page}
    id_ = hashlib.sha256(f"{json.dumps(told)}{offline()}{script}".encode()).hexdigest()[:12]
    head = f"const TRIBUTARY={json.dumps({'id': id_, **told})};\n"
    return Response(head + script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@pages.get("/offline")
@public
def offline() -> str:
    """Show what to do without a connection; the worker keeps this page, so it says nothing of anybody."""
    return render_template("errors/offline.html")


@pages.get("/offline/kept")
@signed_in
def kept() -> Response:
    """Tell which of the conversations `c` that a browser keeps may still be seen."""
    with reading() as session:
        seen = still_seen.still_seen(session, public_ids=_asked(), inbox_ids=access.inbox_ids_of(current_user()))
    return jsonify(seen=[str(id_) for id_ in seen])


def _asked() -> list[UUID]:
    found = []
    for text in request.args.getlist("c")[: still_seen.MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _icon(name: str, size: int, purpose: str) -> dict[str, Any]:
    address = url_for("static", filename=f"icons/{name}-{size}.png")
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


def _allow(response: Response) -> Response:
    """Say for whom this answer may be kept: only where somebody chose to stay signed in on this device."""
    user: User | None = getattr(g, "user_for_page", None)
    if user is not None:
        may = user.keeps_offline and session_is_kept()
        response.headers[ALLOWED] = f"{user.public_id} {DAYS}" if may else "nobody"
    elif request.endpoint == "session.sign_in":
        response.headers[ALLOWED] = "nobody"
    return response
