"""Lines people read in the timeline, and the words they are told in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Activity, AutomationRule, Case, Contact, Conversation, User
from app.phrases import PLACE, Phrase, counted, kept, phrase, phrase_in, read_kept

# verb → sentence; {who} is the actor, the rule, or "Tributary"; the rest comes from Activity.data
VERBS: dict[str, Phrase] = {
    "conversation.assigned": phrase("{who} assigned this to {assignee}"),
    "conversation.unassigned": phrase("{who} took {assignee} off this"),
    "conversation.team_set": phrase("{who} gave this to the team {team}"),
    "conversation.team_cleared": phrase("{who} took this from its team"),
    "conversation.resolved": phrase("{who} resolved this"),
    "conversation.reopened": phrase("{who} reopened this"),
    "conversation.set_pending": phrase("{who} set this to pending"),
    "conversation.snoozed": phrase("{who} snoozed this until {until}"),
    "conversation.marked_spam": phrase("{who} marked this as spam"),
    "conversation.unmarked_spam": phrase("{who} took this out of spam"),
    "conversation.caught": phrase("Went to spam: {address} is blocked"),
    "sender.blocked": phrase("{who} blocked {address}"),
    "sender.unblocked": phrase("{who} unblocked {address}"),
    "conversation.woke": phrase("Snooze ended"),
    "conversation.woke_by_mood": phrase("Snooze ended, because the customer's mood fell"),
    "conversation.answered_again": phrase("Reopened, because {contact} wrote again"),
    "conversation.related": phrase("{sender} answered conversation #{number} without being part of it: kept apart"),
    "conversation.stranger_kept_apart": phrase("{sender}, a stranger here, answered this: kept apart as #{number}"),
    "conversation.merged_in": phrase("{who} merged #{number} into this ({messages})"),
    "conversation.merged_away": phrase("{who} merged this into #{number}"),
    "conversation.merge_undone": phrase("{who} undid the merge with #{number}"),
    "conversation.split_from": phrase("{who} split this from #{number} ({messages})"),
    "conversation.split_off": phrase("{who} split #{number} from this ({messages})"),
    "conversation.split_undone": phrase("{who} undid the split of #{number}"),
    "conversation.messages_moved_in": phrase("{who} moved {messages} here from #{number}"),
    "conversation.messages_moved_away": phrase("{who} moved {messages} to #{number}"),
    "conversation.move_undone": phrase("{who} brought back what was moved between this and #{number}"),
    "conversation.linked_related": phrase("{who} linked this as related to #{number}"),
    "conversation.linked_duplicate_of": phrase("{who} linked this as a duplicate of #{number}"),
    "conversation.linked_duplicated_by": phrase("{who} linked #{number} as a duplicate of this"),
    "conversation.linked_blocks": phrase("{who} linked this as blocking #{number}"),
    "conversation.linked_blocked_by": phrase("{who} linked this as blocked by #{number}"),
    "conversation.linked_follow_up_of": phrase("{who} linked this as a follow-up of #{number}"),
    "conversation.linked_followed_up_by": phrase("{who} linked #{number} as a follow-up of this"),
    "conversation.unlinked": phrase("{who} removed the link with #{number}"),
    "conversation.continues": phrase("Goes on where #{number} ended, because {contact} wrote after it was resolved"),
    "conversation.continued": phrase("{contact} wrote after this was resolved: it goes on in #{number}"),
    "conversation.stayed_resolved": phrase("Resolved again, because {contact} only said thanks"),
    "priority.set": phrase("{who} set the priority to {priority}"),
    "tag.put": phrase("{who} added the tag {tag}"),
    "tag.taken": phrase("{who} removed the tag {tag}"),
    "case.opened": phrase("{who} opened case #{number}: {title}"),
    "case.edited": phrase("{who} changed case #{number}: {changes}"),
    "case.conversation_added": phrase("{who} added conversation #{conversation} to case #{number}"),
    "case.conversation_removed": phrase("{who} removed conversation #{conversation} from case #{number}"),
    "checklist.added": phrase("{who} put {items} on the checklist"),
    "checklist.done": phrase("{who} checked off “{item}”"),
    "checklist.reopened": phrase("{who} unchecked “{item}”"),
    "checklist.removed": phrase("{who} took “{item}” off the checklist"),
    "contact.edited": phrase("{who} changed the contact: {changes}"),
    "identity.added": phrase("{who} added the address {address}"),
    "reply.not_sent": phrase("A reply could not be sent: {reason}"),
    "reply.retried": phrase("{who} had an unsent reply sent again"),
    "reply.scheduled": phrase("{who} scheduled a reply for {at}"),
    "reply.unscheduled": phrase("{who} took a scheduled reply back"),
    "reply.held": phrase("A scheduled reply was held back"),
    "reply.discarded": phrase("{who} discarded an unsent reply"),
    "macro.run": phrase("{who} ran the macro “{macro}”"),
    "macro.undone": phrase("{who} undid the macro “{macro}”"),
    "automatic.received": phrase("Received automatically ({auto}); no automatic answer is sent"),
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
        data={"who": who, **_with_reason(data or {})},
    )
    session.add(activity)
    return activity


def _with_reason(data: dict[str, Any]) -> dict[str, Any]:
    """Keep also how a reason was made: it is read in each reader's language."""
    reason = data.get("reason")
    return {**data, "reason_said": kept(reason)} if isinstance(reason, Phrase) else data


def settle(session: Session, *, verb: str, named: str, value: str) -> Sequence[Activity]:
    """Say in the lines of a verb whose data has `value` under `named` that this is undone; return them."""
    query = select(Activity).where(Activity.verb == verb, Activity.data[named].astext == value)
    lines = session.scalars(query.order_by(Activity.id)).all()
    for line in lines:
        line.data = {**line.data, "is_undone": True}
    return lines


def sentence(verb: str, data: dict[str, Any]) -> Phrase:
    """Say an activity in words, with its reason where it has one. Never fails on old data."""
    said = VERBS.get(verb)
    template = said.template if said else verb.replace(".", " ").replace("_", " ")
    words = Phrase(template, values={name: _value(name, data.get(name, "…")) for name in PLACE.findall(template)})
    reason = read_kept(data.get("reason_said")) or data.get("reason")
    return phrase("{sentence} ({reason})", sentence=words, reason=_value("reason", reason)) if reason else words


def _value(name: str, told: object) -> str:
    """Return what stands in one place of a sentence: names as they were, our own words as phrases."""
    if isinstance(told, Phrase):
        return told
    text = str(told)
    if name == "messages" and (many := MANY.fullmatch(text)):
        return counted("{count} message", "{count} messages", int(many[1]))
    if name == "until" and text.endswith(OR_MOOD):
        return phrase("{time}, or their mood falls", time=_value(name, text.removesuffix(OR_MOOD)))
    pattern, say = FORMS.get(name, (NEVER, str))
    if form := pattern.fullmatch(text):
        return say(form)
    return WORDS.get(name, {}).get(text, text)


def _edited(told: re.Match[str]) -> str:
    if told[1] is None:
        return phrase("note")
    return phrase("name is now {name}, note", name=told[1]) if told[2] else phrase("name is now {name}", name=told[1])


MANY, NEVER = re.compile(r"([0-9]{1,6}) messages?"), re.compile(r"(?!)")
FORMS: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = {  # as stored → as said
    "who": (re.compile(r"Rule “(.*)”", re.DOTALL), lambda told: phrase("Rule “{name}”", name=told[1])),
    "reason": (
        re.compile(r"next in line of (.*)", re.DOTALL),
        lambda told: phrase("next in line of {team}", team=told[1]),
    ),
    "changes": (re.compile(r"(?:name is now (.*?)(, note)?|note)", re.DOTALL), _edited),
}
OR_MOOD = ", or their mood falls"
WORDS: dict[str, dict[str, Phrase]] = {  # what stands in a place → as it is said
    "until": {"they answer": phrase("they answer")},
    "reason": {
        "handed over with a note": phrase("handed over with a note"),
        "their own demo": phrase("their own demo"),
    },
    "auto": {
        "an automatic reply": phrase("an automatic reply"),
        "a delivery failure": phrase("a delivery failure"),
    },
    "priority": {
        "low": phrase_in("priority in a sentence", "low"),
        "normal": phrase_in("priority in a sentence", "normal"),
        "high": phrase_in("priority in a sentence", "high"),
        "urgent": phrase_in("priority in a sentence", "urgent"),
    },
}
