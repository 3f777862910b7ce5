"""What goes wrong is said once, here: a page for people, a sentence for htmx, JSON for programs."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, json, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from app.errors import AppError, Conflict, Invalid, TooMany
from app.languages import translated
from app.phrases import phrase

TITLES = {
    400: phrase("That did not work"),
    401: phrase("Sign in first"),
    403: phrase("Not allowed"),
    404: phrase("Nothing here"),
    405: phrase("Not possible here"),
    409: phrase("Somebody was faster"),
    413: phrase("Too large"),
    422: phrase("Not usable like this"),
    429: phrase("One moment"),
    500: phrase("Something broke here"),
    503: phrase("Busy or starting"),
}
SENTENCES = {
    400: phrase("The request could not be read. Go back, reload the page and try again."),
    404: phrase("There is nothing here, or it is not shared with you."),
    405: phrase("This address does not take that kind of request."),
    413: phrase("That is more than 50 MB. Send a smaller file, or a link to it."),
    500: phrase("The fault is ours and has been written down. Try again; what you had saved is safe."),
}
STALE_FORM = phrase("This page was open while you signed in or out elsewhere. Go back, reload it and send it again.")
UNSTORABLE = phrase("This holds a character, or a number, that cannot be stored.")
BUSY = phrase("The database does not answer right now. Try again in a few seconds; nothing is lost.")
TOO_OFTEN = phrase("That was too often. Wait a minute, then try again.")
BUSY_RETRY_SECONDS = 2


def register(app: Flask) -> None:
    app.register_error_handler(AppError, _refused)
    app.register_error_handler(CSRFError, lambda _: _answer(400, STALE_FORM))
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, lambda _: _answer(422, UNSTORABLE))
    for kind in (PoolTimeoutError, OperationalError, InterfaceError):
        app.register_error_handler(kind, _database_away)


def _refused(error: AppError) -> Response:
    more: dict[str, Any] = {}
    if isinstance(error, Invalid) and error.field:
        more["field"] = error.field
    if isinstance(error, Conflict) and error.version is not None:
        more["version"] = error.version
    response = _answer(error.status, error.reason, **more)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
    return response


def _too_many(error: RateLimitExceeded) -> Response:
    own_words = error.limit.error_message
    response = _answer(429, own_words if isinstance(own_words, str) else TOO_OFTEN)
    response.headers["Retry-After"] = str(error.limit.limit.get_expiry())
    return response


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error  # a redirect, or an answer that is complete
    response = _answer(status, SENTENCES.get(status) or error.description or "")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database_away(error: Exception) -> Response:
    current_app.logger.warning("database away: %s", type(error).__name__)
    response = _answer(503, BUSY)
    response.headers["Retry-After"] = str(BUSY_RETRY_SECONDS)
    return response


def _answer(status: int, sentence: str, **more: Any) -> Response:
    sentence = translated(sentence)
    if _wants_json():
        return Response(json.dumps({"error": sentence, **more}), status, mimetype="application/json")
    if request.headers.get("HX-Request"):
        return Response(sentence, status, mimetype="text/plain")
    # a page that cannot be drawn because the house is on fire stands alone
    template = "errors/alone.html" if status >= 500 else "errors/page.html"
    title = TITLES.get(status, TITLES[400])
    return make_response(render_template(template, status=status, title=title, sentence=sentence), status)


def _wants_json() -> bool:
    accepts = request.accept_mimetypes
    return request.path.startswith("/api/") or request.is_json or accepts.best == "application/json"
