"""One thing done to many conversations, in chunks, each a transaction of its own; and all of it undone.

running ──► done ──► undoing ──► undone

The conversations are written down as rows when it begins; each row says what became of its conversation, so a worker
that dies loses nothing and does nothing twice. A few are done at once. Access is asked again for each chunk: what is no
longer shared with the user is refused. Undoing leaves alone what somebody has changed since, and says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.errors import AppError, Conflict, Invalid
from app.events import BulkMoved, BulkQueued
from app.models import BulkAction, BulkItem, BulkItemState, BulkState, Conversation, Inbox, User
from app.phrases import phrase
from app.services import access
from app.services.bulk_verbs import VERBS, same

AT_ONCE = 25  # conversations: so few are done in the request itself
CHUNK = 100
MOST = 200_000
CLAIM = timedelta(seconds=30)
KEEP = timedelta(days=30)
UNFINISHED = (BulkState.RUNNING, BulkState.UNDOING)


def begin(session: Session, *, user: User, verb: str, value: dict[str, Any], which: Select[int]) -> BulkAction:
    """Write down which conversations (ids that `which` finds) something is done to, and begin. Raises Invalid."""
    if verb not in VERBS:
        raise Invalid(phrase("Choose what is to be done."), field="do")
    bulk = BulkAction(user_id=user.id, verb=verb, value=value, state=BulkState.RUNNING, created_at=now())
    session.add(bulk)
    session.flush()
    ids = which.limit(MOST + 1).subquery()
    rows = select(literal(bulk.id), next(iter(ids.c)), literal(BulkItemState.WAITING.value))
    session.execute(insert(BulkItem).from_select(["bulk_id", "conversation_id", "state"], rows))
    bulk.total = session.scalar(select(func.count()).where(BulkItem.bulk_id == bulk.id)) or 0
    if not bulk.total:
        raise Invalid(phrase("Select at least one conversation."), field="id")
    if bulk.total > MOST:
        raise Invalid(phrase("That is more than {most} conversations: narrow the list first.", most=MOST), field="id")
    _go_on(session, bulk, user)
    return bulk


def undo(session: Session, *, user: User, bulk: BulkAction) -> None:
    """Put back what it changed, where nobody has changed it since. The row is locked. Raises Conflict."""
    if bulk.state in {BulkState.UNDOING, BulkState.UNDONE}:
        return
    if bulk.state is not BulkState.DONE:
        raise Conflict(phrase("This is still being done: undo it once it is finished."))
    bulk.state, bulk.finished_at, bulk.is_dismissed = BulkState.UNDOING, None, False
    _go_on(session, bulk, user)


def _go_on(session: Session, bulk: BulkAction, user: User) -> None:
    """Do a few at once, leave many to a worker."""
    if bulk.total <= AT_ONCE:
        run_chunk(session, bulk_id=bulk.id)
    else:
        bulk.claimed_until = now() + CLAIM
        outbox.record_all(session, [BulkQueued(bulk_id=bulk.id), _moved(bulk, user)])


def run_chunk(session: Session, *, bulk_id: int) -> bool:
    """Do the next CHUNK conversations; return whether there are more. Nothing where another worker is at it."""
    query = select(BulkAction).where(BulkAction.id == bulk_id, BulkAction.state.in_(UNFINISHED))
    bulk = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if bulk is None:
        return False
    user, is_undoing = session.get_one(User, bulk.user_id), bulk.state is BulkState.UNDOING
    wanted = BulkItemState.DONE if is_undoing else BulkItemState.WAITING
    of = select(BulkItem).where(BulkItem.bulk_id == bulk.id, BulkItem.state == wanted)
    items = session.scalars(of.order_by(BulkItem.conversation_id).limit(CHUNK)).all()
    rows = _locked(session, items)
    allowed = set(session.scalars(access.inbox_ids_of(user))) if user.is_active else set()
    for item in items:
        row = rows[item.conversation_id]
        if row.inbox_id not in allowed:
            item.state = BulkItemState.KEPT if is_undoing else BulkItemState.REFUSED
        else:
            (_undo_one if is_undoing else _do_one)(session, bulk, item, row, user)
    _note(bulk, is_last=len(items) < CHUNK)
    outbox.record(session, _moved(bulk, user))
    return len(items) == CHUNK


def reconcile(session: Session, *, limit: int) -> int:
    """Begin again what a worker left unfinished; return how many there were."""
    query = select(BulkAction).where(
        BulkAction.state.in_(UNFINISHED),
        or_(BulkAction.claimed_until.is_(None), BulkAction.claimed_until <= now()),
    )
    stuck = session.scalars(query.order_by(BulkAction.id).limit(limit).with_for_update(skip_locked=True)).all()
    for bulk in stuck:
        bulk.claimed_until = now() + CLAIM
    outbox.record_all(session, [BulkQueued(bulk_id=bulk.id) for bulk in stuck])
    return len(stuck)


def purge(session: Session) -> None:
    """Forget what was done a month ago: nobody undoes it any more."""
    old = select(BulkAction).where(BulkAction.finished_at < now() - KEEP).limit(CHUNK)
    for bulk in session.scalars(old):
        session.delete(bulk)


def visible(user: User, public_ids: Sequence[Any]) -> Select[int]:
    """Return the query that finds the conversations of public ids which a user may see."""
    of = exists().where(Inbox.id == Conversation.inbox_id, access.inboxes_of(user))
    return select(Conversation.id).where(Conversation.public_id.in_(public_ids), of)


def _locked(session: Session, items: Sequence[BulkItem]) -> dict[int, Conversation]:
    """Lock the conversations of a chunk in the order of their ids."""
    query = select(Conversation).where(Conversation.id.in_([item.conversation_id for item in items]))
    query = query.order_by(Conversation.id).with_for_update().execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(query)}


def _do_one(session: Session, bulk: BulkAction, item: BulkItem, row: Conversation, user: User) -> None:
    verb = VERBS[bulk.verb]
    before = verb.seen(session, row, user, bulk.value)
    try:
        verb.do(session, row, user, bulk.value)
    except AppError:
        item.state = BulkItemState.REFUSED
        return
    after = verb.seen(session, row, user, bulk.value)
    item.state = BulkItemState.UNCHANGED if same(before, after) else BulkItemState.DONE
    item.before, item.after = before, after


def _undo_one(session: Session, bulk: BulkAction, item: BulkItem, row: Conversation, user: User) -> None:
    verb = VERBS[bulk.verb]
    is_as_left = same(verb.seen(session, row, user, bulk.value), item.after or {})
    item.state = BulkItemState.RESTORED if is_as_left else BulkItemState.KEPT
    if not is_as_left:
        return
    try:
        verb.restore(session, row, user, item.before or {}, bulk.value)
    except AppError:
        item.state = BulkItemState.KEPT


def _note(bulk: BulkAction, *, is_last: bool) -> None:
    bulk.claimed_until = now() + CLAIM
    if is_last:
        bulk.state = BulkState.UNDONE if bulk.state is BulkState.UNDOING else BulkState.DONE
        bulk.finished_at = now()


def _moved(bulk: BulkAction, user: User) -> BulkMoved:
    return BulkMoved(bulk_id=bulk.id, bulk=str(bulk.public_id), user=str(user.public_id))
