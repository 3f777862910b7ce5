"""One thing done to many conversations: in chunks, once, only where one may, and undone where nobody changed it since."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import (
    Activity,
    BulkAction,
    BulkItem,
    BulkItemState,
    BulkState,
    Conversation,
    ConversationRead,
    InboxAccess,
    OutboxEvent,
    Priority,
    Status,
    Tag,
    Tagging,
    User,
)
from app.queries import bulk_progress
from app.services import bulk_actions, conversations, tags
from app.services.bulk_verbs import VERBS
from tests.many import add_many
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def _some(house: House, many: int) -> list[Conversation]:
    first, _ = house.one(letter())
    if many > 1:
        add_many(house.session, of=first.id, many=many - 1)
    return list(house.session.scalars(select(Conversation).order_by(Conversation.id)))


def _begin(house: House, verb: str, value: dict[str, Any], user: User | None = None) -> BulkAction:
    user = user or house.admin
    which = select(Conversation.id).where(Conversation.inbox_id == house.inbox.id)
    return bulk_actions.begin(house.session, user=user, verb=verb, value=value, which=which)


def _finish(house: House, bulk: BulkAction) -> int:
    """Run every chunk; return how many there were."""
    chunks = 1
    while bulk_actions.run_chunk(house.session, bulk_id=bulk.id):
        chunks += 1
    return chunks


def _states(house: House, bulk: BulkAction) -> dict[str, int]:
    rows = select(BulkItem.state, func.count()).where(BulkItem.bulk_id == bulk.id).group_by(BulkItem.state)
    return {state.value: many for state, many in house.session.execute(rows)}


def _values(house: House, tag: Tag, verb: str) -> dict[str, Any]:
    return {
        "assign": {"id": house.agents[0].id},
        "team": {"id": house.team.id},
        "status": {"status": "snoozed", "until": (now() + timedelta(days=1)).isoformat()},
        "priority": {"priority": "urgent"},
        "tag_put": {"id": tag.id},
        "tag_take": {"id": tag.id},
        "read": {},
    }[verb]


def _picture(house: House) -> list[Any]:
    """Everything a verb can change, of every conversation."""
    house.session.flush()
    house.session.expire_all()
    worn = {(one.conversation_id, one.tag_id) for one in house.session.scalars(select(Tagging))}
    read = {(r.conversation_id, r.user_id, r.message_id) for r in house.session.scalars(select(ConversationRead))}
    rows = house.session.scalars(select(Conversation).order_by(Conversation.id))
    of = [(r.id, r.assignee_id, r.team_id, r.status, r.snoozed_until, r.waiting_since, r.priority) for r in rows]
    return [of, worn, read]


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_is_done_and_undone_without_a_trace_but_the_lines(house: House, verb: str) -> None:
    rows = _some(house, 6)
    tag = tags.named(house.session, "night")
    tags.put(house.session, conversation=rows[0], tag=tag, actor=None)
    rows[1].priority, rows[2].assignee_id, rows[3].team_id = Priority.URGENT, house.agents[0].id, house.team.id
    rows[4].status = Status.RESOLVED
    for row in rows:
        row.last_message_id = row.last_message_id or 7
    before = _picture(house)
    bulk = _begin(house, verb, _values(house, tag, verb))
    assert bulk.state is BulkState.DONE, "a few are done at once"
    done = _states(house, bulk).get("done", 0)
    assert done > 0
    assert _picture(house) != before
    bulk_actions.undo(house.session, user=house.admin, bulk=bulk)
    assert _picture(house) == before
    assert _states(house, bulk).get("restored") == done


def test_many_are_done_in_chunks_by_a_worker_and_each_has_its_line(house: House) -> None:
    many = bulk_actions.CHUNK * 2 + 30
    _some(house, many)
    bulk = _begin(house, "priority", {"priority": "urgent"})
    assert (bulk.total, bulk.state) == (many, BulkState.RUNNING)
    names = set(house.session.scalars(select(OutboxEvent.name)))
    assert {"bulk.queued", "bulk.moved"} <= names
    bulk_actions.run_chunk(house.session, bulk_id=bulk.id)
    half = bulk_progress.newest(house.session, user=house.admin)
    assert half is not None
    assert (half.is_running, half.to_do, half.gone_through) == (True, many, bulk_actions.CHUNK)
    with pytest.raises(Conflict):
        bulk_actions.undo(house.session, user=house.admin, bulk=bulk)
    assert _finish(house, bulk) == 2
    states = _states(house, bulk)
    assert bulk.state is BulkState.DONE
    assert states["done"] + states["unchanged"] == many
    lines = select(func.count()).where(Activity.verb == "priority.set", Activity.actor_id == house.admin.id)
    assert house.session.scalar(lines) == states["done"], "one line each, none twice"
    assert not bulk_actions.run_chunk(house.session, bulk_id=bulk.id), "a job run twice does nothing"
    assert house.session.scalar(lines) == states["done"]


def test_what_a_dead_worker_left_is_begun_again(house: House) -> None:
    _some(house, bulk_actions.AT_ONCE + 5)
    bulk = _begin(house, "priority", {"priority": "urgent"})
    assert bulk_actions.reconcile(house.session, limit=10) == 0, "somebody is at it"
    bulk.claimed_until = now() - timedelta(seconds=1)
    house.session.flush()
    assert bulk_actions.reconcile(house.session, limit=10) == 1
    _finish(house, bulk)
    bulk.claimed_until = now() - timedelta(seconds=1)
    house.session.flush()
    assert bulk_actions.reconcile(house.session, limit=10) == 0, "it is done"


def test_undoing_leaves_alone_what_was_changed_since_and_says_so(house: House) -> None:
    rows = _some(house, 5)
    bulk = _begin(house, "status", {"status": "resolved"})
    conversations.set_status(house.session, conversation=rows[2], actor=house.agents[0], status=Status.PENDING)
    conversations.set_priority(house.session, conversation=rows[3], actor=house.agents[0], priority=Priority.HIGH)
    bulk_actions.undo(house.session, user=house.admin, bulk=bulk)
    assert _states(house, bulk) == {"restored": 4, "kept": 1}
    assert rows[2].status is Status.PENDING
    assert rows[3].status is not Status.RESOLVED, "what else was changed does not matter"
    assert rows[3].priority is Priority.HIGH


def test_what_is_not_shared_any_more_is_refused(house: House) -> None:
    rows, agent = _some(house, 4), house.agents[0]
    bulk = BulkAction(user_id=agent.id, verb="priority", value={"priority": "low"}, state=BulkState.RUNNING, total=4)
    house.session.add(bulk)
    house.session.flush()
    for row in rows:
        house.session.add(BulkItem(bulk_id=bulk.id, conversation_id=row.id, state=BulkItemState.WAITING))
    for access in house.session.scalars(select(InboxAccess)):
        house.session.delete(access)
    house.session.flush()
    bulk_actions.run_chunk(house.session, bulk_id=bulk.id)
    assert _states(house, bulk) == {"refused": 4}
    assert all(row.priority is not Priority.LOW or row.subject for row in rows)
    assert house.session.scalar(select(func.count()).where(Activity.verb == "priority.set")) == 0


def test_a_conversation_is_not_given_to_who_may_not_see_it(house: House) -> None:
    _some(house, 3)
    stranger = User(email="stranger@example.com", name="Stranger")
    house.session.add(stranger)
    house.session.flush()
    bulk = _begin(house, "assign", {"id": stranger.id})
    assert _states(house, bulk) == {"refused": 3}


def test_only_conversations_that_the_user_sees_can_be_named(house: House) -> None:
    rows = _some(house, 3)
    outsider = User(email="out@example.com", name="Out")
    house.session.add(outsider)
    house.session.flush()
    which = bulk_actions.visible(outsider, [row.public_id for row in rows])
    with pytest.raises(Invalid, match="Select at least one"):
        bulk_actions.begin(house.session, user=outsider, verb="read", value={}, which=which)
    seen = bulk_actions.visible(house.admin, [rows[0].public_id])
    assert bulk_actions.begin(house.session, user=house.admin, verb="read", value={}, which=seen).total == 1


def test_old_ones_are_forgotten(house: House) -> None:
    _some(house, 2)
    bulk = _begin(house, "read", {})
    bulk.finished_at = now() - timedelta(days=31)
    house.session.flush()
    bulk_actions.purge(house.session)
    assert house.session.scalar(select(func.count(BulkAction.id))) == 0
