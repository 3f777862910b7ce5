"""What is new in the rooms of an account: /sync, and /messages where a gap is left.

spec.matrix.org/latest/client-server-api, "Syncing": the cursor is the token `next_batch`; a timeline that is `limited`
leaves out what came before its `prev_batch`, which is asked for page by page, from the token we had on. "Lazy-loading
room members" brings along who the senders are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._json_api import segment
from connectors._matrix_client import CLIENT, Homeserver, TooMuch, homeserver
from connectors._matrix_parse import LONGEST_ID, members_of
from connectors._payload import at, items, line, mapping, objects
from connectors.base import Batch, Credentials, Cursor, RawDelivery
from connectors.errors import BadCredentials, ConnectorError
from connectors.origins import lines_of
from connectors.typing_signal import Typing

HEARD = ("m.room.message", "m.room.encrypted", "m.room.redaction", "m.reaction", "m.sticker")
WAIT_SECONDS, PAUSE_SECONDS = 20, 0.2
PAGE = 100
MOST_PAGES = 100  # of one gap: 10,000 events
MOST_PAGES_BACK = 5  # of what was said before we accepted an invitation; all of it is held in memory
MOST_INVITATIONS, MOST_TRIES, AT_ONCE = 200, 5, 2  # a join through a dead server takes seconds
MOST_TYPING = 20  # of one room
Event = Mapping[str, Any]


def news(credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
    """Yield what is new, for ever. Raises Transient, BadCredentials or Rejected."""
    server = homeserver(credentials)
    own_user = line(server.call("GET", f"{CLIENT}/account/whoami").get("user_id"), LONGEST_ID)
    rooms = frozenset(lines_of(credentials.get("rooms")))
    since, invited = line(cursor.get("since"), 2_000), _tries(cursor.get("invited"))
    if not since:
        since = _token(_sync(server, "", 1, wait=0))
        yield Batch(cursor={"since": since})
    events = PAGE
    while True:
        asked_at = time.monotonic()
        try:
            answer = _sync(server, since, events, wait=WAIT_SECONDS)
        except TooMuch:  # fewer of each room: what is left out is a gap, and asked for by itself
            if events == 1:
                raise
            events = max(events // 10, 1)
            continue
        if credentials.get("join_invites", True):
            invited = _joined(server, answer, invited)
        for room, joined in mapping(at(answer, "rooms", "join")).items():
            if not rooms or room in rooms:
                yield from _of_room(server, room, mapping(joined), since, own_user)
        if _token(answer) == since and time.monotonic() - asked_at < PAUSE_SECONDS:
            time.sleep(PAUSE_SECONDS)  # it did not wait for news as it was asked to
        since, events = _token(answer), PAGE
        yield Batch(cursor={"since": since, **({"invited": invited} if invited else {})})


def _token(answer: Event) -> str:
    token = line(answer.get("next_batch"), 2_000)
    if not token:
        raise BadCredentials("The address answers, but not as a Matrix homeserver.")
    return token


def _sync(server: Homeserver, since: str, events: int, *, wait: int) -> Event:
    filter_ = {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "timeline": {"limit": events, "types": [*HEARD, "m.room.member"], "lazy_load_members": True},
            "state": {"types": ["m.room.member"], "lazy_load_members": True},
            "ephemeral": {"types": ["m.receipt", "m.typing"]},
            "account_data": {"types": []},
        },
    }
    query: dict[str, str | int] = {"filter": json.dumps(filter_, separators=(",", ":")), "timeout": wait * 1000}
    if since:
        query["since"] = since
    return mapping(server.call("GET", f"{CLIENT}/sync", query=query, seconds=wait + 30.0))


def _of_room(server: Homeserver, room: str, joined: Event, since: str, own_user: str) -> Iterator[Batch]:
    for found in _heard(server, room, joined, since, own_user):
        yield Batch(tuple(found))
    if typing := _typing(room, joined, own_user):
        yield Batch(typing=typing)


def _heard(server: Homeserver, room: str, joined: Event, since: str, own_user: str) -> Iterator[list[RawDelivery]]:
    """Yield what was said in a room, oldest first, in lists; then who read what."""
    state, timeline = objects(at(joined, "state", "events")), objects(at(joined, "timeline", "events"))
    known = members_of(state)
    told = _since_entrance(timeline, own_user)
    limit = line(at(joined, "timeline", "prev_batch"), 2_000) if at(joined, "timeline", "limited") else ""
    if limit and not any(_is_entrance(one, own_user) for one in timeline):
        is_new = any(_is_acceptance(one, own_user) for one in [*state, *timeline])
        pages = _waiting(server, room, limit, own_user) if is_new else _gap(server, room, since, limit)
        for page in pages:
            known.update(members_of(page))
            yield _deliveries(room, _since_entrance(page, own_user), own_user, known)
    known.update(members_of(timeline))
    receipts = [one for one in objects(at(joined, "ephemeral", "events")) if one.get("type") == "m.receipt"]
    yield _deliveries(room, told, own_user, known) + [_delivery(room, one, own_user, known) for one in receipts]


def _typing(room: str, joined: Event, own_user: str) -> tuple[Typing, ...]:
    """Return who else types in a room ("Typing notifications": the list of all who do, whenever it changes)."""
    told = [one for one in objects(at(joined, "ephemeral", "events")) if one.get("type") == "m.typing"]
    users = [line(user, LONGEST_ID) for one in told[-1:] for user in items(at(one, "content", "user_ids"))]
    return tuple(Typing(room, user) for user in users[:MOST_TYPING] if user and user != own_user)


def _deliveries(room: str, events: list[Event], own_user: str, known: Mapping[str, Event]) -> list[RawDelivery]:
    return [_delivery(room, one, own_user, known) for one in events if line(one.get("type")) in HEARD]


def _delivery(room: str, event: Event, own_user: str, known: Mapping[str, Event]) -> RawDelivery:
    body = {"room_id": room, "event": event, "own_user": own_user, "member": known.get(str(event.get("sender")), {})}
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return RawDelivery(raw, _now(), external_id=line(event.get("event_id"), LONGEST_ID) or None)


def _since_entrance(events: list[Event], own_user: str) -> list[Event]:
    """Return what was said since we were invited or came in: what is older was not said to us."""
    return next((events[place:] for place, event in enumerate(events) if _is_entrance(event, own_user)), events)


def _is_entrance(event: Event, own_user: str) -> bool:
    now, before = _membership(event, own_user)
    return now == "invite" or (now == "join" and before not in ("join", "invite"))


def _is_acceptance(event: Event, own_user: str) -> bool:
    return _membership(event, own_user) == ("join", "invite")


def _membership(event: Event, own_user: str) -> tuple[object, object]:
    """Return what our own membership became with this event, and what it was before."""
    if event.get("type") != "m.room.member" or event.get("state_key") != own_user:
        return None, None
    return at(event, "content", "membership"), at(event, "unsigned", "prev_content", "membership")


def _gap(server: Homeserver, room: str, since: str, until: str) -> Iterator[list[Event]]:
    """Yield what a limited timeline left out, oldest first, page by page."""
    start = since
    for _ in range(MOST_PAGES):
        page = _page(server, room, {"dir": "f", "from": start, "to": until})
        yield [*objects(page.get("state")), *objects(page.get("chunk"))]
        onward = line(page.get("end"), 2_000)
        if not onward or onward == start:
            break
        start = onward


def _waiting(server: Homeserver, room: str, until: str, own_user: str) -> list[list[Event]]:
    """Return what was said between our invitation and our coming, oldest first: the token we had is younger."""
    found: list[list[Event]] = []
    start = until
    for _ in range(MOST_PAGES_BACK):
        page = _page(server, room, {"dir": "b", "from": start})
        found.append([*objects(page.get("state")), *objects(page.get("chunk"))[::-1]])
        start = line(page.get("end"), 2_000)
        if not start or any(_is_entrance(one, own_user) for one in found[-1]):
            break
    return found[::-1]


def _page(server: Homeserver, room: str, where: Mapping[str, str]) -> Event:
    filter_ = json.dumps({"types": [*HEARD, "m.room.member"], "lazy_load_members": True}, separators=(",", ":"))
    query: dict[str, str | int] = {**where, "limit": PAGE, "filter": filter_}
    return mapping(server.call("GET", f"{CLIENT}/rooms/{segment(room)}/messages", query=query))


def _joined(server: Homeserver, answer: Event, waiting: Mapping[str, int]) -> dict[str, int]:
    """Accept some invitations; return the others, with how often each was tried. A dead server stops nobody else."""
    rooms = list(dict.fromkeys([*mapping(at(answer, "rooms", "invite")), *waiting]))[:MOST_INVITATIONS]
    left = {room: waiting.get(room, 0) for room in rooms[AT_ONCE:]}
    for room in rooms[:AT_ONCE]:
        try:
            server.call("POST", f"{CLIENT}/join/{segment(room)}", {}, seconds=10)
        except BadCredentials:
            raise
        except ConnectorError:
            tries = waiting.get(room, 0) + 1
            left |= {room: tries} if tries < MOST_TRIES else {}
    return left


def _tries(kept: object) -> dict[str, int]:
    return {room: tries for room, tries in mapping(kept).items() if isinstance(tries, int)}


def _now() -> datetime:
    return datetime.now(UTC)
