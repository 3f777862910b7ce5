"""Cases: the work opened from conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Conflict, Invalid
from app.events import CaseChanged
from app.models import (
    AutomationRule,
    Case,
    CaseConversation,
    CaseStatus,
    CaseType,
    Conversation,
    Inbox,
    Priority,
    Status,
    User,
)
from app.phrases import phrase
from app.services import activities, search_index
from app.services.changes import conversation_changed

MAX_TITLE, MAX_DESCRIPTION = 200, 20_000  # characters
MOST_CONVERSATIONS = 100  # of one case
EDITABLE = ("title", "description", "type", "status", "priority", "owner_id", "due_at")


def open_case(
    session: Session,
    *,
    conversation: Conversation,
    actor: User | None,
    title: str,
    type: CaseType = CaseType.QUESTION,  # noqa: A002 - the field's name everywhere
    priority: Priority = Priority.NORMAL,
    owner: User | None = None,
    due_at: datetime | None = None,
    description: str = "",
    rule: AutomationRule | None = None,
    reason: str = "",
) -> Case:
    """Open a case from a conversation. Raises Invalid for a missing or long title."""
    case = Case(
        title=_title(title),
        type=type,
        priority=priority,
        owner_id=owner.id if owner else conversation.assignee_id,
        due_at=due_at,
        description=description[:MAX_DESCRIPTION],
        contact_id=conversation.contact_id,
    )
    session.add(case)
    session.flush()  # its id and number are needed below
    session.execute(insert(CaseConversation).values(case_id=case.id, conversation_id=conversation.id))
    data = {"number": case.number, "title": case.title, "reason": reason}
    activities.record(
        session, verb="case.opened", conversation=conversation, case=case, actor=actor, rule=rule, data=data
    )
    conversation_changed(session, conversation)
    _announce(session, case)
    return case


def edit_case(session: Session, *, case: Case, actor: User, version: int, **changes: Any) -> Case:
    """Change some of EDITABLE. Raises Conflict if somebody changed the case since `version`, Invalid."""
    if case.version != version:
        raise Conflict(phrase("Somebody changed this case meanwhile: look again, then save."), version=case.version)
    if "title" in changes:
        changes["title"] = _title(changes["title"])
    said = []
    for field in EDITABLE:
        if field in changes and getattr(case, field) != changes[field]:
            setattr(case, field, changes[field])
            said.append(field.removesuffix("_id").removesuffix("_at"))
    if not said:
        return case
    case.closed_at = (case.closed_at or now()) if case.status is CaseStatus.CLOSED else None
    case.version += 1
    data = {"number": case.number, "changes": ", ".join(said)}
    for conversation in conversations_of(session, case):
        activities.record(session, verb="case.edited", conversation=conversation, case=case, actor=actor, data=data)
    _announce(session, case)
    return case


def add_conversation(session: Session, *, case: Case, conversation: Conversation, actor: User) -> None:
    """Let a case be about one more conversation. Both rows are locked. Raises Invalid, Conflict where it is already."""
    if conversation.merged_into_id is not None:
        raise Conflict(phrase("This conversation was merged into another one meanwhile."), version=conversation.version)
    if len(conversations_of(session, case)) >= MOST_CONVERSATIONS:
        raise Invalid(phrase("A case has at most {most} conversations.", most=MOST_CONVERSATIONS), field="other")
    row = insert(CaseConversation).values(case_id=case.id, conversation_id=conversation.id)
    if not session.execute(row.on_conflict_do_nothing().returning(CaseConversation.case_id)).first():
        raise Conflict(
            phrase("#{number} is in this case already.", number=str(conversation.number)), version=case.version
        )
    _tell_of(session, "case.conversation_added", case, conversation, actor)


def remove_conversation(session: Session, *, case: Case, conversation: Conversation, actor: User) -> None:
    """Take a conversation out of a case. Both rows are locked. Raises Invalid for its last, Conflict for one not in it.

    A case without a conversation would be seen by nobody: who may see it is told by its conversations.
    """
    known = conversations_of(session, case)
    if conversation not in known:
        raise Conflict(
            phrase("#{number} is not in this case any more.", number=str(conversation.number)), version=case.version
        )
    if len(known) == 1:
        raise Invalid(phrase("A case is about at least one conversation: add another one first."), field="other")
    row = CaseConversation.case_id == case.id, CaseConversation.conversation_id == conversation.id
    session.execute(delete(CaseConversation).where(*row))
    _tell_of(session, "case.conversation_removed", case, conversation, actor)


def unresolved_ids(case: Case, *, inbox_ids: Select[int]) -> Select[int]:
    """Return the query of the conversations of a case, in these inboxes, that are neither resolved nor spam."""
    query = select(Conversation.id).join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
    done = Conversation.status.in_((Status.RESOLVED, Status.SPAM))
    here = CaseConversation.case_id == case.id, Conversation.inbox_id.in_(inbox_ids)
    return query.where(*here, ~done, Conversation.merged_into_id.is_(None))


def unresolved(session: Session, case: Case, *, inbox_ids: Select[int]) -> int:
    """Count them."""
    return session.scalar(select(func.count()).select_from(unresolved_ids(case, inbox_ids=inbox_ids).subquery())) or 0


def _tell_of(session: Session, verb: str, case: Case, conversation: Conversation, actor: User) -> None:
    data = {"number": case.number, "conversation": conversation.number}
    activities.record(session, verb=verb, conversation=conversation, case=case, actor=actor, data=data)
    conversation_changed(session, conversation)
    _announce(session, case)


def has_open_case(session: Session, conversation: Conversation) -> bool:
    query = (
        select(Case.id)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .where(CaseConversation.conversation_id == conversation.id, Case.status != CaseStatus.CLOSED)
    )
    return session.scalars(query.limit(1)).first() is not None


def conversations_of(session: Session, case: Case) -> list[Conversation]:
    query = (
        select(Conversation)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .where(CaseConversation.case_id == case.id)
        .order_by(Conversation.id)
    )
    return list(session.scalars(query))


def _announce(session: Session, case: Case) -> None:
    search_index.cases(session, [case.id])
    changed(session, case)


def changed(session: Session, case: Case) -> None:
    """Tell everybody who looks at a case, or at one of its conversations, that it looks different now."""
    query = (
        select(Conversation.public_id, Inbox.public_id)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .where(CaseConversation.case_id == case.id)
    )
    rows = session.execute(query).all()
    outbox.record(
        session,
        CaseChanged(
            case_id=case.id,
            case=str(case.public_id),
            conversations=[str(conversation) for conversation, _ in rows],
            inboxes=sorted({str(inbox) for _, inbox in rows}),
            version=case.version,
        ),
    )


def _title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE:
        raise Invalid(phrase("A case needs a title of 1 to {most} characters.", most=MAX_TITLE), field="title")
    return title
