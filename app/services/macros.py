"""Named bundles of actions that people run by hand: kept, run as they were planned, and undone.

What a run does is one transaction. It follows the plan that the page showed (macro_plan); where the conversation has
moved meanwhile, nothing is done and the new plan is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import AppError, Conflict, Invalid
from app.models import CannedResponse, CaseType, Conversation, Macro, MacroRun, Message, Team, User
from app.phrases import phrase
from app.services import activities, canned_ranking, cases, macro_actions, replies, sending_rules, tags, taking_back
from app.services.bulk_verbs import VERBS, Seen, same
from app.services.macro_actions import NOTE, REPLY, SNOOZES, UNTIL_ANSWER
from app.services.macro_plan import Plan, Step, make

MOST, LONGEST_NAME = 500, 80  # macros of a workspace; characters
MOVED = phrase("This conversation changed meanwhile. Look again at what the macro would do now.")
VERB_OF = {"assign": "assign", "team": "team", "priority": "priority", "status": "status"}
VERB_OF |= {"add_tag": "tag_put", "take_tag": "tag_take"}
BY_REPLY = {"assign": phrase("the assignment"), "status": phrase("the status")}  # what a reply may change by itself
Steps = list[dict[str, Any]]


def save(
    session: Session,
    *,
    macro: Macro | None,
    name: str,
    actions: Any,
    team: Team | None = None,
    owner: User | None = None,
    version: int | None = None,
) -> Macro:
    """Write a macro, a new one (at the end) for None. Raises Invalid, or Conflict where it changed since `version`."""
    if macro is not None and version is not None and version != macro.version:
        raise Conflict(phrase("Somebody changed this macro meanwhile. Look again, then decide."), version=macro.version)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(phrase("A macro needs a name of 1 to {most} characters.", most=LONGEST_NAME), field="name")
    if team and owner:
        raise Invalid(phrase("Choose one place, not several."), field="place")
    checked = macro_actions.check(actions)
    if macro is None:
        count, last = session.execute(select(func.count(), func.coalesce(func.max(Macro.position), 0))).one()
        if count >= MOST:
            raise Invalid(phrase("There are {most} macros already: remove one first.", most=MOST), field="name")
        macro = Macro(version=0, position=last + 1)
        session.add(macro)
    macro.name, macro.actions = name, checked
    macro.team_id, macro.owner_id = team.id if team else None, owner.id if owner else None
    macro.version += 1
    session.flush()
    return macro


def move(session: Session, *, macro: Macro, by: int, seen: ColumnElement[bool]) -> None:
    """Let a macro stand earlier (-1) or later (+1) among those that fulfil a condition; at an end nothing happens."""
    book = list(session.scalars(select(Macro).where(seen).order_by(Macro.id).with_for_update()))
    book.sort(key=lambda row: (row.position, row.id))
    places = [row.position for row in book]
    here = book.index(macro)
    there = min(max(here + by, 0), len(book) - 1)
    book.insert(there, book.pop(here))
    for place, row in zip(places, book, strict=True):
        row.position = place
    session.flush()


def run(
    session: Session, *, macro: Macro, conversation: Conversation, user: User, fingerprint: str, client_key: str
) -> MacroRun:
    """Do what a plan said, in a conversation whose row is locked; the same client_key twice is one run.

    Raises Conflict where the plan is another one by now, and Invalid where it cannot be done.
    """
    if not client_key or len(client_key) > 100:
        raise Invalid(phrase("The form is out of date: load the page again."), field="client_key")
    before = _run_before(session, conversation, client_key)
    if before is not None:
        return before
    plan = make(session, macro=macro, conversation=conversation, user=user)
    if plan.fingerprint != fingerprint:
        raise Conflict(MOVED, version=conversation.version)
    _check_runs(plan)
    row = MacroRun(macro_id=macro.id, conversation_id=conversation.id, user_id=user.id, client_key=client_key, steps=[])
    session.add(row)
    session.flush()
    for step in plan.steps:
        if step.changes:
            row.steps = [*row.steps, *_DO[step.do](session, row, conversation, user, step)]
    session.execute(update(Macro).where(Macro.id == macro.id).values(uses=Macro.uses + 1))
    data = {"macro": macro.name, "macro_run": str(row.public_id)}
    activities.record(session, verb="macro.run", conversation=conversation, actor=user, data=data)
    session.flush()
    return row


def undo(session: Session, *, row: MacroRun, conversation: Conversation, user: User) -> list[str]:
    """Put back what a run changed, last first, and take its reply back; return what stays, in words.

    What somebody changed since stays, as do notes, cases, and a reply that has left. Both rows are locked.
    """
    if row.undone_at is not None:
        return []
    row.undone_at = now()
    by_reply = [step for step in row.steps if step.get("is_by_reply")]
    steps = [step for step in row.steps if step not in by_reply]
    stays = [words for step in reversed(steps) if (words := _put_back(session, conversation, user, step))]
    if row.message_id is not None and (left := _take_reply_back(session, row.message_id, user)):
        stays.append(left)
    else:
        stays += [words for step in reversed(by_reply) if (words := _put_back(session, conversation, user, step))]
    for line in activities.settle(session, verb="macro.run", named="macro_run", value=str(row.public_id)):
        data = {"macro": line.data.get("macro", "")}
        activities.record(session, verb="macro.undone", conversation=conversation, actor=user, data=data)
    session.flush()
    return stays


def _run_before(session: Session, conversation: Conversation, client_key: str) -> MacroRun | None:
    wanted = MacroRun.conversation_id == conversation.id, MacroRun.client_key == client_key
    return session.scalars(select(MacroRun).where(*wanted)).one_or_none()


def _check_runs(plan: Plan) -> None:
    if plan.stopped_by is not None:
        raise Invalid(plan.stopped_by.refusal)
    if not plan.does_something:
        raise Invalid(phrase("There is nothing for this macro to do here."))


def _send(session: Session, row: MacroRun, conversation: Conversation, user: User, step: Step) -> Steps:
    """Queue the reply; what it changes by itself is kept, to be undone with it."""
    before = {name: VERBS[name].seen(session, conversation, user, {}) for name in BY_REPLY}
    message = replies.queue_reply(
        session,
        conversation=conversation,
        author=user,
        text=step.text,
        is_markdown=bool(step.html),
        client_key=_key(row, REPLY),
        wait=sending_rules.undo_wait(session),
    )
    row.message_id = message.id
    canned = session.get_one(CannedResponse, step.value["id"])
    canned_ranking.record_use(session, canned=canned, conversation=conversation, user=user)
    after = {name: VERBS[name].seen(session, conversation, user, {}) for name in BY_REPLY}
    return [
        {**_kept(name, {}, before[name], after[name], BY_REPLY[name]), "is_by_reply": True}
        for name in BY_REPLY
        if not same(before[name], after[name])
    ]


def _write(session: Session, row: MacroRun, conversation: Conversation, user: User, step: Step) -> Steps:
    key = _key(row, NOTE)
    replies.write_note(session, conversation=conversation, author=user, text=step.text, client_key=key)
    return [{"stays": phrase("the note")}]


def _open_case(session: Session, _: MacroRun, conversation: Conversation, user: User, step: Step) -> Steps:
    title = conversation.subject or conversation.preview or f"Conversation #{conversation.number}"
    kind, title = CaseType(step.value["type"]), title[: cases.MAX_TITLE]
    case = cases.open_case(session, conversation=conversation, actor=user, title=title, type=kind)
    return [{"stays": phrase("case #{number}", number=str(case.number))}]


def _change(session: Session, _: MacroRun, conversation: Conversation, user: User, step: Step) -> Steps:
    """Do one of the verbs that bulk actions have, and keep what undoes it."""
    name = VERB_OF[step.do]
    verb, value = VERBS[name], _value(session, step)
    before = verb.seen(session, conversation, user, value)
    verb.do(session, conversation, user, value)
    session.flush()
    after = verb.seen(session, conversation, user, value)
    return [_kept(name, value, before, after, step.title)]


def _kept(verb: str, value: Mapping[str, Any], before: Seen, after: Seen, title: str) -> dict[str, Any]:
    return {"verb": verb, "value": dict(value), "before": before, "after": after, "title": str(title)}


def _value(session: Session, step: Step) -> dict[str, Any]:
    value = dict(step.value)
    if "name" in value:
        return {"id": tags.named(session, value["name"]).id}
    status = value.get("status", "")
    if status in SNOOZES:
        return {"status": "snoozed", "until": (now() + SNOOZES[status]).isoformat()}
    return {"status": "snoozed", "until": None} if status == UNTIL_ANSWER else value


def _put_back(session: Session, conversation: Conversation, user: User, step: Mapping[str, Any]) -> str:
    """Undo one step; return what stays, "" for nothing."""
    if "stays" in step:
        return str(step["stays"])
    verb, value = VERBS[step["verb"]], step["value"]
    if not same(verb.seen(session, conversation, user, value), step["after"]):
        return str(step["title"])
    try:
        verb.restore(session, conversation, user, step["before"], value)
    except AppError:
        return str(step["title"])
    session.flush()
    return ""


def _take_reply_back(session: Session, message_id: int, user: User) -> str:
    """Take the reply back; return that it stays where it has left, "" where it is gone."""
    message = session.get(Message, message_id)
    if message is None:  # its writer took it back by itself
        return ""
    try:
        taking_back.take_back(session, message=message, actor=user)
    except Conflict:
        return phrase("the reply, which has left")
    return ""


def _key(row: MacroRun, what: str) -> str:
    """Return the client key of what a run writes: the same for the same run."""
    return str(uuid5(NAMESPACE_URL, f"macro:{row.public_id}:{what}"))


_DO: Mapping[str, Callable[[Session, MacroRun, Conversation, User, Step], Steps]] = {
    REPLY: _send,
    NOTE: _write,
    "open_case": _open_case,
    **dict.fromkeys(VERB_OF, _change),
}
