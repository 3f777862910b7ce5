"""The bus, as a table: which event leads to which jobs, and to which rooms of browsers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.events import (
    AccessChanged,
    ActionQueued,
    AlertChanged,
    AlertMailQueued,
    AskAnswered,
    AskAsked,
    BulkMoved,
    BulkQueued,
    CaseChanged,
    ChannelChanged,
    ContactChanged,
    ConversationChanged,
    ConversationEvent,
    ConversationRead,
    DeliveryParked,
    DeliveryStored,
    DraftChanged,
    Event,
    FileOffered,
    LearningAsked,
    MailboxAsked,
    MessageAnnotated,
    MessageChanged,
    MessageReceived,
    MessageTranslated,
    ProfileWanted,
    ReadMarkWanted,
    ReplyQueued,
    ReplySent,
    SuggestionChanged,
    TagChanged,
    TemplateWanted,
    TranslationAsked,
    WebhookQueued,
)
from workers.queues import Job

AGENTS, VISITORS = "/", "/webchat"
MOST_POKES = 20  # of one name, in one room, at once: more are one


@dataclass(frozen=True, slots=True)
class Subscription:
    """The job that one kind of event leads to, and which of its ids the job takes."""

    queue: str
    function: str
    id_field: str


@dataclass(frozen=True, slots=True)
class Poke:
    """One room to be told, and what: names and public ids, never text."""

    namespace: str
    room: str
    payload: tuple[tuple[str, Any], ...]


JOBS: dict[type[Event], Subscription] = {
    DeliveryStored: Subscription("ingest", "workers.jobs.ingest.ingest", "delivery_id"),
    MessageReceived: Subscription("nlp", "workers.jobs.annotate.annotate", "message_id"),
    MessageChanged: Subscription("nlp", "workers.jobs.annotate.annotate", "message_id"),  # perhaps it has new words
    MessageAnnotated: Subscription("default", "workers.jobs.route.route", "message_id"),
    AskAsked: Subscription("ask", "workers.jobs.ask.answer", "ask_id"),
    TranslationAsked: Subscription("translate", "workers.jobs.translate.translate", "translation_id"),
    SuggestionChanged: Subscription("nlp", "workers.jobs.ask.read_suggestions", "suggestion_id"),
    LearningAsked: Subscription("learn", "workers.jobs.learn.learn", "learning_id"),
    ReplyQueued: Subscription("send", "workers.jobs.send.send", "conversation_id"),
    AlertMailQueued: Subscription("send", "workers.jobs.alerts.send_mail", "notice_id"),
    ActionQueued: Subscription("send", "workers.jobs.message_actions.act", "action_id"),
    MailboxAsked: Subscription("slow", "workers.jobs.mail_check.run", "channel_id"),
    TemplateWanted: Subscription("slow", "workers.jobs.channel_templates.sync", "channel_id"),
    BulkQueued: Subscription("slow", "workers.jobs.bulk.run", "bulk_id"),
    FileOffered: Subscription("slow", "workers.jobs.remote_files.fetch", "file_id"),
    ReadMarkWanted: Subscription("slow", "workers.jobs.read_marks.tell", "conversation_id"),
    ProfileWanted: Subscription("slow", "workers.jobs.look_ups.look_up", "look_up_id"),
    WebhookQueued: Subscription("slow", "workers.jobs.webhooks.deliver", "endpoint_id"),
}


def jobs_of(events: Iterable[Event]) -> list[Job]:
    """Return the jobs of a batch of events, ids of the same function together, each id once."""
    ids: dict[Subscription, dict[int, None]] = {}
    for event in events:
        subscription = JOBS.get(type(event))
        if subscription:
            ids.setdefault(subscription, {})[getattr(event, subscription.id_field)] = None
    return [Job(subscription.queue, subscription.function, tuple(found)) for subscription, found in ids.items()]


def pokes_of(events: Iterable[Event]) -> list[Poke]:
    """Return whom to tell, each room once per name and object; the newest version wins."""
    found: dict[tuple[Any, ...], Poke] = {}
    for event in events:
        for poke in _pokes(event):
            key = (poke.namespace, poke.room, tuple(item for item in poke.payload if item[0] != "version"))
            found[key] = poke
    return _few(list(found.values()))


def _few(pokes: list[Poke]) -> list[Poke]:
    """Tell a room that very many conversations changed with one poke that names none of them."""
    changed = ConversationChanged.wire_name()
    many = Counter(poke.room for poke in pokes if poke.payload[0] == ("name", changed))
    crowded = {room for room, count in many.items() if count > MOST_POKES}
    kept = [poke for poke in pokes if poke.room not in crowded or poke.payload[0] != ("name", changed)]
    inboxes = [(room, room.partition(":")[2]) for room in sorted(crowded)]
    return kept + [Poke(AGENTS, room, (("name", changed), ("inbox", inbox))) for room, inbox in inboxes]


def _pokes(event: Event) -> list[Poke]:  # noqa: C901, PLR0911 - a table of cases, one return each
    match event:
        case ConversationEvent():
            payload = _payload(event, conversation=event.conversation, inbox=event.inbox, version=event.version)
            rooms = [f"inbox:{event.inbox}", f"conversation:{event.conversation}"]
            return [Poke(AGENTS, room, payload) for room in rooms] + _visitor(event)
        case ConversationRead():
            return [Poke(AGENTS, f"user:{event.user}", _payload(event, conversation=event.conversation))]
        case DraftChanged() | MessageTranslated():
            payload = _payload(event, conversation=event.conversation)
            return [Poke(AGENTS, f"conversation:{event.conversation}", payload)]
        case AskAnswered():
            payload = _payload(event, ask=event.ask, conversation=event.conversation)
            return [Poke(AGENTS, f"user:{event.user}", payload)]
        case CaseChanged():
            rooms = [f"conversation:{id_}" for id_ in event.conversations] + [f"inbox:{id_}" for id_ in event.inboxes]
            payload = _payload(event, case=event.case, version=event.version)
            return [Poke(AGENTS, room, payload) for room in rooms]
        case ContactChanged():
            rooms = [f"conversation:{id_}" for id_ in event.conversations] + [f"inbox:{id_}" for id_ in event.inboxes]
            payload = _payload(event, contact=event.contact, version=event.version)
            return [Poke(AGENTS, room, payload) for room in rooms]
        case ChannelChanged() | DeliveryParked():
            return [Poke(AGENTS, f"inbox:{event.inbox}", _payload(event, inbox=event.inbox))]
        case AlertChanged():
            payload = _payload(event, alert=event.alert, version=event.version)
            return [Poke(AGENTS, f"user:{id_}", payload) for id_ in event.users]
        case TagChanged():
            return [Poke(AGENTS, f"inbox:{id_}", _payload(event, tag=event.tag)) for id_ in event.inboxes]
        case BulkMoved():
            return [Poke(AGENTS, f"user:{event.user}", _payload(event, bulk=event.bulk))]
        case AccessChanged():
            return [Poke(AGENTS, f"user:{event.user}", _payload(event))]
    return []


def _visitor(event: ConversationEvent) -> list[Poke]:
    if not isinstance(event, ReplySent) or not event.visitor:
        return []
    return [Poke(VISITORS, f"visitor:{event.visitor}", _payload(event))]


def _payload(event: Event, **ids: Any) -> tuple[tuple[str, Any], ...]:
    return (("name", event.wire_name()), *ids.items())
