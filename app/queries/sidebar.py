"""What stands beside the list: inboxes and views with their counts, and the short lists that menus offer. One query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import (
    Channel,
    ChannelState,
    Conversation,
    Inbox,
    InboxAccess,
    Role,
    Status,
    Tag,
    Team,
    TeamMember,
    User,
)
from app.queries._json import AnySelect, InboxIds, json_rows
from app.queries.conversation_list import Filters, TagRow, conditions, is_unread, with_reading

MOST_OPTIONS = 500


@dataclass(frozen=True, slots=True)
class Person:
    """Someone a conversation can be given to; `inbox_ids` are those shared with them, admins see all."""

    id: str
    name: str
    is_admin: bool
    inbox_ids: frozenset[int]

    def sees(self, inbox_id: int) -> bool:
        return self.is_admin or inbox_id in self.inbox_ids


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the menus of the inbox offer."""

    people: tuple[Person, ...]
    teams: tuple[Named, ...]
    tags: tuple[TagRow, ...]
    channel_kinds: tuple[str, ...]
    intents: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxCount:
    id: str
    name: str
    open: int
    unread: int


@dataclass(frozen=True, slots=True)
class Counts:
    """`views` and `inboxes` count what is open; `statuses` what matches the page's filters, by status.

    `paused` names the channels of these inboxes that neither fetch nor send.
    """

    views: dict[str, int]
    inboxes: tuple[InboxCount, ...]
    statuses: dict[str, int]
    unread: int
    paused: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Sidebar:
    counts: Counts
    options: Options


def sidebar(session: Session, *, user: User, inbox_ids: InboxIds, filters: Filters) -> Sidebar:
    """Read counts and options together."""
    inboxes = select(Inbox.id.label("row"), Inbox.public_id.label("id"), Inbox.name.label("name"))
    named = inboxes.where(Inbox.id.in_(inbox_ids)).order_by(Inbox.name)
    beside = json_rows(_counts(user, inbox_ids, filters)), json_rows(named), json_rows(_paused(inbox_ids))
    row = session.execute(select(*beside, *_option_columns(inbox_ids))).one()
    return Sidebar(counts=_told(row[0], row[1], row[2]), options=_options(row[3:]))


def options(session: Session, *, inbox_ids: InboxIds) -> Options:
    """Read only what menus offer."""
    return _options(session.execute(select(*_option_columns(inbox_ids))).one())


def _counts(user: User, inbox_ids: InboxIds, filters: Filters) -> AnySelect:
    matching = and_(true(), *conditions(filters, user))
    query = select(
        Conversation.inbox_id.label("inbox"),
        Conversation.status.label("status"),
        func.count().label("all"),
        func.count().filter(Conversation.assignee_id == user.id).label("mine"),
        func.count().filter(Conversation.assignee_id.is_(None)).label("unassigned"),
        func.count().filter(is_unread(user)).label("unread"),
        func.count().filter(matching).label("matching"),
    )
    query = with_reading(query.select_from(Conversation), user).where(Conversation.inbox_id.in_(inbox_ids))
    return query.group_by(Conversation.inbox_id, Conversation.status)


def _paused(inbox_ids: InboxIds) -> AnySelect:
    query = select(Channel.public_id.label("id"), Channel.name.label("name")).order_by(Channel.name)
    return query.where(Channel.inbox_id.in_(inbox_ids), Channel.state == ChannelState.PAUSED).limit(MOST_OPTIONS)


def _option_columns(inbox_ids: InboxIds) -> list[Any]:
    return [
        json_rows(_people()),
        json_rows(select(Team.public_id.label("id"), Team.name.label("name")).order_by(Team.name).limit(MOST_OPTIONS)),
        json_rows(_tags()),
        json_rows(_channel_kinds(inbox_ids)),
        json_rows(_occurring(Conversation.intent, inbox_ids)),
        json_rows(_occurring(Conversation.language, inbox_ids)),
    ]


def _people() -> AnySelect:
    teams = select(TeamMember.team_id).where(TeamMember.user_id == User.id).correlate(User)
    shared = select(InboxAccess.inbox_id).where(or_(InboxAccess.user_id == User.id, InboxAccess.team_id.in_(teams)))
    inboxes = func.array(shared.correlate(User).scalar_subquery())
    people = select(
        User.public_id.label("id"),
        User.name.label("name"),
        (User.role == Role.ADMIN).label("is_admin"),
        inboxes.label("inbox_ids"),
    )
    return people.where(User.is_active).order_by(User.name, User.id).limit(MOST_OPTIONS)


def _tags() -> AnySelect:
    columns = Tag.public_id.label("id"), Tag.name.label("name"), Tag.colour.label("colour")
    return select(*columns).order_by(func.lower(Tag.name)).limit(MOST_OPTIONS)


def _channel_kinds(inbox_ids: InboxIds) -> AnySelect:
    here = Channel.inbox_id.in_(inbox_ids), Channel.state != ChannelState.REMOVED
    return select(Channel.kind.label("name")).where(*here).distinct().order_by(Channel.kind)


def _occurring(column: InstrumentedAttribute[str | None], inbox_ids: InboxIds) -> AnySelect:
    """Offer what occurs among conversations that are not resolved."""
    active = Conversation.inbox_id.in_(inbox_ids), Conversation.status != Status.RESOLVED
    told = select(column.label("name")).where(*active, column.is_not(None))
    return told.distinct().order_by(column).limit(MOST_OPTIONS)


def _options(row: Sequence[Any]) -> Options:
    people, teams, tags, kinds, intents, languages = row
    return Options(
        people=tuple(
            Person(p["id"], p["name"], is_admin=p["is_admin"], inbox_ids=frozenset(p["inbox_ids"])) for p in people
        ),
        teams=tuple(Named(**team) for team in teams),
        tags=tuple(TagRow(**tag) for tag in tags),
        channel_kinds=tuple(kind["name"] for kind in kinds),
        intents=tuple(intent["name"] for intent in intents),
        languages=tuple(language["name"] for language in languages),
    )


def _told(rows: list[dict[str, Any]], inboxes: list[dict[str, Any]], paused: list[dict[str, Any]]) -> Counts:
    is_open = [row for row in rows if row["status"] == Status.OPEN]
    per_inbox = {row["inbox"]: row for row in is_open}
    nothing = {"all": 0, "unread": 0}
    return Counts(
        views={view: sum(row[view] for row in is_open) for view in ("all", "mine", "unassigned")},
        inboxes=tuple(
            InboxCount(
                id=inbox["id"],
                name=inbox["name"],
                open=per_inbox.get(inbox["row"], nothing)["all"],
                unread=per_inbox.get(inbox["row"], nothing)["unread"],
            )
            for inbox in inboxes
        ),
        statuses={status.value: sum(r["matching"] for r in rows if r["status"] == status) for status in Status},
        unread=sum(row["unread"] for row in is_open),
        paused=tuple(Named(**channel) for channel in paused),
    )
