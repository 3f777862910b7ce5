"""Lines people read in the timeline, and the words they are told in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Activity, AutomationRule, Case, Contact, Conversation, User

# verb → sentence; {who} is the actor, the rule, or "Tributary"; the rest comes from Activity.data
VERBS = {
    "conversation.assigned": "{who} assigned this to {assignee}",
    "conversation.unassigned": "{who} took {assignee} off this",
    "conversation.team_set": "{who} gave this to the team {team}",
    "conversation.team_cleared": "{who} took this from its team",
    "conversation.resolved": "{who} resolved this",
    "conversation.reopened": "{who} reopened this",
    "conversation.set_pending": "{who} set this to pending",
    "conversation.snoozed": "{who} snoozed this until {until}",
    "conversation.marked_spam": "{who} marked this as spam",
    "conversation.unmarked_spam": "{who} took this out of spam",
    "conversation.caught": "Went to spam: {address} is blocked",
    "sender.blocked": "{who} blocked {address}",
    "sender.unblocked": "{who} unblocked {address}",
    "conversation.woke": "Snooze ended",
    "conversation.woke_by_mood": "Snooze ended, because the customer's mood fell",
    "conversation.answered_again": "Reopened, because {contact} wrote again",
    "conversation.related": "{sender} answered conversation #{number} without being part of it: kept apart",
    "conversation.stranger_kept_apart": "{sender}, a stranger here, answered this: kept apart as #{number}",
    "conversation.merged_in": "{who} merged #{number} into this ({messages})",
    "conversation.merged_away": "{who} merged this into #{number}",
    "conversation.merge_undone": "{who} undid the merge with #{number}",
    "conversation.split_from": "{who} split this from #{number} ({messages})",
    "conversation.split_off": "{who} split #{number} from this ({messages})",
    "conversation.split_undone": "{who} undid the split of #{number}",
    "conversation.messages_moved_in": "{who} moved {messages} here from #{number}",
    "conversation.messages_moved_away": "{who} moved {messages} to #{number}",
    "conversation.move_undone": "{who} brought back what was moved between this and #{number}",
    "conversation.linked_related": "{who} linked this as related to #{number}",
    "conversation.linked_duplicate_of": "{who} linked this as a duplicate of #{number}",
    "conversation.linked_duplicated_by": "{who} linked #{number} as a duplicate of this",
    "conversation.linked_blocks": "{who} linked this as blocking #{number}",
    "conversation.linked_blocked_by": "{who} linked this as blocked by #{number}",
    "conversation.linked_follow_up_of": "{who} linked this as a follow-up of #{number}",
    "conversation.linked_followed_up_by": "{who} linked #{number} as a follow-up of this",
    "conversation.unlinked": "{who} removed the link with #{number}",
    "conversation.continues": "Goes on where #{number} ended, because {contact} wrote after it was resolved",
    "conversation.continued": "{contact} wrote after this was resolved: it goes on in #{number}",
    "conversation.stayed_resolved": "Resolved again, because {contact} only said thanks",
    "priority.set": "{who} set the priority to {priority}",
    "tag.put": "{who} added the tag {tag}",
    "tag.taken": "{who} removed the tag {tag}",
    "case.opened": "{who} opened case #{number}: {title}",
    "case.edited": "{who} changed case #{number}: {changes}",
    "case.conversation_added": "{who} added conversation #{conversation} to case #{number}",
    "case.conversation_removed": "{who} removed conversation #{conversation} from case #{number}",
    "checklist.added": "{who} put {items} on the checklist",
    "checklist.done": "{who} checked off “{item}”",
    "checklist.reopened": "{who} unchecked “{item}”",
    "checklist.removed": "{who} took “{item}” off the checklist",
    "contact.edited": "{who} changed the contact: {changes}",
    "identity.added": "{who} added the address {address}",
    "reply.not_sent": "A reply could not be sent: {reason}",
    "reply.retried": "{who} had an unsent reply sent again",
    "reply.scheduled": "{who} scheduled a reply for {at}",
    "reply.unscheduled": "{who} took a scheduled reply back",
    "reply.held": "A scheduled reply was held back",
    "reply.discarded": "{who} discarded an unsent reply",
    "macro.run": "{who} ran the macro “{macro}”",
    "macro.undone": "{who} undid the macro “{macro}”",
    "automatic.received": "Received automatically ({auto}); no automatic answer is sent",
}


def record(
    session: Session,
    *,
    verb: str,
    conversation: Conversation | None = None,
    contact: Contact | None = None,
    case: Case | None = None,
    actor: User | None = None,
    rule: AutomationRule | None = None,
    data: dict[str, Any] | None = None,
) -> Activity:
    """Write one line; `data` carries the names as they are now. Raises KeyError for a verb nobody knows."""
    who = actor.name if actor else (f"Rule “{rule.name}”" if rule else "Tributary")
    VERBS[verb]
    activity = Activity(
        verb=verb,
        conversation_id=conversation.id if conversation else None,
        contact_id=conversation.contact_id if conversation else (contact.id if contact else None),
        case_id=case.id if case else None,
        message_id=conversation.last_message_id if conversation else None,
        actor_id=actor.id if actor else None,
        rule_id=rule.id if rule else None,
        data={"who": who, **(data or {})},
    )
    session.add(activity)
    return activity


def settle(session: Session, *, verb: str, named: str, value: str) -> Sequence[Activity]:
    """Say in the lines of a verb whose data has `value` under `named` that this is undone; return them."""
    query = select(Activity).where(Activity.verb == verb, Activity.data[named].astext == value)
    lines = session.scalars(query.order_by(Activity.id)).all()
    for line in lines:
        line.data = {**line.data, "is_undone": True}
    return lines


def sentence(verb: str, data: dict[str, Any]) -> str:
    """Say an activity in words, with its reason where it has one. Never fails on old data."""
    words = VERBS.get(verb, verb.replace(".", " ").replace("_", " ")).format_map(_Gaps(data))
    return f"{words} ({data['reason']})" if data.get("reason") else words


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
