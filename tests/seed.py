"""A workspace with sixty conversations, written straight into the tables: for tests of screens, and for screenshots.

    DATABASE_URL=… REDIS_URL=… TRIBUTARY_HOME=… python -m tests.seed

Everybody's password is PASSWORD. What stands there does not depend on the clock but for how long ago it happened.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.db import transaction
from app.models import (
    Activity,
    Case,
    CaseConversation,
    CaseType,
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationRead,
    Direction,
    Inbox,
    InboxAccess,
    Message,
    Prediction,
    Priority,
    Role,
    SendState,
    Status,
    Tag,
    Tagging,
    Team,
    TeamMember,
    User,
    Visibility,
)
from app.phrases import kept
from app.services import conversation_moods, passwords, predictions, rules, search_fill, sentiment_counts
from app.services.rule_vocabulary import Facts
from tests.seed_files import attach_files

CONTENT = Path(__file__).parent / "fixtures" / "seed" / "threads.json"
# hours ago, who ("c" the customer, "n" a note, or a colleague), text, "sentiment score intent" or a send state
Line = tuple[float, str, str, str]
# name, address, channel, subject, state ("status=… to=… p=… tags=a+b case=… inbox=…"), lines
Thread = tuple[str, str, str, str, str, list[Line]]
PASSWORD = "espresso-at-the-harbour"
EMOTIONS = {"negative": "frustration", "positive": "gratitude"}
PEOPLE = (
    ("ana", "Ana Duarte", Role.ADMIN),
    ("ben", "Ben Achterberg", Role.AGENT),
    ("chloe", "Chloé Martin", Role.AGENT),
    ("dev", "Dev Malhotra", Role.SUPERVISOR),
)
TAG_COLOURS = {"warranty": "amber", "grinder": "slate", "order": "blue", "billing": "violet", "wholesale": "teal"} | {
    "delivery": "orange", "feedback": "green", "subscription": "blue", "refund": "pink", "security": "red"
} | {"spam": "slate", "legal": "red"}  # fmt: skip


@dataclass(slots=True)
class Workspace:
    """What was made, by short names."""

    users: dict[str, User] = field(default_factory=dict)
    inboxes: dict[str, Inbox] = field(default_factory=dict)
    channels: dict[tuple[str, str], Channel] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)  # by address
    conversations: dict[str, Conversation] = field(default_factory=dict)  # by name; of several, the newest
    at: datetime = field(default_factory=now)
    total: int = 0  # conversations


def seed(session: Session, *, with_files: bool = True) -> Workspace:
    """Fill an empty, migrated database. `with_files`: also write attachments to the blob folder."""
    made = Workspace()
    _people(session, made)
    _inboxes(session, made)
    predictions.take_up(session, model_id="seed", version="1")
    made.tags = {name: Tag(name=name, colour=colour) for name, colour in TAG_COLOURS.items()}
    session.add_all(made.tags.values())
    session.flush()
    threads: list[Thread] = json.loads(CONTENT.read_text(encoding="utf-8"))
    for thread in sorted(threads, key=lambda thread: -thread[5][0][0]):
        _thread(session, made, thread)
    if with_files:
        attach_files(session, made.conversations)
    sentiment_counts.recompute(session)
    search_fill.write_all(session)
    return made


def _people(session: Session, made: Workspace) -> None:
    hashed = passwords.HASTY.hash(PASSWORD)
    for key, name, role in PEOPLE:
        made.users[key] = User(email=f"{key}@harbourpine.example", name=name, role=role, password_hash=hashed)
    session.add_all(made.users.values())
    team = Team(name="Customer care")
    session.add_all([team, Team(name="Workshop")])
    session.flush()
    session.add_all(TeamMember(team_id=team.id, user_id=user.id) for user in made.users.values())
    made.inboxes["support"] = Inbox(name="Support", team_id=team.id)
    made.inboxes["sales"] = Inbox(name="Wholesale and sales")
    session.add_all(made.inboxes.values())
    session.flush()
    session.add(InboxAccess(inbox_id=made.inboxes["support"].id, team_id=team.id))
    session.add_all(
        InboxAccess(inbox_id=made.inboxes["sales"].id, user_id=made.users[key].id) for key in ("ana", "ben", "dev")
    )


def _inboxes(session: Session, made: Workspace) -> None:
    for inbox, kind, name, address in (
        ("support", "mail", "help@harbourpine.example", "help@harbourpine.example"),
        ("support", "webform", "Contact form", ""),
        ("support", "webchat", "Shop chat", ""),
        ("sales", "mail", "trade@harbourpine.example", "trade@harbourpine.example"),
        ("sales", "webform", "Wholesale form", ""),
    ):
        made.channels[inbox, kind] = Channel(
            inbox_id=made.inboxes[inbox].id,
            kind=kind,
            name=name,
            address=address,
            token=crypto.new_token(),
            sealed=crypto.seal({}),
        )
    session.add_all(made.channels.values())
    session.flush()


def _thread(session: Session, made: Workspace, thread: Thread) -> None:
    name, address, kind, subject, told, lines = thread
    state = dict(part.split("=", 1) for part in told.split())
    inbox = state.get("inbox", "support")
    contact = _contact(session, made, name, address, kind)
    contact.last_message_at = _at(made, lines[-1][0])
    conversation = Conversation(
        inbox_id=made.inboxes[inbox].id,
        channel_id=made.channels[inbox, kind].id,
        contact_id=contact.id,
        subject=subject,
        reply_token=crypto.new_token(),
        status=Status(state.get("status", "open")),
        priority=Priority(state.get("p", "normal")),
        assignee_id=made.users[state["to"]].id if "to" in state else None,
        last_message_at=_at(made, lines[-1][0]),
        created_at=_at(made, lines[0][0]),
        snoozed_until=made.at + timedelta(days=2) if state.get("status") == "snoozed" else None,
    )
    session.add(conversation)
    session.flush()
    messages = [_line(session, made, conversation, address, line) for line in lines]
    _close(session, made, contact, conversation, list(zip(lines, messages, strict=True)))
    _extras(session, made, conversation, state)
    made.conversations[name] = conversation
    made.total += 1


def _contact(session: Session, made: Workspace, name: str, address: str, kind: str) -> Contact:
    """Return the person of an address, with a chat visitor's identity where they came by chat."""
    contact = made.contacts.get(address)
    if contact is None:
        contact = made.contacts[address] = Contact(name=name, created_at=made.at - timedelta(days=240))
        session.add(contact)
        session.flush()
        session.add(ContactIdentity(contact_id=contact.id, kind="email", address=address, verified=True))
    if kind == "webchat":
        token = crypto.digest(address)[:26]
        session.add(ContactIdentity(contact_id=contact.id, kind="visitor", address=token, verified=True))
    return contact


def _line(session: Session, made: Workspace, conversation: Conversation, address: str, line: Line) -> Message:
    hours, who, text, label = line
    at = _at(made, hours)
    message = Message(
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        contact_id=conversation.contact_id,
        direction=Direction.INBOUND if who == "c" else Direction.OUTBOUND,
        visibility=Visibility.PRIVATE if who == "n" else Visibility.PUBLIC,
        author_id=None if who == "c" else made.users["ana" if who == "n" else who].id,
        subject=conversation.subject,
        text=text,
        sender=address if who == "c" else "",
        is_verified=who == "c",
        send_state=None if who in "cn" else SendState(label.partition(" ")[0] or "sent"),
        send_error=label.partition(" ")[2] if who not in "cn" else "",
        sent_at=at,
        created_at=at,
        annotated_at=at if who == "c" else None,
        routed_at=at if who == "c" else None,
    )
    session.add(message)
    session.flush()
    if label and who == "c":
        session.add_all(_predictions(message, label))
        session.flush()
    return message


def _predictions(message: Message, label: str) -> list[Prediction]:
    sentiment, score, intent = label.split()
    confidence = min(0.99, 0.62 + abs(float(score)) * 0.37)
    emotion = EMOTIONS.get(sentiment, "none") if abs(float(score)) > 0.5 else "none"
    first = min(found.end() for found in re.finditer(r"[.!?]|$", message.text))
    common = {"message_id": message.id, "abstained": False, "model_id": "seed", "model_version": "1"}
    common["reasons"] = [[0, first, 0.7]]
    urgency = "high" if sentiment == "negative" and abs(float(score)) > 0.75 else "low"
    return [
        Prediction(task="sentiment", label=sentiment, score=float(score), confidence=confidence, **common),
        Prediction(task="emotion", label=emotion, labels=[[emotion, 0.8]], confidence=0.8, **common),
        Prediction(task="intent", label=intent, confidence=min(0.98, confidence + 0.05), **common),
        Prediction(task="urgency", label=urgency, score=0.5, confidence=0.7, **common),
    ]


def _close(
    session: Session, made: Workspace, contact: Contact, conversation: Conversation, said_by: list[tuple[Line, Message]]
) -> None:
    """Bring the conversation's own row up to what its messages say."""
    messages = [message for _, message in said_by]
    said = [(line, message) for line, message in said_by if line[1] == "c"]
    public = [message for message in messages if message.visibility is Visibility.PUBLIC]
    conversation.last_message_id = messages[-1].id
    conversation.messages = len(messages)
    conversation.preview = " ".join(public[-1].text.split())[:160]
    if any(line[3] for line, _ in said):
        conversation.language = "en"
        conversation_moods.redraw(session, conversation, version="1")
        conversation_moods.move_contacts(session, [contact.id])
    if public[-1].is_inbound and conversation.status is not Status.RESOLVED:
        conversation.waiting_since = public[-1].created_at
    for key, user in made.users.items():
        seen = messages if key == "dev" or conversation.id % 3 else messages[:-1]
        if seen:
            row = ConversationRead(user_id=user.id, conversation_id=conversation.id, message_id=seen[-1].id)
            session.add(row)


def _extras(session: Session, made: Workspace, conversation: Conversation, state: dict[str, str]) -> None:
    for name in filter(None, state.get("tags", "").split("+")):
        session.add(Tagging(tag_id=made.tags[name].id, conversation_id=conversation.id))
    place: dict[str, Any] = {"conversation_id": conversation.id, "contact_id": conversation.contact_id}
    place |= {"message_id": conversation.last_message_id, "created_at": conversation.last_message_at}
    if "to" in state:
        assignee = made.users[state["to"]].name
        data = {"who": "Tributary", "assignee": assignee, "reason": "next in line of Support"}
        session.add(Activity(verb="conversation.assigned", data=data, **place))
    if state.get("p") in {"high", "urgent"}:
        why = rules.match(
            {"match": "all", "of": [{"field": "sentiment", "operator": "is", "value": "negative"}]},
            Facts(sentiment="negative", sentiment_confidence=0.91),
        )
        assert why is not None
        told = {"who": "Rule “Upset customers first”", "priority": state["p"], "reason": why, "reason_said": kept(why)}
        session.add(Activity(verb="priority.set", data=told, **place))
    if "case" in state:
        case = Case(
            title=conversation.subject,
            type=CaseType(state["case"]),
            priority=conversation.priority,
            contact_id=conversation.contact_id,
            owner_id=conversation.assignee_id,
            due_at=made.at + timedelta(days=1),
        )
        session.add(case)
        session.flush()
        session.add(CaseConversation(case_id=case.id, conversation_id=conversation.id))
        opened = {"who": "Ana Duarte", "number": case.number, "title": case.title}
        session.add(Activity(verb="case.opened", case_id=case.id, data=opened, **place))


def _at(made: Workspace, hours_ago: float) -> datetime:
    return made.at - timedelta(hours=hours_ago)


if __name__ == "__main__":
    with transaction() as database:
        print(f"{len(seed(database).conversations)} conversations")
