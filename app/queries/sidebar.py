"""What stands beside the list: inboxes and views with their counts, and the short lists that menus offer. One query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import (
    Channel,
    ChannelState,
    Conversation,
    ConversationRead,
    Inbox,
    InboxAccess,
    Role,
    Status,
    Tag,
    Team,
    TeamMember,
    User,
)
from app.queries import following, saved_views
from app.queries._json import AnySelect, InboxIds, json_object, json_rows
from app.queries.conversation_filters import VIEWS, Filters, Last, conditions, with_reading
from app.queries.conversation_list import TagRow, inside
from app.queries.saved_views import Looks

MOST_OPTIONS = 500
MOST_COUNTED = 1000  # "999+": a count costs the same among a hundred and among a million


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

    Each goes up to MOST_COUNTED. `unread` is looked for among the newest MOST_COUNTED that are open.

    `paused` names the channels of these inboxes that neither fetch nor send.
    """

    views: dict[str, int]
    inboxes: tuple[InboxCount, ...]
    statuses: dict[str, int]
    unread: int
    paused: tuple[Named, ...]
    mentions: int  # conversations in which a note mentions the user that they have not seen


@dataclass(frozen=True, slots=True)
class Sidebar:
    counts: Counts
    options: Options
    looks: Looks


def sidebar(
    session: Session, *, user: User, inbox_ids: InboxIds, filters: Filters, visible: ColumnElement[bool] | None = None
) -> Sidebar:
    """Read counts, options and the views that are `visible` together."""
    can_be_kept = isinstance(inbox_ids, Select) and filters.can_be_kept
    row = session.execute((_kept_query if can_be_kept else _query)(user.id, inbox_ids, filters, visible)).one()
    return Sidebar(counts=_told(*row[1:6]), options=_options(row[6:]), looks=saved_views.read(row[0]))


def _query(user_id: int, inbox_ids: InboxIds, filters: Filters, visible: ColumnElement[bool] | None) -> AnySelect:
    user = User(id=user_id)  # the id is all that conditions ask of a user
    beside = [_view_counts(user, inbox_ids), _status_counts(user, inbox_ids, filters)]
    beside += [json_rows(_unread(user, inbox_ids)), *_remembered(inbox_ids)[0]]
    return select(saved_views.column(user, false() if visible is None else visible), *beside)


_kept_query: Callable[[int, InboxIds, Filters, ColumnElement[bool] | None], AnySelect] = lru_cache(maxsize=32)(_query)


def options(session: Session, *, inbox_ids: InboxIds) -> Options:
    """Read only what menus offer."""
    return _options(session.execute(_remembered(inbox_ids)[1]).one())


def _made(inbox_ids: InboxIds) -> tuple[list[Any], AnySelect]:
    """Return columns for the sidebar, and the query for what menus offer: what hangs on the inboxes alone."""
    offered = _option_columns(inbox_ids)
    return [json_rows(_inboxes(inbox_ids)), json_rows(_paused(inbox_ids)), *offered], select(*offered)


_kept: Callable[[InboxIds], tuple[list[Any], AnySelect]] = lru_cache(maxsize=32)(_made)


def _remembered(inbox_ids: InboxIds) -> tuple[list[Any], AnySelect]:
    """Return the same again for the same inboxes, as app/services/access.py names them: it is long to put together."""
    return _kept(inbox_ids) if isinstance(inbox_ids, Select) else _made(inbox_ids)


def _upto(query: AnySelect) -> Any:
    """Count what a query finds, up to MOST_COUNTED."""
    return select(func.count()).select_from(query.limit(MOST_COUNTED).subquery()).scalar_subquery()


def _view_counts(user: User, inbox_ids: InboxIds) -> Any:
    is_open = _of(inbox_ids).where(Conversation.status == Status.OPEN)
    return json_object(
        all=_upto(is_open),
        mine=_upto(is_open.where(Conversation.assignee_id == user.id)),
        unassigned=_upto(is_open.where(Conversation.assignee_id.is_(None))),
        mentions=_upto(is_open.where(following.is_mentioned(user))),
        mentions_unseen=_upto(_of(inbox_ids).where(following.is_mentioned(user, unseen=True))),
        followed=_upto(is_open.where(following.is_followed(user))),
    )


def _of(inbox_ids: InboxIds) -> Select[int]:
    return select(Conversation.id).where(inside(inbox_ids)).correlate()


def _status_counts(user: User, inbox_ids: InboxIds, filters: Filters) -> Any:
    matching = select(Conversation.id).where(inside(inbox_ids), *conditions(filters, user))
    if filters.unread:
        matching = with_reading(matching.select_from(Conversation), user)
    return json_object(**{status.value: _upto(matching.where(Conversation.status == status)) for status in Status})


def _inboxes(inbox_ids: InboxIds) -> AnySelect:
    """Each inbox with how many of its conversations are open."""
    is_open = select(Conversation.id).where(Conversation.inbox_id == Inbox.id, Conversation.status == Status.OPEN)
    counted = select(func.count()).select_from(is_open.correlate(Inbox).limit(MOST_COUNTED).lateral()).scalar_subquery()
    named = select(Inbox.public_id.label("id"), Inbox.name.label("name"), counted.label("open"))
    return named.where(Inbox.id.in_(inbox_ids)).order_by(Inbox.name)


def _unread(user: User, inbox_ids: InboxIds) -> AnySelect:
    """Count by inbox what of the newest open ones a user has not seen."""
    newest = (
        select(Conversation.id, Conversation.inbox_id, Conversation.last_message_id)
        .where(inside(inbox_ids), Conversation.status == Status.OPEN)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    mine = (ConversationRead.conversation_id == newest.c.id) & (ConversationRead.user_id == user.id)
    # looked up one by one: joined, PostgreSQL would read through everything that the user ever saw
    seen = select(ConversationRead.message_id).where(mine).correlate(newest).scalar_subquery()
    query = select(Inbox.public_id.label("inbox"), func.count().label("unread")).select_from(newest)
    query = query.join(Inbox, Inbox.id == newest.c.inbox_id).outerjoin(Last, Last.id == newest.c.last_message_id)
    unseen = newest.c.last_message_id > func.coalesce(seen, 0), Last.author_id.is_distinct_from(user.id)
    return query.where(*unseen).group_by(Inbox.public_id)


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


@cache
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


@cache
def _tags() -> AnySelect:
    columns = Tag.public_id.label("id"), Tag.name.label("name"), Tag.colour.label("colour")
    return select(*columns).order_by(func.lower(Tag.name)).limit(MOST_OPTIONS)


def _channel_kinds(inbox_ids: InboxIds) -> AnySelect:
    here = Channel.inbox_id.in_(inbox_ids), Channel.state != ChannelState.REMOVED
    return select(Channel.kind.label("name")).where(*here).distinct().order_by(Channel.kind)


def _occurring(column: InstrumentedAttribute[str | None], inbox_ids: InboxIds) -> AnySelect:
    """Offer what occurs among the newest MOST_COUNTED conversations: all of them would take longer each year."""
    newest = (
        select(column.label("name"))
        .where(inside(inbox_ids))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    return (
        select(newest.c.name).where(newest.c.name.is_not(None)).distinct().order_by(newest.c.name).limit(MOST_OPTIONS)
    )


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


def _told(
    views: dict[str, int],
    statuses: dict[str, int],
    unread: list[dict[str, Any]],
    inboxes: list[dict[str, Any]],
    paused: list[dict[str, Any]],
) -> Counts:
    of = {row["inbox"]: row["unread"] for row in unread}
    return Counts(
        views={view: views[view] for view in VIEWS},
        mentions=views["mentions_unseen"],
        inboxes=tuple(InboxCount(**inbox, unread=of.get(inbox["id"], 0)) for inbox in inboxes),
        statuses=statuses,
        unread=sum(of.values()),
        paused=tuple(Named(**channel) for channel in paused),
    )
