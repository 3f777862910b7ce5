"""Slack's events to messages. Pure and total.

docs.slack.dev/apis/events-api (the wrapper), docs.slack.dev/reference/events/message and its subtypes,
docs.slack.dev/reference/events/reaction_added, docs.slack.dev/reference/objects/file-object,
docs.slack.dev/apis/slack-connect (`user_team`, `file_access`). A message is known by its channel and `ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._payload import at, line, mapping, moment, objects, text, whole
from connectors._slack_text import emoji, plain
from connectors.base import Identity, InboundMessage, MessageKind, Profile, RemoteFile
from connectors.errors import Malformed

Event = Mapping[str, Any]
SAID = frozenset({"", "file_share", "thread_broadcast", "reply_broadcast", "me_message", "file_mention"})
# what Slack itself writes into a channel ("Ana joined"), and what follows from another event
HOUSEKEEPING = frozenset({
    "bot_message", "bot_add", "bot_remove", "bot_enable", "bot_disable", "message_replied", "pinned_item",
    "unpinned_item", "reminder_add", "ekm_access_denied", "huddle_thread", "sh_room_created", "joiner_notification",
    "slackbot_response", "assistant_app_thread", "document_mention", "tombstone", "channel_join", "channel_leave",
    "channel_topic", "channel_purpose", "channel_name", "channel_archive", "channel_unarchive",
    "channel_convert_to_private", "channel_posting_permissions", "channel_canvas_updated", "tabbed_canvas_updated",
    "group_join", "group_leave", "group_topic", "group_purpose", "group_name", "group_archive", "group_unarchive",
})  # fmt: skip
MEDIA: Mapping[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}
GONE = frozenset({"tombstone", "hidden_by_limit"})  # modes of files that nobody can fetch any more
DIRECT = frozenset({"im", "mpim"})
NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Scene:
    """What an event's wrapper and the channel's settings say."""

    kind: str
    own_users: frozenset[str] = frozenset()  # ourselves
    own_teams: frozenset[str] = frozenset()  # whose people are colleagues, where those are not listened to
    channels: frozenset[str] = frozenset()  # only these; empty: all
    people: Mapping[str, Any] = field(default_factory=dict)  # users.info by id, where it was asked for

    def names(self) -> Mapping[str, str]:
        return {id_: person_name(user) for id_, user in self.people.items()}


def messages_of(body: Any, kind: str, meta: Mapping[str, str]) -> list[InboundMessage]:
    """Return what one posted body tells, or a list of them. Raises Malformed for what is no event."""
    if isinstance(body, list):
        return [message for one in objects(body) for message in messages_of(one, kind, meta)]
    wrapper = mapping(body)
    wrapper = mapping(wrapper.get("payload")) or wrapper  # of Socket Mode
    event = mapping(wrapper.get("event")) or wrapper
    if not line(event.get("type")):
        raise Malformed("This is no event of the Events API: it has no type.")
    scene = _scene(wrapper, kind, meta)
    if scene.channels and _channel(event) not in scene.channels:
        return []
    match line(event.get("type")):
        case "message" | "app_mention":
            return _message_event(event, scene)
        case "reaction_added" | "reaction_removed":
            return _reaction(event, scene)
    return []


def _scene(wrapper: Event, kind: str, meta: Mapping[str, str]) -> Scene:
    granted = objects(wrapper.get("authorizations"))
    own_users = {line(one.get("user_id")) for one in granted if one.get("is_bot")}
    own_teams = {line(one.get("team_id")) for one in granted} if meta.get("only_others") else set()
    channels = frozenset(meta.get("channels", "").split())
    people = mapping(wrapper.get("users"))
    return Scene(kind, frozenset(own_users - {""}), frozenset(own_teams - {""}), channels, people)


def _channel(event: Event) -> str:
    return line(event.get("channel")) or line(at(event, "item", "channel"))


def _message_event(event: Event, scene: Scene) -> list[InboundMessage]:
    match line(event.get("subtype")):
        case "message_changed":
            return _changed(event, scene)
        case "message_deleted":
            return _deleted(event, mapping(event.get("previous_message")), line(event.get("deleted_ts")), scene)
        case subtype if subtype in HOUSEKEEPING:
            return []
        case subtype:
            return _said(event, scene, is_known=subtype in SAID)


def _is_heard(said: Event, scene: Scene) -> bool:
    """Tell whether we listen to who wrote this: no bot, not ourselves, no colleague where only others count."""
    user = line(said.get("user"))
    team = line(said.get("user_team")) or line(said.get("source_team")) or line(said.get("team"))
    is_bot = bool(said.get("bot_id")) or said.get("subtype") == "bot_message" or user == "USLACKBOT"
    return bool(user) and not is_bot and user not in scene.own_users and (not team or team not in scene.own_teams)


def _said(event: Event, scene: Scene, *, is_known: bool) -> list[InboundMessage]:
    channel, ts = _channel(event), line(event.get("ts"))
    if not channel or not ts:
        raise Malformed("The message does not say where and when it was written.")
    if not _is_heard(event, scene):
        return []
    words, files, forwarded = _words(event, scene), _files(event), _forwarded(event, scene)
    kind: MessageKind = "text" if words or forwarded else files[0][1] if files else "unsupported"
    if kind == "unsupported" or (not is_known and not words):
        words = words or f"Sent something that cannot be shown here ({line(event.get('subtype')) or 'empty'})."
    return [
        InboundMessage(
            external_id=f"{channel}:{ts}",
            sender=_sender(event, scene),
            text=words,
            quoted=forwarded,
            remote_files=tuple(file for file, _ in files),
            in_reply_to=_answered(event, channel),
            thread_key=_thread(event, event),
            sent_at=moment(ts),
            kind=kind,
        )
    ]


def _changed(event: Event, scene: Scene) -> list[InboundMessage]:
    """Return the new words; Slack also "changes" a message when it unfurls a link or counts an answer."""
    now, before = mapping(event.get("message")), mapping(event.get("previous_message"))
    channel, ts = _channel(event), line(now.get("ts"))
    if now.get("subtype") == "tombstone":  # a message with answers was deleted
        return _deleted(event, before, ts, scene)
    if not channel or not ts:
        raise Malformed("The edit does not say of which message.")
    is_same = _words(now, scene) == _words(before, scene) and [f for f, _ in _files(now)] == [
        f for f, _ in _files(before)
    ]
    if not _is_heard(now, scene) or (before and is_same):
        return []
    when = line(at(now, "edited", "ts")) or line(event.get("event_ts")) or line(event.get("ts"))
    return [
        InboundMessage(
            external_id=f"{channel}:{ts}:edit:{when}",
            sender=_sender(now, scene),
            text=_words(now, scene),
            thread_key=_thread(now, event),
            sent_at=moment(when),
            kind="edit",
            target=f"{channel}:{ts}",
        )
    ]


def _deleted(event: Event, before: Event, ts: str, scene: Scene) -> list[InboundMessage]:
    channel = _channel(event)
    if not channel or not ts:
        raise Malformed("The deletion does not say of which message.")
    if before and not _is_heard(before, scene):
        return []
    return [
        InboundMessage(
            external_id=f"{channel}:{ts}:delete",
            sender=_sender(before, scene) if before else Identity("provider", scene.kind),
            thread_key=_thread(before, event) if before else None,
            sent_at=moment(event.get("event_ts")),
            kind="delete",
            deleted_by="unknown",  # admins may delete what others said
            target=f"{channel}:{ts}",
        )
    ]


def _reaction(event: Event, scene: Scene) -> list[InboundMessage]:
    channel, ts, user = _channel(event), line(at(event, "item", "ts")), line(event.get("user"))
    sign = emoji(line(event.get("reaction"), 100))
    if not (channel and ts and sign) or not _is_heard(event, scene):
        return []
    when = line(event.get("event_ts"))
    return [
        InboundMessage(
            external_id=f"{channel}:{ts}:{event['type']}:{user}:{sign}:{when}",
            sender=_sender(event, scene),
            sent_at=moment(when),
            kind="reaction",
            target=f"{channel}:{ts}",
            reaction=sign if event["type"] == "reaction_added" else "",
        )
    ]


def _thread(said: Event, event: Event) -> str:
    """Return what makes one conversation: a thread; of a direct channel, all that stands outside threads."""
    channel, root = _channel(event), line(said.get("thread_ts"))
    is_direct = channel.startswith("D") or line(event.get("channel_type")) in DIRECT
    return channel if is_direct and not root else f"{channel}:{root or line(said.get('ts'))}"


def _answered(said: Event, channel: str) -> str | None:
    root = line(said.get("thread_ts"))
    return f"{channel}:{root}" if root and root != line(said.get("ts")) else None


# ---------------------------------------------------------------- people, words, files


def person_name(user: Any) -> str:
    """Return how a user is called, from users.info or from the profile in an event."""
    profile = mapping(at(user, "profile")) or mapping(user)
    found = (line(profile.get(key), 200) for key in ("display_name", "real_name", "name"))
    return next(filter(None, found), "") or line(at(user, "real_name"), 200)


def person_of(kind: str, user: str, info: Any) -> Identity:
    """Return who a user is, by users.info or the profile in an event; nothing is known of one without either."""
    told = mapping(info)
    profile = mapping(told.get("profile")) or told
    handle = line(told.get("name"), 200)
    shown = Profile(f"@{handle}" if handle else "", "", line(profile.get("image_72"), 2_000))
    return Identity(kind, user, person_name(told), verified=True, profile=shown if shown != Profile() else None)


def _sender(said: Event, scene: Scene) -> Identity:
    user = line(said.get("user"), 200)
    return person_of(scene.kind, user, mapping(scene.people.get(user)) or said.get("user_profile"))


def _words(said: Event, scene: Scene) -> str:
    return text(plain(text(said.get("text")), scene.names()))


def _forwarded(said: Event, scene: Scene) -> str:
    """Return the words of a message that was shared into this one."""
    shared = [one for one in objects(said.get("attachments")) if one.get("is_share") or one.get("is_msg_unfurl")]
    parts = [(line(one.get("author_name"), 200), text(one.get("text"))) for one in shared]
    return "\n\n".join(f"{who}: {plain(words, scene.names())}".removeprefix(": ") for who, words in parts if words)


def _files(said: Event) -> list[tuple[RemoteFile, MessageKind]]:
    return [
        _file(one) for one in objects(said.get("files")) if line(one.get("id")) and line(one.get("mode")) not in GONE
    ]


def _file(one: Event) -> tuple[RemoteFile, MessageKind]:
    """Return a file; one that another workspace shared says nothing but its id (`file_access: check_file_info`)."""
    content_type = line(one.get("mimetype"), 100).lower() or "application/octet-stream"
    name = line(one.get("name"), 200) or line(one.get("title"), 200) or "file"
    url = line(one.get("url_private_download"), 2_000) or line(one.get("url_private"), 2_000)
    file = RemoteFile(name, content_type, url=url, media_id=line(one.get("id"), 100), size=whole(one.get("size")))
    return file, MEDIA.get(content_type.partition("/")[0], "file")
