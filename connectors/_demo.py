"""The customers of the demo workspace: stories told one message at a time, in an order that a seed decides.

`demo/people.json` and `demo/stories.json` hold who writes what to the (invented) shop Northwind Outdoor, by mail or in
public, and what they change, take back or react to. Stories are shuffled and overlap, as in a real inbox; the messages
of one story keep their order. The same seed gives the same ids, so that a run that begins again never repeats itself.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from random import Random
from typing import Any

from connectors._demo_files import CONTENT_TYPES, make_file

FIRST_PUBLIC, APART = 18, 4  # stories


@dataclass(frozen=True, slots=True)
class Moment:
    """One message of one story."""

    story: int
    number: int


@cache
def stories() -> list[dict[str, Any]]:
    return _load("stories.json")  # type: ignore[no-any-return]  # our own file; a test reads all of it


@cache
def people() -> dict[str, dict[str, Any]]:
    return _load("people.json")  # type: ignore[no-any-return]  # our own file; a test reads all of it


def _load(name: str) -> Any:
    return json.loads(files("connectors").joinpath("demo", name).read_text("utf-8"))


@lru_cache(maxsize=4)
def round_of(seed: int, lap: int) -> tuple[Moment, ...]:
    """The order of all messages in one lap through the stories."""
    dice = Random(f"{seed}:{lap}")  # noqa: S311  # an order for a demo, not a secret
    order = list(range(len(stories())))
    dice.shuffle(order)
    order = _with_public(order)
    timed: list[tuple[float, Moment]] = []
    for begin, story in enumerate(order):
        when = float(begin)
        for number in range(len(stories()[story]["messages"])):
            timed.append((when, Moment(story, number)))
            when += dice.uniform(3, 9)
    return tuple(moment for _, moment in sorted(timed, key=lambda pair: pair[0]))


def _with_public(order: list[int]) -> list[int]:
    """Let the few stories that are told in public begin early, so that a new workspace has some."""
    loud = [story for story in order if any(message.get("public") for message in stories()[story]["messages"])]
    mixed = [story for story in order if story not in loud]
    for number, story in enumerate(loud):
        mixed.insert(FIRST_PUBLIC + APART * number, story)
    return mixed


def length() -> int:
    """Number of messages in one lap."""
    return sum(len(story["messages"]) for story in stories())


def message_at(seed: int, position: int, sent_at: datetime) -> dict[str, Any]:
    """Return the message at a position (it goes on lap after lap) in the JSON form of the sandbox channel."""
    lap, place = divmod(position, length())
    moment = round_of(seed, lap)[place]
    story = stories()[moment.story]
    message = story["messages"][moment.number]
    person = people()[story["from"]]
    thread = f"demo-{seed}-{lap}-{moment.story}"
    subject = story["subject"]
    return {
        "id": f"{thread}-{moment.number}",
        "from": {"kind": "email", **person},
        "subject": f"Re: {subject}" if moment.number and subject else subject,
        "text": message.get("text", ""),
        "quoted": message.get("quoted") or (_quoted(person, subject) if message.get("quotes") else ""),
        "signature": message.get("signature", ""),
        "thread": thread,
        "attachments": [_attached(message["attach"], subject)] if "attach" in message else [],
        "sent_at": sent_at.isoformat(),
        **_at_provider(message, thread, f"{person.get('profile_url')}/{thread}-{moment.number}"),
    }


def _at_provider(message: dict[str, Any], thread: str, url: str) -> dict[str, Any]:
    """Return what a social provider tells besides: a public post, or what happened to the story's message `target`."""
    told: dict[str, Any] = {"is_public": True, "url": url} if message.get("public") else {}
    if "target" in message:
        told["target"] = f"{thread}-{message['target']}"
    return told | {key: message[key] for key in ("kind", "reaction") if key in message}


def _quoted(person: dict[str, Any], subject: str) -> str:
    first_name = person["name"].split()[0]
    return (
        "Northwind Outdoor <support@northwind.example> wrote:\n"
        f"> Hello {first_name},\n>\n"
        f'> thank you for your message about "{subject}". We are looking into it and come back to you soon.\n'
        ">\n> Your Northwind Outdoor team"
    )


def _attached(filename: str, words: str) -> dict[str, str]:
    data = make_file(filename, words)
    kind = CONTENT_TYPES[filename.rpartition(".")[2]]
    return {"filename": filename, "content_type": kind, "base64": base64.b64encode(data).decode("ascii")}
