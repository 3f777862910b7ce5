"""Attachments, and the formatted body of a mail: what strangers sent, served so that nothing in it runs."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request, send_file
from sqlalchemy.orm import Session

from app import blobs
from app.db import reading
from app.discretion import discreet, discreet_cut, discreet_html
from app.errors import NotFound
from app.markup import one_line
from app.models import Message
from app.phrases import phrase
from app.queries.inline_files import inline_files
from app.services import access, taking_back
from app.web.authz import current_privacy
from app.web.inbox import beginning, raster, sound
from app.web.session import current_user, signed_in
from connectors.sanitize import sanitize_html

pages = Blueprint("files", __name__)

FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
PAPER_POLICY = "default-src 'none'; frame-ancestors 'self'"  # not sandboxed: some browsers then draw no PDF
PAPER, PAPER_BEGINS_WITHIN = b"%PDF-", 1024  # ISO 32000-1, annex H.3.4.1
# no allow-scripts: with allow-same-origin the page around it may measure the frame, and nothing in it can act
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
MAIL_POLICY = (
    "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {SANDBOX}"
)
OWN_IMAGES, ALL_IMAGES = "'self' data:", "'self' data: https: http:"


@pages.get("/attachments/<public_id>")
@signed_in
def attachment(public_id: str) -> Response:
    """Send a file to be saved; `?show=1` lets the browser draw a picture or play sound, `video` and `pdf` those."""
    with reading() as session:
        found = access.attachment_for(session, current_user(), public_id)
        _refuse_deleted(session.get_one(Message, found.message_id), but_reveal=True)
        sha256, name = found.blob_sha256, found.filename
    return sent(sha256, name)


@pages.get("/conversations/<public_id>/taken-back/<taken_id>/<int:place>")
@signed_in
def taken_back(public_id: str, taken_id: str, place: int) -> Response:
    """Send a file of a reply that the reader took back, as `attachment` does."""
    user = current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        found = taking_back.file_of(session, conversation=conversation, user=user, public_id=taken_id, place=place)
    return sent(found.blob_sha256, found.filename)


def sent(sha256: str, name: str) -> Response:
    """Answer with a stored file, to be saved; with `?show=` as `attachment` says. Raises NotFound."""
    path = blobs.path_of(sha256)
    content_type = _shown_as(path) if request.args.get("show") else None
    response = send_file(
        path,
        mimetype=content_type or "application/octet-stream",
        as_attachment=content_type is None,
        download_name=one_line(discreet(name)) or "file",  # no line breaks in a header
        etag=sha256,
        max_age=3600,
    )
    is_paper = content_type == "application/pdf"
    response.headers["Content-Security-Policy"] = PAPER_POLICY if is_paper else FILE_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.cache_control.private = True
    return response


def _shown_as(path: Path) -> str:
    """Return the type of what may be shown in the page. Raises NotFound for all else."""
    with path.open("rb") as file:
        head = file.read(raster.HEAD)
    wanted = request.args["show"]
    if wanted == "pdf":
        content_type = "application/pdf" if PAPER in head[:PAPER_BEGINS_WITHIN] else None
    elif wanted == "video":
        content_type = sound.sniff_film(head[: sound.HEAD])
    else:
        content_type = _picture_or_sound(head)
    if content_type is None:
        raise NotFound(phrase("This file cannot be shown in the page."))
    return content_type


def _picture_or_sound(head: bytes) -> str | None:
    picture = raster.sniff(head)
    return picture.content_type if picture and picture.is_drawable else sound.sniff(head[: sound.HEAD])


@pages.get("/attachments/<public_id>/lines")
@signed_in
def first_lines(public_id: str) -> Response:
    """Show the beginning of a text file as text, whatever it is called. Raises NotFound for what is no text."""
    with reading() as session:
        found = access.attachment_for(session, current_user(), public_id)
        _refuse_deleted(session.get_one(Message, found.message_id))
        sha256, name, size = found.blob_sha256, found.filename, found.size
    with blobs.path_of(sha256).open("rb") as file:
        head = file.read(beginning.HEAD)
    is_cut = size > len(head)
    text = beginning.text_of(head, is_cut=is_cut)
    if text is None:
        raise NotFound(phrase("This file is no text."))
    shown = beginning.first_lines(discreet_cut(text, length=0 if is_cut else len(text) + 1), is_cut=is_cut)
    page = render_template("messages/_lines.html", shown=shown, name=one_line(discreet(name)))
    response = make_response(page)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


@pages.get("/messages/<public_id>/html")
@signed_in
def html_body(public_id: str) -> Response:
    """Show the formatted body of a mail, cleaned, for a sandboxed frame; `?images=remote` loads remote images too."""
    with reading() as session:
        message = access.message_for(session, current_user(), public_id)
        _refuse_deleted(message)
        pictures = pictures_of(session, message)
    return formatted(message, pictures)


@pages.get("/messages/<public_id>/text")
@signed_in
def whole_text(public_id: str) -> Response:
    """Send all words of a long message as plain text."""
    with reading() as session:
        message = access.message_for(session, current_user(), public_id)
        _refuse_deleted(message)
    return plain(message)


def _refuse_deleted(message: Message, *, but_reveal: bool = False) -> None:
    """Raise NotFound for what its writer deleted: its words are shown on the way that is written down.

    `but_reveal`: not to those who have that way, for it leads here.
    """
    if message.is_deleted and not (but_reveal and current_privacy().may_reveal(current_user())):
        raise NotFound(phrase("The customer deleted this message."))


def pictures_of(session: Session, message: Message) -> dict[str, str]:
    """Return where the pictures inside a formatted mail are served, by their content ids."""
    return {cid: f"/attachments/{id_}?show=1" for cid, id_ in inline_files(session, message.id)}


def formatted(message: Message, pictures: dict[str, str]) -> Response:
    """Answer with the formatted body, cleaned, what is sensitive hidden. Raises NotFound where there is none."""
    if message.html is None:
        raise NotFound(phrase("This message has no formatted body."))
    remote = request.args.get("images") == "remote"
    clean = sanitize_html(message.html, cid_urls=pictures, allow_remote_images=remote)
    body = discreet_html(clean.html)
    response = make_response(render_template("conversations/html_body.html", body=body, remote=remote))
    response.headers["Content-Security-Policy"] = MAIL_POLICY.format(images=ALL_IMAGES if remote else OWN_IMAGES)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def plain(message: Message) -> Response:
    """Answer with all words of a message, what is sensitive hidden."""
    parts = [message.text, message.signature, message.quoted]
    response = Response(discreet("\n\n".join(part for part in parts if part)), mimetype="text/plain")
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
