"""Where something was said in Telegram, and by whom: chats, topics, comments, people. Pure.

A thread is written "CHAT", "CHAT:topic:ID" (a forum topic, or the comments under a channel's post), "CHAT:direct:ID"
(a channel's direct messages) or "business:CONNECTION:CHAT" (somebody's own chats, handed to the bot); a message adds
":ID" to its chat. Message ids count within their chat only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors._payload import at, line, mapping, objects, whole
from connectors.base import Identity, Profile
from connectors.errors import Malformed

SUPERGROUP_PREFIX = "-100"
LONGEST_NAME = 120  # of a command with the bot's name behind it


@dataclass(frozen=True, slots=True)
class Place:
    """A chat, or a part of one."""

    chat: int
    topic: int | None = None
    direct: int | None = None
    business: str = ""

    @property
    def room(self) -> str:
        """The part in which message ids count."""
        return f"business:{self.business}:{self.chat}" if self.business else str(self.chat)

    @property
    def key(self) -> str:
        """The thread key."""
        if self.direct is not None:
            return f"{self.room}:direct:{self.direct}"
        return f"{self.room}:topic:{self.topic}" if self.topic is not None else self.room

    def message_id(self, number: int) -> str:
        return f"{self.room}:{number}"


def place_of(message: Mapping[str, Any]) -> Place:
    """Return where a message stands. Raises Malformed."""
    chat = whole(at(message, "chat", "id"))
    if chat is None:
        raise Malformed("The message does not say in which chat it stands.")
    topic = whole(message.get("message_thread_id"))
    is_own_thread = message.get("is_topic_message") is True or is_comment(message)
    return Place(
        chat,
        topic if is_own_thread else None,
        whole(at(message, "direct_messages_topic", "topic_id")),
        line(message.get("business_connection_id"), 200),
    )


def place_in(key: str) -> Place | None:
    """Read a thread key, or a recipient, which is a chat; None for anything else."""
    business, rest = "", key
    if key.startswith("business:"):
        business, _, rest = key.removeprefix("business:").rpartition(":")
    chat, _, part = rest.partition(":")
    name, _, number = part.partition(":")
    found = signed(chat)
    if found is None or (part and (name not in {"topic", "direct"} or signed(number) is None)):
        return None
    return Place(
        found, signed(number) if name == "topic" else None, signed(number) if name == "direct" else None, business
    )


def number_in(external_id: str, room: str) -> int | None:
    """Return a message's number, None where it stands in another room."""
    other, _, number = external_id.rpartition(":")
    return signed(number) if other == room else None


def message_in(external_id: str) -> tuple[Place, int] | None:
    """Read a message's external id; None for anything else."""
    room, _, number = external_id.rpartition(":")
    place, found = place_in(room), signed(number)
    return (place, found) if place and found is not None else None


def signed(digits: str) -> int | None:
    """Return the number that an id of Telegram is; those of groups are negative."""
    number = whole(digits.removeprefix("-"))
    return -number if number is not None and digits.startswith("-") else number


def is_comment(message: Mapping[str, Any]) -> bool:
    """Say whether a message answers a channel's post in the group where it is discussed."""
    return at(message, "reply_to_message", "is_automatic_forward") is True


def is_public(chat: Any) -> bool:
    """Say whether everybody can read a chat: groups and channels with a name of their own."""
    return line(at(chat, "type")) in {"supergroup", "channel"} and bool(line(at(chat, "username")))


def url_of(chat: Any, number: int) -> str:
    """Return where members, or everybody, see a message; "" for private chats and small groups."""
    name, id_ = line(at(chat, "username"), 64), line(at(chat, "id"), 30)
    if line(at(chat, "type")) not in {"supergroup", "channel"}:
        return ""
    if name:
        return f"https://t.me/{name}/{number}"
    return f"https://t.me/c/{id_.removeprefix(SUPERGROUP_PREFIX)}/{number}" if id_.startswith(SUPERGROUP_PREFIX) else ""


def author_of(message: Mapping[str, Any]) -> Identity:
    """Return who said it: a person, or the group or channel in whose name it was said. Raises Malformed."""
    spoken_for = mapping(message.get("sender_chat"))
    found = someone(spoken_for) or someone(message.get("from"))
    if not found:  # a channel's post names nobody else, a private chat is the person, a group is better than nobody
        found = someone(message.get("chat"))
    if not found:
        raise Malformed("The message does not say who wrote it.")
    return found


def someone(said: Any) -> Identity | None:
    """Return a user or chat as an identity."""
    id_ = whole(at(said, "id"))
    if id_ is None:
        return None
    person = " ".join(filter(None, (line(at(said, "first_name"), 200), line(at(said, "last_name"), 200))))
    name = line(at(said, "username"), 64)
    profile = Profile(f"@{name}", f"https://t.me/{name}") if name else None
    return Identity(
        "telegram", str(id_), person or line(at(said, "title"), 200) or name, verified=True, profile=profile
    )


def forwarded_from(message: Mapping[str, Any]) -> str:
    """Return by whom forwarded words were said first, in the newer form or in that before Bot API 7; "" if by none."""
    origin = mapping(message.get("forward_origin"))
    places = [origin.get(key) for key in ("sender_user", "sender_chat", "chat")]
    places += [message.get("forward_from_chat"), message.get("forward_from")]
    named = next((found.name for found in map(someone, places) if found), "")
    return named or line(origin.get("sender_user_name")) or line(message.get("forward_sender_name"))


def addresses_bot(message: Mapping[str, Any], bot: str, username: str) -> bool:
    """Say whether a group's message is for the bot: an answer to it, a command, its name, or a comment on a post.

    Without a `username` any name that ends as those of bots must ("…bot") counts.
    """
    if is_comment(message) or (bot and line(at(message, "reply_to_message", "from", "id")) == bot):
        return True
    for part, entities in (("text", "entities"), ("caption", "caption_entities")):
        units = str(message.get(part) or "").encode("utf-16-le", "replace")
        for entity in objects(message.get(entities)):
            if _means_bot(entity, units, bot, username.lower()):
                return True
    return False


def _means_bot(entity: Mapping[str, Any], units: bytes, bot: str, username: str) -> bool:
    if entity.get("type") == "text_mention":
        return bool(bot) and line(at(entity, "user", "id")) == bot
    if line(entity.get("type")) not in {"mention", "bot_command"}:
        return False
    start, length = whole(entity.get("offset")) or 0, min(whole(entity.get("length")) or 0, LONGEST_NAME)
    words = units[2 * start : 2 * (start + length)].decode("utf-16-le", "replace")  # offsets count UTF-16 units
    before, _, name = words.lower().partition("@")
    if not name:
        return before.startswith("/")
    return name == username if username else name.endswith("bot")
