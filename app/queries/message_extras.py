"""What hangs on a message of the timeline besides its words: files still away, signs under it, words before
an edit, what agents did with it, what it answers, and the mentions and thread of a note. Each is JSON in its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from app.models import (
    Contact,
    Direction,
    FetchState,
    Message,
    MessageAction,
    MessageReaction,
    MessageRevision,
    MessageTranslation,
    RemoteFile,
    User,
)
from app.queries import note_extras
from app.queries._json import json_list, json_object, moment
from app.queries.note_extras import MentionRow, ThreadNoteRow, thread_note

MOST_REVISIONS, MOST_ACTIONS, MOST_REACTIONS = 10, 10, 50
LONGEST_REVISION, LONGEST_EXCERPT = 4_000, 200  # characters
Answered = aliased(Message)
Later = aliased(Message)
Actor = aliased(User)
Reactor = aliased(User)
Sender = aliased(Contact)


@dataclass(frozen=True, slots=True)
class RemoteFileRow:
    """`state` is that of models.FetchState, never "fetched": then it is an attachment."""

    id: str
    filename: str
    content_type: str
    size: int | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReactionRow:
    """`by` is a colleague's or the customer's name, "" where it is not known."""

    reaction: str
    is_ours: bool
    by: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """Words that stood there before an edit."""

    text: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActionRow:
    """`state` is that of models.ActionState; `reason` says why it failed."""

    kind: str
    state: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """The message that a reply answers; `text` is how it begins. `is_newest`: nothing was said to us after it."""

    id: str
    is_newest: bool
    text: str
    is_deleted: bool
    is_public: bool


@dataclass(frozen=True, slots=True)
class TranslationRow:
    """The words in `language`; `state` is that of models.TranslationState, `reason` says why it failed."""

    language: str
    source: str
    state: str
    text: str
    reason: str
    model: str


@dataclass(frozen=True, slots=True)
class Extras:
    """Newest first: `revisions` and `actions`. The others in their own order; `thread` has the notes under a note."""

    remote_files: tuple[RemoteFileRow, ...] = ()
    reactions: tuple[ReactionRow, ...] = ()
    revisions: tuple[RevisionRow, ...] = ()
    actions: tuple[ActionRow, ...] = ()
    answers: AnsweredRow | None = None
    mentions: tuple[MentionRow, ...] = ()
    thread: tuple[ThreadNoteRow, ...] = ()
    translations: tuple[TranslationRow, ...] = ()
    resolved_by: str | None = None  # who settled the thread, "" for somebody who has left; None while it is open


NOTHING = Extras()


def column() -> ColumnElement[Any]:
    """Return one JSON column for the row of a Message."""
    return json_object(
        remote_files=_remote_files(),
        reactions=_reactions(),
        revisions=_revisions(),
        actions=_actions(),
        answers=_answers(),
        mentions=note_extras.mentions(Message),
        thread=note_extras.thread(),
        translations=_translations(),
        resolved_by=note_extras.resolved_by(),
    )


def read(told: dict[str, Any]) -> Extras:
    """Read what `column` selected."""
    return Extras(
        remote_files=tuple(RemoteFileRow(**one) for one in told["remote_files"]),
        reactions=tuple(ReactionRow(**one) for one in told["reactions"]),
        revisions=tuple(RevisionRow(one["text"], moment(one["seen_at"])) for one in told["revisions"]),
        actions=tuple(ActionRow(**one) for one in told["actions"]),
        answers=AnsweredRow(**told["answers"]) if told["answers"] else None,
        mentions=tuple(MentionRow(**one) for one in told["mentions"]),
        thread=tuple(thread_note(one) for one in told["thread"]),
        translations=tuple(TranslationRow(**one) for one in told["translations"]),
        resolved_by=told["resolved_by"],
    )


def _remote_files() -> ColumnElement[Any]:
    file = json_object(
        id=RemoteFile.public_id,
        filename=RemoteFile.filename,
        content_type=RemoteFile.content_type,
        size=RemoteFile.size,
        state=RemoteFile.state,
        reason=RemoteFile.reason,
    )
    query = select(json_list(file, order=RemoteFile.place))
    away = (RemoteFile.message_id == Message.id) & (RemoteFile.state != FetchState.FETCHED)
    return query.where(away).correlate(Message).scalar_subquery()


def _reactions() -> ColumnElement[Any]:
    line = json_object(
        reaction=MessageReaction.reaction,
        is_ours=MessageReaction.sender == "",
        by=func.coalesce(Reactor.name, Sender.name, ""),
    )
    lines = (
        select(line.label("line"), MessageReaction.id)
        .outerjoin(Reactor, Reactor.id == MessageReaction.user_id)
        .outerjoin(Sender, Sender.id == MessageReaction.contact_id)
        .where(MessageReaction.message_id == Message.id)
        .order_by(MessageReaction.id)
        .limit(MOST_REACTIONS)
        .correlate(Message)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()


def _revisions() -> ColumnElement[Any]:
    text = func.left(MessageRevision.text, LONGEST_REVISION)
    lines = (
        select(json_object(text=text, seen_at=MessageRevision.seen_at).label("line"), MessageRevision.seen_at)
        .where(MessageRevision.message_id == Message.id)
        .order_by(MessageRevision.seen_at.desc())
        .limit(MOST_REVISIONS)
        .correlate(Message)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.seen_at.desc())).scalar_subquery()


def _translations() -> ColumnElement[Any]:
    line = json_object(
        language=MessageTranslation.language,
        source=MessageTranslation.source,
        state=MessageTranslation.state,
        text=MessageTranslation.text,
        reason=MessageTranslation.reason,
        model=MessageTranslation.model,
    )
    query = select(json_list(line, order=MessageTranslation.id)).where(MessageTranslation.message_id == Message.id)
    return query.correlate(Message).scalar_subquery()


def _actions() -> ColumnElement[Any]:
    line = json_object(
        kind=MessageAction.kind,
        state=MessageAction.state,
        reason=MessageAction.reason,
        by=func.coalesce(Actor.name, ""),
    )
    lines = (
        select(line.label("line"), MessageAction.id)
        .outerjoin(Actor, Actor.id == MessageAction.user_id)
        .where(MessageAction.message_id == Message.id)
        .order_by(MessageAction.id.desc())
        .limit(MOST_ACTIONS)
        .correlate(Message)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id.desc())).scalar_subquery()


def _answers() -> ColumnElement[Any]:
    between = (Later.id > Answered.id) & (Later.id < Message.id) & (Later.direction == Direction.INBOUND)
    later = select(Later.id).where(Later.conversation_id == Message.conversation_id, between)
    line = json_object(
        id=Answered.public_id,
        is_newest=~later.correlate(Message, Answered).exists(),
        text=func.left(Answered.text, LONGEST_EXCERPT),
        is_deleted=Answered.deleted_at.is_not(None),
        is_public=Answered.is_public,
    )
    return select(line).where(Answered.id == Message.answers_id).correlate(Message).scalar_subquery()
