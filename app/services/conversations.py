"""What people and rules do to a conversation: give it to someone, change its status, its priority, read it.

Callers hold the row lock (`access.conversation_for(…, lock=True)`). Doing what is already so does nothing and says
nothing, so that a job run twice leaves one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import Invalid
from app.events import ConversationRead as ConversationReadEvent
from app.models import AutomationRule, Conversation, ConversationRead, Priority, Status, Team, User
from app.phrases import phrase
from app.services import activities, mentions, read_marks, sentiment_counts, spam_lines
from app.services.changes import conversation_changed

STATUS_VERBS = {
    Status.OPEN: "conversation.reopened",
    Status.PENDING: "conversation.set_pending",
    Status.SNOOZED: "conversation.snoozed",
    Status.RESOLVED: "conversation.resolved",
    Status.SPAM: "conversation.marked_spam",
}


def assign(
    session: Session,
    *,
    conversation: Conversation,
    actor: User | None,
    assignee: User | None,
    rule: AutomationRule | None = None,
    reason: str = "",
) -> None:
    """Give a conversation to a user, or to nobody."""
    before = session.get(User, conversation.assignee_id) if conversation.assignee_id else None
    if before == assignee:
        return
    conversation.assignee_id = assignee.id if assignee else None
    verb = "conversation.assigned" if assignee else "conversation.unassigned"
    named = assignee or before
    named_id = str(named.public_id) if named else ""  # filters ask who had it once; names change
    data = {"assignee": named.name if named else "", "assignee_id": named_id, "reason": reason}
    activities.record(session, verb=verb, conversation=conversation, actor=actor, rule=rule, data=data)
    conversation_changed(session, conversation)


def set_team(
    session: Session,
    *,
    conversation: Conversation,
    actor: User | None,
    team: Team | None,
    rule: AutomationRule | None = None,
    reason: str = "",
) -> None:
    """Give a conversation to a team, or take it from its team."""
    if conversation.team_id == (team.id if team else None):
        return
    conversation.team_id = team.id if team else None
    verb = "conversation.team_set" if team else "conversation.team_cleared"
    team_id = str(team.public_id) if team else ""
    data = {"team": team.name if team else "", "team_id": team_id, "reason": reason}
    activities.record(session, verb=verb, conversation=conversation, actor=actor, rule=rule, data=data)
    conversation_changed(session, conversation)


def set_status(
    session: Session,
    *,
    conversation: Conversation,
    actor: User | None,
    status: Status,
    until: datetime | None = None,
    sleeps_through: bool = False,
    rule: AutomationRule | None = None,
    reason: str = "",
) -> None:
    """Open, park as pending, snooze or resolve. Raises Invalid when a snooze ends in the past, or never.

    A snooze without an end is until the customer writes. One with `sleeps_through` goes on if they do, unless their
    mood falls.
    """
    if status is not Status.SNOOZED:
        until, sleeps_through = None, False
    _check_snooze(status, until, sleeps_through=sleeps_through)
    as_it_is = conversation.status, conversation.snoozed_until, conversation.sleeps_through
    if as_it_is == (status, until, sleeps_through):
        return
    before = spam_lines.as_it_is(conversation) if status is Status.SPAM else {}
    verb = "conversation.unmarked_spam" if conversation.status is Status.SPAM else STATUS_VERBS[status]
    if conversation.status is Status.SPAM:
        spam_lines.settle(session, conversation)
    with sentiment_counts.moving_spam(session, conversation, may_change=status is Status.SPAM):
        conversation.status, conversation.snoozed_until, conversation.sleeps_through = status, until, sleeps_through
    conversation.resolved_at = now() if status is Status.RESOLVED else None
    if status in {Status.RESOLVED, Status.SPAM}:
        conversation.waiting_since = None
    told = until.astimezone(UTC).strftime("%d %b %Y %H:%M UTC") if until else "they answer"
    data = {"until": f"{told}, or their mood falls" if sleeps_through else told, "reason": reason, **before}
    activities.record(session, verb=verb, conversation=conversation, actor=actor, rule=rule, data=data)
    conversation_changed(session, conversation)


def _check_snooze(status: Status, until: datetime | None, *, sleeps_through: bool) -> None:
    if until is not None and until <= now():
        raise Invalid(phrase("Choose a time in the future to snooze until."), field="until")
    if status is Status.SNOOZED and until is None and sleeps_through:
        raise Invalid(
            phrase("Choose until when to sleep on: without an end only their answer wakes it."), field="until"
        )


def wake_where_mood_fell(session: Session, conversations: Iterable[Conversation]) -> None:
    """Open those that sleep through messages. The rows are locked; their moods have just fallen a step or more."""
    for conversation in conversations:
        if conversation.status is Status.SNOOZED and conversation.sleeps_through:
            conversation.status, conversation.snoozed_until = Status.OPEN, None
            conversation.sleeps_through = False
            activities.record(session, verb="conversation.woke_by_mood", conversation=conversation)
            conversation_changed(session, conversation)


def set_priority(
    session: Session,
    *,
    conversation: Conversation,
    actor: User | None,
    priority: Priority,
    rule: AutomationRule | None = None,
    reason: str = "",
) -> None:
    if conversation.priority is priority:
        return
    conversation.priority = priority
    data = {"priority": priority.value, "reason": reason}
    activities.record(session, verb="priority.set", conversation=conversation, actor=actor, rule=rule, data=data)
    conversation_changed(session, conversation)


def mark_read(session: Session, *, conversation: Conversation, user: User) -> None:
    """Remember that a user has seen everything up to now; only that user's pages are told."""
    if conversation.last_message_id is None:
        return
    statement = insert(ConversationRead).values(
        user_id=user.id, conversation_id=conversation.id, message_id=conversation.last_message_id
    )
    newer = func.greatest(ConversationRead.message_id, statement.excluded.message_id)
    changed = session.execute(
        statement.on_conflict_do_update(
            index_elements=[ConversationRead.user_id, ConversationRead.conversation_id],
            set_={"message_id": newer},
            where=ConversationRead.message_id < statement.excluded.message_id,
        ).returning(ConversationRead.message_id)
    ).first()
    was_mentioned = mentions.see(session, conversation=conversation, user=user)
    if changed or was_mentioned:
        outbox.record(
            session, ConversationReadEvent(conversation=str(conversation.public_id), user=str(user.public_id))
        )
    if changed:
        read_marks.want(session, conversation=conversation)


def wake_due(session: Session, *, limit: int = 100) -> int:
    """Open again the conversations whose snooze has ended; return how many."""
    due = select(Conversation).where(Conversation.status == Status.SNOOZED, Conversation.snoozed_until <= now())
    rows = session.scalars(due.order_by(Conversation.id).limit(limit).with_for_update(skip_locked=True)).all()
    for conversation in rows:
        conversation.status, conversation.snoozed_until = Status.OPEN, None
        conversation.sleeps_through = False
        activities.record(session, verb="conversation.woke", conversation=conversation)
        conversation_changed(session, conversation)
    return len(rows)
