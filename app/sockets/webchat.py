"""The visitors' side of web chat: namespace /webchat, a signed token instead of the cookie, origin checked at connect.

What a visitor says is acknowledged once it is committed; sent again under the same client_id it is stored once. A
visitor hears "poke" (fetch the history) and "typing"; they are only ever in the room of their own visitor id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_socketio import SocketIO, emit, join_room
from socketio.exceptions import ConnectionRefusedError as Refused  # type: ignore[import-untyped]  # publishes no types
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.config import settings
from app.db import reading, transaction
from app.errors import AppError, Forbidden, Invalid, NotFound, TooMany
from app.events import POKE
from app.models import Conversation
from app.queries import visitor_history
from app.services import ingest, public_channels, visitors
from app.services.public_channels import PublicChannel
from app.services.visitors import Visitor
from app.sockets.pacing import Pace
from connectors.origins import is_allowed, origins_of
from connectors.webchat import WebchatConnector

NAMESPACE = "/webchat"
MESSAGE, TYPING = "message", "typing"
BUSY = "This could not be stored right now; it will be sent again."


@dataclass(slots=True)
class Visit:
    """One open socket."""

    channel: PublicChannel
    visitor: Visitor
    conversation: str | None = None  # public id, once it is known


_visits: dict[str, Visit] = {}
_connects = Pace(burst=200, per_second=5)  # for one address, behind which a whole office may be
_messages = Pace(burst=12, per_second=0.5)
_typings = Pace(burst=5, per_second=1)
_signs_of_life = Pace(burst=10, per_second=0.5)
_addresses = Pace(burst=4, per_second=1 / 60)

_socketio: SocketIO | None = None


def register(socketio: SocketIO) -> None:
    global _socketio  # noqa: PLW0603 - one socket server a process
    _socketio = socketio
    handlers: dict[str, Callable[..., Any]] = {
        "connect": _connect,
        "disconnect": _disconnect,
        MESSAGE: _message,
        TYPING: _typing,
        "seen": _seen,
        "identify": _identify,
    }
    for name, handler in handlers.items():
        socketio.on_event(name, handler, namespace=NAMESPACE)


def agent_typing(conversation: Conversation, name: str = "") -> None:
    """Let the visitor of a conversation see that somebody is writing; nobody hears it where there is no visitor."""
    if _socketio is not None and conversation.thread_key:
        room = room_of(conversation.thread_key)
        _socketio.emit(TYPING, {"who": "agent", "name": name}, to=room, namespace=NAMESPACE)


def room_of(visitor_id: str) -> str:
    return f"visitor:{visitor_id}"


def _connect(auth: Any = None) -> None:
    if not _connects.allows(request.remote_addr or ""):
        raise Refused("Too many connections: wait a minute.")
    given = auth if isinstance(auth, dict) else {}
    token = str(given.get("channel") or "")
    try:
        with reading() as session:
            channel = public_channels.channel_at(session, kind=WebchatConnector.kind, token=token)
        _check_origin(channel)
        visitor = visitors.visitor_of(channel_token=token, token=str(given.get("visitor") or ""))
    except (NotFound, Forbidden) as error:
        raise Refused(error.reason) from None
    _visits[_sid()] = Visit(channel, visitor)
    join_room(room_of(visitor.id))
    with transaction() as session:
        visitors.seen(session, visitor_id=visitor.id)


def _disconnect(reason: str = "") -> None:  # noqa: ARG001 - Flask-SocketIO hands it over
    visit = _visits.pop(_sid(), None)
    if visit is None or any(other.visitor.id == visit.visitor.id for other in _visits.values()):
        return
    with transaction() as session:
        visitors.gone(session, visitor_id=visit.visitor.id)


def _message(data: Any = None) -> dict[str, Any]:
    """Store one message; the answer says that it is committed, or why not and whether to try again."""
    return _answered(lambda visit: _store_message(visit, _dict(data)))


def _store_message(visit: Visit, data: dict[str, Any]) -> None:
    if not _messages.allows(visit.visitor.id):
        raise TooMany("That was a lot at once: wait a moment.", retry_after_seconds=5)
    delivery = visitors.said(
        visit.visitor,
        client_id=str(data.get("client_id") or ""),
        text=str(data.get("text") or ""),
        page=str(data.get("page") or ""),
        remote_address=request.remote_addr or "",
    )
    stored = ingest.keep(delivery)
    with transaction() as session:
        public_channels.store(session, channel=visit.channel, delivery=stored)
    emit(POKE, {}, to=room_of(visit.visitor.id), include_self=False)  # the visitor's other windows


def _identify(data: Any = None) -> dict[str, Any]:
    """Keep the e-mail address a visitor typed, so that answers reach them when they are gone."""
    return _answered(lambda visit: _leave_email(visit, _dict(data)))


def _leave_email(visit: Visit, data: dict[str, Any]) -> None:
    if visit.visitor.is_known:
        raise Invalid("Your address is known already.")
    if not _addresses.allows(visit.visitor.id):
        raise TooMany("Wait a minute before you change the address again.", retry_after_seconds=60)
    email, name = str(data.get("email") or "")[:254], str(data.get("name") or "")[:200]
    with transaction() as session:
        visitors.leave_email(session, visitor=visit.visitor, email=email, name=name)


def _typing(_data: Any = None) -> None:
    """Tell the people who look at the conversation that its customer is writing."""
    visit = _visits.get(_sid())
    if visit is None or not _typings.allows(visit.visitor.id):
        return
    if visit.conversation is None:
        with reading() as session:
            visit.conversation = visitor_history.conversation_of(
                session, channel_id=visit.channel.id, visitor_id=visit.visitor.id
            )
    if visit.conversation and _socketio is not None:
        signal = {"conversation": visit.conversation, "who": "customer"}
        _socketio.emit(TYPING, signal, to=f"conversation:{visit.conversation}", namespace="/")


def _seen(_data: Any = None) -> None:
    """Note that the visitor still has the chat before their eyes."""
    visit = _visits.get(_sid())
    if visit is not None and _signs_of_life.allows(visit.visitor.id):
        with transaction() as session:
            visitors.seen(session, visitor_id=visit.visitor.id)


def _answered(work: Callable[[Visit], None]) -> dict[str, Any]:
    """Do something for the visitor of this socket and say how it went: {"ok"} or {"ok", "reason", "again"}."""
    visit = _visits.get(_sid())
    try:
        if visit is None:
            raise Forbidden("This chat is not connected: load the page again.")
        work(visit)
    except AppError as error:
        return {"ok": False, "reason": error.reason, "again": isinstance(error, TooMany)}
    except (PoolTimeoutError, OperationalError, InterfaceError) as error:
        current_app.logger.warning("database away: %s", type(error).__name__)
        return {"ok": False, "reason": BUSY, "again": True}
    return {"ok": True}


def _check_origin(channel: PublicChannel) -> None:
    """A browser says where it is; only our own frame and the allowed websites may connect. Raises Forbidden."""
    origin = request.headers.get("Origin", "")
    own = (settings().base_url, request.host_url.rstrip("/"))
    if not is_allowed(origin, own) and not is_allowed(origin, origins_of(channel.settings.get("origins"))):
        raise Forbidden("This website is not allowed to open the chat.")


def _dict(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO puts it on the request
