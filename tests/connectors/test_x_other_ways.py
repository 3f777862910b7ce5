"""The other ways in which X's posts come: the filtered stream, and recordings for those without access."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors._x_fetch import Pace
from connectors.errors import BadCredentials, Transient
from tests.connectors.test_x_fetch import OLD, SINCE, ids, opened, x
from tests.fakes.x import ACCOUNT, HANDLE, X, line, post, x_service


@pytest.fixture
def service() -> Iterator[X]:
    with x_service() as running:
        yield running


# ---------------------------------------------------------------- the stream


def streamed(number: int, tag: str, **more: Any) -> bytes:
    return line({"data": post(number, **more), "includes": {}, "matching_rules": [{"id": "1", "tag": tag}]})


def test_the_stream_brings_posts_at_once_and_what_was_missed_between(service: X) -> None:
    tag = f"tributary-{ACCOUNT}"
    service.stream = [
        [b"", streamed(OLD + 11, tag), streamed(OLD + 12, "of another program"), b""],
        [streamed(OLD + 13, tag, author=ACCOUNT), streamed(OLD + 14, tag)],
    ]
    seen: list[str] = []
    credentials = {**service.credentials, "stream": True}
    with opened(credentials, SINCE) as batches:
        for batch in batches:
            seen += ids([batch])
            if f"post:{OLD + 11}" in seen and not service.mentions:
                service.mentions.append(post(OLD + 15))  # while the stream is broken off
            if {f"post:{OLD + 14}", f"post:{OLD + 15}"} <= set(seen):
                break
    assert [one for one in seen if one != f"post:{OLD + 15}"] == [f"post:{OLD + 11}", f"post:{OLD + 14}"]
    (rule,) = service.rules
    assert rule["tag"] == tag
    assert f"@{HANDLE}" in rule["value"]


def test_the_rules_of_other_programs_stay_and_an_old_one_of_ours_goes(service: X) -> None:
    service.rules = [
        {"id": "1", "value": "cats", "tag": "theirs"},
        {"id": "2", "value": "@OldName", "tag": f"tributary-{ACCOUNT}"},
    ]
    service.stream = [[streamed(OLD + 11, f"tributary-{ACCOUNT}")]]
    with opened({**service.credentials, "stream": True}, SINCE) as batches:
        next(batch for batch in batches if batch.deliveries)
    assert service.rules[0]["id"] == "1"
    assert sorted(rule["tag"] for rule in service.rules) == ["theirs", f"tributary-{ACCOUNT}"]
    assert all(rule["value"] != "@OldName" for rule in service.rules)


def test_a_wrong_bearer_token_pauses_the_channel(service: X) -> None:
    for token in ("", "wrong"):
        with (
            opened({**service.credentials, "stream": True, "bearer_token": token}, SINCE) as batches,
            pytest.raises(BadCredentials),
        ):
            list(batches)


# ---------------------------------------------------------------- recordings


def test_recordings_are_read_in_order_and_new_ones_when_they_come(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps({"data": post(2, "second")}))
    (tmp_path / "a.json").write_text(json.dumps({"data": post(1, "first")}))
    (tmp_path / "c.json.part").write_text("{")
    said = []
    with opened({"recorded": str(tmp_path)}, {}) as batches:
        for batch in batches:
            said += [message.text for delivery in batch.deliveries for message in x.parse(delivery)]
            if len(said) == 2 and not (tmp_path / "c.json").exists():
                (tmp_path / "c.json").write_text(json.dumps({"data": post(3, "third")}))
            if len(said) == 3:
                break
    assert said == ["first", "second", "third"]


def test_the_same_recording_is_the_same_delivery(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"data": post(1)}))
    found = []
    for _ in range(2):
        with opened({"recorded": str(tmp_path)}, {}) as batches:
            found.append(next(batches).deliveries[0].external_id)
    assert found[0] == found[1]


def test_a_folder_that_goes_away_is_tried_again_later(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    folder.mkdir()
    with opened({"recorded": str(folder)}, {}) as batches:
        next(batches)
        folder.rmdir()
        with pytest.raises(Transient, match="cannot be read"):
            list(batches)


def test_the_pace_is_what_the_settings_say_within_reason() -> None:
    from connectors.x import _pace

    assert [_pace({"poll_seconds": value}).poll_seconds for value in (1, 120, 10**9, None, "x")] == [
        15,
        120,
        3600,
        90,
        90,
    ]
    assert _pace({}) == replace(Pace(), poll_seconds=90.0)
