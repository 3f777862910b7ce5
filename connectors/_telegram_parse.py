"""Telegram updates to messages. Pure and total.

Which updates there are: https://core.telegram.org/bots/api#update. What the settings leave out comes in the delivery's
meta (`bot`, `username`, `groups`, `channel_posts`, see telegram.py); without it everything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from connectors._payload import at, items, line, mapping, moment, objects, text, whole
from connectors._telegram_chats import (
    addresses_bot,
    author_of,
    forwarded_from,
    is_comment,
    is_public,
    place_of,
    someone,
    url_of,
)
from connectors._telegram_content import content_of
from connectors.base import InboundMessage
from connectors.errors import Malformed
from connectors.submission import load_json

Meta = Mapping[str, str]
Said = Mapping[str, Any]
TELEGRAM_ITSELF = "777000"  # puts a channel's posts into its discussion group
MOST_LINKS = 10
OTHER_REACTIONS = {"custom_emoji": "(own emoji)", "paid": "⭐"}


def read_updates(raw: bytes, meta: Meta) -> list[InboundMessage]:
    """Return the messages of an update, of a list of them, of getUpdates' answer or of a bare message."""
    updates = _updates(load_json(raw))
    if len(updates) == 1:
        return _read(updates[0], meta)
    return [message for update in updates for message in _read_one_of_many(update, meta)]


def _updates(said: Any) -> list[Said]:
    if isinstance(said, dict) and "result" in said and "update_id" not in said:
        result = said["result"]
        return [result] if isinstance(result, dict) else objects(result)
    if isinstance(said, list):
        if said and not objects(said):
            raise Malformed("There is no update in this list.")
        return objects(said)
    if isinstance(said, dict):
        return [said]
    raise Malformed("This is no update of Telegram.")


def _read_one_of_many(update: Said, meta: Meta) -> list[InboundMessage]:
    try:
        return _read(update, meta)
    except Malformed:
        return []  # the others are not lost for one that cannot be read; Telegram posts them one by one


def _read(update: Said, meta: Meta) -> list[InboundMessage]:
    for key, read in UPDATES.items():
        if isinstance(update.get(key), dict):
            return read(update, update[key], meta)
    if "message_id" in update and "chat" in update:
        return _message(update, update, meta)
    if whole(update.get("update_id")) is None:
        raise Malformed("This is no update of Telegram.")
    if any(isinstance(update.get(key), (str, int, list)) for key in UPDATES):
        raise Malformed("The update does not hold what it says.")
    return []  # polls, inline queries, members who come and go: nothing that anybody said


def _message(_update: Said, said: Said, meta: Meta) -> list[InboundMessage]:
    number = whole(said.get("message_id"))
    if number is None:
        raise Malformed("The message has no id.")
    content = content_of(said)
    if content is None or not _is_wanted(said, meta):
        return []
    place = place_of(said)
    quoted = text(at(said, "quote", "text"))
    return [
        InboundMessage(
            external_id=place.message_id(number),
            sender=author_of(said),
            text=content.text,
            quoted=quoted,
            in_reply_to=_answered(said),
            thread_key=place.key,
            auto="auto_reply" if at(said, "from", "is_bot") is True and not said.get("sender_chat") else "none",
            sent_at=moment(said.get("date")),
            custom={**content.custom, **_surroundings(said)},
            kind=content.kind,
            remote_files=content.files,
            is_public=is_public(said.get("chat")),
            url=url_of(said.get("chat"), number),
        )
    ]


def _is_wanted(said: Said, meta: Meta) -> bool:
    if _is_echo(said, meta.get("bot", "")):
        return False
    kind = line(at(said, "chat", "type"))
    if kind == "channel":
        return meta.get("channel_posts", "1") == "1"
    if kind in {"group", "supergroup"} and at(said, "chat", "is_direct_messages") is not True:
        wanted = meta.get("groups", "all")
        return wanted == "all" or (
            wanted == "addressed" and addresses_bot(said, meta.get("bot", ""), meta.get("username", ""))
        )
    return True


def _is_echo(said: Said, bot: str) -> bool:
    """Say whether it comes from our own side: the bot, a business account's owner, a channel's post shown again."""
    author = line(at(said, "from", "id"))
    if (bot and author == bot) or said.get("sender_business_bot"):
        return True
    if said.get("business_connection_id") and author and author != line(at(said, "chat", "id")):
        return True
    posted_by = whole(at(said, "reply_to_message", "sender_chat", "id"))
    is_channel_itself = is_comment(said) and posted_by is not None and whole(at(said, "sender_chat", "id")) == posted_by
    return said.get("is_automatic_forward") is True or author == TELEGRAM_ITSELF or is_channel_itself


def _answered(said: Said) -> str | None:
    number = whole(at(said, "reply_to_message", "message_id"))
    if at(said, "reply_to_message", "forum_topic_created"):
        return None  # everything in a topic answers its beginning
    if number is not None:
        return place_of(said).message_id(number)
    other, chat = whole(at(said, "external_reply", "message_id")), line(at(said, "external_reply", "chat", "id"))
    return f"{chat}:{other}" if other is not None and chat else None


def _surroundings(said: Said) -> dict[str, str]:
    found = {
        "forwarded_from": forwarded_from(said),
        "album": line(said.get("media_group_id")),
        "group": line(at(said, "chat", "title")),
        "by_bot": line(at(said, "via_bot", "username")),
        "links": _hidden_links(said),
    }
    return {key: value for key, value in found.items() if value}


def _hidden_links(said: Said) -> str:
    """Return the addresses that lie behind words, a line each: the words alone do not show where they lead."""
    entities = [*objects(said.get("entities")), *objects(said.get("caption_entities"))]
    found = (line(entity.get("url"), 2000) for entity in entities if line(entity.get("type")) == "text_link")
    return "\n".join(dict.fromkeys(islice(filter(None, found), MOST_LINKS)))


def _edit(update: Said, said: Said, meta: Meta) -> list[InboundMessage]:
    version = line(update.get("update_id")) or line(said.get("edit_date")) or "1"
    return [
        replace(
            message,
            external_id=f"{message.external_id}:edit:{version}",
            kind="edit",
            target=message.external_id,
            remote_files=(),  # those of the message are known; Telegram names them again whenever a word changes
            sent_at=moment(said.get("edit_date")) or message.sent_at,
        )
        for message in _message(update, said, meta)
    ]


def _deleted(update: Said, said: Said, meta: Meta) -> list[InboundMessage]:  # noqa: ARG001 - as all readers
    place, author = place_of(said), someone(said.get("chat"))
    if author is None:
        raise Malformed("It is not said in whose chat messages were deleted.")
    gone = [number for number in map(whole, items(said.get("message_ids"))) if number is not None]
    return [
        InboundMessage(
            external_id=f"{place.message_id(number)}:delete",
            sender=author,
            thread_key=place.key,
            kind="delete",
            deleted_by="unknown",  # either side of the chat may
            target=place.message_id(number),
        )
        for number in gone
    ]


def _reaction(update: Said, said: Said, meta: Meta) -> list[InboundMessage]:
    number = whole(said.get("message_id"))
    if number is None:
        raise Malformed("The reaction does not say to what.")
    author = someone(said.get("actor_chat")) or someone(said.get("user"))
    if author is None:
        raise Malformed("The reaction does not say whose it is.")
    if author.address == meta.get("bot"):
        return []
    place = place_of(said)
    version = line(update.get("update_id")) or line(said.get("date"))
    chosen = objects(said.get("new_reaction"))
    return [
        InboundMessage(
            external_id=f"{place.message_id(number)}:reaction:{author.address}:{version}",
            sender=author,
            thread_key=place.key,
            sent_at=moment(said.get("date")),
            kind="reaction",
            target=place.message_id(number),
            reaction=_sign(chosen[-1]) if chosen else "",
        )
    ]


def _sign(reaction: Said) -> str:
    return line(reaction.get("emoji"), 20) or OTHER_REACTIONS.get(line(reaction.get("type")), "(reaction)")


def _callback(update: Said, said: Said, meta: Meta) -> list[InboundMessage]:  # noqa: ARG001 - as all readers
    """Read a button that was pressed: what stands on it is what the person says."""
    author, under = someone(said.get("from")), mapping(said.get("message"))
    if author is None:
        raise Malformed("The pressed button does not say who pressed it.")
    data = text(said.get("data"))
    number = whole(under.get("message_id"))
    place = place_of(under) if under.get("chat") else None
    return [
        InboundMessage(
            external_id=f"callback:{line(said.get('id')) or line(update.get('update_id')) or author.address}",
            sender=author,
            text=_words_on_button(under, data) or data or text(said.get("game_short_name")),
            in_reply_to=place.message_id(number) if place and number is not None else None,
            thread_key=place.key if place else None,
            custom={"button": data} if data else {},
        )
    ]


def _words_on_button(under: Said, data: str) -> str:
    for row in items(at(under, "reply_markup", "inline_keyboard")):
        for button in objects(row):
            if data and button.get("callback_data") == data:
                return line(button.get("text"))
    return ""


Read = Callable[[Said, Said, Meta], list[InboundMessage]]
UPDATES: Mapping[str, Read] = {
    "message": _message,
    "edited_message": _edit,
    "channel_post": _message,
    "edited_channel_post": _edit,
    "business_message": _message,
    "edited_business_message": _edit,
    "deleted_business_messages": _deleted,
    "message_reaction": _reaction,
    "callback_query": _callback,
}
