"""Web forms: the hosted page, the script that embeds it, and the JSON address. Nobody signs in here.

A submission is a Delivery before it is anything else: its bytes are on disk and its row is committed when we say
thanks. Robots get the same thanks; what they sent is parked with the reason.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from app import crypto
from app.clock import now
from app.db import reading, transaction
from app.errors import Forbidden
from app.languages import translated
from app.phrases import phrase
from app.services import ingest, public_channels
from app.services.public_channels import PublicChannel
from app.web import embedding, limits
from app.web.authz import public
from app.web.limits import limiter
from connectors.base import RawDelivery
from connectors.errors import Malformed
from connectors.submission import Submission, read_submission
from connectors.webform import STANDARD_KEYS, WebformConnector, problems_of, read_fields

pages = Blueprint("webform", __name__)

MAX_BYTES = 25 * 1024 * 1024
TOO_LARGE = phrase("That is more than 25 MB together: send smaller files, or a link to them.")
EACH_ADDRESS = "20 per minute; 200 per hour"
EACH_FORM = "600 per minute"
TOO_OFTEN = phrase("That was a lot at once. Wait a minute, then send it again: everything is still here.")
HONEYPOT = "_website"
STAMP = "_stamp"
FASTEST_HUMAN_SECONDS = 2
AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel"}


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to send a form, as the page shows it again when something is missing."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    stamp: str = ""
    had_files: bool = False


def register(app: Flask) -> None:
    limits.register(app)
    app.register_blueprint(pages)


@pages.get("/forms/<token>.js")
@public
def loader(token: str) -> Response:
    """Serve the one-tag script: it puts the form into the page, in a frame that grows with it."""
    channel = _channel(token)
    config = {"path": url_for(".form", token=token, embed=1), "title": channel.words("title")}
    return embedding.script("form_loader.js", "TributaryFormChannel", config)


@pages.get("/forms/<token>")
@public
def form(token: str) -> Response:
    channel = _channel(token)
    if request.args.get("sent"):
        return _page("webform/thanks.html", channel)
    return _form_page(channel, Try(stamp=_new_stamp(channel)))


@pages.post("/forms/<token>")
@public
def send(token: str) -> BaseResponse:
    """Take a form as browsers send it. What is missing is said beside the field, and nothing typed is lost."""
    channel = _channel(token)
    try:
        raw = _body()
    except RequestEntityTooLarge:
        return _form_page(channel, Try(stamp=_new_stamp(channel), problems={"files": TOO_LARGE}), 413)
    try:
        submission = read_submission(raw, request.content_type or "")
    except Malformed as error:
        _limit(channel)
        _keep_unreadable(channel, raw)
        return _form_page(channel, Try(stamp=_new_stamp(channel), problems={"": error.reason}), 422)
    return _take(channel, raw, submission)


@pages.route("/api/forms/<token>", methods=["POST", "OPTIONS"])
@public
def send_json(token: str) -> Response:
    """Take JSON (or form data) from a website's script or a program. 202 once it is stored."""
    channel = _channel(token)
    origin = embedding.require_origin(channel)
    if request.method == "OPTIONS" and not origin:
        raise Forbidden(phrase("Only a browser asks this, and says where from."))
    answer = make_response("", 204) if request.method == "OPTIONS" else _answer_json(channel)
    answer.headers["Vary"] = "Origin"
    if origin:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = "POST"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer


def _answer_json(channel: PublicChannel) -> Response:
    try:
        _limit(channel)
        raw = _body()
    except RateLimitExceeded:
        return _json(429, error=translated(phrase("That was too often: wait a minute.")))
    except RequestEntityTooLarge:
        return _json(413, error=translated(TOO_LARGE))
    try:
        submission = read_submission(raw, request.content_type or "")
    except Malformed as error:
        _keep_unreadable(channel, raw)
        return _json(422, error=error.reason, kept=True)
    robot = _robot(submission, None)
    problems = {} if robot else problems_of(submission, _fields(channel))
    if problems:
        return _json(422, error=translated(phrase("Some fields need another look.")), errors=problems)
    key = request.headers.get("Idempotency-Key", "")[:200]
    external_id = f"form:key:{key}" if key else f"form:{crypto.new_token()}"
    # the same form data sent again has another boundary, so only other bodies can be compared
    is_exact = bool(key) and request.mimetype != "multipart/form-data"
    is_new = _keep(channel, raw, external_id, robot, exact=is_exact)
    return _json(202, status="accepted" if is_new else "accepted before")


def _take(channel: PublicChannel, raw: bytes, submission: Submission) -> BaseResponse:
    """Store what a browser sent, or show it again with what is wrong."""
    stamp = submission.values.get(STAMP, "")
    seconds = _seconds_since(channel, stamp)
    problems = problems_of(submission, _fields(channel))
    if seconds is None:
        stamp = _new_stamp(channel)
        problems[""] = phrase("This page had been open for too long. Please send it once more.")
    robot = _robot(submission, seconds)
    if problems and not robot:
        return _form_page(channel, _again(submission, problems, stamp), 422)
    try:
        _limit(channel)
    except RateLimitExceeded:
        return _form_page(channel, _again(submission, {"": TOO_OFTEN}, stamp), 429)
    _keep(channel, raw, f"form:{_fingerprint(stamp, submission)}", robot)
    return redirect(url_for(".form", token=channel.token, sent=1, embed=_embed()), code=303)


def _channel(token: str) -> PublicChannel:
    with reading() as session:
        return public_channels.channel_at(session, kind=WebformConnector.kind, token=token)


def _fields(channel: PublicChannel) -> list[Any]:
    return read_fields(channel.settings.get("fields"))[0]


def _body() -> bytes:
    """Return the body, byte for byte. Raises RequestEntityTooLarge."""
    request.max_content_length = MAX_BYTES
    return request.get_data(cache=True, parse_form_data=False)


def _limit(channel: PublicChannel) -> None:
    """Count this submission for its sender's address and for the form. Raises RateLimitExceeded."""
    with limiter.limit(EACH_ADDRESS), limiter.limit(EACH_FORM, key_func=lambda: f"form {channel.token}"):
        pass


def _keep(channel: PublicChannel, raw: bytes, external_id: str | None, robot: str = "", *, exact: bool = False) -> bool:
    """Store a submission; False if it was stored before. With `exact` raises Conflict if those were other bytes."""
    meta = {
        "content_type": request.content_type or "",
        "remote_address": request.remote_addr or "",
        "title": channel.words("title"),
        "fields": channel.words("fields"),
        "robot": robot,
    }
    kept = {key: value for key, value in meta.items() if value}
    stored = ingest.keep(RawDelivery(raw=raw, received_at=now(), external_id=external_id, meta=kept))
    with transaction() as session:
        return public_channels.store(session, channel=channel, delivery=stored, exact=exact)


def _keep_unreadable(channel: PublicChannel, raw: bytes) -> None:
    """Store bytes that are no form, once for the same bytes: they end up parked, where a person can look at them."""
    if raw:
        _keep(channel, raw, None)


def _robot(submission: Submission, seconds: float | None) -> str:
    if submission.values.get(HONEYPOT):
        return "a field that people do not see was filled in"
    if seconds is not None and seconds < FASTEST_HUMAN_SECONDS:
        return f"filled in within {FASTEST_HUMAN_SECONDS} seconds"
    return ""


def _new_stamp(channel: PublicChannel) -> str:
    """Return a signed mark of when a page was made; it also tells one page's double click from two messages."""
    value = f"{now().timestamp():.1f}-{crypto.new_token(16)}"
    return f"{value}-{crypto.sign('form-stamp', f'{channel.token} {value}')}"


def _seconds_since(channel: PublicChannel, stamp: str) -> float | None:
    """Return how long ago a page was made, None if the stamp is not ours."""
    value, _, signature = stamp.rpartition("-")
    if not signature.isascii() or not crypto.is_signed("form-stamp", f"{channel.token} {value}", signature):
        return None
    return now().timestamp() - float(value.partition("-")[0])


def _fingerprint(stamp: str, submission: Submission) -> str:
    """Return what is equal only for the same page sent with the same content."""
    digest = hashlib.sha256(stamp.encode())
    for key, value in sorted(submission.values.items()):
        digest.update(f"{len(key)}:{key}{len(value)}:{value}".encode())
    for file in submission.files:
        digest.update(f"{len(file.data)}:{file.filename}".encode())
        digest.update(file.data)
    return digest.hexdigest()[:40]


def _again(submission: Submission, problems: dict[str, str], stamp: str) -> Try:
    return Try(values=dict(submission.values), problems=problems, stamp=stamp, had_files=bool(submission.files))


def _form_page(channel: PublicChannel, attempt: Try, status: int = 200) -> Response:
    return _page("webform/form.html", channel, status, attempt=attempt, fields=_fields(channel))


def _page(template: str, channel: PublicChannel, status: int = 200, **more: Any) -> Response:
    nonce = crypto.new_token()
    more |= {"honeypot": HONEYPOT, "stamp_name": STAMP, "autocomplete": AUTOCOMPLETE, "standard": STANDARD_KEYS}
    html = render_template(
        template,
        channel=channel,
        nonce=nonce,
        embed=_embed(),
        max_bytes=MAX_BYTES,
        **embedding.colours(channel),
        **more,
    )
    response = make_response(html, status)
    embedding.set_policy(response, ancestors=embedding.ancestors_of(channel, anybody_if_empty=True), nonce=nonce)
    return response


def _embed() -> int | None:
    return 1 if request.args.get("embed") else None


def _json(code: int, **body: Any) -> Response:
    response = jsonify(body)
    response.status_code = code
    return response
