"""Filters in nested groups: what SQL finds is what plain Python finds; what cannot be asked is refused with its place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.models import (
    Activity,
    Attachment,
    CaseConversation,
    Channel,
    Contact,
    Conversation,
    Inbox,
    Message,
    Priority,
    Status,
    Tagging,
    Team,
    User,
)
from app.queries import filter_conditions, filter_groups
from app.queries.filter_groups import Condition, Group
from app.queries.filter_vocabulary import FIELDS, OPERATORS
from app.services import conversations, rule_vocabulary
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one conversation, in plain values."""

    row: Conversation
    contact: Contact
    values: dict[str, Any]
    past: dict[str, set[str]]
    tags: set[str]


@pytest.fixture(scope="module")
def facts(seeded: Seeded) -> Iterator[list[Facts]]:
    """The seeded conversations, stirred by a fixed seed, with what happened to them."""
    dice = random.Random(5)
    with transaction() as session:
        people = list(session.scalars(select(User).order_by(User.id)))
        team = session.scalars(select(Team).order_by(Team.id)).first() or Team(name="Night watch")
        session.add(team)
        session.flush()
        for row in session.scalars(select(Conversation).order_by(Conversation.id)):
            _stir(session, row, dice, people, team)
        for contact in session.scalars(select(Contact).order_by(Contact.id)):
            contact.custom = dice.choice([{}, {"plan": "Gold"}, {"plan": "basic", "seats": "5"}])
    with reading() as session:
        yield [_facts(session, row) for row in session.scalars(select(Conversation).order_by(Conversation.id))]


def _stir(session: Any, row: Conversation, dice: random.Random, people: list[User], team: Team) -> None:
    row.created_at = now() - timedelta(days=dice.choice([1, 3, 20, 90]), minutes=5)
    row.language = dice.choice([None, "de", "en"])
    actor = people[0]
    for _ in range(dice.randint(0, 3)):
        conversations.assign(session, conversation=row, actor=actor, assignee=dice.choice([None, *people]))
        conversations.set_priority(session, conversation=row, actor=actor, priority=dice.choice(list(Priority)))
        conversations.set_team(session, conversation=row, actor=actor, team=dice.choice([None, team]))
        status = dice.choice([Status.OPEN, Status.PENDING, Status.RESOLVED])
        conversations.set_status(session, conversation=row, actor=actor, status=status)


def _facts(session: Any, row: Conversation) -> Facts:
    def one(kind: Any, id_: int | None) -> str:
        return str(session.get_one(kind, id_).public_id) if id_ else "none"

    lines = session.scalars(select(Activity).where(Activity.conversation_id == row.id)).all()
    of_message = select(Message.id).where(Message.conversation_id == row.id, Message.deleted_at.is_(None))
    priorities = {one.data["priority"] for one in lines if one.verb == "priority.set"}
    return Facts(
        row=row,
        contact=session.get_one(Contact, row.contact_id),
        values={
            "status": row.status.value,
            "priority": row.priority.value,
            "assignee": one(User, row.assignee_id),
            "team": one(Team, row.team_id),
            "inbox": one(Inbox, row.inbox_id),
            "kind": session.get_one(Channel, row.channel_id).kind,
            "sentiment": row.sentiment,
            "emotion": row.emotion,
            "urgency": row.urgency,
            "intent": row.intent,
            "language": row.language,
            "case": session.scalar(select(CaseConversation).where(CaseConversation.conversation_id == row.id).limit(1)),
            "attachment": session.scalar(select(Attachment.id).where(Attachment.message_id.in_(of_message)).limit(1)),
            "recovered": row.has_recovered,
            "sentiment_confidence": row.confidence,
            "mood": row.mood,
            "mood_fell": None if row.mood is None or row.mood_start is None else row.mood_start - row.mood,
            "messages": row.messages,
            "waiting": None if row.waiting_since is None else (now() - row.waiting_since) / timedelta(minutes=1),
            "subject": row.subject,
            "contact": session.get_one(Contact, row.contact_id).name,
            "last_message": row.last_message_at,
            "created": row.created_at,
        },
        past={
            "was_assigned": {
                _told(one, "assignee_id", session) for one in lines if one.verb == "conversation.assigned"
            },
            "was_team": {one.data["team_id"] for one in lines if one.verb == "conversation.team_set"},
            "had_status": {
                {"set_pending": "pending"}.get(word, word) for word in (one.verb.split(".")[1] for one in lines)
            },
            "had_priority": priorities | ({"normal"} if priorities else set()),
        },
        tags={str(_tag_id(session, one)) for one in session.scalars(_worn(row))},
    )


def _told(line: Activity, name: str, session: Any) -> str:
    named = select(User.public_id).where(User.name == line.data["assignee"])
    return str(line.data.get(name) or session.scalar(named))


def _worn(row: Conversation) -> Any:
    return select(Tagging).where(Tagging.conversation_id == row.id)


def _tag_id(session: Any, worn: Tagging) -> Any:
    from app.models import Tag

    return session.get_one(Tag, worn.tag_id).public_id


NOW_OF = {"was_assigned": "assignee", "was_team": "team", "had_status": "status", "had_priority": "priority"}


def _holds(one: Condition, of: Facts) -> bool:
    kind, value = FIELDS[one.field].type, of.values.get(one.field)
    return TESTS[kind](one, of, value)


def _choice(one: Condition, _: Facts, value: Any) -> bool:
    return value is not None and (value == one.value) == (one.operator == "is")


def _labels(one: Condition, of: Facts, _: Any) -> bool:
    found = set(one.values) & of.tags
    return {"has_any": bool(found), "has_all": len(found) == len(set(one.values)), "has_none": not found}[one.operator]


def _number(one: Condition, _: Facts, value: Any) -> bool:
    return value is not None and (
        value >= float(one.value) if one.operator == "at_least" else value <= float(one.value)
    )


def _flag(one: Condition, _: Facts, value: Any) -> bool:
    return bool(value) == (one.value == "yes")


def _text(one: Condition, _: Facts, value: Any) -> bool:
    has, wanted = str(value).lower(), one.value.lower()
    return {"contains": wanted in has, "lacks": wanted not in has, "is": wanted == has}[one.operator]


def _date(one: Condition, _: Facts, value: Any) -> bool:
    if one.operator in {"in_last", "not_in_last"}:
        return bool((value >= now() - timedelta(days=int(one.value))) == (one.operator == "in_last"))
    return bool((value.date().isoformat() >= one.value) == (one.operator == "after"))


def _past(one: Condition, of: Facts, _: Any) -> bool:
    was, is_now = one.value in of.past[one.field], of.values[NOW_OF[one.field]] == one.value
    return {"was": was and not is_now, "ever": was or is_now, "never": not (was or is_now)}[one.operator]


def _custom(one: Condition, of: Facts, _: Any) -> bool:
    name, wanted = filter_groups.custom_pair(one.value)
    if one.operator == "has":
        return name in of.contact.custom
    has = of.contact.custom.get(name)
    return has is not None and (
        wanted.lower() == has.lower() if one.operator == "is" else wanted.lower() in has.lower()
    )


TESTS: dict[str, Callable[[Condition, Facts, Any], bool]] = {
    "choice": _choice, "labels": _labels, "number": _number, "flag": _flag, "text": _text, "date": _date,
    "past": _past, "custom": _custom,
}  # fmt: skip


def _fits(group: Group, of: Facts) -> bool:
    found = [_fits(one, of) if isinstance(one, Group) else _holds(one, of) for one in group.of]
    joined = any(found) if group.match == "any" else all(found)
    return joined is not group.is_not


class Maker:
    """Makes random groups whose values occur."""

    def __init__(self, facts: list[Facts], seed: int) -> None:
        self.dice, self.facts = random.Random(seed), facts

    def group(self, depth: int = 1) -> Group:
        many = self.dice.randint(1, 3)
        deeper = depth < filter_groups.DEEPEST
        of = [self.group(depth + 1) if deeper and self.dice.random() < 0.4 else self.condition() for _ in range(many)]
        return Group(self.dice.choice(["all", "any"]), tuple(of), is_not=self.dice.random() < 0.3)

    def condition(self, field: str = "") -> Condition:
        name = field or self.dice.choice([one for one in FIELDS if one not in {"search", "unread"}])
        asked, of = FIELDS[name], self.dice.choice(self.facts)
        operator = self.dice.choice(list(OPERATORS[asked.type]))
        return Condition(name, operator, self._value(name, asked.type, operator, of))

    def _value(self, name: str, kind: str, operator: str, of: Facts) -> str:
        if name in FIELDS and FIELDS[name].choices:
            return self.dice.choice(FIELDS[name].choices)
        if kind == "date":
            day = of.values[name].date().isoformat()
            return str(self.dice.choice([1, 2, 10, 60])) if "last" in operator else str(day)
        if kind == "past":
            return self._known(self.dice.choice(self.facts).values[NOW_OF[name]], self.facts[0].values[NOW_OF[name]])
        made = {
            "labels": ",".join(sorted(of.tags)[:2])
            or ",".join(sorted(next(one.tags for one in self.facts if one.tags))),
            "flag": self.dice.choice(["yes", "no"]),
            "custom": self.dice.choice(["plan=gold", "plan = bas", "seats=5"]) if operator != "has" else "plan",
            "number": self._number(name, of) if kind == "number" else "",
            "text": (str(of.values.get(name)) or "x")[: self.dice.randint(1, 8)].strip() or "a",
        }
        return made.get(kind) or str(of.values[name] or "en")

    def _number(self, name: str, of: Facts) -> str:
        value = of.values[name] or 0
        value = abs(value) if name == "mood_fell" else value
        return str(int(value) + 17) if name == "waiting" else f"{value:.3f}"  # minutes pass while a test runs

    def _known(self, value: str, other: str) -> str:
        found = [one for one in (value, other, *(f.values["assignee"] for f in self.facts)) if one != "none"]
        return str(found[0])


def _found(group: Group, user: User) -> set[int]:
    with reading() as session:
        return set(session.scalars(select(Conversation.id).where(filter_conditions.condition(group, user))))


def test_sql_finds_what_plain_python_finds(seeded: Seeded, facts: list[Facts]) -> None:
    user, some = seeded.made.users["ana"], 0
    for seed in range(150):
        group = filter_groups.checked(filter_groups.as_json(Maker(facts, seed).group()))
        expected = {one.row.id for one in facts if _fits(group, one)}
        assert _found(group, user) == expected, filter_groups.as_text(group)
        some += 0 < len(expected) < len(facts)
    assert some > 60, "most filters must tell some conversations from others"


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in {"search", "unread"}])
def test_every_field_finds_what_plain_python_finds(seeded: Seeded, facts: list[Facts], field: str) -> None:
    maker = Maker(facts, 9)
    for operator in OPERATORS[FIELDS[field].type]:
        for _ in range(2):
            one = maker.condition(field)
            while one.operator != operator:
                one = maker.condition(field)
            group = filter_groups.checked(filter_groups.as_json(Group(of=(one,))))
            assert _found(group, seeded.made.users["ana"]) == {f.row.id for f in facts if _fits(group, f)}, one


def test_search_unread_and_me_mean_what_the_list_says(seeded: Seeded, facts: list[Facts]) -> None:
    from app.queries import conversation_list
    from app.queries.conversation_filters import Filters
    from app.services import access

    user = seeded.made.users["ben"]
    pairs = [
        (Filters(status="all", unread="1"), Condition("unread", "is", "yes")),
        (Filters(status="all", view="mine"), Condition("assignee", "is", "me")),
        (Filters(status="all", search="mood:<0"), Condition("search", "contains", "mood:<0")),
    ]
    for plain, condition in pairs:
        with reading() as session:
            ids = access.inbox_ids_of(user)
            ways = (plain, Filters(status="all", within=(Group(of=(condition,)),)))
            one, other = (conversation_list.page(session, user=user, inbox_ids=ids, filters=f, rows=400) for f in ways)
        assert [row.public_id for row in one.rows] == [row.public_id for row in other.rows] != []


STATUS_OPEN = {"field": "status", "operator": "is", "value": "open"}


@pytest.mark.parametrize(
    ("found", "place", "said"),
    [
        ([], "where", "no group"),
        ({"match": "some", "of": []}, "where", "no group"),
        ({"match": "all", "of": [{"match": "all", "of": []}]}, "1", "empty"),
        ({"match": "all", "of": [STATUS_OPEN, {"field": "colour"}]}, "2", "choose what it looks at"),
        ({"match": "all", "of": [STATUS_OPEN | {"operator": "at_least"}]}, "1", "cannot be compared"),
        ({"match": "all", "of": [STATUS_OPEN | {"value": "closed"}]}, "1", "is one of"),
        ({"match": "all", "of": [{"field": "mood", "operator": "at_most", "value": "-2"}]}, "1", "from -1 to 1"),
        ({"match": "all", "of": [{"field": "mood", "operator": "at_most", "value": "nan"}]}, "1", "needs a number"),
        ({"match": "all", "of": [{"field": "tag", "operator": "has_any", "value": "x"}]}, "1", "choose a value"),
        ({"match": "all", "of": [{"field": "created", "operator": "in_last", "value": "soon"}]}, "1", "days"),
        ({"match": "all", "of": [{"field": "created", "operator": "after", "value": "9999-99-99"}]}, "1", "a day"),
        ({"match": "all", "of": [{"field": "search", "operator": "contains", "value": "moood:<1"}]}, "1", "mood"),
        ({"match": "all", "of": [{"field": "custom", "operator": "is", "value": "plan"}]}, "1", "equals sign"),
        ({"match": "all", "of": [STATUS_OPEN] * 31}, "where", "at most 30"),
        ({"match": "all", "of": [{"match": "any", "of": [{"match": "all", "of": [{"match": "all", "of": [STATUS_OPEN]}]}]}]}, "1.1.1", "3 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_place(found: Any, place: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        filter_groups.checked(found)
    assert (refused.value.field, said in refused.value.reason) == (place, True), refused.value.reason


@pytest.mark.parametrize("text", ["{", "[" * 3000, "x" * 9000, '{"match":"all"}'])
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        filter_groups.read(text)


def test_a_group_comes_back_from_its_text() -> None:
    group = Group(
        "any", (Condition("status", "is", "open"), Group("all", (Condition("mood", "at_most", "-0.5"),), is_not=True))
    )
    assert filter_groups.read(filter_groups.as_text(group)) == group
    assert filter_groups.read("") == filter_groups.EVERYTHING
    assert json.loads(filter_groups.as_text(group))["of"][1]["not"] is True


def test_filters_and_rules_speak_one_language() -> None:
    for name in FIELDS.keys() & rule_vocabulary.FIELDS.keys():
        here, there = FIELDS[name], rule_vocabulary.FIELDS[name]
        assert set(OPERATORS[here.type]) <= set(rule_vocabulary.OPERATORS[there.type]) or name == "emotion", name
        assert not (here.choices and there.choices) or set(here.choices) == set(there.choices), name
    for kind in ("text", "choice", "labels", "number", "flag"):
        assert OPERATORS[kind].items() <= rule_vocabulary.OPERATORS[kind].items()
