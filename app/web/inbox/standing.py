"""How a message stands at its provider: what it is, how far ours has come, what was done with theirs and can be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.languages import translated
from app.phrases import phrase, phrase_in
from app.queries.message_extras import ActionRow, ReactionRow
from app.queries.timeline import MessageRow
from app.render import moment_words
from connectors.base import ActionKind
from connectors.errors import Rejected
from connectors.registry import connector_for
from connectors.web_address import split

# what is said by a message that is more than its text: an icon and a word
KINDS = {
    "audio": ("mic", phrase("Voice message")),
    "video": ("film", phrase("Video")),
    "location": ("map-pin", phrase("Location")),
    "contact": ("contact-round", phrase("Contact card")),
    "sticker": ("sticker", phrase("Sticker")),
    "unsupported": ("circle-help", phrase("Not passed on")),
}
SIGNS = {"like": "👍", "love": "❤️", "haha": "😆", "wow": "😮", "sad": "😢", "angry": "😠", "dislike": "👎"}
# kind: icon, what a button says, what is said while it goes on, once it is done, and where it failed
ACTIONS: dict[str, tuple[str, str, str, str, str]] = {
    "like": (
        "thumbs-up",
        phrase_in("verb", "Like"),
        phrase("Liking…"),
        phrase("Liked by us"),
        phrase("Not liked"),
    ),
    "unlike": (
        "thumbs-up",
        phrase("Take the like back"),
        phrase("Taking the like back…"),
        "",
        phrase("Still liked"),
    ),
    "hide": (
        "eye-off",
        phrase("Hide from others"),
        phrase("Hiding…"),
        phrase("Hidden from others"),
        phrase("Not hidden"),
    ),
    "unhide": ("eye", phrase("Show to others again"), phrase("Showing again…"), "", phrase("Still hidden")),
    "delete": (
        "trash-2",
        phrase("Delete at the provider"),
        phrase("Deleting…"),
        phrase("Deleted at the provider"),
        phrase("Not deleted"),
    ),
}
PAIRS = (("like", "unlike"), ("hide", "unhide"), ("delete",))
FINAL = "delete"
ON_ITS_WAY = {"queued", "doing"}


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done with a message, in words; `look` is done, waiting or failed."""

    icon: str
    words: str
    look: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    kind: str
    icon: str
    words: str

    @property
    def is_final(self) -> bool:
        """It cannot be taken back: asked twice."""
        return self.kind == FINAL


def choices(row: MessageRow) -> list[Choice]:
    """Return what an agent can do with a customer's message now, besides answering it."""
    if not row.is_inbound or row.is_note or row.deleted_at or not row.is_at_provider:
        return []
    stands = _standing(row.more.actions)
    gone = stands.get("delete") == "delete"
    offered = () if gone or _is_busy(row.more.actions) else _offered(row.channel_kind)
    on = {first for first, *rest in PAIRS if stands.get(first) == first}
    return [Choice(kind, *ACTIONS[kind][:2]) for kind in offered if _makes_sense(kind, on)]


def deeds(row: MessageRow) -> list[Done]:
    """Return what was done with a message and holds, is on its way, or failed last."""
    found = []
    for pair in PAIRS:
        newest = next((one for one in row.more.actions if one.kind in pair), None)
        if newest is not None:
            found += _done(newest)
    return found


def reactions(rows: Sequence[ReactionRow]) -> list[tuple[str, int, bool, str]]:
    """Return (sign, how many, whether ours is among them, who) for each sign, the most frequent first."""
    signs = [(SIGNS.get(row.reaction.casefold(), row.reaction), row) for row in rows]
    counted = Counter(sign for sign, _ in signs)
    return [(sign, many, *_by(row for one, row in signs if one == sign)) for sign, many in counted.most_common()]


def tick(row: MessageRow) -> tuple[str, str, str] | None:
    """Return (icon, word, what happened when) of a reply that has left, None for one that has not."""
    if row.send_state != "sent":
        return None
    sent = phrase("Sent")
    told = [
        (sent, phrase("Sent {time}", time=moment_words(row.sent_at)), row.sent_at),
        (phrase("Delivered"), phrase("Delivered {time}", time=moment_words(row.delivered_at)), row.delivered_at),
        (phrase_in("message", "Read"), phrase("Read {time}", time=moment_words(row.read_at)), row.read_at),
    ]
    known = [(word, when) for word, when, at in told if at]
    if not known:
        return "check", sent, sent
    icon = "check-check" if row.delivered_at or row.read_at else "check"
    return icon, known[-1][0], " · ".join(translated(when) for _, when in known)


def web_link(url: str) -> str:
    """Return an address that a page may link to, "" for one that is no plain http or https address."""
    try:
        split(url)
    except Rejected:
        return ""
    return url


def map_link(custom: dict[str, Any]) -> str:
    """Return where a map shows the place that a customer sent, "" where no place is named in numbers."""
    try:
        lat, lon = float(custom["latitude"]), float(custom["longitude"])
    except (KeyError, TypeError, ValueError):
        return ""
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return ""
    return f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={lon:.6f}#map=16/{lat:.6f}/{lon:.6f}"


def _offered(kind: str) -> tuple[ActionKind, ...]:
    try:
        return connector_for(kind).capabilities.actions
    except KeyError:
        return ()


def _standing(actions: Sequence[ActionRow]) -> dict[str, str]:
    """Return the newest that was done of each pair, by the first of the pair."""
    done = [one.kind for one in actions if one.state == "done"]
    newest = {pair[0]: next((kind for kind in done if kind in pair), "") for pair in PAIRS}
    return {first: kind for first, kind in newest.items() if kind}


def _is_busy(actions: Sequence[ActionRow]) -> bool:
    return any(one.state in ON_ITS_WAY for one in actions)


def _makes_sense(kind: str, on: set[str]) -> bool:
    """Tell whether it would change something: what is liked can be unliked only."""
    pair = next(pair for pair in PAIRS if kind in pair)
    return (kind == pair[0]) != (pair[0] in on)


def _done(newest: ActionRow) -> list[Done]:
    icon, _, going, done, failed = ACTIONS[newest.kind]
    by = newest.by or phrase("A colleague who has left")
    if newest.state in ON_ITS_WAY:
        return [Done("loader-circle", going, "waiting", by)]
    if newest.state == "failed":
        return [Done("circle-alert", failed, "failed", newest.reason)]
    return [Done(icon, done, "done", by)] if done else []


def _by(rows: Iterable[ReactionRow]) -> tuple[bool, str]:
    found = list(rows)
    names = [row.by or (phrase("us") if row.is_ours else phrase("somebody")) for row in found]
    return any(row.is_ours for row in found), ", ".join(map(translated, names[:10]))
