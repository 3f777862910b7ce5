"""What becomes of a resolved conversation whose customer writes again, as its inbox has it.

    always    it is open again
    within    open again within some days of its end; later a new conversation, linked as its follow-up
    never     always a new conversation

Whoever had it keeps it, or does if they are here, or it goes back to its team. A mere thank-you wakes nobody: only the
models can tell one, and they read after a message is stored. So it opens as anything else would, and is resolved again
as it was once they said what it is: nothing waits for them, and without them nothing is lost.

The rows of the inboxes are read once a batch, when the first message meets a resolved conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import (
    Activity,
    AssigneeThen,
    Attachment,
    Contact,
    Conversation,
    ConversationLink,
    Inbox,
    LinkKind,
    Message,
    Prediction,
    Reopening,
    Status,
    Team,
    User,
)
from app.phrases import phrase
from app.services import activities, conversations, presence
from app.services.arrivals import Arrival
from app.services.changes import conversation_changed

MOST_DAYS = 365
AUTOMATIC = ("auto_reply", "bounce")  # Message.auto of what opens nothing
LONGEST_THANKS = 280  # characters: who writes more has something to say
QUESTION_MARKS = frozenset("?\u061f\uff1f\u055e\u037e\u2e2e")  # of all scripts that have one of their own
THANKS, GRATITUDE = "praise_thanks", "gratitude"
ANSWERED_AGAIN, CONTINUES = "conversation.answered_again", "conversation.continues"


class Rules:
    """The reopen rules of the inboxes of one batch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._inboxes: dict[int, Inbox] = {}
        self._here: set[int] | None = None

    def begins_new(self, conversation: Conversation, arrival: Arrival) -> bool:
        """Say whether a message that belongs to this conversation begins a new one instead."""
        if conversation.status is not Status.RESOLVED or arrival.message.auto in AUTOMATIC:
            return False
        inbox = self._inbox(conversation)
        if inbox.reopening is Reopening.WITHIN:
            ended = conversation.resolved_at or conversation.last_message_at
            return arrival.received_at - ended > timedelta(days=inbox.reopen_days)
        return inbox.reopening is Reopening.NEVER

    def hand_on(self, conversation: Conversation) -> None:
        """Take the assignee off a conversation that opens again, where its inbox has it so."""
        if conversation.assignee_id is None or self.keeps(conversation):
            return
        inbox = self._inbox(conversation)
        why = "away" if inbox.assignee_then is AssigneeThen.KEPT_IF_HERE else ""
        conversations.assign(self._session, conversation=conversation, actor=None, assignee=None, reason=why)
        if conversation.team_id is None and inbox.team_id is not None:
            team = self._session.get_one(Team, inbox.team_id)
            conversations.set_team(self._session, conversation=conversation, actor=None, team=team)

    def keeps(self, conversation: Conversation) -> bool:
        """Say whether whoever has a resolved conversation has it again when it goes on."""
        then = self._inbox(conversation).assignee_then
        if then is AssigneeThen.KEPT_IF_HERE:
            if self._here is None:
                self._here = presence.accepting_user_ids(self._session)
            return conversation.assignee_id in self._here
        return then is AssigneeThen.KEPT

    def _inbox(self, conversation: Conversation) -> Inbox:
        if conversation.inbox_id not in self._inboxes:
            with self._session.no_autoflush:
                self._inboxes[conversation.inbox_id] = self._session.get_one(Inbox, conversation.inbox_id)
        return self._inboxes[conversation.inbox_id]


def save(session: Session, *, inbox: Inbox, reopening: str, days: str, assignee_then: str, thanks_reopen: bool) -> None:
    """Change the reopen rules of an inbox. Raises Invalid."""
    try:
        inbox.reopening, inbox.assignee_then = Reopening(reopening), AssigneeThen(assignee_then)
    except ValueError:
        raise Invalid(phrase("Choose one of what is offered."), field="reopening") from None
    number = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    if inbox.reopening is Reopening.WITHIN:
        if not 1 <= number <= MOST_DAYS:
            raise Invalid(phrase("Give a number of days from 1 to {most}.", most=MOST_DAYS), field="reopen_days")
        inbox.reopen_days = number
    inbox.thanks_reopen = thanks_reopen
    session.flush()


def continue_in(session: Session, *, old: Conversation, new: Conversation, contact: Contact) -> None:
    """Let a resolved conversation go on in a new one: linked, told in both, and led to by all that named the old one.

    Both rows are written already, and locked.
    """
    earlier = update(Conversation).where(Conversation.continued_in_id == old.id).values(continued_in_id=new.id)
    session.execute(earlier)
    old.continued_in_id = new.id
    session.add(ConversationLink(from_id=new.id, to_id=old.id, kind=LinkKind.FOLLOW_UP))
    session.refresh(new, ["number"])
    for verb, place, far in (("conversation.continues", new, old), ("conversation.continued", old, new)):
        data = {"number": far.number, "other": str(far.public_id), "contact": _name(contact)}
        activities.record(session, verb=verb, conversation=place, data=data)
    conversation_changed(session, old)


def as_it_is(conversation: Conversation) -> dict[str, Any]:
    """Return what a line has to keep of a conversation that is about to be opened again, for `settle_thanks`."""
    resolved = conversation.resolved_at.isoformat() if conversation.resolved_at else ""
    return {
        "was": conversation.status.value,
        "assignee": conversation.assignee_id,
        "team": conversation.team_id,
        "resolved": resolved,
    }


def settle_thanks(session: Session, conversation: Conversation, message: Message) -> bool:
    """Resolve again what only a thank-you opened, and nobody touched since; return whether it was so.

    The conversation is locked, and the models have read the message. Of others than thanks nothing is queried.
    """
    thanked = conversation.intent == THANKS or conversation.emotion == GRATITUDE
    if not thanked or conversation.status is not Status.OPEN or conversation.last_message_id != message.id:
        return False
    line = session.scalars(_last_deed(conversation)).first()
    if line is None or not _opened_by(line, conversation, message):
        return False
    if session.get_one(Inbox, conversation.inbox_id).thanks_reopen or not _only_thanks(session, message):
        return False
    _put_back(session, conversation, line)
    data = {"contact": _name(session.get_one(Contact, message.contact_id))}
    activities.record(session, verb="conversation.stayed_resolved", conversation=conversation, data=data)
    conversation_changed(session, conversation)
    return True


def is_mere_thanks(text: str, labels: Mapping[str, str]) -> bool:
    """Say whether a message asks for nothing and only thanks.

    Args:
        text: its new words.
        labels: what the models said of it by task, without what they were not sure of.

    """
    if not text.strip() or len(text) > LONGEST_THANKS or QUESTION_MARKS.intersection(text):
        return False
    if labels.get("request") == "yes" or labels.get("sentiment") == "negative" or labels.get("urgency") == "high":
        return False
    intent = labels.get("intent")
    return intent == THANKS or (intent in {None, "other"} and labels.get("emotion") == GRATITUDE)


def _only_thanks(session: Session, message: Message) -> bool:
    told = select(Prediction.task, Prediction.label).where(
        Prediction.message_id == message.id, Prediction.abstained.is_(False)
    )
    labels = {row.task: row.label for row in session.execute(told.order_by(Prediction.id))}
    files = select(Attachment.id).where(Attachment.message_id == message.id, Attachment.is_inline.is_(False))
    return is_mere_thanks(message.text, labels) and session.scalars(files.limit(1)).first() is None


def _last_deed(conversation: Conversation) -> Select[Activity]:
    """Return the query of the last line that a person wrote, or that says how the conversation came to be open."""
    told = or_(Activity.actor_id.is_not(None), Activity.verb.in_((ANSWERED_AGAIN, CONTINUES)))
    return (
        select(Activity).where(Activity.conversation_id == conversation.id, told).order_by(Activity.id.desc()).limit(1)
    )


def _opened_by(line: Activity, conversation: Conversation, message: Message) -> bool:
    if line.verb == CONTINUES:
        return conversation.messages == 1
    resolved = line.data.get("was") == Status.RESOLVED.value
    return line.verb == ANSWERED_AGAIN and resolved and line.data.get("by") == message.id


def _put_back(session: Session, conversation: Conversation, line: Activity) -> None:
    conversation.status, conversation.waiting_since, conversation.resolved_at = Status.RESOLVED, None, now()
    if line.verb == CONTINUES:
        return
    if line.data["resolved"]:
        conversation.resolved_at = datetime.fromisoformat(line.data["resolved"])
    had, team_id = line.data["assignee"], line.data["team"]
    if had is not None and session.get(User, had) is not None:
        conversation.assignee_id = had
    if team_id is None or session.get(Team, team_id) is not None:
        conversation.team_id = team_id


def _name(contact: Contact) -> str:
    return contact.name or "the customer"
