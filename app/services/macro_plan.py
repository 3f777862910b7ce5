"""What a macro would do in one conversation, told before it is done: the page shows it, and running it follows it.

Nothing here changes anything. Each step says what it changes from what to what, seen after the steps before it, or why
it is refused. A reply or a note that is refused stops the whole macro: nothing is resolved that was not answered. Other
steps that are refused are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.markdown import literal
from app.models import CannedResponse, Conversation, Macro, Status, Tag, Tagging, Team, User
from app.phrases import counted, phrase
from app.services import (
    access,
    canned_responses,
    canned_values,
    cases,
    checklists,
    delivery_route,
    liquid_texts,
    outgoing,
)
from app.services.macro_actions import ACTIONS, ME, NOBODY, NOTE, REPLY, WORDS, WRITTEN, in_order
from app.services.outgoing import Outgoing
from app.services.replies import IN_SPAM

MOST_NAMED = 5  # items of a checklist
CHECKED_KEY = "a plan"  # in the place of a client key: nothing is sent
NOT_IN_SPAM = phrase("This conversation is marked as spam: take it out of spam first.")


@dataclass(frozen=True, slots=True)
class Step:
    """`title` says what, `before` and `after` the change in words; `text` is what would be written, to everybody where
    `is_public`; it is Markdown where `html` says how that looks. `value` is what the verb is given; `also` what else
    it changes by itself.
    """

    do: str
    title: str
    after: str
    before: str = ""
    refusal: str = ""
    text: str = ""
    html: str = ""
    is_public: bool = False
    value: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return not self.refusal and (self.do in WRITTEN or self.before != self.after)


@dataclass(frozen=True, slots=True)
class Plan:
    """`fingerprint` is of everything in it: two plans that say the same have the same."""

    steps: tuple[Step, ...]
    fingerprint: str

    @property
    def stopped_by(self) -> Step | None:
        """Return the step without which the macro is not run at all."""
        return next((step for step in self.steps if step.do in WRITTEN and step.refusal), None)

    @property
    def does_something(self) -> bool:
        return self.stopped_by is None and any(step.changes for step in self.steps)


@dataclass(slots=True)
class _Standing:
    """The conversation as it would stand after the steps so far; people, teams and tags by name."""

    session: Session
    conversation: Conversation
    user: User
    values: Mapping[str, str]
    status: str
    priority: str
    assignee: str
    team: str
    tags: dict[str, str]  # by the name in lower case


def make(session: Session, *, macro: Macro, conversation: Conversation, user: User) -> Plan:
    """Plan a macro of a conversation that the user may see, as it is now."""
    standing = _standing(session, conversation, user)
    steps = tuple(_PLAN[action["do"]](standing, str(action["value"])) for action in in_order(macro.actions))
    seen = {"steps": [asdict(step) for step in steps], "newest": conversation.last_message_id}
    told = json.dumps({**seen, "macro": [macro.id, macro.version]}, sort_keys=True, default=str)
    return Plan(steps, hashlib.sha256(told.encode()).hexdigest())


def _standing(session: Session, conversation: Conversation, user: User) -> _Standing:
    holder = session.get(User, conversation.assignee_id) if conversation.assignee_id else None
    team = session.get(Team, conversation.team_id) if conversation.team_id else None
    worn = select(Tag.name).join(Tagging, Tagging.tag_id == Tag.id).where(Tagging.conversation_id == conversation.id)
    snoozed = conversation.snoozed_until.isoformat() if conversation.snoozed_until else ""
    return _Standing(
        session=session,
        conversation=conversation,
        user=user,
        values=canned_values.of(session, conversation=conversation, user=user),
        status=f"{WORDS[conversation.status.value]} {snoozed}".strip(),
        priority=WORDS[conversation.priority.value],
        assignee=holder.name if holder else WORDS[NOBODY],
        team=team.name if team else WORDS[NOBODY],
        tags={name.lower(): name for name in session.scalars(worn)},
    )


def _reply(now: _Standing, value: str) -> Step:
    step = Step(REPLY, ACTIONS[REPLY].label, "")
    canned = _canned(now, value)
    if canned is None:
        return _refused(step, phrase("This canned response is not offered here, or is gone."))
    try:
        text = canned_responses.text_for(now.session, canned=canned, conversation=now.conversation)
        is_markdown = _is_formatted(now)
        values = {name: literal(value) for name, value in now.values.items()} if is_markdown else now.values
        text = liquid_texts.render(text, values)
    except Invalid as problem:
        return _refused(step, problem.reason, after=canned.title)
    found = Step(REPLY, step.title, canned.title, text=text, value={"id": canned.id})
    if now.conversation.status is Status.SPAM:
        return _refused(found, IN_SPAM)
    try:
        written = Outgoing(text, CHECKED_KEY, is_markdown=is_markdown)
        ready = outgoing.check(now.session, conversation=now.conversation, outgoing=written)
    except Invalid as problem:
        return _refused(found, problem.reason)
    html = ready.layout.html if ready.layout else ""
    return replace(found, html=html, is_public=ready.answer.is_public, also=_answered(now))


def _is_formatted(now: _Standing) -> bool:
    """Tell whether a reply is Markdown, as in the composer: where the channel takes it, and who writes wants it."""
    try:
        route = delivery_route.of(now.session, now.conversation)
    except Invalid:
        return False  # the reply is refused for it
    return route.capabilities.html and not now.user.writes_plain


def _canned(now: _Standing, value: str) -> CannedResponse | None:
    offered = canned_responses.offered_in(now.conversation, now.user)
    query = select(CannedResponse).where(CannedResponse.public_id == _uuid(value), offered)
    return now.session.scalars(query).one_or_none()


def _answered(now: _Standing) -> tuple[str, ...]:
    """Say what a reply changes besides, and stand so from now on."""
    also = []
    if now.conversation.assignee_id is None:
        now.assignee = now.user.name
        also.append(phrase("It is assigned to {name}, who answers it.", name=now.user.name))
    if now.conversation.status in {Status.RESOLVED, Status.SNOOZED}:
        now.status = WORDS[Status.OPEN.value]
        also.append(phrase("It is open again, since it is answered."))
    return tuple(also)


def _note(now: _Standing, value: str) -> Step:
    title = ACTIONS[NOTE].label
    try:
        return Step(NOTE, title, "", text=liquid_texts.render(value, now.values))
    except Invalid as problem:
        return Step(NOTE, title, "", refusal=problem.reason)


def _assign(now: _Standing, value: str) -> Step:
    before, title = now.assignee, ACTIONS["assign"].label
    if value == NOBODY:
        now.assignee = WORDS[NOBODY]
        return Step("assign", title, now.assignee, before, value={"id": None})
    wanted = str(now.user.public_id) if value == ME else value
    allowed = access.colleagues(now.session, now.conversation.inbox_id)
    found = next((one for one in allowed if str(one.public_id) == wanted), None)
    if found is None:
        refusal = phrase("This inbox is not shared with that colleague.")
        return Step("assign", title, _name(now.session, User, wanted), before, refusal=refusal)
    now.assignee = found.name
    return Step("assign", title, found.name, before, value={"id": found.id})


def _team(now: _Standing, value: str) -> Step:
    before, title = now.team, ACTIONS["team"].label
    team = now.session.scalars(select(Team).where(Team.public_id == _uuid(value))).one_or_none()
    if value != NOBODY and team is None:
        return Step("team", title, "", before, refusal=phrase("There is no such team any more."))
    now.team = team.name if team else WORDS[NOBODY]
    return Step("team", title, now.team, before, value={"id": team.id if team else None})


def _priority(now: _Standing, value: str) -> Step:
    before, now.priority = now.priority, WORDS[value]
    return Step("priority", ACTIONS["priority"].label, now.priority, before, value={"priority": value})


def _status(now: _Standing, value: str) -> Step:
    title, before = ACTIONS["status"].label, now.status
    if now.conversation.status is Status.SPAM:
        return Step("status", title, WORDS[value], before, refusal=NOT_IN_SPAM)
    now.status = WORDS[value]
    return Step("status", title, now.status, before, value={"status": value}, also=_left_open(now, value, before))


def _left_open(now: _Standing, value: str, before: str) -> tuple[str, ...]:
    """Say what of the checklist is still open where this resolves; who runs it has read that."""
    if value != Status.RESOLVED or before == WORDS[value]:
        return ()
    left = checklists.unfinished(now.session, now.conversation)
    if not left:
        return ()
    many = counted(
        "{count} item of the checklist is still open.", "{count} items of the checklist are still open.", len(left)
    )
    return many, *(f"“{words}”" for words in left[:MOST_NAMED])


def _add_tag(now: _Standing, value: str) -> Step:
    return _tag(now, "add_tag", value, {**now.tags, value.lower(): now.tags.get(value.lower(), value)})


def _take_tag(now: _Standing, value: str) -> Step:
    return _tag(now, "take_tag", value, {key: name for key, name in now.tags.items() if key != value.lower()})


def _tag(now: _Standing, do: str, name: str, after: dict[str, str]) -> Step:
    before, now.tags = now.tags, after
    told = [", ".join(sorted(tags.values())) or phrase("no tags") for tags in (before, after)]
    return Step(do, f"{ACTIONS[do].label} “{name}”", told[1], told[0], value={"name": name})


def _open_case(now: _Standing, value: str) -> Step:
    title = ACTIONS["open_case"].label
    if cases.has_open_case(now.session, now.conversation):
        return Step("open_case", title, WORDS[value], refusal=phrase("It has an open case already."))
    return Step("open_case", title, WORDS[value], value={"type": value})


_PLAN: Mapping[str, Callable[[_Standing, str], Step]] = {
    REPLY: _reply,
    NOTE: _note,
    "assign": _assign,
    "team": _team,
    "priority": _priority,
    "add_tag": _add_tag,
    "take_tag": _take_tag,
    "status": _status,
    "open_case": _open_case,
}


def _refused(step: Step, reason: str, *, after: str = "") -> Step:
    return Step(step.do, step.title, after or step.after, refusal=reason, text=step.text)


def _name(session: Session, kind: type[User], public_id: str) -> str:
    return session.scalar(select(func.coalesce(kind.name, "")).where(kind.public_id == _uuid(public_id))) or ""


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        return UUID(int=0)
