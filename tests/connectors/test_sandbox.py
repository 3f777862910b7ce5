"""The folder channel: files in, files out, and the stories of the demo."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from connectors import _demo
from connectors._demo_files import make_file
from connectors.base import Address, Batch, InboundMessage, OutboundAttachment, OutboundMessage, RawDelivery
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.sandbox import FIRST_MESSAGES, Pace, SandboxConnector

QUICK = SandboxConnector(Pace(look_seconds=0.001, heartbeat_seconds=0.02))
MESSAGE = {"from": {"address": "ana@example.com", "name": "Ana"}, "text": "Hello"}


def put(folder: Path, name: str, content: dict[str, Any] | bytes = MESSAGE) -> None:
    """Write as a polite program does: whole, then renamed."""
    inbox = folder / "in"
    inbox.mkdir(parents=True, exist_ok=True)
    part = inbox / f"{name}.part"
    part.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    part.rename(inbox / name)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def names(batches: list[Batch]) -> list[str]:
    return [delivery.meta["file"] for batch in batches for delivery in batch.deliveries]


def told(batches: list[Batch]) -> list[RawDelivery]:
    return [delivery for batch in batches for delivery in batch.deliveries]


def drip(folder: Path, **changes: object) -> dict[str, object]:
    return {"folder": str(folder), "drip_seconds": 1, "seed": 7, **changes}


# ---------------------------------------------------------------- files


def test_files_come_in_name_order_and_move_aside_once_stored(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "c.eml"):
        put(tmp_path, name)
    (tmp_path / "in" / "d.json.part").write_bytes(b"{")
    (tmp_path / "in" / ".hidden.json").write_bytes(b"{}")
    (tmp_path / "in" / "notes.txt").write_bytes(b"not for us")
    batches = QUICK.fetch({"folder": str(tmp_path)}, {})
    first = next(batches)
    assert names([first]) == ["a.json", "b.json", "c.eml"]
    assert listed(tmp_path / "done") == []
    assert next(batches) == Batch()
    assert listed(tmp_path / "done") == ["a.json", "b.json", "c.eml"]
    assert listed(tmp_path / "in") == [".hidden.json", "d.json.part", "notes.txt"]
    put(tmp_path, "0.json")
    assert names([next(batch for batch in batches if batch.deliveries)]) == ["0.json"]
    batches.close()


def test_what_was_not_stored_comes_again_under_the_same_id(tmp_path: Path) -> None:
    put(tmp_path, "a.json")
    ids = []
    for _ in range(2):
        batches = QUICK.fetch({"folder": str(tmp_path)}, {})
        ids.append(next(batches).deliveries[0].external_id)
        batches.close()
    assert ids[0] == ids[1]
    assert ids[0]


def test_batches_of_files_are_bounded(tmp_path: Path) -> None:
    for number in range(70):
        put(tmp_path, f"{number:03}.json")
    put(tmp_path, "900.json", {**MESSAGE, "text": "x" * 7_900_000})
    put(tmp_path, "901.json", {**MESSAGE, "text": "x" * 7_900_000})
    batches = list(QUICK.fetch_once({"folder": str(tmp_path)}, {}))
    assert [len(batch.deliveries) for batch in batches] == [50, 21, 1]


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    (tmp_path / "box" / "in").mkdir(parents=True)
    (tmp_path / "box" / "in" / "x.json").symlink_to(secret)
    assert list(QUICK.fetch_once({"folder": str(tmp_path / "box")}, {})) == []


def test_a_mail_file_is_read_as_mail_and_a_json_file_as_json(tmp_path: Path) -> None:
    put(tmp_path, "a.json")
    put(
        tmp_path,
        "b.eml",
        b"From: Ben <ben@example.org>\r\nSubject: Hi\r\nMessage-ID: <m1@example.org>\r\n\r\nGood day\r\n",
    )
    messages = [parse_one(delivery) for delivery in told(list(QUICK.fetch_once({"folder": str(tmp_path)}, {})))]
    assert [(message.sender.address, message.text) for message in messages] == [
        ("ana@example.com", "Hello"),
        ("ben@example.org", "Good day"),
    ]


def parse_one(delivery: RawDelivery) -> InboundMessage:
    (message,) = QUICK.parse(delivery)
    return message


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not one message"),
        (b"{}", "empty"),
        (b'{"text": "x"}', "from whom"),
        (b'{"text": "x", "from": {"kind": "ghost", "address": "x"}}', "not a kind of identity"),
        (b'{"text": "x", "from": {"address": " "}}', "no address"),
        (b'{"text": 5, "from": {"address": "x"}}', "text is not a text"),
        (b'{"text": "x", "from": {"address": "x"}, "sent_at": "2026-11-22T10:00:00"}', "time zone"),
        (b'{"text": "x", "from": {"address": "x"}, "sent_at": "yesterday"}', "not a time"),
        (b'{"text": "x", "from": {"address": "x"}, "auto": "robot"}', "automatic"),
        (b'{"text": "x", "from": {"address": "x"}, "attachments": [{"base64": "%%"}]}', "base64"),
        (b'{"text": "x", "from": {"address": "x"}, "attachments": {"a": 1}}', "not a list"),
        (b'{"text": "x", "from": {"address": "x"}, "attachments": [1]}', "not an object"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content: bytes, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        QUICK.parse(RawDelivery(content, datetime.now(UTC)))


# ---------------------------------------------------------------- sending and settings


def test_a_reply_is_one_file_however_often_it_is_sent(tmp_path: Path) -> None:
    file = OutboundAttachment("a.png", "image/png", b"\x89PNG")
    reply = OutboundMessage(
        "r-1", (Address("ana@example.com", "Ana"),), "Good news 😊", subject="Re", attachments=(file,)
    )
    receipts = [QUICK.send({"folder": str(tmp_path)}, reply)]
    first = (tmp_path / "out" / "r-1.json").stat().st_mtime_ns
    receipts += [QUICK.send({"folder": str(tmp_path)}, reply) for _ in range(2)]
    assert (tmp_path / "out" / "r-1.json").stat().st_mtime_ns == first
    assert len({receipt.external_id for receipt in receipts}) == 1
    assert listed(tmp_path / "out") == ["r-1.json"]
    written = json.loads((tmp_path / "out" / "r-1.json").read_text("utf-8"))
    assert (written["text"], written["to"]) == ("Good news 😊", [{"email": "ana@example.com", "name": "Ana"}])
    assert written["attachments"] == [{"filename": "a.png", "content_type": "image/png", "base64": "iVBORw=="}]


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "", "x\0", "x" * 200])
def test_a_key_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(Rejected):
        QUICK.send({"folder": str(tmp_path)}, OutboundMessage(key, (), "x"))


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadCredentials, match="cannot be used"):
        QUICK.check({"folder": str(tmp_path / "file")})
    with pytest.raises(BadCredentials, match="needs a folder"):
        QUICK.check({})
    with pytest.raises(BadCredentials, match="not a number"):
        next(QUICK.fetch(drip(tmp_path, drip_seconds="often"), {}))
    put(tmp_path, "a.json")
    assert QUICK.check({"folder": str(tmp_path)}).startswith(f"Reading {tmp_path}/in (1 waiting)")


def test_a_folder_that_goes_away_is_transient(tmp_path: Path) -> None:
    batches = QUICK.fetch({"folder": str(tmp_path)}, {})
    assert next(batches) == Batch()
    (tmp_path / "in").rmdir()
    with pytest.raises(Transient, match="cannot be read"):
        list(islice(batches, 100))


# ---------------------------------------------------------------- stories


def test_the_demo_begins_with_some_weeks_most_of_it_new_and_then_drips(tmp_path: Path) -> None:
    batches = QUICK.fetch(drip(tmp_path), {})
    first = next(batches)
    assert len(first.deliveries) == FIRST_MESSAGES
    times = [delivery.received_at for delivery in first.deliveries]
    assert times == sorted(times)
    assert timedelta(weeks=3) < times[-1] - times[0] < timedelta(weeks=4)
    assert times[len(times) // 2] > times[-1] - timedelta(weeks=1)
    assert times[-1] <= datetime.now(UTC)
    assert first.cursor == {"position": FIRST_MESSAGES}
    following = next(batch for batch in batches if batch.deliveries)
    assert (len(following.deliveries), following.cursor) == (1, {"position": FIRST_MESSAGES + 1})
    batches.close()


def test_a_restart_goes_on_where_it_stopped_and_never_repeats(tmp_path: Path) -> None:
    batches = QUICK.fetch(drip(tmp_path), {})
    first = next(batches)
    batches.close()
    again = QUICK.fetch(drip(tmp_path), first.cursor or {})
    following = next(batch for batch in again if batch.deliveries)
    again.close()
    ids = [delivery.external_id for delivery in told([first, following])]
    assert len(set(ids)) == FIRST_MESSAGES + 1
    repeated = QUICK.fetch(drip(tmp_path), {})
    assert [delivery.external_id for delivery in next(repeated).deliveries] == ids[:FIRST_MESSAGES]
    repeated.close()


def test_the_demo_ends_or_begins_again_as_wanted(tmp_path: Path) -> None:
    over = {"position": _demo.length()}
    quiet = list(islice(QUICK.fetch(drip(tmp_path), over), 60))  # 60 signs of life are more than one second
    assert told(quiet) == []
    looping = QUICK.fetch(drip(tmp_path, loop=True), over)
    delivery = next(batch for batch in looping if batch.deliveries).deliveries[0]
    looping.close()
    first_lap = {_demo.message_at(7, position, datetime.now(UTC))["id"] for position in range(_demo.length())}
    assert delivery.external_id not in first_lap


def whole_lap(seed: int) -> list[InboundMessage]:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    raws = [json.dumps(_demo.message_at(seed, position, moment)).encode() for position in range(_demo.length())]
    return [parse_one(RawDelivery(raw, moment)) for raw in raws]


def test_the_stories_are_many_varied_and_whole() -> None:
    messages = whole_lap(1)
    stories = _demo.stories()
    assert len({message.external_id for message in messages}) == len(messages) == _demo.length()
    english = sum(len(story["messages"]) for story in stories if story["language"] == "en")
    assert english >= 90
    assert len(messages) - english >= 10
    assert len({message.sender.address for message in messages}) >= 40
    said = [message.text for message in messages if message.kind not in {"reaction", "delete"}]
    assert len(set(said)) == len(said) > 130
    assert {"edit", "reaction", "delete", "image"} < {message.kind for message in messages}
    assert sum(message.is_public for message in messages) >= 8
    assert all(
        message.sender.address.endswith(("@example.com", "@example.org", "@example.net"))
        for message in messages
        if message.sender.kind == "email"
    )
    assert all(message.text == message.text.strip() for message in messages)
    assert sum(bool(message.attachments) for message in messages) >= 8
    assert {file.content_type for message in messages for file in message.attachments} == {
        "image/png",
        "application/pdf",
        "text/plain",
    }
    assert sum(bool(message.quoted) for message in messages) >= 8
    assert sum(count >= 2 for count in Counter(message.thread_key for message in messages).values()) >= 20


def test_each_story_is_told_in_order_by_one_person() -> None:
    told_so_far: dict[str | None, list[InboundMessage]] = {}
    for message in whole_lap(3):
        told_so_far.setdefault(message.thread_key, []).append(message)
    assert len(told_so_far) == len(_demo.stories())
    for thread, messages in told_so_far.items():
        assert [message.external_id for message in messages] == [
            f"{thread}-{number}" for number in range(len(messages))
        ]
        assert len({message.sender for message in messages}) == 1


def test_the_seed_decides_the_order_and_nothing_else() -> None:
    assert [message.text for message in whole_lap(1)] == [message.text for message in whole_lap(1)]
    assert [message.text for message in whole_lap(1)] != [message.text for message in whole_lap(2)]
    assert {message.text for message in whole_lap(1)} == {message.text for message in whole_lap(2)}


def test_demo_files_are_real_files() -> None:
    picture = make_file("tent.png", "x")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")
    page = make_file("a.pdf", "Invoice (1)")
    table = int(page.split(b"startxref\n")[1].split()[0])
    assert page[table:].startswith(b"xref\n0 6")
    for number, line in enumerate(page[table:].split(b"\n")[3:8], 1):
        assert page[int(line[:10]) :].startswith(b"%d 0 obj" % number)
    assert make_file("a.txt", "words") == b"words\n"
