"""Reusable texts with variables, in one or several languages: written, offered, and filled in for a conversation.

The texts are Liquid as app/services/liquid_texts.py has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid
from app.events import SuggestionChanged
from app.models import CannedResponse, CannedResponseVariant, Contact, Conversation, Inbox, Team, TeamMember, User
from app.phrases import phrase
from app.services import liquid_texts

MAX_SHORTCUT, MAX_TITLE, MAX_TEXT, MAX_VARIANTS = 40, 120, liquid_texts.LONGEST, 20
MOST = 1_000  # canned responses of a workspace
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_VARIABLE = re.compile(r"\{\{ {0,3}([a-z_.]{1,40}) {0,3}\}\}")


def save(
    session: Session,
    *,
    canned: CannedResponse | None,
    shortcut: str,
    title: str,
    text: str,
    language: str = "",
    variants: Mapping[str, str] | None = None,
    inbox: Inbox | None = None,
    team: Team | None = None,
    owner: User | None = None,
    version: int | None = None,
) -> CannedResponse:
    """Write a canned response, a new one for None, and have the models read it.

    `variants` are texts by their language, None leaves them as they are. Raises Invalid, naming line and cause for a
    text, and Conflict where the shortcut is taken, or where somebody changed it since `version`.
    """
    if canned is not None and version is not None and version != canned.version:
        raise Conflict(phrase("Somebody changed this meanwhile. Look again, then decide."), version=canned.version)
    if canned is None and (session.scalar(select(func.count(CannedResponse.id))) or 0) >= MOST:
        raise Invalid(phrase("There are {most} canned responses already.", most=MOST), field="title")
    canned = canned or CannedResponse(version=0)
    canned.owner_id = owner.id if owner else None
    canned.shortcut = _free_shortcut(session, canned, shortcut)
    canned.title = _filled(" ".join(title.split()), "title", MAX_TITLE)
    canned.text = _checked(text, "text")
    if language and not _LANGUAGE.fullmatch(language):
        raise Invalid(phrase("Choose one of the languages offered."), field="language")
    if sum(one is not None for one in (inbox, team, owner)) > 1:
        raise Invalid(phrase("Choose one place, not several."), field="place")
    canned.language, canned.inbox_id, canned.team_id = language, inbox.id if inbox else None, team.id if team else None
    canned.version += 1
    session.add(canned)
    session.flush()  # the event and the variants carry its id
    if variants is not None:
        _set_variants(session, canned, variants)
    outbox.record(session, SuggestionChanged(suggestion_id=canned.id))
    return canned


def archive(session: Session, *, canned: CannedResponse, is_archived: bool) -> None:
    """Offer it no longer, or again. Raises Conflict where its shortcut has been taken meanwhile."""
    if not is_archived:
        _free_shortcut(session, canned, canned.shortcut)
    canned.is_archived = is_archived


def offered_in(conversation: Conversation, user: User) -> ColumnElement[bool]:
    """Return the condition on CannedResponse that keeps what a user may use in a conversation."""
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user.id)
    return (
        CannedResponse.is_archived.is_(False)
        & or_(CannedResponse.inbox_id.is_(None), CannedResponse.inbox_id == conversation.inbox_id)
        & or_(CannedResponse.team_id.is_(None), CannedResponse.team_id.in_(teams))
        & or_(CannedResponse.owner_id.is_(None), CannedResponse.owner_id == user.id)
    )


def is_offered(session: Session, *, canned: CannedResponse, conversation: Conversation, user: User) -> bool:
    """Tell whether a user may use a canned response in a conversation."""
    query = select(CannedResponse.id).where(CannedResponse.id == canned.id, offered_in(conversation, user))
    return session.scalar(query) is not None


def find_by_shortcut(
    session: Session, *, conversation: Conversation, user: User, shortcut: str
) -> CannedResponse | None:
    """Return what a shortcut stands for in a conversation: the user's own before what is shared."""
    wanted = func.lower(CannedResponse.shortcut) == shortcut.lower()
    query = select(CannedResponse).where(wanted, offered_in(conversation, user))
    return session.scalars(query.order_by(CannedResponse.owner_id.nulls_last()).limit(1)).one_or_none()


def in_language(language: str | None) -> ColumnElement[str]:
    """Return the text of a CannedResponse in a language: its variant's, else its own."""
    variant = (
        select(CannedResponseVariant.text)
        .where(
            CannedResponseVariant.canned_response_id == CannedResponse.id,
            CannedResponseVariant.language == (language or ""),
        )
        .scalar_subquery()
    )
    return func.coalesce(variant, CannedResponse.text)


def says_it_in(language: str) -> ColumnElement[bool]:
    """Return the condition on CannedResponse that keeps what has a variant in a language."""
    variant = CannedResponseVariant
    return exists().where(variant.canned_response_id == CannedResponse.id, variant.language == language)


def text_for(session: Session, *, canned: CannedResponse, conversation: Conversation) -> str:
    """Return the text in the conversation's language, or the one for every language."""
    wanted = in_language(conversation.language)
    return session.execute(select(wanted).where(CannedResponse.id == canned.id)).scalar_one()


def values_for(conversation: Conversation, contact: Contact, user: User) -> dict[str, str]:
    """Return what the variables of signatures and articles stand for in a conversation."""
    return {
        "contact.name": contact.name,
        "contact.first_name": first_name(contact.name),
        "agent.name": user.name,
        "agent.first_name": first_name(user.name),
        "conversation.number": str(conversation.number),
        "conversation.subject": conversation.subject,
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text that is no Liquid with its variables replaced, once: what a value holds is not looked at.

    Unknown ones stay.
    """
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def first_name(name: str) -> str:
    """Return the first word of a name, "" where the name is an address."""
    words = name.split()
    return words[0] if words and "@" not in words[0] else ""


def _set_variants(session: Session, canned: CannedResponse, variants: Mapping[str, str]) -> None:
    said = {language: text for language, text in variants.items() if text.strip()}
    if len(said) > MAX_VARIANTS:
        raise Invalid(phrase("Use at most {most} languages.", most=MAX_VARIANTS), field="variant")
    for language, text in said.items():
        if not _LANGUAGE.fullmatch(language) or language == canned.language:
            raise Invalid(phrase("Choose one language for each text, each once."), field="variant")
        said[language] = _checked(text, f"variant-{language}")
    session.execute(delete(CannedResponseVariant).where(CannedResponseVariant.canned_response_id == canned.id))
    session.add_all(
        CannedResponseVariant(canned_response_id=canned.id, language=language, text=text)
        for language, text in said.items()
    )
    session.flush()


def _checked(text: str, field: str) -> str:
    text = _filled(text.replace("\r\n", "\n").replace("\x00", "").strip(), field, MAX_TEXT)
    liquid_texts.check(text, field=field)
    return text


def _free_shortcut(session: Session, canned: CannedResponse, shortcut: str) -> str:
    shortcut = shortcut.strip().lstrip("/").lower()
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid(
            phrase("A shortcut has 1 to {most} letters, digits, - or _.", most=MAX_SHORTCUT), field="shortcut"
        )
    query = select(CannedResponse.id).where(
        func.lower(CannedResponse.shortcut) == shortcut, CannedResponse.owner_id.is_not_distinct_from(canned.owner_id)
    )
    taken = session.scalar(query.where(CannedResponse.is_archived.is_(False)))
    if taken is not None and taken != canned.id:
        raise Conflict(phrase("/{shortcut} is taken already.", shortcut=shortcut))
    return shortcut


def _filled(words: str, field: str, most: int) -> str:
    if not words or len(words) > most:
        raise Invalid(phrase("Write 1 to {most} characters.", most=most), field=field)
    return words
