"""Settings, blocked senders: who is blocked, by whom, and how much was caught."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.db import reading
from app.queries import blocked_senders
from app.web.authz import supervisor_only

pages = Blueprint("settings_blocked_senders", __name__, url_prefix="/settings/blocked-senders")

LONGEST_WORD = 100  # characters


@pages.get("")
@supervisor_only
def index() -> str:
    word = request.args.get("word", "").strip()[:LONGEST_WORD]
    with reading() as session:
        rows = blocked_senders.page(session, word=word)
    return render_template("settings/blocked_senders.html", rows=rows, word=word, most=blocked_senders.MOST)
