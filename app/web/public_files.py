"""Files of replies, for the providers that fetch them: opened by the address alone; nothing in them can run here."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, send_file

from app import blobs
from app.db import reading
from app.markup import one_line
from app.services import public_files
from app.web import limits
from app.web.authz import public
from app.web.limits import limiter

files = Blueprint("public_files", __name__)

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
SHOWN = ("image/", "audio/", "video/", "application/pdf")
NEVER_SHOWN = ("image/svg",)
EACH_ADDRESS, EACH_FILE = "600 per minute", "60 per minute"
SAVED = "application/octet-stream"
PLAIN = frozenset({"text/vcard", "text/x-vcard", "text/csv", "text/calendar", "text/plain"})  # no browser runs these


def register(app: Flask) -> None:
    limits.register(app)
    app.register_blueprint(files)


@files.get("/files/<token>/<name>")
@public
@limiter.limit(EACH_ADDRESS)
def public_file(token: str, name: str) -> Response:  # noqa: ARG001 - only providers look at the name
    """Send the file that a token opens; pictures, sounds, videos and PDF may be shown, all else is saved."""
    with limiter.limit(EACH_FILE, key_func=lambda: f"file {token[:80]}"):
        return _send(token)


def _send(token: str) -> Response:
    with reading() as session:
        found = public_files.find(session, token)
        path, content_type = blobs.path_of(found.blob_sha256), _bare(found.content_type)
        filename = one_line(found.filename) or "file"
    is_shown = content_type.startswith(SHOWN) and not content_type.startswith(NEVER_SHOWN)
    response = send_file(
        path,
        mimetype=content_type if is_shown or content_type in PLAIN else SAVED,
        as_attachment=not is_shown,
        download_name=filename,
        etag=found.blob_sha256,
        max_age=3600,
    )
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.cache_control.private = True
    return response


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
