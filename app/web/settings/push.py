"""Which browsers are told by push while no page is open: this one joins, others are listed and removed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, make_response, redirect, request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import transaction
from app.errors import Invalid
from app.models import PushSubscription, User
from app.phrases import phrase
from app.services import push_subscriptions
from app.web.authz import current_user, signed_in
from app.web.languages import flash
from app.web.limits import limiter
from connectors.web_push import Browser

pages = Blueprint("push", __name__)

HERE = "/settings/notices"


@dataclass(frozen=True, slots=True)
class Listed:
    """One browser as the page lists it."""

    row: PushSubscription
    is_here: bool


def listed(db: Session, user: User) -> list[Listed]:
    """Return the browsers of a user, saying which of them asks."""
    return [
        Listed(row, str(row.public_id) == session.get(push_subscriptions.IN_SESSION))
        for row in push_subscriptions.of_user(db, user)
    ]


@pages.get(f"{HERE}/push-key")
@signed_in
def key() -> Response:
    """Return the key by which push services know us; it is made at first need."""
    return jsonify(key=push_subscriptions.sender().public_key)


@pages.post(f"{HERE}/browsers")
@signed_in
@limiter.limit("20 per minute")
def add() -> Response:
    """Keep where this browser listens: `{endpoint, keys: {p256dh, auth}}`, as browsers write it."""
    browser = _said(request.get_json(silent=True))
    with transaction() as db:
        kept = push_subscriptions.add(db, user=current_user(), browser=browser, agent=request.user_agent.string)
        session[push_subscriptions.IN_SESSION] = str(kept.public_id)
    return make_response("", 204)


@pages.post(f"{HERE}/browsers/<public_id>/words")
@signed_in
def words(public_id: str) -> BaseResponse:
    """Let names and words of customers stand in what this browser shows, or not."""
    with transaction() as db:
        found = push_subscriptions.get(db, user=current_user(), public_id=public_id)
        found.says_words = request.form.get("words") == "1"
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/browsers/<public_id>/remove")
@signed_in
def remove(public_id: str) -> BaseResponse:
    with transaction() as db:
        push_subscriptions.remove(db, user=current_user(), public_id=public_id)
    if session.get(push_subscriptions.IN_SESSION) == public_id:
        session.pop(push_subscriptions.IN_SESSION)
    flash(phrase("This browser is told nothing any more while Tributary is closed."), "success")
    return redirect(HERE, code=303)


def _said(body: object) -> Browser:
    keys = body.get("keys") if isinstance(body, dict) else None
    texts = (
        (body.get("endpoint"), keys.get("p256dh"), keys.get("auth"))
        if isinstance(body, dict) and isinstance(keys, dict)
        else ()
    )
    if len(texts) != 3 or not all(isinstance(text, str) and text for text in texts):
        raise Invalid(phrase("This is no subscription of a browser."))
    return Browser(*(str(text) for text in texts))
