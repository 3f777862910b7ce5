"""The agents' side: namespace "/", the session's cookie, our own pages only.

A socket is in the room of its user, of every inbox the user may see, and of the one conversation it watches. What is
stored reaches these rooms as pokes from workers/realtime.py; from here go only signals that nobody stores: who is
looking at a conversation and who is typing. Access is checked when a room is joined and again at each sign of life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import flask_login
from flask import request
from flask import session as cookie
from flask_socketio import SocketIO, disconnect, emit, join_room, leave_room
from socketio.exceptions import ConnectionRefusedError as Refused  # type: ignore[import-untyped]  # publishes no types
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from app.config import settings
from app.db import reading, transaction
from app.errors import NotFound
from app.models import Inbox, User
from app.services import access, presence, push_subscriptions, typing_signals
from app.sockets.pacing import Pace
from connectors.origins import is_allowed

BEAT_SECONDS = 25
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
TYPING, VIEWING = "typing", "viewing"
SIGNED_OUT, FOREIGN, OFTEN = (
    "Sign in first.",
    "Only our own pages connect here.",
    "Too many connections: wait a minute.",
)


@dataclass(slots=True)
class Desk:
    """One open socket of a user: who it is, which inbox rooms it is in, and the conversation it watches."""

    user_id: int
    public_id: str
    name: str
    session_version: int
    inboxes: set[str] = field(default_factory=set)
    watched: str | None = None
    watched_inbox: str | None = None
    push: str = ""  # the push subscription of this browser, by public id
    wishes: int = 0  # how often it was asked what to watch: handlers run side by side


_desks: dict[str, Desk] = {}
_connects = Pace(burst=60, per_second=1)
_watches = Pace(burst=60, per_second=4)
_signals = Pace(burst=20, per_second=2)


_socketio: SocketIO | None = None
_beating = False


def register(socketio: SocketIO) -> None:
    global _socketio  # noqa: PLW0603 - one socket server a process
    _socketio = socketio
    handlers: dict[str, Callable[..., Any]] = {
        "connect": _connect,
        "disconnect": _disconnect,
        "here": _here,
        "watch": _watch,
        TYPING: _typing,
        VIEWING: _viewing,
    }
    for name, handler in handlers.items():
        socketio.on_event(name, handler, namespace="/")


def _connect(_auth: Any = None) -> None:
    if not is_allowed(request.headers.get("Origin", ""), (settings().base_url, request.host_url.rstrip("/"))):
        raise Refused(FOREIGN)
    user = cast("User | None", getattr(flask_login.current_user, "row", None))
    if user is None:
        raise Refused(SIGNED_OUT)
    if not _connects.allows(str(user.public_id)):
        raise Refused(OFTEN)
    desk = Desk(
        user.id,
        str(user.public_id),
        user.name,
        user.session_version,
        push=cookie.get(push_subscriptions.IN_SESSION, ""),
    )
    with transaction() as session:
        presence.connect(session, user_id=user.id, connection=_sid())
        push_subscriptions.seen_live(session, _pushes([desk]))
        inboxes = access.visible_inboxes(session, user)
    _desks[_sid()] = desk
    _begin_to_beat()
    join_room(f"user:{desk.public_id}")
    _enter(desk, inboxes)


def _disconnect(_reason: str = "") -> None:
    desk = _desks.pop(_sid(), None)
    if desk is None:
        return
    _unwatch(desk)
    with transaction() as session:
        presence.disconnect(session, connection=_sid())
        if desk.push and desk.push not in _pushes(_desks.values()):
            push_subscriptions.seen_leave(session, desk.push)


def _begin_to_beat() -> None:
    """Keep presence fresh from here: browsers slow the timers of pages that are not looked at."""
    global _beating  # noqa: PLW0603 - one beat a process
    if not _beating and _socketio is not None:
        _beating = True
        _socketio.start_background_task(_beat)


def _beat() -> None:
    global _beating  # noqa: PLW0603 - see above
    while _desks and _socketio is not None:
        with suppress(*DATABASE_AWAY):  # said again at the next beat
            renew_presence()
        _socketio.sleep(BEAT_SECONDS)
    _beating = False


def renew_presence() -> None:
    """Say of every socket of this process that it is still open."""
    here = [(desk.user_id, connection) for connection, desk in _desks.items()]
    with transaction() as session:
        for user_id, connection in sorted(here):
            presence.seen(session, user_id=user_id, connection=connection)
        push_subscriptions.seen_live(session, _pushes(list(_desks.values())))


def _pushes(desks: Iterable[Desk]) -> set[str]:
    """Return the push subscriptions of browsers that have a page open."""
    return {desk.push for desk in desks if desk.push}


def _here(_data: Any = None) -> None:
    """Take a sign of life: presence is renewed, and every room is checked anew."""
    desk = _desks.get(_sid())
    if desk is None:
        return
    with transaction() as session:
        user = _still(session, desk)
        inboxes = access.visible_inboxes(session, user) if user else []
        if user is not None:
            presence.seen(session, user_id=user.id, connection=_sid())
    _enter(desk, inboxes)
    if user is None:
        disconnect()


def _watch(data: Any = None) -> bool:
    """Follow one conversation, or none (`conversation` is empty), and let those who are there already know.

    The answer says whether it is followed now. Of several wishes at once the last one holds.
    """
    desk = _desks.get(_sid())
    if desk is None or not _watches.allows(desk.public_id):
        return False
    _unwatch(desk)
    desk.wishes += 1
    wish, wanted = desk.wishes, _conversation(data)
    inbox = _inbox_of(desk, wanted) if wanted else None
    if inbox is None or wish != desk.wishes:
        return False
    desk.watched, desk.watched_inbox = wanted, str(inbox.public_id)
    join_room(f"conversation:{wanted}")
    _tell(desk, VIEWING, asks=True)
    return True


def _inbox_of(desk: Desk, conversation: str) -> Inbox | None:
    """Return the inbox of a conversation that the user of this desk may see."""
    with reading() as session:
        user = _still(session, desk)
        try:
            found = access.conversation_for(session, user, conversation) if user else None
        except NotFound:
            return None
        return session.get_one(Inbox, found.inbox_id) if found else None


def _typing(data: Any = None) -> None:
    """Tell colleagues who watch, and the customer where that can be, unless what is written is a `note`."""
    desk = _desks.get(_sid())
    if desk is None or desk.watched is None or not _signals.allows(desk.public_id):
        return
    _tell(desk, TYPING, who="agent")
    if isinstance(data, dict) and data.get("note"):
        return
    from app.sockets import typing_out, webchat

    with reading() as session:
        user = _still(session, desk)
        if user is None:
            return
        conversation = access.conversation_for(session, user, desk.watched)
        webchat.agent_typing(conversation, desk.name)
        is_told, public_id = typing_signals.wants(session, conversation=conversation), str(conversation.public_id)
    if is_told:
        typing_out.publish(public_id)


def _viewing(_data: Any = None) -> None:
    desk = _desks.get(_sid())
    if desk is not None and desk.watched is not None and _signals.allows(desk.public_id):
        _tell(desk, VIEWING)


def _enter(desk: Desk, inboxes: list[Inbox]) -> None:
    """Be in the rooms of exactly these inboxes; stop watching a conversation of another."""
    seen = {str(inbox.public_id) for inbox in inboxes}
    for gone in desk.inboxes - seen:
        leave_room(f"inbox:{gone}")
    for new in seen - desk.inboxes:
        join_room(f"inbox:{new}")
    desk.inboxes = seen
    if desk.watched_inbox not in {None, *seen}:
        _unwatch(desk)


def _unwatch(desk: Desk) -> None:
    if desk.watched is None:
        return
    _tell(desk, VIEWING, left=True)
    leave_room(f"conversation:{desk.watched}")
    desk.watched = desk.watched_inbox = None


def _tell(desk: Desk, signal: str, **more: Any) -> None:
    said = {"conversation": desk.watched, "user": desk.public_id, "name": desk.name, **more}
    emit(signal, said, to=f"conversation:{desk.watched}", include_self=False)


def _still(session: Session, desk: Desk) -> User | None:
    """Return the user of a desk, unless the account was closed or its password changed since it connected."""
    user = session.get(User, desk.user_id)
    return user if user and user.is_active and user.session_version == desk.session_version else None


def _conversation(data: Any) -> str:
    """Read the public id from what a browser sent, in its one canonical form: it becomes part of a room's name."""
    try:
        return str(UUID(str(data.get("conversation", "")))) if isinstance(data, dict) else ""
    except ValueError:
        return ""


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO puts it on the request
