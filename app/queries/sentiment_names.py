"""How the sentiment report names what the counts know by number, and what its menus offer. One statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Channel, Inbox, PredictionModel, SentimentDay, Tag, Team, User, WorkspaceIntent
from app.phrases import Phrase, phrase, phrase_in
from app.queries._json import AnySelect, InboxIds, json_rows
from app.queries.sentiment_asked import DAY, NOBODY
from app.queries.sentiment_facts import ABSTAINED

MOST = 500
RECENT = 31 * DAY  # what was said in these days is offered as a filter
NO_TEAM, NO_AGENT = phrase("No team"), phrase("Nobody")
NO_PLACE: Mapping[str, Phrase] = {
    "team": NO_TEAM,
    "agent": NO_AGENT,
    "intent": phrase("No intent told"),
    "tag": phrase("No tag"),
    "language": phrase_in("language", "Unknown"),
}
NONE, DELETED = phrase_in("choice", "None"), phrase_in("state", "Deleted")


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """`known` gives (public id, name) by dimension and number, `offered` what menus list, `versions` in order."""

    known: dict[str, dict[int, Named]]
    offered: dict[str, tuple[Named, ...]]
    intents: dict[str, str]  # titles of the workspace's own
    versions: tuple[str, ...]

    def of(self, dimension: str, place: Any) -> tuple[str, str]:
        """Return how an address names a place, and how a page does; what was deleted has no address."""
        if place is None:
            return NOBODY, NO_PLACE.get(dimension, NONE)
        if dimension not in self.known:
            return str(place), str(place)
        found = self.known[dimension].get(place)
        return (found.id, found.name) if found else ("", DELETED)


def names(session: Session, *, inbox_ids: InboxIds, until: datetime) -> Names:
    """Read all names; channels and inboxes are those the reader may see."""
    versions = select(PredictionModel.version.label("name")).order_by(PredictionModel.taken_up_at)
    titles = select(WorkspaceIntent.slug.label("id"), WorkspaceIntent.title.label("name")).limit(MOST)
    lists = {
        "channel": _rows(Channel).where(Channel.inbox_id.in_(inbox_ids)),
        "inbox": _rows(Inbox).where(Inbox.id.in_(inbox_ids)),
        "team": _rows(Team),
        "agent": _rows(User),
        "tag": _rows(Tag),
        "intent": _said(SentimentDay.label, "intent", until),
        "language": _said(SentimentDay.language, "sentiment", until),
    }
    columns = [json_rows(query) for query in (*lists.values(), titles, versions)]
    *found, told_titles, told_versions = session.execute(select(*columns)).one()
    by_name = dict(zip(lists, found, strict=True))
    return Names(
        known={
            name: {row["row"]: Named(row["id"], row["name"]) for row in rows}
            for name, rows in by_name.items()
            if rows and "row" in rows[0]
        }
        | {name: {} for name in ("channel", "inbox", "team", "agent", "tag") if not by_name[name]},
        offered={name: tuple(Named(row["id"], row["name"]) for row in rows) for name, rows in by_name.items()},
        intents={row["id"]: row["name"] for row in told_titles},
        versions=tuple(row["name"] for row in told_versions),
    )


def _rows(table: type[Channel | Inbox | Team | User | Tag]) -> AnySelect:
    columns = table.id.label("row"), table.public_id.label("id"), table.name.label("name")
    return select(*columns).order_by(table.name, table.id).limit(MOST)


def _said(column: Any, task: str, until: datetime) -> AnySelect:
    """Offer what was said lately; a value that is asked for and not listed is listed by the page."""
    lately = SentimentDay.day >= until - RECENT, SentimentDay.day < until
    told = column.is_not(None), column != ABSTAINED
    query = select(column.label("id"), column.label("name")).where(SentimentDay.task == task, *lately, *told)
    return query.distinct().order_by(column.label("id")).limit(MOST)
