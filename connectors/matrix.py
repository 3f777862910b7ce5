"""Matrix: an account at a homeserver that customers write to, in rooms without end-to-end encryption.

spec.matrix.org/latest/client-server-api. The plain API over our one HTTP client, and not matrix-nio: that client is
asynchronous, brings an HTTP client of its own past the guard of ours, keeps a state of its own for each room and token,
and saves us eight small calls; its encryption, which would be worth it, needs libolm and a key store on disk.

Fetching is /sync (_matrix_sync.py). A transaction id makes sending idempotent for one access token. Media of others
are fetched through our homeserver with the token (version 1.11, "Content repository").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from connectors import _http, _matrix_sync
from connectors._json_api import segment
from connectors._matrix_client import CLIENT, Homeserver, homeserver
from connectors._matrix_parse import CONTENT, LONGEST_ID, messages_of, room_and_root
from connectors._payload import at, items, line, mapping
from connectors._read_marks import TELLS_READ
from connectors._remote import fetched
from connectors._typing import SHOWS_TYPING
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundAttachment,
    OutboundMessage,
    RawDelivery,
    Receipt,
    RemoteFile,
    Setting,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected
from connectors.phrases import phrase
from connectors.submission import load_json
from connectors.typing_signal import TYPING_SECONDS

MSGTYPES = {"image": "m.image", "audio": "m.audio", "video": "m.video"}
SHOWN_MS = 6_000  # how long typing is shown
MAX_TEXT = 20_000  # an event has at most 65,536 bytes, its other fields and three bytes a character included


class MatrixConnector(Defaults):
    kind: ClassVar[str] = "matrix"
    label: ClassVar[str] = "Matrix"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("Rooms of a Matrix account: messages, threads and files.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("matrix",),
        idempotent_send=True,
        threads=True,
        attachments=True,
        max_text=MAX_TEXT,
        edits=True,
        deletes=True,
        reactions=True,
        read_states=True,
        marks_read=True,
        shows_typing=True,
        tells_typing=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("homeserver", "Homeserver", required=True, help="Its address, as https://matrix.acme.example."),
        Setting(
            "access_token",
            "Access token",
            kind="secret",
            required=True,
            help="Of the account that customers write to. In Element: Settings, Help & About, Advanced. Signing out "
            "there ends it.",
        ),
        Setting(
            "join_invites",
            "Accept invitations",
            kind="boolean",
            default=True,
            help="Whoever writes to the account for the first time invites it into a room.",
        ),
        TELLS_READ,
        SHOWS_TYPING,
        Setting("rooms", "Only these rooms", kind="lines", help="One id a line, as !abc:acme.example. Empty: all."),
    )

    def check(self, credentials: Credentials) -> str:
        """Sign in once. Raises BadCredentials or Transient."""
        server = homeserver(credentials)
        try:
            user = line(server.call("GET", f"{CLIENT}/account/whoami").get("user_id"), LONGEST_ID)
            rooms = len(items(server.call("GET", f"{CLIENT}/joined_rooms").get("joined_rooms")))
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        return f"Signed in as {user}, in {rooms} room{'' if rooms == 1 else 's'}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new in the account's rooms. Raises Transient, BadCredentials."""
        try:
            yield from _matrix_sync.news(credentials, cursor)
        except Rejected as error:
            raise BadCredentials(error.reason) from None

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return what an event tells. Raises Malformed."""
        return messages_of(load_json(delivery.raw), self.kind)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Write into the conversation's room: the words, then each file. Raises Transient, BadCredentials, Rejected."""
        server = homeserver(credentials)
        room, root = room_and_root(message.thread_key or "")
        if not room:
            raise Rejected("There is no room with this person yet: they invite the account first.")
        related = _relation(server, room, root, message)
        contents: list[tuple[str, dict[str, Any]]] = []
        if message.text:
            contents.append((message.idempotency_key, {"msgtype": "m.text", "body": message.text}))
        for number, file in enumerate(message.attachments):
            contents.append((f"{message.idempotency_key}-{number}", _uploaded(server, file)))
        ids = [_put(server, room, key, {**content, **related}) for key, content in contents]
        if not ids:
            raise Rejected("There is nothing to send.")
        return Receipt(ids[0])

    def act(self, credentials: Credentials, action: Action) -> None:
        """Mark everything up to a message as read ("Receipts"), or show that somebody is typing ("Typing
        notifications"). Raises Transient, BadCredentials or Rejected.
        """
        room, _ = room_and_root(action.thread_key or "")
        if action.kind == "typing" and room:
            _show_typing(homeserver(credentials), room)
            return
        if action.kind != "read" or not room:
            raise Rejected("Matrix does not offer that for this message.")
        path = f"{CLIENT}/rooms/{segment(room)}/receipt/m.read/{segment(action.target)}"
        homeserver(credentials).call("POST", path, {})

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002
        """Fetch a file through the homeserver. Raises Transient, BadCredentials or Rejected."""
        server, place = homeserver(credentials), file.media_id.removeprefix(CONTENT).split("/")
        if not file.media_id.startswith(CONTENT) or len(place) != 2 or not all(place):
            raise Rejected("This is no address of a file at Matrix.")
        path = "/".join(segment(part) for part in place)
        headers = {"authorization": f"Bearer {server.token}"}
        try:
            url = f"{server.url}/_matrix/client/v1/media/download/{path}"
            return fetched(file, url, name="The homeserver", may_reach=_http.reachable, headers=headers)
        except Rejected:  # a server older than version 1.11 hands files out without a token, elsewhere
            url = f"{server.url}/_matrix/media/v3/download/{path}"
            return fetched(file, url, name="The homeserver", may_reach=_http.reachable)


def _show_typing(server: Homeserver, room: str) -> None:
    who = server.call("GET", f"{CLIENT}/account/whoami", seconds=TYPING_SECONDS)
    path = f"{CLIENT}/rooms/{segment(room)}/typing/{segment(line(who.get('user_id'), LONGEST_ID))}"
    server.call("PUT", path, {"typing": True, "timeout": SHOWN_MS}, seconds=TYPING_SECONDS)


def _relation(server: Homeserver, room: str, root: str, message: OutboundMessage) -> dict[str, Any]:
    """Return what a reply belongs to: a thread, or a message that is not simply the newest one."""
    answered = message.answers or ""
    if answered and not root:
        root = _root_of(server, room, answered)
    if root:
        shown = {"is_falling_back": True, "m.in_reply_to": {"event_id": answered or root}}
        return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, **shown}}
    if answered and answered != message.in_reply_to:
        return {"m.relates_to": {"m.in_reply_to": {"event_id": answered}}}
    return {}


def _root_of(server: Homeserver, room: str, event_id: str) -> str:
    """Return the first message of the thread that a message stands in, "" where it stands in none."""
    try:
        found = server.call("GET", f"{CLIENT}/rooms/{segment(room)}/event/{segment(event_id)}")
    except Rejected:
        return ""
    related = mapping(at(found, "content", "m.relates_to"))
    return line(related.get("event_id"), LONGEST_ID) if related.get("rel_type") == "m.thread" else ""


def _uploaded(server: Homeserver, file: OutboundAttachment) -> dict[str, Any]:
    """Upload a file and return the content of its event."""
    query = {"filename": file.filename}
    answer = server.put_bytes("POST", "_matrix/media/v3/upload", file.data, file.content_type, query=query)
    return {
        "msgtype": MSGTYPES.get(file.content_type.partition("/")[0], "m.file"),
        "body": file.filename,
        "filename": file.filename,
        "url": line(answer.get("content_uri"), LONGEST_ID),
        "info": {"mimetype": file.content_type, "size": len(file.data)},
    }


def _put(server: Homeserver, room: str, key: str, content: dict[str, Any]) -> str:
    """Send one event; the same key again gives the same id."""
    path = f"{CLIENT}/rooms/{segment(room)}/send/m.room.message/{segment(key)}"
    return line(server.call("PUT", path, content).get("event_id"), LONGEST_ID)
