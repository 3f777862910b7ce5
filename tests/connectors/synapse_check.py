"""The Matrix connector against a real homeserver: `make test-matrix` (matrix-synapse in an environment of its own).

Not part of the normal suite: installing the server and starting it may take a minute. Its licence (AGPL) is why it is
never a dependency: it is only talked to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connectors import _http
from connectors.base import Credentials, InboundMessage, OutboundAttachment, OutboundMessage
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.registry import connector_for

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "var" / "synapse" / "bin" / "python"
MATRIX = connector_for("matrix")
SHARED_SECRET = "only-for-this-test"
CONFIG = """
listeners: [{port: %d, type: http, bind_addresses: ["127.0.0.1"], resources: [{names: [client, media], compress: false}]}]
registration_shared_secret: "%s"
federation_domain_whitelist: []
trusted_key_servers: []
caches: {sync_response_cache_duration: 0s}
rc_message: {per_second: 1000, burst_count: 1000}
rc_joins: {local: {per_second: 1000, burst_count: 1000}}
rc_login: {address: {per_second: 1000, burst_count: 1000}}
"""


@dataclass(frozen=True, slots=True)
class Person:
    """An account, by the plain API: what a customer's client does."""

    url: str
    user: str
    token: str

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", "content-type": content_type}
        answer = _http.request(
            method, self.url + path, headers=headers, body=raw, may_reach=_http.reachable, seconds=30
        )
        assert answer.status < 400, answer.body
        return json.loads(answer.body)

    def say(self, room: str, content: dict[str, Any], type_: str = "m.room.message") -> str:
        txn = hashlib.sha256(f"{time.monotonic_ns()}".encode()).hexdigest()[:16]
        answer = self.call("PUT", f"/_matrix/client/v3/rooms/{room}/send/{type_}/{txn}", content)
        return str(answer["event_id"])

    def text(self, room: str, body: str, **more: Any) -> str:
        return self.say(room, {"msgtype": "m.text", "body": body, **more})

    def timeline(self, room: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=50")[
            "chunk"
        ]
        return found


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(name="url", scope="module")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PYTHON.exists():
        pytest.fail("There is no Synapse: run `make test-matrix`.")
    home, port = tmp_path_factory.mktemp("synapse"), free_port()
    program = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(home / "homeserver.yaml")]
    made = ["--server-name", "localhost", "--generate-config", "--report-stats=no", "--data-directory", str(home)]
    subprocess.run([*program, *made], check=True, capture_output=True, cwd=home)
    (home / "more.yaml").write_text(CONFIG % (port, SHARED_SECRET))
    with (home / "out.txt").open("wb") as out:
        server = subprocess.Popen([*program, "-c", str(home / "more.yaml")], cwd=home, stdout=out, stderr=out)
    try:
        yield waited_for(f"http://127.0.0.1:{port}", server, home / "out.txt")
    finally:
        server.terminate()
        server.wait(20)


def waited_for(url: str, server: subprocess.Popen[bytes], out: Path) -> str:
    for _ in range(600):
        try:
            if (
                _http.request("GET", f"{url}/_matrix/client/versions", headers={}, may_reach=_http.reachable).status
                == 200
            ):
                return url
        except Transient:
            assert server.poll() is None, out.read_text()[-2000:]
            time.sleep(0.1)
    raise AssertionError(out.read_text()[-2000:])


def person(url: str, name: str) -> Person:
    """Register an account: element-hq.github.io/synapse/latest/admin_api/register_api.html."""
    path = "/_synapse/admin/v1/register"
    nobody = Person(url, "", "none")
    nonce = nobody.call("GET", path)["nonce"]
    signed = f"{nonce}\x00{name}\x00long password\x00notadmin".encode()
    mac = hmac.new(SHARED_SECRET.encode(), signed, "sha1").hexdigest()
    body = {
        "nonce": nonce,
        "username": name,
        "password": "long password",
        "admin": False,
        "mac": mac,
        "displayname": name.title(),
    }
    made = nobody.call("POST", path, body)
    return Person(url, made["user_id"], made["access_token"])


@pytest.fixture(name="customer", scope="module")
def _customer(url: str) -> Person:
    return person(url, "ana")


@pytest.fixture(name="support", scope="module")
def _support(url: str) -> Credentials:
    return {"homeserver": url, "access_token": person(url, "support").token}


def first_cursor(known: Credentials) -> Any:
    return next(MATRIX.fetch(known, {})).cursor


def heard_until(known: Credentials, cursor: Any, enough: int) -> tuple[list[InboundMessage], Any]:
    """Fetch until so many messages came and the cursor that covers them."""
    found: list[InboundMessage] = []
    for _ in range(4):
        for batch in MATRIX.fetch(known, cursor):
            found += [message for delivery in batch.deliveries for message in MATRIX.parse(delivery)]
            if batch.cursor:
                cursor = batch.cursor
                break
        if len(found) >= enough:
            return found, cursor
    raise AssertionError([one.text for one in found])


def test_a_conversation_from_the_first_word_on(url: str, customer: Person, support: Credentials) -> None:
    cursor = first_cursor(support)
    room = customer.call(
        "POST",
        "/_matrix/client/v3/createRoom",
        {"preset": "private_chat", "is_direct": True, "invite": ["@support:localhost"]},
    )["room_id"]
    hello = customer.text(room, "Hello, is anybody there?")
    (first,), cursor = heard_until(support, cursor, 1)
    assert (first.external_id, first.text, first.thread_key) == (hello, "Hello, is anybody there?", room)
    assert (first.sender.address, first.sender.name) == (customer.user, "Ana")

    reply = OutboundMessage(
        "reply-1", (), "We are.", recipient=customer.user, thread_key=room, answers=hello, in_reply_to=hello
    )
    receipts = {MATRIX.send(support, reply).external_id for _ in range(3)}
    assert len(receipts) == 1
    assert [
        one["content"]["body"]
        for one in customer.timeline(room)
        if one["sender"] == "@support:localhost" and one["type"] == "m.room.message"
    ] == ["We are."]

    ours = receipts.pop()
    customer.say(room, {"m.relates_to": {"rel_type": "m.annotation", "event_id": ours, "key": "👍"}}, "m.reaction")
    customer.say(
        room,
        {
            "msgtype": "m.text",
            "body": "* Hi",
            "m.new_content": {"msgtype": "m.text", "body": "Hi"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": hello},
        },
    )
    customer.text(
        room, "> <@support:localhost> We are.\n\nGreat", **{"m.relates_to": {"m.in_reply_to": {"event_id": ours}}}
    )
    gone = customer.text(room, "Oops")
    customer.call("PUT", f"/_matrix/client/v3/rooms/{room}/redact/{gone}/r1", {})
    customer.call("POST", f"/_matrix/client/v3/rooms/{room}/receipt/m.read/{ours}", {})
    found, _ = heard_until(support, cursor, 5)
    told = {one.kind: one for one in found}
    assert (told["reaction"].reaction, told["reaction"].target) == ("👍", ours)
    assert (told["edit"].text, told["edit"].target) == ("Hi", hello)
    assert (told["text"].text, told["text"].quoted, told["text"].in_reply_to) == (
        "Great",
        "<@support:localhost> We are.",
        ours,
    )
    assert told["delete"].target == gone
    assert (told["status"].status, told["status"].target) == ("read", ours)


def test_files_both_ways(url: str, customer: Person, support: Credentials) -> None:
    cursor = first_cursor(support)
    room = customer.call("POST", "/_matrix/client/v3/createRoom", {"invite": ["@support:localhost"]})["room_id"]
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    uploaded = customer.call("POST", "/_matrix/media/v3/upload?filename=cat.png", picture, "image/png")["content_uri"]
    customer.say(
        room,
        {
            "msgtype": "m.image",
            "body": "My cat",
            "filename": "cat.png",
            "url": uploaded,
            "info": {"mimetype": "image/png", "size": 108},
        },
    )
    (message,), _ = heard_until(support, cursor, 1)
    assert (message.kind, message.text) == ("image", "My cat")
    got = MATRIX.download(support, message.remote_files[0], _http.reachable)
    assert (got.filename, got.content_type, got.data) == ("cat.png", "image/png", picture)
    with pytest.raises(Rejected):
        MATRIX.download(support, replace(message.remote_files[0], media_id="mxc://localhost/nothing"), _http.reachable)

    reply = OutboundMessage(
        "reply-2", (), "Ours", thread_key=room, attachments=(OutboundAttachment("dog.png", "image/png", picture),)
    )
    receipts = {MATRIX.send(support, reply).external_id for _ in range(2)}
    ours = [
        one
        for one in customer.timeline(room)
        if one["sender"] == "@support:localhost" and one["type"] == "m.room.message"
    ]
    assert [one["content"]["msgtype"] for one in reversed(ours)] == ["m.text", "m.image"]
    assert receipts == {ours[-1]["event_id"]}


def test_a_thread_is_answered_in_its_thread(url: str, customer: Person, support: Credentials) -> None:
    cursor = first_cursor(support)
    room = customer.call("POST", "/_matrix/client/v3/createRoom", {"invite": ["@support:localhost"]})["room_id"]
    root = customer.text(room, "A topic")
    inside = customer.text(room, "inside", **{"m.relates_to": {"rel_type": "m.thread", "event_id": root}})
    found, _ = heard_until(support, cursor, 2)
    assert [one.thread_key for one in found] == [room, f"{room}|{root}"]
    for thread_key, key in ((room, "a"), (f"{room}|{root}", "b")):
        MATRIX.send(support, OutboundMessage(f"reply-3{key}", (), "answer", thread_key=thread_key, answers=inside))
    related = [
        one["content"].get("m.relates_to", {})
        for one in customer.timeline(room)
        if one.get("content", {}).get("body") == "answer"
    ]
    assert [(one["rel_type"], one["event_id"]) for one in related] == [("m.thread", root)] * 2


def test_what_was_said_during_a_long_outage_comes_whole_and_in_order(
    url: str, customer: Person, support: Credentials
) -> None:
    cursor = first_cursor(support)
    room = customer.call("POST", "/_matrix/client/v3/createRoom", {"invite": ["@support:localhost"]})["room_id"]
    customer.text(room, "before")
    (before,), cursor = heard_until(support, cursor, 1)
    ids = [customer.text(room, f"number {number}") for number in range(250)]
    found, cursor = heard_until(support, cursor, 250)
    assert [one.external_id for one in found] == ids
    assert before.external_id not in ids
    last = customer.text(room, "after")
    (after,), _ = heard_until(support, cursor, 1)
    assert after.external_id == last


def test_an_encrypted_room_is_said_to_be_one(url: str, customer: Person, support: Credentials) -> None:
    cursor = first_cursor(support)
    state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    room = customer.call(
        "POST", "/_matrix/client/v3/createRoom", {"invite": ["@support:localhost"], "initial_state": state}
    )["room_id"]
    customer.say(
        room,
        {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": "AwgAEn",
            "session_id": "s",
            "device_id": "D",
            "sender_key": "k",
        },
        "m.room.encrypted",
    )
    (message,), _ = heard_until(support, cursor, 1)
    assert message.kind == "unsupported"
    assert "encrypt" in message.text


def test_signing_in_and_what_may_not_be_done(url: str, customer: Person, support: Credentials) -> None:
    assert MATRIX.check(support).startswith("Signed in as @support:localhost, in ")
    with pytest.raises(BadCredentials):
        MATRIX.check({**support, "access_token": "syt_wrong"})
    room = customer.call("POST", "/_matrix/client/v3/createRoom", {})["room_id"]
    with pytest.raises(Rejected):
        MATRIX.send(support, OutboundMessage("reply-4", (), "x", thread_key=room))


def test_what_was_said_before_the_invitation_was_accepted_comes_too(
    url: str, customer: Person, support: Credentials
) -> None:
    cursor = first_cursor(support)
    room = customer.call("POST", "/_matrix/client/v3/createRoom", {"invite": ["@support:localhost"]})["room_id"]
    ids = [customer.text(room, f"waiting {number}") for number in range(150)]
    found, _ = heard_until(support, cursor, 150)
    assert [one.external_id for one in found] == ids
