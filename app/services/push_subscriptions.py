"""The browsers that tell a user something while no page is open: kept, named, and forgotten with their session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import crypto
from app.clock import now
from app.config import settings
from app.errors import Invalid, NotFound
from app.models import PushSubscription, User
from app.phrases import phrase
from connectors import web_address, web_push
from connectors.errors import Rejected
from connectors.web_push import Browser, Sender

IN_SESSION = "push"  # where a browser's session names its subscription
MOST = 20  # browsers of one user
LIVE = timedelta(seconds=60)  # sockets say every 25 seconds that they are open
SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "Mac"))
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def sender() -> Sender:
    """Return who we are to push services; the key is made at first need."""
    base = settings().base_url
    host = web_address.split(base).hostname
    return Sender(
        crypto.push_key(web_push.new_private_key), base if base.startswith("https://") else f"mailto:push@{host}"
    )


def add(session: Session, *, user: User, browser: Browser, agent: str) -> PushSubscription:
    """Keep where a browser listens; one that is known already becomes this user's. Raises Invalid."""
    try:
        web_push.check(browser)
    except Rejected as refused:
        raise Invalid(refused.reason, field="endpoint") from None
    if not browser.endpoint.startswith("https://") and not settings().private_webhooks:
        raise Invalid(phrase("A push service's address begins with https://."), field="endpoint")
    values = {
        "user_id": user.id,
        "sealed": crypto.seal({"endpoint": browser.endpoint, "p256dh": browser.p256dh, "auth": browser.auth}),
        "browser": named(agent),
        "session_version": user.session_version,
        "live_until": now() + LIVE,
        "last_used_at": None,
    }
    row = insert(PushSubscription).values(public_id=uuid7(), digest=crypto.digest(browser.endpoint), **values)
    row = row.on_conflict_do_update(index_elements=[PushSubscription.digest], set_={**values, "public_id": uuid7()})
    kept = session.scalars(row.returning(PushSubscription), execution_options={"populate_existing": True}).one()
    _forget_oldest(session, user)
    return kept


def named(agent: str) -> str:
    """Name a browser by what it says of itself: "Chrome on Linux"."""
    system = next((name for mark, name in SYSTEMS if mark in agent), "Linux" if "Linux" in agent else "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "A browser")
    return f"{browser} on {system}" if system else browser


def of_user(session: Session, user: User) -> list[PushSubscription]:
    """Return the browsers of a user, the one used last first."""
    current = PushSubscription.session_version == user.session_version
    used = func.coalesce(PushSubscription.last_used_at, PushSubscription.created_at)
    query = select(PushSubscription).where(PushSubscription.user_id == user.id, current)
    return list(session.scalars(query.order_by(used.desc(), PushSubscription.id)))


def get(session: Session, *, user: User, public_id: str) -> PushSubscription:
    """Return one browser of a user. Raises NotFound."""
    found = _find(session, user_id=user.id, public_id=public_id)
    if found is None:
        raise NotFound
    return found


def remove(session: Session, *, user: User, public_id: str) -> None:
    """Tell this browser nothing any more; one that is gone already is no trouble."""
    found = _find(session, user_id=user.id, public_id=public_id)
    if found is not None:
        session.delete(found)
        session.flush()


def seen_live(session: Session, public_ids: Iterable[str]) -> None:
    """Say that pages of these browsers are open: they tell by themselves."""
    _live(session, public_ids, LIVE)


def seen_leave(session: Session, public_id: str) -> None:
    """Say that no page of this browser is open any more."""
    _live(session, [public_id], timedelta(0))


def reseal_batch(session: Session, *, after_id: int, limit: int = 100) -> tuple[int, int] | None:
    """Seal the next addresses with the newest key; return how many and the last id, None when there is no more."""
    query = select(PushSubscription).where(PushSubscription.id > after_id).order_by(PushSubscription.id).limit(limit)
    rows = session.scalars(query.with_for_update()).all()
    for row in rows:
        row.sealed = crypto.reseal(row.sealed)
    return (len(rows), rows[-1].id) if rows else None


def browser_of(subscription: PushSubscription) -> Browser:
    """Return where a browser listens, and its keys."""
    return Browser(**crypto.unseal(subscription.sealed))


def _live(session: Session, public_ids: Iterable[str], length: timedelta) -> None:
    ids = sorted(UUID(one) for one in set(public_ids))
    if ids:
        rows = update(PushSubscription).where(PushSubscription.public_id.in_(ids))
        session.execute(rows.values(live_until=now() + length))


def _find(session: Session, *, user_id: int, public_id: str) -> PushSubscription | None:
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    query = select(PushSubscription).where(PushSubscription.user_id == user_id, PushSubscription.public_id == wanted)
    return session.scalar(query)


def _forget_oldest(session: Session, user: User) -> None:
    kept = select(PushSubscription.id).where(PushSubscription.user_id == user.id)
    newest = kept.order_by(PushSubscription.id.desc()).limit(MOST)
    session.execute(
        delete(PushSubscription).where(PushSubscription.user_id == user.id, PushSubscription.id.not_in(newest))
    )
