"""What colleagues do to a conversation while an agent's connection breaks (chaos.py)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Case, CaseConversation, ChecklistItem, Contact, Conversation, Priority, Status, User
from app.services import cases, checklists, contacts, conversations, followers, replies, tags


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Chance, a name for this one act, and who may be given something to do."""

    chance: random.Random
    name: str
    people: list[User]


Deed = Callable[[Session, Conversation, User, Circumstances], None]


def _note(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    key = f"chaos-note-{by.name}"
    replies.write_note(session, conversation=found, author=actor, text=f"note {by.name}", client_key=key)


def _reply(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    key, text = f"chaos-reply-{by.name}", f"answer {by.name}"
    wait = timedelta(hours=1)  # it stays where it is
    replies.queue_reply(session, conversation=found, author=actor, text=text, client_key=key, wait=wait)


def _assign(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    wanted: list[Any] = [None, *by.people]
    assignee = by.chance.choice(wanted)
    given = session.get_one(User, assignee.id) if assignee else None
    conversations.assign(session, conversation=found, actor=actor, assignee=given)


def _resolve_or_reopen(session: Session, found: Conversation, actor: User, _by: Circumstances) -> None:
    status = Status.OPEN if found.status is Status.RESOLVED else Status.RESOLVED
    conversations.set_status(session, conversation=found, actor=actor, status=status)


def _prioritise(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    priority = by.chance.choice(list(Priority))
    conversations.set_priority(session, conversation=found, actor=actor, priority=priority)


def _tag(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    tag = tags.named(session, by.chance.choice(("urgent", "later", "refund")))
    (tags.put if by.chance.random() < 0.5 else tags.take)(session, conversation=found, tag=tag, actor=actor)


def _rename_contact(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    contact = session.get_one(Contact, found.contact_id, with_for_update=True)
    contacts.edit(session, contact=contact, actor=actor, version=contact.version, name=f"Renamed {by.name}")


def _case(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    """Open a case, or give an open one another title."""
    mine = select(Case).join(CaseConversation, CaseConversation.case_id == Case.id)
    there = session.scalars(mine.where(CaseConversation.conversation_id == found.id, Case.closed_at.is_(None))).first()
    if there:
        cases.edit_case(session, case=there, actor=actor, version=there.version, title=f"Case {by.name}")
    else:
        cases.open_case(session, conversation=found, actor=actor, title=f"Case {by.name}")


def _checklist(session: Session, found: Conversation, actor: User, by: Circumstances) -> None:
    items = session.scalars(select(ChecklistItem).where(ChecklistItem.conversation_id == found.id)).all()
    if len(items) < 3:
        checklists.add(session, actor=actor, place=found, texts=[f"item {by.name}"])
    else:
        item = by.chance.choice(items)
        checklists.check(session, actor=actor, place=found, item=item, is_done=by.chance.random() < 0.5)


def _follow(session: Session, found: Conversation, actor: User, _by: Circumstances) -> None:
    followers.follow(session, conversation=found, user=actor)


DEEDS: tuple[Deed, ...] = (
    _note,
    _reply,
    _assign,
    _resolve_or_reopen,
    _prioritise,
    _tag,
    _rename_contact,
    _case,
    _checklist,
    _follow,
)
