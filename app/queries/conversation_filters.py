"""What a list of conversations is narrowed by: what the address of the page says, and the conditions it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from app.models import Channel, Conversation, ConversationRead, Inbox, Message, Status, Tag, Tagging, User
from app.queries import conversation_order, conversation_search, filter_conditions, following, understanding_filters
from app.queries._json import InboxIds
from app.queries.filter_groups import Condition, Group

Reading = TypeVar("Reading", bound=Select[*tuple[Any, ...]])
VIEWS = ("all", "mine", "unassigned", "mentions", "followed")
VIEW_FIELDS = {"mentions": "mentioned", "followed": "followed"}  # a view and the condition that says the same
Last = aliased(Message)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the page says. Ids are public ids; an empty string means: any."""

    view: str = "all"
    status: str = Status.OPEN.value
    inbox: str = ""
    channel: str = ""
    assignee: str = ""
    tag: str = ""
    sentiment: str = ""
    emotion: str = ""
    intent: str = ""
    urgency: str = ""
    mood: str = ""
    confidence: str = ""
    language: str = ""
    priority: str = ""
    unread: str = ""
    search: str = ""  # as it was typed; app/queries/search_terms.py reads it
    sort: str = conversation_order.NEWEST
    saved: str = ""  # public id of a saved view
    where: str = ""  # a group of conditions as JSON text; app/queries/filter_groups.py reads it
    within: tuple[Group, ...] = ()  # what `saved` and `where` ask, once they were read: in no address

    @property
    def narrowing(self) -> tuple[str, ...]:
        """Name the filters that there are beside view, inbox and status."""
        return NARROWING

    def narrowed(self) -> int:
        """Count those of them that are set."""
        return sum(1 for name in NARROWING if getattr(self, name))

    def cleared(self) -> str:
        """Return the query string without them."""
        return self.query(**dict.fromkeys(NARROWING, ""))

    def plainly(self, **changes: str) -> str:
        """Return the query string of a list that no saved view and no conditions narrow."""
        if self.saved or self.where:
            changes = {"saved": "", "where": "", "status": Status.OPEN.value, "sort": "", **changes}
        return self.query(**changes)

    @property
    def can_be_kept(self) -> bool:
        """Tell whether the query that asks for this is the same tomorrow: typed words and conditions may name days."""
        return not self.search and not self.within

    def query(self, **changes: str) -> str:
        """Return these filters as a query string, without what is default: "" or "?view=mine&tag=…"."""
        assert changes.keys() <= DEFAULTS.keys(), "no such filter"
        wanted = {name: changes.get(name, getattr(self, name)) for name in TOLD}
        told = {name: value for name, value in wanted.items() if value != DEFAULTS[name]}
        return f"?{urlencode(told)}" if told else ""


DEFAULTS: dict[str, str] = {f.name: f.default for f in fields(Filters) if f.name != "within"}  # type: ignore[misc]  # all are strings
TOLD = tuple(DEFAULTS)
SAME = ("sentiment", "emotion", "intent", "urgency", "language", "priority")  # filter and column have one name
NARROWING = ("channel", "assignee", "tag", "mood", "confidence", "unread", *SAME)


def status_condition(filters: Filters) -> list[ColumnElement[bool]]:
    """Return which status is listed. "all" is without spam, unless a condition asks for it."""
    return no_spam(filters.within) if filters.status == "all" else [Conversation.status == filters.status]


def no_spam(groups: Iterable[Group]) -> list[ColumnElement[bool]]:
    """Leave spam out where no condition names it."""
    asked = (one for group in groups for one in group.conditions())
    if any(one.field in {"status", "had_status"} and Status.SPAM in one.value for one in asked):
        return []
    return [Conversation.status != Status.SPAM]


def conditions(filters: Filters, user: User) -> list[ColumnElement[bool]]:
    """Return what all filters but the status ask of a conversation. Needs `unread_join` where unread is asked."""
    wanted: list[ColumnElement[bool]] = [Conversation.merged_into_id.is_(None)]
    if filters.view == "mine":
        wanted.append(Conversation.assignee_id == user.id)
    elif filters.view == "unassigned":
        wanted.append(Conversation.assignee_id.is_(None))
    elif filters.view == "mentions":
        wanted.append(following.is_mentioned(user))
    elif filters.view == "followed":
        wanted.append(following.is_followed(user))
    if filters.inbox:
        wanted.append(Conversation.inbox_id == _id_of(Inbox, filters.inbox))
    if filters.channel:
        of_kind = select(Channel.id).where(Channel.kind == filters.channel)
        wanted.append(Conversation.channel_id.in_(of_kind))
    if filters.assignee:
        nobody = filters.assignee == "none"
        asked = (
            Conversation.assignee_id.is_(None) if nobody else Conversation.assignee_id == _id_of(User, filters.assignee)
        )
        wanted.append(asked)
    if filters.tag:
        worn = (Tagging.conversation_id == Conversation.id) & (Tagging.tag_id == _id_of(Tag, filters.tag))
        wanted.append(exists().where(worn))
    wanted += [getattr(Conversation, name) == getattr(filters, name) for name in SAME if getattr(filters, name)]
    wanted += understanding_filters.mood_condition(filters.mood)
    wanted += understanding_filters.confidence_condition(filters.confidence)
    wanted += conversation_search.conditions(filters.search, user)
    if filters.unread:
        wanted.append(is_unread(user))
    return wanted + [filter_conditions.condition(group, user) for group in filters.within]


def matching(filters: Filters, user: User, inbox_ids: InboxIds) -> Select[int]:
    """Return the query that finds the ids of all conversations that filters keep."""
    query = select(Conversation.id).where(Conversation.inbox_id.in_(inbox_ids))
    if filters.unread:
        query = with_reading(query.select_from(Conversation), user)
    return query.where(*conditions(filters, user), *status_condition(filters))


def is_unread(user: User, of: type[Conversation] = Conversation) -> ColumnElement[bool]:
    """Say whether a user has not seen the last message; what one wrote oneself is seen."""
    newer = of.last_message_id > func.coalesce(ConversationRead.message_id, 0)
    return and_(newer, Last.author_id.is_distinct_from(user.id))


def with_reading(query: Reading, user: User, of: type[Conversation] = Conversation) -> Reading:
    """Join what `is_unread` looks at."""
    mine = (ConversationRead.conversation_id == of.id) & (ConversationRead.user_id == user.id)
    query = query.outerjoin(ConversationRead, mine)
    return query.outerjoin(Last, Last.id == of.last_message_id)


def _id_of(kind: type[Inbox | User | Tag], public_id: str) -> Any:
    """Return a subquery for an internal id; a malformed public id finds nothing."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        wanted = UUID(int=0)
    return select(kind.id).where(kind.public_id == wanted).scalar_subquery()


def as_group(filters: Filters) -> Group:
    """Say in conditions what filters ask: what a view keeps of a list that was narrowed by menus."""
    plain = {
        "inbox": filters.inbox,
        "kind": filters.channel,
        "assignee": {"mine": "me", "unassigned": "none"}.get(filters.view, filters.assignee),
        "status": "" if filters.status == "all" else filters.status,
        **{name: getattr(filters, name) for name in SAME},
    }
    found = [Condition(name, "is", value) for name, value in plain.items() if value]
    if filters.tag:
        found.append(Condition("tag", "has_any", filters.tag))
    if filters.unread:
        found.append(Condition("unread", "is", "yes"))
    if filters.view in VIEW_FIELDS:
        found.append(Condition(VIEW_FIELDS[filters.view], "is", "yes"))
    if filters.search:
        found.append(Condition("search", "contains", filters.search))
    return Group(of=(*found, *_of_models(filters), *filters.within))


def _of_models(filters: Filters) -> list[Condition]:
    asked = understanding_filters.mood_range(filters.mood)
    found = [Condition("recovered", "is", "yes")] if filters.mood == understanding_filters.RECOVERED else []
    if asked:
        found += [
            Condition("mood", "at_least", f"{asked.lowest:g}"),
            Condition("mood", "at_most", f"{asked.highest:g}"),
        ]
    least = understanding_filters.share(filters.confidence)
    return found + ([Condition("sentiment_confidence", "at_least", f"{least:g}")] if least is not None else [])
