"""Run the rules over messages that have been understood, then give what nobody has to somebody who is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import (
    AutomationRule,
    CaseType,
    Channel,
    Contact,
    Conversation,
    Direction,
    Inbox,
    Message,
    Prediction,
    Priority,
    Status,
    Team,
    User,
    WorkspaceIntent,
)
from app.services import assignment, cases, conversations, reopen_rules, rules, tags
from app.services.access import sees_inbox
from app.services.first_rules import INTENTS
from app.services.labels import NO_EMOTION, SEVERAL
from app.services.rule_vocabulary import Facts
from app.services.urgency import pressure
from connectors.registry import connector_for

Apply = Callable[[Session, Conversation, AutomationRule, str, str], None]


def route(session: Session, *, message_ids: Sequence[int]) -> None:
    """Route messages, each once, conversation by conversation in ascending order."""
    query = select(Message.conversation_id).where(Message.id.in_(message_ids)).distinct()
    book = _rule_book(session)
    for conversation_id in sorted(session.scalars(query)):
        conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
        for message in _unrouted(session, conversation, message_ids):
            reopen_rules.settle_thanks(session, conversation, message)
            if conversation.status is not Status.SPAM:
                _run(session, book, conversation, message)
            message.routed_at = now()
        assignment.assign_waiting(session, conversation)


def facts_of(session: Session, conversation: Conversation, message: Message) -> Facts:
    """Gather what rules may ask about a message."""
    said = _Said({row.task: row for row in session.scalars(_predictions(message))})
    channel = session.get_one(Channel, message.channel_id)
    inbox = session.get_one(Inbox, conversation.inbox_id)
    pressing = pressure(
        urgency=said.label("urgency"),
        score=said.score("urgency"),
        mood=conversation.mood,
        mood_start=conversation.mood_start,
        has_recovered=conversation.has_recovered,
    )
    first = select(Message.id).where(
        Message.conversation_id == conversation.id, Message.id < message.id, Message.direction == Direction.INBOUND
    )
    return Facts(
        channel=str(channel.public_id),
        kind=channel.kind,
        inbox=str(inbox.public_id),
        subject=message.subject,
        text=message.text,
        sender=message.sender,
        contact=session.get_one(Contact, message.contact_id).name,
        language=message.language,
        sentiment=said.label("sentiment"),
        sentiment_confidence=said.confidence("sentiment"),
        emotion=said.emotions(),
        emotion_confidence=said.confidence("emotion"),
        intent=said.label("intent"),
        intent_confidence=said.confidence("intent"),
        urgency=pressing.urgency,
        urgency_confidence=said.confidence("urgency"),
        urgency_score=pressing.score,
        request=said.is_("request", "yes"),
        request_confidence=said.confidence("request"),
        spam=said.is_("spam", "spam"),
        spam_confidence=said.confidence("spam"),
        mood=pressing.mood,
        mood_fell=pressing.mood_fell,
        recovered=pressing.recovered,
        first=session.scalars(first.limit(1)).first() is None,
        automatic=message.auto not in {"none", "calendar"},
        words={
            **dict(INTENTS),
            **_own_words(session, said.label("intent")),
            channel.kind: connector_for(channel.kind).label,
            str(channel.public_id): channel.name,
            str(inbox.public_id): inbox.name,
        },
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What the newest model said of one message, by task; only what it was sure enough of."""

    rows: Mapping[str, Prediction]

    def label(self, task: str) -> str | None:
        return self.rows[task].label if task in self.rows else None

    def confidence(self, task: str) -> float | None:
        return self.rows[task].confidence if task in self.rows else None

    def score(self, task: str) -> float | None:
        return self.rows[task].score if task in self.rows else None

    def is_(self, task: str, label: str) -> bool | None:
        return self.rows[task].label == label if task in self.rows else None

    def emotions(self) -> tuple[str, ...] | None:
        """Return all emotions, the strongest first; none for a message without one."""
        said = self.rows.get(SEVERAL)
        if said is None:
            return None
        labels = tuple(label for label, _ in said.labels) or (said.label,)
        return tuple(label for label in labels if label != NO_EMOTION)


def _own_words(session: Session, intent: str | None) -> dict[str, str]:
    """Return what the workspace calls an intent of its own."""
    title = select(WorkspaceIntent.title).where(WorkspaceIntent.slug == intent)
    found = session.scalar(title) if intent else None
    return {intent: found} if intent and found else {}


def _rule_book(session: Session) -> Sequence[AutomationRule]:
    query = select(AutomationRule).where(AutomationRule.is_enabled)
    return session.scalars(query.order_by(AutomationRule.position, AutomationRule.id)).all()


def _unrouted(session: Session, conversation: Conversation, message_ids: Sequence[int]) -> Sequence[Message]:
    query = select(Message).where(
        Message.conversation_id == conversation.id, Message.id.in_(message_ids), Message.routed_at.is_(None)
    )
    return session.scalars(query.order_by(Message.id)).all()


def _predictions(message: Message) -> Any:
    usable = select(Prediction).where(Prediction.message_id == message.id, Prediction.abstained.is_(False))
    return usable.order_by(Prediction.id)


def _run(session: Session, book: Sequence[AutomationRule], conversation: Conversation, message: Message) -> None:
    if not book:
        return
    facts = facts_of(session, conversation, message)
    for rule in book:
        reason = rules.match(rule.conditions, facts)
        if reason is None:
            continue
        for action in rule.actions:
            DO[action["do"]](session, conversation, rule, str(action["value"]), reason)
        if rule.stop:
            return


def _assign_user(session: Session, conversation: Conversation, rule: AutomationRule, value: str, reason: str) -> None:
    """Only to somebody who is active and may see the inbox: a rule never opens a door."""
    user = _by_public_id(session, User, value)
    if user and user.is_active and sees_inbox(session, user, conversation.inbox_id):
        conversations.assign(session, conversation=conversation, actor=None, assignee=user, rule=rule, reason=reason)


def _assign_team(session: Session, conversation: Conversation, rule: AutomationRule, value: str, reason: str) -> None:
    team = _by_public_id(session, Team, value)
    if team:
        conversations.set_team(session, conversation=conversation, actor=None, team=team, rule=rule, reason=reason)


def _set_priority(session: Session, conversation: Conversation, rule: AutomationRule, value: str, reason: str) -> None:
    """A rule raises a priority and never lowers it: a later calm message does not hide an urgent one."""
    priority = Priority(value)
    order = list(Priority)
    if order.index(priority) > order.index(conversation.priority):
        conversations.set_priority(
            session, conversation=conversation, actor=None, priority=priority, rule=rule, reason=reason
        )


def _add_tag(session: Session, conversation: Conversation, rule: AutomationRule, value: str, reason: str) -> None:
    tag = tags.named(session, value)
    tags.put(session, conversation=conversation, tag=tag, actor=None, rule=rule, reason=reason)


def _open_case(session: Session, conversation: Conversation, rule: AutomationRule, value: str, reason: str) -> None:
    if cases.has_open_case(session, conversation):
        return
    title = (conversation.subject or conversation.preview or f"Conversation #{conversation.number}")[: cases.MAX_TITLE]
    cases.open_case(
        session,
        conversation=conversation,
        actor=None,
        title=title,
        type=CaseType(value),
        priority=conversation.priority,
        rule=rule,
        reason=reason,
    )


DO: Mapping[str, Apply] = {
    "assign_user": _assign_user,
    "assign_team": _assign_team,
    "set_priority": _set_priority,
    "add_tag": _add_tag,
    "open_case": _open_case,
}


def _by_public_id(session: Session, kind: Any, value: str) -> Any:
    try:
        return session.scalars(select(kind).where(kind.public_id == UUID(value))).one_or_none()
    except ValueError:
        return None
