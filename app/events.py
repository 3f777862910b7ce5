"""The whole vocabulary of events: facts that other processes must hear.

Class `MessageReceived` ⇔ wire name `message.received` ⇔ browser event, by rule (the first word is the noun). An event
carries ids, small enums and a version, never text. Integers are for our processes; `conversation`, `inbox`, `user` are
public ids for the browser. What each leads to stands in workers/subscriptions.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.event import Event as Event  # noqa: PLC0414 - said twice, so that others take it from here


@dataclass(frozen=True, slots=True)
class DeliveryStored(Event):
    delivery_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class DeliveryParked(Event):
    delivery_id: int
    channel_id: int
    inbox: str


@dataclass(frozen=True, slots=True)
class FileOffered(Event):
    """A message names a file that is still with its provider."""

    file_id: int


@dataclass(frozen=True, slots=True)
class ProfileWanted(Event):
    """Somebody wrote of whom we know no more than an id, or what we know is old."""

    look_up_id: int


@dataclass(frozen=True, slots=True)
class ReadMarkWanted(Event):
    """Somebody here has seen messages whose writer is to be told so."""

    conversation_id: int


@dataclass(frozen=True, slots=True)
class ConversationEvent(Event):
    """Something in a conversation changed; `version` is the conversation's, after it."""

    conversation_id: int
    conversation: str
    inbox: str
    version: int


@dataclass(frozen=True, slots=True)
class MessageEvent(ConversationEvent):
    message_id: int


class MessageReceived(MessageEvent):
    __slots__ = ()


class MessageAnnotated(MessageEvent):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MessageChanged(MessageEvent):
    """Edited, deleted, reacted to, delivered or read, its files fetched: the message looks different now."""


class NoteWritten(MessageEvent):
    __slots__ = ()


class ReplyQueued(MessageEvent):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ReplySent(MessageEvent):
    visitor: str = ""  # token of the chat visitor who reads it live, if any


class ReplyFailed(MessageEvent):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ConversationChanged(ConversationEvent):
    """Status, priority, assignee, team, tags, subject: the row and the side panel look different now."""


@dataclass(frozen=True, slots=True)
class MoodChanged(ConversationEvent):
    """The mood of a conversation went from one step (app.services.moods.MoodStep) to another."""

    was: str
    mood: str


@dataclass(frozen=True, slots=True)
class PredictionCorrected(MessageEvent):
    """A person said what a message is about, said that the model was right, or took that back."""

    task: str


@dataclass(frozen=True, slots=True)
class LearningAsked(Event):
    """There is something to learn: the annotator fits what waits, whichever row this names."""

    learning_id: int


@dataclass(frozen=True, slots=True)
class ConversationRead(Event):
    """One user has read up to a message; only that user's own pages care."""

    conversation: str
    user: str


@dataclass(frozen=True, slots=True)
class DraftChanged(Event):
    """Somebody began a draft, emptied it, took it over or sent it; not every word of it."""

    conversation_id: int
    conversation: str


@dataclass(frozen=True, slots=True)
class AskAsked(Event):
    """A screen wants to know something of the models."""

    ask_id: int


@dataclass(frozen=True, slots=True)
class AskAnswered(Event):
    """Answered, or failed for good; only who asked cares."""

    ask_id: int
    ask: str
    user: str
    conversation: str


@dataclass(frozen=True, slots=True)
class TranslationAsked(Event):
    translation_id: int


@dataclass(frozen=True, slots=True)
class MessageTranslated(Event):
    translation_id: int
    conversation: str


@dataclass(frozen=True, slots=True)
class SuggestionChanged(Event):
    """A canned response or an article was written: the models must read it before they can suggest it."""

    suggestion_id: int


@dataclass(frozen=True, slots=True)
class CaseChanged(Event):
    case_id: int
    case: str
    conversations: list[str]
    inboxes: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class ContactChanged(Event):
    """`inboxes`: where conversations with them are, whose lists say their name."""

    contact_id: int
    contact: str
    conversations: list[str]
    version: int
    inboxes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChannelChanged(Event):
    """Connected, paused, resumed, removed, or its settings were edited."""

    channel_id: int
    inbox: str


@dataclass(frozen=True, slots=True)
class ActionQueued(Event):
    """An agent wants something done with a message besides answering it."""

    action_id: int


@dataclass(frozen=True, slots=True)
class MailboxAsked(Event):
    """A mailbox is to be compared with what is stored of it, or what is missing to be fetched."""

    channel_id: int


@dataclass(frozen=True, slots=True)
class TemplateWanted(Event):
    """The templates of a channel are to be fetched from its provider."""

    channel_id: int


@dataclass(frozen=True, slots=True)
class WebhookQueued(Event):
    """There is something to deliver to an endpoint."""

    endpoint_id: int


@dataclass(frozen=True, slots=True)
class WebhookTested(Event):
    """A person asked whether an endpoint hears us; only that endpoint is told."""

    endpoint_id: int


@dataclass(frozen=True, slots=True)
class AlertRaised(Event):
    """Something is out of the ordinary, and people may be told: what webhooks hear of an alert, once."""

    alert_id: int
    alert: str


@dataclass(frozen=True, slots=True)
class AlertChanged(Event):
    """An alert was opened, goes on, was closed, acknowledged or read; `users` are those who see it."""

    alert_id: int
    alert: str
    users: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class AlertMailQueued(Event):
    """Somebody is to be told of an alert by mail, now."""

    notice_id: int


@dataclass(frozen=True, slots=True)
class BulkQueued(Event):
    """Something is to be done to many conversations, or undone."""

    bulk_id: int


@dataclass(frozen=True, slots=True)
class BulkMoved(Event):
    """It went on, or came to its end; only who did it is told."""

    bulk_id: int
    bulk: str
    user: str


@dataclass(frozen=True, slots=True)
class TagChanged(Event):
    """Named or coloured anew, merged into another, or deleted: whoever sees one of these inboxes may see it."""

    tag_id: int
    tag: str
    inboxes: list[str]


@dataclass(frozen=True, slots=True)
class AccessChanged(Event):
    """A user's role, teams or inboxes changed: open sockets re-check their rooms."""

    user_id: int
    user: str


# every class above that is no other's base: the relay stops at a name that is not here
Event.vocabulary.update(
    (kind.wire_name(), kind)
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, Event) and not kind.__subclasses__()
)

POKE = "poke"  # the one event a browser hears; its payload is {"name", ...public ids, "version"}
