"""What was written while nobody listened: the history of the channels the app is in, as if its events had come.

docs.slack.dev/reference/methods/conversations.history and conversations.replies: newest first, pages by cursor. The
cursor kept here is the newest `ts` seen in each channel. A message in a thread is found where the thread's first
message is younger than two days before that; an older thread's answer comes with the events only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from connectors._payload import at, line, mapping, objects
from connectors._slack_client import called, client_of
from connectors.base import Batch, Credentials, Cursor, RawDelivery
from connectors.errors import Rejected

if TYPE_CHECKING:
    from slack_sdk import WebClient

PAGE = 200
MOST_PAGES = 50  # of one channel in one round
ROUND_SECONDS = 600.0
STEP_SECONDS = 10.0
PACE_SECONDS, MOST_AT_ONCE = 1.5, 30  # the history: 50 calls a minute
LOOK_BACK_SECONDS = 2 * 86_400
Page = Callable[[str], Mapping[str, Any]]  # a page of an answer by Slack's cursor


def rounds(credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
    """Look through all channels every ten minutes, for ever. Raises Transient, BadCredentials or Rejected."""
    client = client_of(credentials)
    seen = {str(channel): str(ts) for channel, ts in cursor.items() if _seconds(ts)}
    people: dict[str, Mapping[str, Any]] = {}
    while True:
        channels = _channels(client)
        for channel, direct in channels:
            if channel not in seen:  # we were just invited: what was said before was not said to us
                seen[channel] = f"{_now().timestamp():.6f}"
            yield Batch(cursor=dict(seen))
            try:
                for some, newest in _missed(client, channel, seen[channel]):
                    seen[channel] = newest
                    events = [{**one, "type": "message", "channel": channel, "channel_type": direct} for one in some]
                    yield Batch(tuple(_delivery(client, one, people) for one in events), cursor=dict(seen))
            except Rejected:  # we were thrown out of this channel meanwhile, or it is gone
                continue
            time.sleep(PACE_SECONDS if len(channels) > MOST_AT_ONCE else 0)
        ends = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < ends:
            yield Batch()
            time.sleep(STEP_SECONDS)


def _channels(client: WebClient) -> list[tuple[str, str]]:
    """Return the ids of the channels the app is in, with their type where they are direct ones."""
    types = "public_channel,private_channel,im,mpim"

    def page_at(page: str) -> Mapping[str, Any]:
        return called(lambda: client.users_conversations(types=types, limit=PAGE, cursor=page))

    found = [(line(one.get("id")), one) for one in _all(page_at, "channels")]
    direct = [(id_, "im" if one.get("is_im") else "mpim" if one.get("is_mpim") else "") for id_, one in found]
    return [(id_, type_) for id_, type_ in direct if id_]


def _missed(client: WebClient, channel: str, since: str) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
    """Yield what is younger than `since`, oldest first, in lists with the newest `ts` of each."""
    start = f"{max(_seconds(since) - LOOK_BACK_SECONDS, 1.0):.6f}"
    roots = _all(lambda page: _history(client, channel, start, page), "messages")
    found = {line(one.get("ts")): one for one in roots}
    for root in roots:
        if _seconds(root.get("latest_reply")) > _seconds(since):
            answers = _all(partial(_replies, client, channel, line(root.get("ts")), since), "messages")
            found.update({line(one.get("ts")): one for one in answers})
    fresh = sorted((ts for ts in found if _seconds(ts) > _seconds(since)), key=_seconds)
    for first in range(0, len(fresh), PAGE):
        some = fresh[first : first + PAGE]
        yield [found[ts] for ts in some], some[-1]


def _history(client: WebClient, channel: str, oldest: str, page: str) -> Mapping[str, Any]:
    return called(lambda: client.conversations_history(channel=channel, oldest=oldest, limit=PAGE, cursor=page))


def _replies(client: WebClient, channel: str, ts: str, oldest: str, page: str) -> Mapping[str, Any]:
    return called(lambda: client.conversations_replies(channel=channel, ts=ts, oldest=oldest, limit=PAGE, cursor=page))


def _all(page_at: Page, key: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        answer = page_at(cursor)
        found += objects(answer.get(key))
        cursor = line(at(answer, "response_metadata", "next_cursor"), 500)
        if not cursor:
            break
    return found


def _delivery(client: WebClient, event: Mapping[str, Any], people: dict[str, Mapping[str, Any]]) -> RawDelivery:
    """Return a message as its event would have brought it, with who wrote it."""
    user = line(event.get("user"))
    if user and user not in people and not event.get("bot_id"):
        people[user] = _person(client, user)
    users = {user: people[user]} if people.get(user) else {}
    body = {"type": "event_callback", "event": event, "users": users}
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return RawDelivery(raw, _now(), external_id=f"history:{line(event['channel'])}:{line(event.get('ts'))}")


def _person(client: WebClient, user: str) -> Mapping[str, Any]:
    try:
        return mapping(called(lambda: client.users_info(user=user)).get("user"))
    except Rejected:  # gone, or of another workspace that shows nobody
        return {}


def _seconds(ts: object) -> float:
    """Return a `ts` as a number, 0 for what is none."""
    said = ts if isinstance(ts, str) else ""
    return float(said) if said.replace(".", "", 1).isdecimal() and said.isascii() and len(said) < 30 else 0.0


def _now() -> datetime:
    return datetime.now(UTC)
