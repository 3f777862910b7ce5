"""Settings, canned responses: texts with variables, for everybody, one inbox, one team, or oneself; with a preview."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import CannedResponse, Inbox, Team, User
from app.phrases import phrase
from app.queries import canned_response_form, settings_people, settings_suggestions
from app.services import access, answer_access, by_public_id, canned_responses, canned_values, liquid_texts
from app.services.answer_access import SUPERVISORS, check_may_write
from app.web.authz import current_user, signed_in
from app.web.languages import flash
from app.web.settings.languages import language_choices

pages = Blueprint("settings_canned_responses", __name__, url_prefix="/settings/canned-responses")

HERE = "/settings/canned-responses"
OWN = "own"


@dataclass
class CannedForm:
    """A canned response as it is typed; `variants` are (language, text)."""

    shortcut: str = ""
    title: str = ""
    text: str = ""
    language: str = ""
    place: str = ""
    version: int = 0
    is_archived: bool = False
    variants: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def typed(cls) -> CannedForm:
        form = request.form
        version = form.get("version", "")
        pairs = zip(form.getlist("variant-language"), form.getlist("variant-text"), strict=False)
        return cls(
            shortcut=form.get("shortcut", ""),
            title=form.get("title", ""),
            text=form.get("text", ""),
            language=form.get("language", ""),
            place=form.get("place", ""),
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
            variants=[(language, text) for language, text in pairs if language or text.strip()],
        )

    def checked_variants(self) -> dict[str, str]:
        """Return the texts by language. Raises Invalid where one has no language, or two have the same."""
        said = [(language, text) for language, text in self.variants if text.strip()]
        languages = [language for language, _ in said]
        if "" in languages or len(set(languages)) < len(languages):
            raise Invalid(phrase("Choose one language for each text, each once."), field="variant")
        return dict(said)


@pages.get("")
@signed_in
def index() -> str:
    user = current_user()
    with reading() as session:
        rows = settings_suggestions.canned_responses(session, seen=answer_access.canned_responses_of(user))
    return render_template("settings/canned_responses.html", rows=rows, may_share=user.role in SUPERVISORS)


@pages.get("/new")
@signed_in
def new() -> str:
    return _page(None, CannedForm(place="" if current_user().role in SUPERVISORS else OWN), None)


@pages.post("/new")
@signed_in
def create() -> Response | str | tuple[str, int]:
    return _save(None)


@pages.get("/<canned_id>")
@signed_in
def edit(canned_id: str) -> str:
    with reading() as session:
        canned = answer_access.canned_response_for(session, current_user(), canned_id)
        form = CannedForm(
            shortcut=canned.shortcut,
            title=canned.title,
            text=canned.text,
            language=canned.language,
            place=_place_of(session, canned),
            version=canned.version,
            is_archived=canned.is_archived,
            variants=canned_response_form.variants(session, canned_id=canned.id),
        )
        may_write = canned.owner_id is not None or current_user().role in SUPERVISORS
    return _page(canned_id, form, None, may_write=may_write)


@pages.post("/<canned_id>")
@signed_in
def save(canned_id: str) -> Response | str | tuple[str, int]:
    return _save(canned_id)


@pages.post("/<canned_id>/archive")
@signed_in
def archive(canned_id: str) -> Response | tuple[str, int]:
    """Offer it no longer (`archived=1`), or again."""
    is_archived = request.form.get("archived") == "1"
    try:
        with transaction() as session:
            canned = answer_access.canned_response_for(session, current_user(), canned_id, lock=True)
            check_may_write(current_user(), owner_id=canned.owner_id)
            canned_responses.archive(session, canned=canned, is_archived=is_archived)
    except Conflict as problem:
        return _page(canned_id, CannedForm.typed(), problem), problem.status
    flash(phrase("Archived: it is not offered any more.") if is_archived else phrase("Offered again."), "success")
    return redirect(HERE, code=303)


def _save(canned_id: str | None) -> Response | str | tuple[str, int]:
    form = CannedForm.typed()
    if request.form.get("press") == "preview":
        return _page(canned_id, form, None, number=request.form.get("number", ""), wants_preview=True)
    try:
        with transaction() as session:
            _write(session, current_user(), canned_id, form)
    except (Invalid, Conflict) as problem:
        return _page(canned_id, form, problem), problem.status
    flash(phrase("Saved. Type / in a reply to use it; the models read it in a moment."), "success")
    return redirect(HERE, code=303)


def _write(session: Session, user: User, canned_id: str | None, form: CannedForm) -> None:
    canned = answer_access.canned_response_for(session, user, canned_id, lock=True) if canned_id else None
    place = _place(session, user, form.place)
    if canned is not None:
        check_may_write(user, owner_id=canned.owner_id)
    check_may_write(user, owner_id=place["owner"].id if "owner" in place else None)
    canned_responses.save(
        session,
        canned=canned,
        shortcut=form.shortcut,
        title=form.title,
        text=form.text,
        language=form.language,
        variants=form.checked_variants(),
        version=form.version or None,
        **place,
    )


def _place(session: Session, user: User, told: str) -> dict[str, Any]:
    """Read where it is offered: "own", "inbox:<id>", "team:<id>", or everywhere."""
    kind, _, id_ = told.partition(":")
    if kind == OWN:
        return {"owner": user}
    if kind == "inbox":
        return {"inbox": by_public_id.get(session, Inbox, id_)}
    return {"team": by_public_id.get(session, Team, id_)} if kind == "team" else {}


def _place_of(session: Session, canned: CannedResponse) -> str:
    if canned.owner_id:
        return OWN
    if canned.inbox_id:
        return f"inbox:{session.get_one(Inbox, canned.inbox_id).public_id}"
    return f"team:{session.get_one(Team, canned.team_id).public_id}" if canned.team_id else ""


def places_for(session: Session, user: User, *, with_inboxes: bool = True) -> list[tuple[str, str]]:
    """Return where somebody may offer what they write: agents to themselves, others to everybody as well."""
    own = (OWN, phrase("Only you"))
    if user.role not in SUPERVISORS:
        return [own]
    inboxes = settings_people.inboxes_to_choose(session) if with_inboxes else []
    places: list[tuple[str, str]] = [("", phrase("Everybody")), own]
    places += [(f"inbox:{row.public_id}", phrase("Inbox {name}", name=row.name)) for row in inboxes]
    teams = settings_people.teams_to_choose(session)
    return places + [(f"team:{row.public_id}", phrase("Team {name}", name=row.name)) for row in teams]


def _page(
    canned_id: str | None,
    form: CannedForm,
    problem: AppError | None,
    *,
    may_write: bool = True,
    number: str = "",
    wants_preview: bool = False,
) -> str:
    with reading() as session:
        places = places_for(session, current_user())
        preview = _preview(session, current_user(), form, number) if wants_preview else None
    return render_template(
        "settings/canned_response.html",
        canned_id=canned_id,
        form=form,
        places=places,
        languages=language_choices(),
        variables=liquid_texts.VARIABLES,
        filters=liquid_texts.FILTERS,
        may_write=may_write,
        problem=problem,
        preview=preview,
    )


def _preview(session: Session, user: User, form: CannedForm, number: str) -> dict[str, Any]:
    """Fill each text in for a conversation of the user: the one with a number, else their newest."""
    wanted = number.strip().lstrip("#")
    known = wanted if wanted.isascii() and wanted.isdigit() and len(wanted) < 12 else ""
    conversation = canned_response_form.conversation(
        session, inbox_ids=access.inbox_ids_of(user), number=int(known) if known else None
    )
    if conversation is None:
        return {"number": number, "conversation": None, "texts": []}
    values = canned_values.of(session, conversation=conversation, user=user)
    said = [("", form.text), *form.variants]
    names = dict(language_choices())
    texts = [(names.get(code, code), *_filled(text, values)) for code, text in said if text.strip()]
    return {"number": str(conversation.number), "conversation": conversation, "texts": texts}


def _filled(text: str, values: dict[str, str]) -> tuple[str, list[str], str]:
    """Return a text with its variables filled, what is missing, and what is wrong with it."""
    try:
        liquid_texts.check(text)
        words = liquid_texts.render(text, values)
    except Invalid as problem:
        return text, [], problem.reason
    return words, liquid_texts.gaps(words), ""
