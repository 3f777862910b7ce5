"""The list of first steps, what the rail shows of it, and what a user says of a step."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.models import User
from app.phrases import Phrase, phrase
from app.queries import first_steps as there
from app.queries.first_steps import Found
from app.services import access, first_steps
from app.services.first_steps import Key, Step
from app.web.authz import current_user, signed_in
from app.web.languages import flash

pages = Blueprint("first_steps", __name__)

HERE = "/first-steps"


@dataclass(frozen=True, slots=True)
class Words:
    """`about` is one sentence of what the step is good for, `act` the button that leads on."""

    title: Phrase
    about: Phrase
    act: Phrase
    path: str
    icon: str


WORDS: dict[Key, Words] = {
    "mailbox": Words(
        phrase("Connect a mailbox"),
        phrase("What customers write to your support address becomes conversations, and your answers leave from it."),
        phrase("Connect a mailbox"),
        f"{HERE}/mailbox",
        "mailbox",
    ),
    "colleagues": Words(
        phrase("Invite colleagues"),
        phrase("Several at once: each chooses a password and sees the inboxes of their team."),
        phrase("Invite colleagues"),
        f"{HERE}/colleagues",
        "user-plus",
    ),
    "chat": Words(
        phrase("Put the chat on your website"),
        phrase("One line of HTML: what visitors write arrives here at once, and your answer appears in their page."),
        phrase("Set up the chat"),
        f"{HERE}/chat",
        "messages-square",
    ),
    "demo": Words(
        phrase("Answer a demo customer"),
        phrase(
            "A made-up customer writes to you: see it arrive, see how it is understood, answer, and get an answer back."
        ),
        phrase("Start the demo"),
        f"{HERE}/demo",
        "message-square-reply",
    ),
    "keys": Words(
        phrase("Learn two keys"),
        phrase("One shows every key there is, the other finds and does anything from anywhere."),
        phrase("Try the keys"),
        f"{HERE}/keys",
        "keyboard",
    ),
    "profile": Words(
        phrase("Look through your profile"),
        phrase("How colleagues and customers see your name, and whether new work may be given to you."),
        phrase("Open your account"),
        "/account",
        "user-round",
    ),
    "notices": Words(
        phrase("Choose what you are told of"),
        phrase("Notices while you look elsewhere, and the hours in which there are none."),
        phrase("Choose notices"),
        "/settings/notices",
        "bell",
    ),
}


@pages.get(HERE)
@signed_in
def index() -> str:
    user = current_user()
    found = read(user)
    return render_template("first_steps/index.html", steps=first_steps.steps_of(user, found), found=found, WORDS=WORDS)


@pages.get(f"{HERE}/list")
@signed_in
def steps_list() -> str:
    """Return the steps alone, for a page that is open while something comes true."""
    user = current_user()
    found = read(user)
    return render_template("first_steps/_list.html", steps=first_steps.steps_of(user, found), found=found, WORDS=WORDS)


@pages.get(f"{HERE}/progress")
@signed_in
def progress() -> str:
    """Return what the rail shows; nothing once everything is done, skipped or put away."""
    user = current_user()
    steps: tuple[Step, ...] = ()
    if first_steps.is_shown(user):
        steps = first_steps.steps_of(user, read(user))
    return render_template("first_steps/_rail.html", steps=() if first_steps.are_over(steps) else steps, WORDS=WORDS)


@pages.get(f"{HERE}/keys")
@signed_in
def keys() -> str:
    user = current_user()
    return render_template(
        "first_steps/keys.html", tried={what: first_steps.has_tried(user, what) for what in ("sheet", "bar")}
    )


@pages.post(f"{HERE}/tried/<what>")
@signed_in
def tried(what: str) -> Response:
    """Keep that a key was tried: the page itself says so once it opened what the key opens."""
    with transaction() as session:
        first_steps.note_tried(session, user=current_user(), what=what)
    return Response(status=204)


@pages.post(f"{HERE}/away")
@signed_in
def put_away() -> BaseResponse:
    with transaction() as session:
        first_steps.put_away(session, user=current_user())
    flash(phrase("Put away. You find the first steps under Settings again."), "success")
    return redirect("/inbox", code=303)


@pages.post(f"{HERE}/back")
@signed_in
def bring_back() -> BaseResponse:
    with transaction() as session:
        first_steps.begin(session, user=current_user())
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/<key>/skip")
@signed_in
def skip(key: str) -> BaseResponse:
    with transaction() as session:
        first_steps.skip(session, user=current_user(), key=key)
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/<key>/take-up")
@signed_in
def take_up(key: str) -> BaseResponse:
    with transaction() as session:
        first_steps.take_up(session, user=current_user(), key=key)
    return redirect(HERE, code=303)


def read(user: User) -> Found:
    """Return what is there of the steps of a user."""
    with reading() as session:
        return there.found(session, user=user, inbox_ids=access.inbox_ids_of(user))
