"""Disconnects by chance while customers write and colleagues act: the live page must become what a fresh one is.

Everything follows from one seed: how the connection breaks, what happens before, during and after, and how it returns.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import Channel, Conversation, Message, Presence, User
from app.services import ingest
from app.services.arrivals import Arrival
from connectors.base import Identity, InboundMessage, RawDelivery
from tests.browser.chaos_deeds import DEEDS, Circumstances
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
    details: all("#details .chip, #details .tag, #details .person-name, #details .case bdi, #details [id^=item-], #details .others bdi", text),
    chosen: all("#details select", (one) => one.selectedOptions[0]?.value ?? ""),
    open: all("conversation-view", (one) => one.dataset.conversation),
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
    opened: int  # the conversation that most happens to
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
            if self.chance.random() < 0.15:
                self._goes_elsewhere()

    def _goes_elsewhere(self) -> None:
        """The agent opens another conversation, and what happens next does not wait until it is there."""
        self.page.evaluate(
            "(place) => { const rows = document.querySelectorAll('#rows .row'); rows[place % rows.length]?.click(); }",
            self.chance.randrange(1000),
        )

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
        deed = self.chance.choice(DEEDS)
        with transaction() as session:
            found = session.get_one(Conversation, chosen, with_for_update=True)
            actor = session.get_one(User, self.chance.choice(self.colleagues).id)
            deed(
                session,
                found,
                actor,
                Circumstances(self.chance, f"{self.seed}-{self.acts}", [*self.colleagues, self.user]),
            )


def _differences(live: dict[str, list[Any]], fresh: dict[str, list[Any]]) -> Iterator[str]:
    for name, items in live.items():
        for at, (mine, theirs) in enumerate(zip_longest(items, fresh[name])):
            if mine != theirs:
                yield f"{name} {at}: live {mine}, fresh {theirs}"
