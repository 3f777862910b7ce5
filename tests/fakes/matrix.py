"""A homeserver as far as the connector needs one; the real one is in tests/connectors/synapse_check.py.

spec.matrix.org/latest/client-server-api: /sync with `since` and limited timelines, /messages both ways, invitations,
transaction ids, authenticated media, M_LIMIT_EXCEEDED. Positions in the one stream of events are the tokens ("s12").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from connectors.base import Credentials, OutboundMessage
from tests.fakes.provider import Call, Provider, Said, serving

TOKEN, SUPPORT, ANA = "syt_c3VwcG9ydA_shJXECLumbiVaPZzsAtE_1JnR0T", "@support:acme.example", "@ana:example.org"
ROOM = "!jEsUZKDJdhlrceRyVU:example.org"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=ANA, thread_key=ROOM)
CLIENT = "/_matrix/client/v3"


class Homeserver(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.ephemeral: dict[int, dict[str, Any]] = {}  # by the position at which it came
        self.invited: dict[str, int] = {}  # room to the position of the invitation
        self.joined = {ROOM}
        self.dead_rooms: set[str] = set()
        self.media: dict[str, tuple[str, bytes]] = {}
        self.has_new_media = True
        self._transactions: dict[str, str] = {}
        self.read: list[tuple[str, str]] = []  # (room, event)
        self._guarded("GET", f"{CLIENT}/account/whoami", lambda _: Said({"user_id": SUPPORT, "device_id": "D"}))
        self._guarded("GET", f"{CLIENT}/joined_rooms", lambda _: Said({"joined_rooms": sorted(self.joined)}))
        self._guarded("GET", f"{CLIENT}/sync", self.sync)
        self._guarded("GET", rf"{CLIENT}/rooms/(?P<room>[^/]+)/messages", self.messages)
        self._guarded("GET", rf"{CLIENT}/rooms/(?P<room>[^/]+)/event/(?P<id>[^/]+)", self.event)
        self._guarded("POST", rf"{CLIENT}/join/(?P<room>[^/]+)", self.join)
        self._guarded("PUT", rf"{CLIENT}/rooms/(?P<room>[^/]+)/send/(?P<type>[^/]+)/(?P<txn>[^/]+)", self.send)
        self._guarded("POST", rf"{CLIENT}/rooms/(?P<room>[^/]+)/receipt/m\.read/(?P<id>[^/]+)", self.receipt)
        self.typing: list[str] = []  # rooms in which we were seen typing
        self.typists: dict[int, list[str]] = {}  # who types, by the position at which it came
        self._guarded("PUT", rf"{CLIENT}/rooms/(?P<room>[^/]+)/typing/(?P<user>[^/]+)", self.type)
        self._guarded("POST", "/_matrix/media/v3/upload", self.upload)
        self._guarded("GET", r"/_matrix/client/v1/media/download/(?P<server>[^/]+)/(?P<id>[^/]+)", self.download)
        self.on("GET", r"/_matrix/media/v3/download/(?P<server>[^/]+)/(?P<id>[^/]+)", self.old_download)

    def _guarded(self, method: str, path: str, route: Callable[[Call], Said]) -> None:
        def checked(call: Call) -> Said:
            if call.bearer != TOKEN:
                return Said({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token", "soft_logout": False}, 401)
            parts = {name: unquote(value) for name, value in call.parts.items()}
            return route(Call(call.method, call.path, call.query, call.headers, call.body, parts))

        self.on(method, path, checked)

    def receipt(self, call: Call) -> Said:
        self.read.append((call.parts["room"], call.parts["id"]))
        return Said({})

    def type(self, call: Call) -> Said:
        if call.parts["user"] != SUPPORT:
            return Said({"errcode": "M_FORBIDDEN", "error": "Cannot set another user's typing state"}, 403)
        assert call.json["typing"] is True
        assert isinstance(call.json["timeout"], int)
        self.typing.append(call.parts["room"])
        return Said({})

    def say(self, body: str, *, room: str = ROOM, sender: str = ANA, type_: str = "m.room.message", **more: Any) -> str:
        id_ = f"${len(self.events)}"
        content = more.pop("content", {"msgtype": "m.text", "body": body})
        self.events.append(
            {
                "event_id": id_,
                "room_id": room,
                "type": type_,
                "sender": sender,
                "content": content,
                "origin_server_ts": 1_795_424_400_000 + len(self.events),
                **more,
            }
        )
        return id_

    def invite(self, room: str) -> None:
        self.say("", room=room, type_="m.room.member", state_key=SUPPORT, content={"membership": "invite"})
        self.invited[room] = len(self.events)

    def sync(self, call: Call) -> Said:
        since = int(call.query["since"][1:]) if "since" in call.query else 0
        limit = json.loads(call.query["filter"])["room"]["timeline"]["limit"]
        rooms = {room: self._room(room, since, limit) for room in sorted(self.joined)}
        waiting: dict[str, Any] = {
            room: {"invite_state": {"events": []}}
            for room, at in self.invited.items()
            if at > since and room not in self.joined
        }
        told = {room: said for room, said in rooms.items() if said["timeline"]["events"] or said["ephemeral"]["events"]}
        return Said({"next_batch": f"s{len(self.events)}", "rooms": {"join": told, "invite": waiting, "leave": {}}})

    def _room(self, room: str, since: int, limit: int) -> dict[str, Any]:
        entered = next(
            (
                n
                for n, one in enumerate(self.events)
                if one["room_id"] == room
                and one.get("state_key") == SUPPORT
                and one["content"]["membership"] == "join"
                and n >= since
            ),
            None,
        )
        start = 0 if entered is not None else since  # of a room that is new to us, the last events whatever their age
        found = [(n, one) for n, one in enumerate(self.events) if n >= start and one["room_id"] == room]
        shown = found[-limit:]
        members = [
            {
                "type": "m.room.member",
                "state_key": ANA,
                "sender": ANA,
                "content": {"membership": "join", "displayname": "Ana"},
            }
        ]
        receipts = [{"type": "m.receipt", "content": content} for at, content in self.ephemeral.items() if at > since]
        typists = [{"type": "m.typing", "content": {"user_ids": who}} for at, who in self.typists.items() if at > since]
        return {
            "timeline": {
                "events": [one for _, one in shown],
                "limited": len(shown) < len(found),
                "prev_batch": f"s{shown[0][0] if shown else since}",
            },
            "state": {"events": members if found else []},
            "ephemeral": {"events": receipts + typists if room == ROOM else []},
        }

    def messages(self, call: Call) -> Said:
        start, limit = int(call.query["from"][1:]), int(call.query["limit"])
        end = int(call.query["to"][1:]) if "to" in call.query else 0 if call.query["dir"] == "b" else len(self.events)
        places = range(start, end) if call.query["dir"] == "f" else range(start - 1, end - 1, -1)
        found = [(n, self.events[n]) for n in places if self.events[n]["room_id"] == call.parts["room"]]
        some = found[:limit]
        onward = {"end": f"s{some[-1][0] + (1 if call.query['dir'] == 'f' else 0)}"} if len(found) > limit else {}
        return Said({"chunk": [one for _, one in some], "start": call.query["from"], **onward})

    def event(self, call: Call) -> Said:
        found = next((one for one in self.events if one["event_id"] == call.parts["id"]), None)
        return Said(found) if found else Said({"errcode": "M_NOT_FOUND", "error": "Could not find event"}, 404)

    def join(self, call: Call) -> Said:
        room = call.parts["room"]
        if room in self.dead_rooms:
            return Said({"errcode": "M_UNKNOWN", "error": "Failed to make_join via any server"}, 502)
        if room not in self.invited:
            return Said({"errcode": "M_FORBIDDEN", "error": "You are not invited to this room."}, 403)
        self.joined.add(room)
        self.say(
            "",
            room=room,
            sender=SUPPORT,
            type_="m.room.member",
            state_key=SUPPORT,
            content={"membership": "join"},
            unsigned={"prev_content": {"membership": "invite"}},
        )
        return Said({"room_id": room})

    def send(self, call: Call) -> Said:
        if call.parts["room"] not in self.joined:
            return Said({"errcode": "M_FORBIDDEN", "error": "User not in room"}, 403)
        if len(call.body) > 65_000:
            return Said({"errcode": "M_TOO_LARGE", "error": "event too large"}, 413)
        txn = call.parts["txn"]
        if txn not in self._transactions:
            self._transactions[txn] = self.say(
                "", room=call.parts["room"], sender=SUPPORT, type_=call.parts["type"], content=call.json
            )
        return Said({"event_id": self._transactions[txn]})

    def upload(self, call: Call) -> Said:
        id_ = f"media{len(self.media)}"
        self.media[id_] = (call.headers["content-type"], call.body)
        return Said({"content_uri": f"mxc://acme.example/{id_}"})

    def download(self, call: Call) -> Said:
        if not self.has_new_media:
            return Said({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, 404)
        return self.old_download(call)

    def old_download(self, call: Call) -> Said:
        content_type, data = self.media.get(call.parts["id"], ("", b""))
        return (
            Said(data, 200, {"content-type": content_type}) if content_type else Said({"errcode": "M_NOT_FOUND"}, 404)
        )

    def sent(self) -> list[dict[str, Any]]:
        return [
            one["content"]
            for one in self.events
            if one["sender"] == SUPPORT and re.match("m.room.message", one["type"])
        ]


@contextmanager
def homeserver() -> Iterator[Homeserver]:
    with serving(Homeserver()) as provider:
        assert isinstance(provider, Homeserver)
        yield provider


def credentials_for(provider: Provider, **more: object) -> Credentials:
    return {"homeserver": provider.url, "access_token": TOKEN, **more}


@contextmanager
def running() -> Iterator[Credentials]:
    with homeserver() as provider:
        yield credentials_for(provider)
