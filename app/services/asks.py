"""Questions of a screen to the models.

waiting ──► answered     by the annotator, in its fast lane
   └──────► failed       nobody answered in time, or it cannot be answered; the reason is shown

An Ask belongs to who asked. The newest of a kind in a conversation is the one that counts: older ones go away with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Invalid
from app.events import AskAnswered, AskAsked
from app.models import Ask, AskKind, AskState, Conversation, User
from app.phrases import phrase

KEEP = timedelta(hours=1)
GIVE_UP = timedelta(minutes=2)  # a screen has long gone on
STILL_TRUE = timedelta(minutes=1)  # while nothing new was said; texts may have been written meanwhile
LONGEST_DRAFT = 20_000  # characters; what comes after is not judged
NOBODY_ANSWERED = phrase("The models did not answer in time.")
WITH_DRAFT = frozenset({AskKind.TONE, AskKind.QUESTIONS})


def ask(session: Session, *, user: User, conversation: Conversation, kind: str, draft: str = "") -> Ask:
    """Store a question for the annotator, or return the one that says the same already. Raises Invalid."""
    wanted = _kind(kind)
    words = draft[:LONGEST_DRAFT].replace("\x00", "") if wanted in WITH_DRAFT else ""
    question: dict[str, Any] = {"newest": conversation.last_message_id, "text": words}
    own = (Ask.user_id == user.id, Ask.conversation_id == conversation.id, Ask.kind == wanted)
    before = session.scalars(select(Ask).where(*own).order_by(Ask.id.desc()).limit(1)).one_or_none()
    if before and _says_the_same(before, question):
        return before
    session.execute(delete(Ask).where(*own))
    row = Ask(user_id=user.id, conversation_id=conversation.id, kind=wanted, question=question)
    session.add(row)
    session.flush()  # the event carries its id
    outbox.record(session, AskAsked(ask_id=row.id))
    return row


def waiting(session: Session, *, limit: int) -> Sequence[Ask]:
    """Return what waits for an answer, the longest first."""
    query = select(Ask).where(Ask.state == AskState.WAITING).order_by(Ask.id).limit(limit)
    return session.scalars(query).all()


def record_answer(session: Session, *, ask_id: int, answer: dict[str, Any]) -> None:
    """Keep an answer and tell who asked; the draft is taken out. Answered twice is answered once."""
    _close(session, ask_id, AskState.ANSWERED, answer=answer)


def record_failure(session: Session, *, ask_id: int, reason: str) -> None:
    """Give up a question, saying why."""
    _close(session, ask_id, AskState.FAILED, reason=reason)


def nudge(session: Session, *, older_than: timedelta) -> int:
    """Ask again what got lost on its way, give up what waited too long; return how many were nudged."""
    late = (Ask.state == AskState.WAITING, Ask.created_at <= now() - GIVE_UP)
    for id_ in session.scalars(select(Ask.id).where(*late)).all():
        record_failure(session, ask_id=id_, reason=NOBODY_ANSWERED)
    stuck = select(Ask.id).where(Ask.state == AskState.WAITING, Ask.created_at <= now() - older_than)
    first = session.scalars(stuck.order_by(Ask.id).limit(1)).all()  # one is enough: the annotator drains all that waits
    outbox.record_all(session, [AskAsked(ask_id=id_) for id_ in first])
    return len(first)


def purge(session: Session) -> None:
    """Forget what was asked an hour ago."""
    session.execute(delete(Ask).where(Ask.created_at < now() - KEEP))


def _close(session: Session, ask_id: int, state: AskState, *, answer: Any = None, reason: str = "") -> None:
    values: dict[str, Any] = {"state": state, "reason": reason, "answered_at": now()}
    if answer is not None:
        values["answer"] = answer
    statement = update(Ask).where(Ask.id == ask_id, Ask.state == AskState.WAITING).values(values)
    row = session.scalars(statement.returning(Ask)).one_or_none()
    if row is None:
        return
    row.question = {"newest": row.question.get("newest")}
    outbox.record(
        session,
        AskAnswered(
            ask_id=row.id,
            ask=str(row.public_id),
            user=_public_id(session, User, row.user_id),
            conversation=_public_id(session, Conversation, row.conversation_id),
        ),
    )


def _public_id(session: Session, kind: type[User | Conversation], id_: int) -> str:
    found: UUID = session.scalars(select(kind.public_id).where(kind.id == id_)).one()
    return str(found)


def _says_the_same(before: Ask, question: dict[str, Any]) -> bool:
    """A draft is always read anew; the rest is true until something is said."""
    if question["text"] or before.state is AskState.FAILED or now() - before.created_at > STILL_TRUE:
        return False
    return before.question.get("newest") == question["newest"] and not before.question.get("text")


def _kind(kind: str) -> AskKind:
    try:
        return AskKind(kind)
    except ValueError:
        raise Invalid(phrase("The models cannot be asked that."), field="kind") from None
