"""Nested groups of conditions as SQL on Conversation.

What nobody knows (an abstained prediction) fits no condition on it, whichever way round, as in rules; a group that is
turned round holds whenever the group in it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true

from app.clock import now
from app.models import (
    Activity,
    Attachment,
    CaseConversation,
    Channel,
    Contact,
    Conversation,
    ConversationRead,
    Inbox,
    Message,
    Tag,
    Tagging,
    Team,
    User,
)
from app.queries import conversation_search, following
from app.queries.filter_groups import YES, Condition, Group, as_number, custom_pair
from app.queries.filter_vocabulary import ME, NOBODY
from app.render import zone

Sql = ColumnElement[bool]


def condition(group: Group, user: User) -> Sql:
    """Return what a checked group asks of Conversation, as `user` sees it ("me", unread)."""
    parts = [condition(one, user) if isinstance(one, Group) else _one(one, user) for one in group.of]
    joined = (or_ if group.match == "any" else and_)(*parts) if parts else true()
    return not_(func.coalesce(joined, false())) if group.is_not else joined


def _one(asked: Condition, user: User) -> Sql:
    return ASKED[asked.field](asked, user)


def _same(column: Any) -> Callable[[Condition, User], Sql]:
    def compare(asked: Condition, _: User) -> Sql:
        return cast("Sql", column == asked.value if asked.operator == "is" else column != asked.value)

    return compare


def _number(column: Any) -> Callable[[Condition, User], Sql]:
    def compare(asked: Condition, _: User) -> Sql:
        limit = as_number(asked.value)
        return cast("Sql", column >= limit if asked.operator == "at_least" else column <= limit)

    return compare


def _flag(build: Callable[[User], Sql]) -> Callable[[Condition, User], Sql]:
    def compare(asked: Condition, user: User) -> Sql:
        found = func.coalesce(build(user), false())
        return found if asked.value == YES else not_(found)

    return compare


def _holder(column: Any, kind: type[User | Team]) -> Callable[[Condition, User], Sql]:
    """Compare who has it: somebody, whoever looks, or nobody."""

    def compare(asked: Condition, user: User) -> Sql:
        if asked.value == NOBODY:
            return cast("Sql", column.is_(None) if asked.operator == "is" else column.is_not(None))
        wanted = _holder_id(asked.value, kind, user)
        return cast("Sql", column == wanted if asked.operator == "is" else column.is_distinct_from(wanted))

    return compare


def _holder_id(value: str, kind: type[User | Team | Inbox], user: User) -> Any:
    if value == ME:
        return user.id
    return select(kind.id).where(kind.public_id == UUID(value)).scalar_subquery()


def _inbox(asked: Condition, user: User) -> Sql:
    wanted = _holder_id(asked.value, Inbox, user)
    return cast("Sql", Conversation.inbox_id == wanted if asked.operator == "is" else Conversation.inbox_id != wanted)


def _kind(asked: Condition, _: User) -> Sql:
    of_kind = Conversation.channel_id.in_(select(Channel.id).where(Channel.kind == asked.value))
    return of_kind if asked.operator == "is" else not_(of_kind)


def _tag(asked: Condition, _: User) -> Sql:
    worn = [_wears(UUID(value)) for value in asked.values]
    if asked.operator == "has_all":
        return and_(*worn)
    return or_(*worn) if asked.operator == "has_any" else not_(or_(*worn))


def _wears(tag: UUID) -> Sql:
    query = select(Tagging.conversation_id).join(Tag, Tag.id == Tagging.tag_id)
    return Conversation.id.in_(query.where(Tag.public_id == tag, Tagging.conversation_id.is_not(None)))


def _text(column: Any) -> Callable[[Condition, User], Sql]:
    def compare(asked: Condition, _: User) -> Sql:
        return _text_test(column, asked.operator, asked.value)

    return compare


def _text_test(column: Any, operator: str, value: str) -> Sql:
    if operator == "is":
        return func.lower(column) == value.lower()
    contains: Sql = column.icontains(value, autoescape=True)
    return contains if operator == "contains" else not_(contains)


def _contact(asked: Condition, _: User) -> Sql:
    return _of_contact(_text_test(Contact.name, asked.operator, asked.value))


def _custom(asked: Condition, _: User) -> Sql:
    name, wanted = custom_pair(asked.value)
    if asked.operator == "has":
        return _of_contact(Contact.custom.has_key(name))
    return _of_contact(_text_test(Contact.custom[name].astext, asked.operator, wanted))


def _of_contact(holds: Sql) -> Sql:
    return _there_is(Contact.id == Conversation.contact_id, holds)


def _there_is(*holds: Sql) -> Sql:
    """Ask about rows beside the conversation's, whatever else the query around it reads."""
    return exists().where(*holds).correlate(Conversation)


def _search(asked: Condition, _: User) -> Sql:
    found = and_(true(), *conversation_search.conditions(asked.value))
    return not_(func.coalesce(found, false())) if asked.operator == "lacks" else found


def _unread(user: User) -> Sql:
    """As the list says it: the last message was not seen, and is not one's own."""
    read = select(ConversationRead.message_id).where(
        ConversationRead.conversation_id == Conversation.id, ConversationRead.user_id == user.id
    )
    own = _there_is(Message.id == Conversation.last_message_id, Message.author_id == user.id)
    return and_(
        Conversation.last_message_id > func.coalesce(read.correlate(Conversation).scalar_subquery(), 0), not_(own)
    )


def _has_case(_: User) -> Sql:
    return _there_is(CaseConversation.conversation_id == Conversation.id)


def _has_file(_: User) -> Sql:
    of = Message.id == Attachment.message_id
    return _there_is(of, Message.conversation_id == Conversation.id, Message.deleted_at.is_(None))


def _recovered(_: User) -> Sql:
    return Conversation.has_recovered.is_(True)


def _waiting(asked: Condition, _: User) -> Sql:
    since = now() - timedelta(minutes=as_number(asked.value) or 0.0)
    column = Conversation.waiting_since
    return column <= since if asked.operator == "at_least" else column >= since


def _moment(column: Any) -> Callable[[Condition, User], Sql]:
    def compare(asked: Condition, _: User) -> Sql:
        if asked.operator in {"in_last", "not_in_last"}:
            since = now() - timedelta(days=int(asked.value))
            return cast("Sql", column >= since if asked.operator == "in_last" else column < since)
        day = datetime.combine(date.fromisoformat(asked.value), time(), tzinfo=zone())
        return cast("Sql", column >= day if asked.operator == "after" else column < day)

    return compare


def _past(is_now: Sql, was: Sql, operator: str) -> Sql:
    """Join how it is and how it was, as an operator of the type "past" asks."""
    is_so = func.coalesce(is_now, false())
    if operator == "was":
        return and_(was, not_(is_so))
    return or_(was, is_so) if operator == "ever" else not_(or_(was, is_so))


def _told(verb: str, *holds: Sql) -> Sql:
    return _there_is(Activity.conversation_id == Conversation.id, Activity.verb == verb, *holds)


def _was_assigned(asked: Condition, user: User) -> Sql:
    who = _public_id(asked.value, user)
    is_now = Conversation.assignee_id == _holder_id(asked.value, User, user)
    was = _told("conversation.assigned", _named(Activity.data["assignee_id"].astext, who, "assignee", User))
    return _past(is_now, was, asked.operator)


def _was_team(asked: Condition, user: User) -> Sql:
    is_now = Conversation.team_id == _holder_id(asked.value, Team, user)
    was = _told("conversation.team_set", _named(Activity.data["team_id"].astext, asked.value, "team", Team))
    return _past(is_now, was, asked.operator)


def _named(told: Any, wanted: str, name: str, kind: type[User | Team]) -> Sql:
    """Older lines say only what somebody was called then."""
    called = select(kind.name).where(kind.public_id == UUID(wanted)).scalar_subquery()
    return or_(told == wanted, and_(told.is_(None), Activity.data[name].astext == called))


def _public_id(value: str, user: User) -> str:
    return str(user.public_id) if value == ME else value


STATUS_VERBS = {
    "pending": "conversation.set_pending",
    "snoozed": "conversation.snoozed",
    "resolved": "conversation.resolved",
    "spam": "conversation.marked_spam",
}


def _had_status(asked: Condition, _: User) -> Sql:
    return _past(Conversation.status == asked.value, _told(STATUS_VERBS[asked.value]), asked.operator)


def _had_priority(asked: Condition, _: User) -> Sql:
    """What was set; and what stood before the first time it was set is "normal", as every conversation begins."""
    was = _told("priority.set", Activity.data["priority"].astext == asked.value)
    if asked.value == "normal":
        was = or_(was, _told("priority.set"))
    return _past(Conversation.priority == asked.value, was, asked.operator)


ASKED: Mapping[str, Callable[[Condition, User], Sql]] = {
    "status": _same(Conversation.status),
    "priority": _same(Conversation.priority),
    "assignee": _holder(Conversation.assignee_id, User),
    "team": _holder(Conversation.team_id, Team),
    "tag": _tag,
    "inbox": _inbox,
    "kind": _kind,
    "unread": _flag(_unread),
    "followed": _flag(following.is_followed),
    "mentioned": _flag(following.is_mentioned),
    "case": _flag(_has_case),
    "sentiment": _same(Conversation.sentiment),
    "emotion": _same(Conversation.emotion),
    "intent": _same(Conversation.intent),
    "urgency": _same(Conversation.urgency),
    "sentiment_confidence": _number(Conversation.confidence),
    "mood": _number(Conversation.mood),
    "mood_fell": _number(Conversation.mood_start - Conversation.mood),
    "recovered": _flag(_recovered),
    "language": _same(Conversation.language),
    "search": _search,
    "subject": _text(Conversation.subject),
    "contact": _contact,
    "custom": _custom,
    "attachment": _flag(_has_file),
    "messages": _number(Conversation.messages),
    "waiting": _waiting,
    "last_message": _moment(Conversation.last_message_at),
    "created": _moment(Conversation.created_at),
    "was_assigned": _was_assigned,
    "was_team": _was_team,
    "had_status": _had_status,
    "had_priority": _had_priority,
}
