"""The words of a note, whom they mention as chips with the names they have now, what is sensitive hidden."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from markupsafe import Markup

from app import markup
from app.discretion import discreet
from app.queries.note_extras import MentionRow, ThreadNoteRow
from app.queries.timeline import MessageRow


def note_words(row: MessageRow | ThreadNoteRow, mentions: Sequence[MentionRow]) -> Markup:
    """Return the text of a note as HTML. A mention is found by its words: masks move what stands behind them."""
    text, at, parts = discreet(row.text), 0, list[Markup]()
    for one in mentions:
        place = text.find(one.said, at)
        if place < 0:
            continue  # a mask covers it
        parts += [markup.text_html(text[at:place]), _chip(one)]
        at = place + len(one.said)
    return Markup("").join([*parts, markup.text_html(text[at:])])


def _chip(one: MentionRow) -> Markup:
    return Markup(render_template("messages/_mention.html", one=one).strip())  # noqa: S704 - a template of ours, autoescaped


LOOKS = {"note_words": note_words}
