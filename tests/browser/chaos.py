"""Disconnects by chance while customers write and colleagues act: the live page must become what a fresh one is.

Everything follows from one seed: how the connection breaks, what happens before, during and after, and how it returns.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.db import reading, transaction
from app.models import Channel, Conversation, Message, Presence, Priority, Status, User
from app.services import conversations, ingest, replies, tags
from app.services.arrivals import Arrival
from connectors.base import Identity, InboundMessage, RawDelivery
from workers import realtime

SECONDS = 30.0  # within which both must be equal: a page that diverged never becomes so by itself
MOST_ACTS = 3  # before, during and after a disconnect, each
WORDS = ("late", "thanks", "the second parcel", "a refund", "hello?", "still nothing", "wonderful", "which size")
SOCKETS = "window.sockets = []; window.WebSocket = class extends WebSocket { constructor(...a) { super(...a); sockets.push(this); } };"
# what people see, without what only says how long ago something was or what nobody but this browser knows
SEEN = """(root) => {
  const text = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("time, .waiting, .no-js, reply-leaving, .watchers, script, template").forEach((one) => one.remove());
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  const all = (selector, say) => [...root.querySelectorAll(selector)].map(say);
  return JSON.stringify({
    rows: all("#rows .row", (row) => [row.dataset.row, row.classList.contains("row-unread"), text(row)]),
    tabs: all(".list-title, .tab-link", text),
    rail: all("#rail a", text),
    unread: all("#unread", (one) => one.dataset.unread),
    timeline: all(".timeline-inner > *", (item) => [item.id, item.dataset.message ?? "", text(item)]),
    head: all(".conversation-head", text),
    details: all("#details .chip, #details [aria-current], #details .tag", text),
  });
}"""
BOTH = f"""async () => {{
  const seen = {SEEN};
  const state = document.getElementById("live").dataset.state;
  if (state !== "live") return [JSON.stringify({{ live: [state] }}), JSON.stringify({{ live: ["live"] }})];
  const fresh = await fetch(location.href, {{ credentials: "same-origin", cache: "no-store" }});
  const page = new DOMParser().parseFromString(await fresh.text(), "text/html");
  return [seen(document), seen(page)];
}}"""


class Diverged(AssertionError):
    """The live page did not become what a fresh one shows."""


@dataclass
class Chaos:
    """One agent's live page, and everybody else."""

    page: Page
    user: User
    colleagues: list[User]
    channel: Channel
    known: list[int]  # ids of the conversations that things happen to
    opened: int
    seed: int = 7
    disconnects: int = 0
    acts: int = 0
    slowest: float = 0.0  # seconds until both were equal
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def run(self, times: int) -> None:
        """Break the connection so many times. Raises Diverged."""
        for _ in range(times):
            self._act_some()
            mend = self.chance.choice((self._cut, self._throw_out, self._go_offline))()
            self._act_some()
            mend()
            self._act_some()
            self.disconnects += 1
            self._compare()

    def _compare(self) -> None:
        began = time.monotonic()
        live = fresh = ""
        while time.monotonic() - began < SECONDS:
            live, fresh = self.page.evaluate(BOTH)
            if live == fresh:
                self.slowest = max(self.slowest, time.monotonic() - began)
                return
            self.page.wait_for_timeout(50)
        found = "\n".join(_differences(json.loads(live), json.loads(fresh)))
        raise Diverged(f"after {self.disconnects} disconnects (seed {self.seed}):\n{found}")

    def _cut(self) -> Callable[[], None]:
        """Close the browser's socket; it comes back by itself."""
        self.page.evaluate("() => sockets.forEach((one) => one.close())")
        return lambda: None

    def _throw_out(self) -> Callable[[], None]:
        """Close it from the server, as it does when access changes."""
        with reading() as session:
            found = list(session.scalars(select(Presence.connection).where(Presence.user_id == self.user.id)))
        realtime.disconnect(found)
        return lambda: None

    def _go_offline(self) -> Callable[[], None]:
        """Take the network away, fetches too, until it is given back."""
        self.page.context.set_offline(True)
        self.page.evaluate("() => { sockets.forEach((one) => one.close()); dispatchEvent(new Event('offline')); }")
        return lambda: self.page.context.set_offline(False)

    def _act_some(self) -> None:
        for _ in range(self.chance.randint(0, MOST_ACTS)):
            self.acts += 1
            if self.chance.random() < 0.4:
                self._customer_writes()
            else:
                self._colleague_acts()

    def _customer_writes(self) -> None:
        """A letter of one of ten customers: each of them has one conversation."""
        who = self.chance.randrange(10)
        sender = Identity("email", f"chaos{who}@example.com", f"Customer {who}")
        text = f"{self.chance.choice(WORDS)} {self.acts}"
        said = InboundMessage(
            external_id=f"chaos-{self.seed}-{self.acts}@example.com",
            sender=sender,
            subject=f"Chaos {who}",
            text=text,
            thread_key=f"chaos-{self.seed}-{who}",
        )
        kept = ingest.keep(RawDelivery(raw=f"{self.seed} {self.acts}".encode(), received_at=now()))
        with transaction() as session:
            channel = session.get_one(Channel, self.channel.id)
            ids = ingest.store_batch(session, channel=channel, deliveries=[kept])
            arrival = Arrival(
                delivery_id=ids[0], channel_id=channel.id, inbox_id=channel.inbox_id, received_at=now(), message=said
            )
            for id_ in ingest.ingest_messages(session, deliveries=ids, arrivals=[arrival]):
                message = session.get_one(Message, id_)
                if message.conversation_id not in self.known:
                    self.known.append(message.conversation_id)

    def _colleague_acts(self) -> None:
        """A colleague does something, oftener than not in the conversation that is open."""
        chosen = self.opened if self.chance.random() < 0.5 else self.chance.choice(self.known)
        deed = self.chance.choice((_note, _reply, _assign, _resolve_or_reopen, _prioritise, _tag))
        with transaction() as session:
            found = session.get_one(Conversation, chosen, with_for_update=True)
            actor = session.get_one(User, self.chance.choice(self.colleagues).id)
            deed(session, found, actor, self)


def _differences(live: dict[str, list[Any]], fresh: dict[str, list[Any]]) -> Iterator[str]:
    for name, items in live.items():
        for at, (mine, theirs) in enumerate(zip_longest(items, fresh[name])):
            if mine != theirs:
                yield f"{name} {at}: live {mine}, fresh {theirs}"


def _note(session: Session, found: Conversation, actor: User, chaos: Chaos) -> None:
    key = f"chaos-note-{chaos.seed}-{chaos.acts}"
    replies.write_note(session, conversation=found, author=actor, text=f"note {chaos.acts}", client_key=key)


def _reply(session: Session, found: Conversation, actor: User, chaos: Chaos) -> None:
    key, text = f"chaos-reply-{chaos.seed}-{chaos.acts}", f"answer {chaos.acts}"
    wait = timedelta(hours=1)  # it stays where it is
    replies.queue_reply(session, conversation=found, author=actor, text=text, client_key=key, wait=wait)


def _assign(session: Session, found: Conversation, actor: User, chaos: Chaos) -> None:
    wanted: list[Any] = [None, *chaos.colleagues, chaos.user]
    assignee = chaos.chance.choice(wanted)
    given = session.get_one(User, assignee.id) if assignee else None
    conversations.assign(session, conversation=found, actor=actor, assignee=given)


def _resolve_or_reopen(session: Session, found: Conversation, actor: User, _chaos: Chaos) -> None:
    status = Status.OPEN if found.status is Status.RESOLVED else Status.RESOLVED
    conversations.set_status(session, conversation=found, actor=actor, status=status)


def _prioritise(session: Session, found: Conversation, actor: User, chaos: Chaos) -> None:
    priority = chaos.chance.choice(list(Priority))
    conversations.set_priority(session, conversation=found, actor=actor, priority=priority)


def _tag(session: Session, found: Conversation, actor: User, chaos: Chaos) -> None:
    tag = tags.named(session, chaos.chance.choice(("urgent", "later", "refund")))
    (tags.put if chaos.chance.random() < 0.5 else tags.take)(session, conversation=found, tag=tag, actor=actor)
