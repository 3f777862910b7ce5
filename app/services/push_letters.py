"""What browsers are told by push: decided when something happened, looked at again just before it leaves.

Nothing is pushed in quiet hours, during a pause, of what was read meanwhile, or to a browser with a page open: that
page tells by itself. A customer's name and words stand in a push only where the user allowed it for that browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import crypto
from app.clock import now
from app.events import ConversationChanged, Event, MessageReceived, NoteWritten, ReplyQueued
from app.languages import translated
from app.models import Conversation, Inbox, PushAsk, PushLetter, PushState, PushSubscription, User
from app.queries import notices
from app.queries.notices import Notice
from app.services import access, notice_settings, notice_words, push_subscriptions, reading_settings
from connectors.web_push import Browser

CAUSES = (MessageReceived, ConversationChanged, NoteWritten, ReplyQueued)
CLAIM = timedelta(seconds=60)  # an attempt takes 10 seconds, and the look-up of a name
LATEST = timedelta(hours=1)  # after this it is no news any more
LOST = timedelta(seconds=30)  # a job that has not begun by then may be lost
MAX_ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=30)
KEEP = timedelta(days=30)  # so long nothing is told twice
TOPIC = 32  # characters, as much as push services take


@dataclass(frozen=True, slots=True)
class Push:
    """One message ready to leave; the push service keeps only the newest of a `topic`."""

    letter_id: int
    browser: Browser
    text: bytes
    topic: str


def ask(session: Session, events: Iterable[Event]) -> list[int]:
    """Write down the conversations of these events that browsers may be told of, and return them; none where no browser
    listens. What is written down stays until `answered`: the job may be lost.
    """
    found = {event.conversation_id for event in events if isinstance(event, CAUSES)}
    if not found or session.scalar(select(PushSubscription.id).limit(1)) is None:
        return []
    ids, at = sorted(found), now()
    statement = insert(PushAsk).values([{"conversation_id": id_, "asked_at": at} for id_ in ids])
    session.execute(statement.on_conflict_do_update(index_elements=[PushAsk.conversation_id], set_={"asked_at": at}))
    return ids


def answered(session: Session, *, conversation_ids: Sequence[int], since: datetime) -> None:
    """Forget what was asked of these conversations until `since`: letters are written of all of it.

    What the relay is just writing down anew is left alone: asked twice it is told once.
    """
    old = select(PushAsk.conversation_id).where(
        PushAsk.conversation_id.in_(conversation_ids), PushAsk.asked_at <= since
    )
    session.execute(delete(PushAsk).where(PushAsk.conversation_id.in_(old.with_for_update(skip_locked=True))))


def write(session: Session, *, conversation_ids: Sequence[int]) -> None:
    """Keep a letter for every browser that is to be told of these conversations, each thing once."""
    public = dict(
        session.execute(
            select(Conversation.public_id, Conversation.id).where(Conversation.id.in_(conversation_ids))
        ).all()
    )
    rows = []
    for user, subscriptions in _listeners(session).items():
        for notice in _news(session, user, list(public)):
            told = {"conversation_id": public[notice.conversation], "key": notice.key, "next_attempt_at": now()}
            rows += [{"subscription_id": one.id, **told} for one in subscriptions]
    if not rows:
        return
    session.execute(insert(PushLetter).values(rows).on_conflict_do_nothing())


def due(session: Session, *, conversation_ids: Sequence[int]) -> list[int]:
    """Return the letters about these conversations that may leave now, oldest first."""
    query = select(PushLetter.id).where(PushLetter.conversation_id.in_(conversation_ids), *_due())
    return list(session.scalars(query.order_by(PushLetter.id)))


def claim(session: Session, *, letter_id: int) -> Push | None:
    """Take a letter that is due and count the attempt; None where there is nothing to tell any more."""
    query = select(PushLetter).where(PushLetter.id == letter_id, *_due())
    letter = session.scalar(query.with_for_update(skip_locked=True))
    if letter is None:
        return None
    subscription = session.get_one(PushSubscription, letter.subscription_id)
    user = session.get_one(User, subscription.user_id)
    conversation = session.get_one(Conversation, letter.conversation_id)
    notice = next((one for one in _news(session, user, [conversation.public_id]) if one.key == letter.key), None)
    if notice is None or not _listens(subscription, user) or letter.created_at < now() - LATEST:
        letter.state = PushState.SENT  # it was read, or is told by an open page, or is no news
        session.flush()
        return None
    letter.attempts += 1
    letter.next_attempt_at = now() + CLAIM
    session.flush()
    inbox = session.get_one(Inbox, conversation.inbox_id)
    words = (
        notice_words.said(notice)
        if subscription.says_words
        else notice_words.plainly(notice, inbox=inbox.name, number=conversation.number)
    )
    tongue = user.language or reading_settings.house_language(session)
    said = (translated(words[0], tongue), translated(words[1], tongue))
    topic = crypto.digest(f"{subscription.id}:{conversation.public_id}")[:TOPIC]
    return Push(letter.id, push_subscriptions.browser_of(subscription), _text(notice, said), topic)


def record_sent(session: Session, *, letter_id: int) -> None:
    """The push service took it."""
    letter = session.get(PushLetter, letter_id, with_for_update=True)
    if letter is not None:
        letter.state = PushState.SENT
        session.get_one(PushSubscription, letter.subscription_id).last_used_at = now()
        session.flush()


def record_gone(session: Session, *, letter_id: int) -> None:
    """The browser does not listen any more: forget it, with everything that waits for it."""
    letter = session.get(PushLetter, letter_id)
    if letter is not None:
        session.execute(delete(PushSubscription).where(PushSubscription.id == letter.subscription_id))


def record_failed(session: Session, *, letter_id: int) -> None:
    """It will never leave."""
    letter = session.get(PushLetter, letter_id, with_for_update=True)
    if letter is not None:
        letter.state = PushState.FAILED
        session.flush()


def record_transient(session: Session, *, letter_id: int, retry_after_seconds: float | None) -> None:
    """Try again later, at longer and longer intervals and never sooner than the service asked."""
    letter = session.get(PushLetter, letter_id, with_for_update=True)
    if letter is None:
        return
    if letter.attempts >= MAX_ATTEMPTS:
        letter.state = PushState.FAILED
    wait = min(FIRST_WAIT * 2 ** (letter.attempts - 1), LONGEST_WAIT)
    letter.next_attempt_at = now() + max(wait, timedelta(seconds=min(retry_after_seconds or 0, 3600)))
    session.flush()


def overdue(session: Session, *, limit: int = 500) -> list[int]:
    """Return the conversations whose job was lost before it wrote a letter, and those of letters that may leave now:
    retries, and those whose job was lost after it. What was asked an hour ago is no news any more.
    """
    lost = PushAsk.asked_at <= now() - LOST, PushAsk.asked_at > now() - LATEST
    asked = session.scalars(select(PushAsk.conversation_id).where(*lost).order_by(PushAsk.asked_at).limit(limit))
    letters = session.scalars(select(PushLetter.conversation_id).where(*_due()).distinct().limit(limit))
    return sorted({*asked, *letters})


def purge(session: Session) -> None:
    """Forget letters of more than a month ago, and what was asked so long ago that nobody is told of it."""
    session.execute(delete(PushAsk).where(PushAsk.asked_at <= now() - LATEST))
    session.execute(delete(PushLetter).where(PushLetter.created_at < now() - KEEP))


def _due() -> tuple[ColumnElement[bool], ...]:
    return PushLetter.state == PushState.WAITING, PushLetter.next_attempt_at <= now()


def _listeners(session: Session) -> dict[User, list[PushSubscription]]:
    """Return who may be told now, with the browsers that have no page open."""
    query = (
        select(User, PushSubscription)
        .join(PushSubscription, PushSubscription.user_id == User.id)
        .where(User.is_active, User.session_version == PushSubscription.session_version, _away())
        .order_by(User.id, PushSubscription.id)
    )
    found: dict[User, list[PushSubscription]] = {}
    for user, subscription in session.execute(query):
        found.setdefault(user, []).append(subscription)
    return found


def _away() -> ColumnElement[bool]:
    return or_(PushSubscription.live_until.is_(None), PushSubscription.live_until <= now())


def _listens(subscription: PushSubscription, user: User) -> bool:
    is_away = subscription.live_until is None or subscription.live_until <= now()
    return is_away and user.is_active and user.session_version == subscription.session_version


def _news(session: Session, user: User, public_ids: Sequence[UUID]) -> tuple[Notice, ...]:
    """Return what a user wants to be told of these conversations at this moment."""
    setting = notice_settings.get(session, user)
    if notice_settings.is_quiet(setting, now()):
        return ()
    ids = access.inbox_ids_of(user)
    return notices.notices(session, user=user, inbox_ids=ids, scope=setting.scope, about=public_ids)


def _text(notice: Notice, words: tuple[str, str]) -> bytes:
    title, text = (part[:300] for part in words)
    told = {"title": title, "text": text, "key": notice.key, "address": f"/inbox/c/{notice.conversation}"}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
