"""Settings, accuracy: how often the model was right, and how sure it has to be before its word is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid, NotFound
from app.phrases import counted, listed, phrase
from app.queries import accuracy as reads
from app.queries.accuracy import Answers, Judged
from app.render import percent
from app.services import access, accuracy, thresholds, workspace_intents
from app.services.accuracy import Point
from app.services.labels import BUILT_IN, CORRECTABLE, NO_EMOTION, OUT_OF_SCOPE
from app.web.authz import current_user, supervisor_only
from app.web.inbox.feelings import language_name
from app.web.inbox.looks import intent_words
from app.web.languages import flash

pages = Blueprint("settings_accuracy", __name__, url_prefix="/settings/accuracy")
WIDTH, HEIGHT = 600, 180  # of the drawing, in its own units


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and coverage by threshold, as points of lines in a box of WIDTH by HEIGHT."""

    points: list[Point]
    precision: str
    coverage: str


@pages.get("")
@supervisor_only
def index() -> str:
    task = _task(request.args.get("task", CORRECTABLE[0]))
    ids = access.inbox_ids_of(current_user())
    with reading() as session:
        judged = reads.judged(session, task=task, inbox_ids=ids)
        answers = reads.answers(session, task=task, inbox_ids=ids)
        words = _words(session, task)
        changes = reads.threshold_changes(session, task=task)
    own = changes[0].threshold if changes else None
    points = accuracy.points(judged, answers)
    return render_template(
        "settings/accuracy.html",
        task=task,
        tasks=CORRECTABLE,
        effect=effect,
        reason_words=reason_words,
        words=words,
        changes=changes,
        own=own,
        chosen=_chosen(points, own, answers),
        curve=_curve(points),
        width=WIDTH,
        height=HEIGHT,
        matrix=accuracy.matrix(judged, list(words)),
        kept_back=accuracy.kept_back(answers),
        read=sum(one.messages for one in answers),
        **_shares(judged),
    )


@pages.post("/threshold")
@supervisor_only
def set_threshold() -> Response:
    """Ask for `threshold` of `task`, or ("") go back to the model's own."""
    task, wanted = _task(request.form.get("task", "")), request.form.get("threshold", "")
    try:
        threshold = float(wanted) if wanted else None
    except ValueError:
        raise Invalid(phrase("A threshold is a number from 0 to 1."), field="threshold") from None
    with transaction() as session:
        thresholds.put(session, task=task, threshold=threshold, actor=current_user())
    flash(phrase("Saved. It holds from the next message on; what is stored stays as it is."), "success")
    return redirect(f"/settings/accuracy?task={task}#threshold", code=303)


@pages.get("/kept-back")
@supervisor_only
def kept_back() -> str:
    """The messages whose answer is not used, for one reason."""
    task, reason = _task(request.args.get("task", "")), request.args.get("reason", "")[:50]
    with reading() as session:
        ids = access.inbox_ids_of(current_user())
        rows = reads.kept_back(session, task=task, reason=reason, inbox_ids=ids)
        words = _words(session, task)
    return render_template(
        "settings/kept_back.html", task=task, reason=reason, rows=rows, words=words, reason_words=reason_words
    )


def effect(point: Point) -> str:
    """Say in a sentence what a threshold would change."""
    coverage = percent(point.coverage)
    used = phrase("{share} of messages would be used", share=coverage)
    if point.precision is not None:
        used = counted(
            "{share} of messages would be used, {right} of {count} judged right",
            "{share} of messages would be used, {right} of {count} judged right",
            point.judged,
            share=coverage,
            right=percent(point.precision),
        )
    return phrase(
        "At {threshold}: {used}; {changed}.", threshold=f"{point.threshold:.2f}", used=used, changed=_changed(point)
    )


def _changed(point: Point) -> str:
    more = [counted("{count} more used", "{count} more used", point.more)] * bool(point.more)
    fewer = [counted("{count} fewer used", "{count} fewer used", point.fewer)] * bool(point.fewer)
    if not more and not fewer:
        return phrase("no message would change")
    return counted(
        "{count} messages would change: {how}",
        "{count} messages would change: {how}",
        point.changed,
        how=listed([*more, *fewer]),
    )


def reason_words(reason: str) -> str:
    """Say why an answer is not used."""
    kind, _, language = reason.partition(":")
    if kind == "language":
        return phrase("Not learned: {language}", language=language_name(language))
    return {"confidence": phrase("Not sure enough"), "empty": phrase("No words to read")}.get(kind, kind)


def _task(name: str) -> str:
    if name not in CORRECTABLE:
        raise NotFound
    return name


def _words(session: Session, task: str) -> dict[str, str]:
    """Return the words of a task's labels, in the order they are shown."""
    if task == "intent":
        own = [*workspace_intents.titles(session).items(), (OUT_OF_SCOPE, phrase("None of these"))]
        return {label: intent_words(label) for label, _ in BUILT_IN[task]} | dict(own)
    return dict(BUILT_IN[task]) | ({NO_EMOTION: phrase("No emotion")} if task == "emotion" else {})


def _chosen(points: list[Point], own: float | None, answers: list[Answers]) -> Point:
    """Return the point that is looked at: the one asked for, else the one in force, else the model's own."""
    used = [one.step for one in answers if not one.kept_back]
    in_force = own if own is not None else min(used, default=0) / reads.STEPS
    wanted = request.args.get("threshold", in_force, type=float)
    return min(points, key=lambda point: abs(point.threshold - wanted))


def _curve(points: list[Point]) -> Curve:
    precise = [(point.threshold, point.precision) for point in points if point.precision is not None]
    return Curve(points, _line(precise), _line([(point.threshold, point.coverage) for point in points]))


def _line(values: list[tuple[float, float]]) -> str:
    return " ".join(f"{x * WIDTH:.1f},{HEIGHT - y * HEIGHT:.1f}" for x, y in values)


def _shares(judged: list[Judged]) -> dict[str, Any]:
    return {
        "overall": accuracy.overall(judged),
        "by_language": accuracy.shares(judged, lambda one: one.language),
        "by_channel": accuracy.shares(judged, lambda one: one.channel),
    }
