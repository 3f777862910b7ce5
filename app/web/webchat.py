"""Web chat over HTTP: the one-tag script, the framed page, who a visitor is, their history, their files.

The widget lives in a frame from our own address, so its requests are same-origin; which websites may show the frame is
said by `frame-ancestors`. A visitor proves themselves by `Authorization: Bearer <token>`, never by a cookie.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request, send_file, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from app import blobs, crypto
from app.clock import now
from app.db import reading, transaction
from app.errors import Forbidden, Invalid, NotFound
from app.models import Attachment
from app.phrases import phrase
from app.queries import visitor_history
from app.queries.visitor_history import HistoryFile, HistoryLine
from app.services import ingest, public_channels, visitors
from app.services.public_channels import PublicChannel
from app.services.visitors import Visitor
from app.web import embedding, limits
from app.web.authz import public, signed_in
from app.web.inbox import raster
from app.web.limits import limiter
from connectors.errors import Malformed
from connectors.submission import read_submission
from connectors.webchat import MAX_TEXT, WebchatConnector

pages = Blueprint("webchat", __name__)

MAX_UPLOAD_BYTES = 25 * 1024 * 1024
MAX_UPLOAD_FILES = 10
MAX_GREETING_BYTES = 20_000
LINKS_LAST_DAYS = 2
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def register(app: Flask) -> None:
    limits.register(app)
    app.register_blueprint(pages)


@pages.get("/webchat/<token>.js")
@public
def loader(token: str) -> Response:
    """Serve the one-tag script: the bubble on the website, and the frame that holds everything else."""
    channel = _channel(token)
    config = {
        "path": url_for(".frame", token=token),
        "title": channel.words("title"),
        "side": channel.words("side"),
        **embedding.colours(channel),
    }
    return embedding.script("widget_loader.js", "TributaryChatChannel", config)


@pages.get("/webchat/<token>/frame")
@public
def frame(token: str) -> Response:
    channel = _channel(token)
    nonce = crypto.new_token()
    config = {
        "channel": token,
        "title": channel.words("title"),
        "greeting": channel.words("greeting"),
        "away": channel.words("away"),
        "websites": embedding.allowed_origins(channel),
        "maxText": MAX_TEXT,
        "maxFileBytes": MAX_UPLOAD_BYTES,
    }
    page = render_template("webchat/frame.html", config=config, nonce=nonce, **embedding.colours(channel))
    response = make_response(page)
    embedding.set_policy(response, ancestors=embedding.ancestors_of(channel, anybody_if_empty=False), nonce=nonce)
    return response


@pages.get("/webchat/<token>/preview")
@signed_in
def preview(token: str) -> str:
    """Show the chat on a made-up shop, to try it out."""
    return render_template("webchat/preview.html", channel=_channel(token))


@pages.post("/webchat/<token>/visitors")
@public
@limiter.limit("30 per minute; 300 per hour")
def greet(token: str) -> Response:
    """Hand out a visitor token; to a customer of the website only if its signature fits."""
    channel = _channel(token)
    embedding.require_origin(channel)
    request.max_content_length = MAX_GREETING_BYTES
    given = request.get_json(silent=True)
    body: dict[str, Any] = given if isinstance(given, dict) else {}
    user = body.get("user")
    if user is None:
        return jsonify(token=visitors.welcome(channel_token=token))
    if not isinstance(user, dict):
        raise Forbidden(visitors.REFUSED)
    secret, signature = channel.words("identify_secret"), str(body.get("signature") or "")
    return jsonify(token=visitors.recognise(channel_token=token, secret=secret, user=user, signature=signature))


@pages.get("/webchat/<token>/messages")
@public
@limiter.limit("240 per minute")
def messages(token: str) -> Response:
    """Return the newest page of the visitor's own conversation, or the page before a message."""
    channel, visitor = _channel_and_visitor(token)
    with reading() as session:
        found = visitor_history.history(
            session, channel_id=channel.id, visitor_id=visitor.id, before=request.args.get("before", "")
        )
        is_attended = visitors.is_attended(session, inbox_id=channel.inbox_id)
    return jsonify(
        messages=[_line(line, token, visitor) for line in found.lines],
        more=found.has_more,
        status=found.status,
        attended=is_attended,
        known=visitor.is_known,
    )


@pages.post("/webchat/<token>/uploads")
@public
@limiter.limit("20 per minute; 200 per hour")
def upload(token: str) -> Response:
    """Take files (and words with them) as one message; 202 once they are stored."""
    channel, visitor = _channel_and_visitor(token)
    embedding.require_origin(channel)
    request.max_content_length = MAX_UPLOAD_BYTES + 100_000  # the form around the files
    try:
        raw = request.get_data(cache=True, parse_form_data=False)
    except RequestEntityTooLarge:
        raise Invalid(phrase("That is more than 25 MB together: send smaller files."), field="files") from None
    _check_upload(raw)
    delivery = visitors.delivery_of(
        visitor,
        client_id=request.args.get("client_id", ""),
        raw=raw,
        content_type=request.content_type or "",
        page=request.args.get("page", ""),
        remote_address=request.remote_addr or "",
    )
    stored = ingest.keep(delivery)
    with transaction() as session:
        public_channels.store(session, channel=channel, delivery=stored)
    response = jsonify(status="accepted")
    response.status_code = 202
    return response


@pages.get("/webchat/<token>/files/<uuid:file>/<visitor_id>/<int:until>/<signature>")
@public
def download(token: str, file: UUID, visitor_id: str, until: int, signature: str) -> Response:
    """Serve a file of the visitor's own conversation by a link that was signed for them and ends by itself."""
    channel = _channel(token)
    signed = signature.isascii() and crypto.is_signed("chat-file", f"{token} {file} {visitor_id} {until}", signature)
    if not signed or until < now().timestamp():
        raise NotFound
    with reading() as session:
        found = visitor_history.file_of(session, channel_id=channel.id, visitor_id=visitor_id, public_id=file)
        if found is None:
            raise NotFound
        session.expunge(found)
    return _file_response(found)


def _file_response(found: Attachment) -> Response:
    """Answer with the bytes: pictures by what they are, everything else as a download that nothing opens by itself."""
    path = blobs.path_of(found.blob_sha256)
    with path.open("rb") as opened:
        found_picture = raster.sniff(opened.read(raster.HEAD))
    picture = found_picture if found_picture and found_picture.is_drawable else None
    response = send_file(
        path,
        mimetype=picture.content_type if picture else "application/octet-stream",
        as_attachment=picture is None,
        download_name=found.filename,
        conditional=True,
        etag=found.blob_sha256,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _channel(token: str) -> PublicChannel:
    with reading() as session:
        return public_channels.channel_at(session, kind=WebchatConnector.kind, token=token)


def _channel_and_visitor(token: str) -> tuple[PublicChannel, Visitor]:
    channel = _channel(token)
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Forbidden(phrase("Only the chat itself can read this."))
    return channel, visitors.visitor_of(channel_token=token, token=value.strip())


def _check_upload(raw: bytes) -> None:
    """Refuse what the widget never sends while somebody is there to be told. Raises Invalid."""
    try:
        submission = read_submission(raw, request.content_type or "")
    except Malformed as error:
        raise Invalid(error.reason, field="files") from None
    if not 1 <= len(submission.files) <= MAX_UPLOAD_FILES:
        raise Invalid(phrase("Send between one and {most} files at a time.", most=MAX_UPLOAD_FILES), field="files")
    if len(submission.values.get("text", "")) > MAX_TEXT:
        raise Invalid(phrase("Please keep a message under {most} characters.", most=MAX_TEXT), field="text")


def _line(line: HistoryLine, token: str, visitor: Visitor) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "mine": line.is_mine,
        "author": line.author,
        "text": line.text,
        "at": line.at.isoformat(),
        "client_id": line.client_id,
        "files": [_file(file, token, visitor) for file in line.files],
    }


def _file(file: HistoryFile, token: str, visitor: Visitor) -> dict[str, Any]:
    tomorrow = now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=LINKS_LAST_DAYS)
    until = int(tomorrow.timestamp())  # the same all day, so that browsers can keep the picture
    signature = crypto.sign("chat-file", f"{token} {file.id} {visitor.id} {until}")
    link = url_for(".download", token=token, file=file.id, visitor_id=visitor.id, until=until, signature=signature)
    return {
        "id": str(file.id),
        "name": file.filename,
        "size": file.size,
        "picture": file.content_type in PICTURES,
        "url": link,
    }
