"""How kinds, labels and states look: an icon and a word each, never colour alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from app.languages import language
from app.models import Inbox
from app.phrases import phrase, phrase_in
from app.queries import understanding_filters
from app.queries.conversation_list import TagRow
from app.queries.conversation_order import ORDERS
from app.queries.filter_vocabulary import Field
from app.queries.sidebar import MOST_COUNTED, Named, Options, Person
from app.render import words
from app.services import labels
from app.services.labels import OUT_OF_SCOPE
from app.web import intent_titles
from app.web.channel_icons import channel_icon
from app.web.inbox import searching, standing
from app.web.inbox.feelings import FEELINGS, language_name, urgency_words
from connectors.registry import connector_for

BUILT_IN = dict(labels.BUILT_IN["intent"])
SENTIMENTS = {"negative": "frown", "neutral": "meh", "positive": "smile"}
PRIORITIES = {"urgent": "siren", "high": "chevrons-up", "normal": "equal", "low": "chevrons-down"}
STATUSES = {
    "open": "circle-dot",
    "pending": "circle-pause",
    "snoozed": "alarm-clock",
    "resolved": "circle-check",
    "spam": "shield-alert",
}
INTENTS = {  # short names for chips; what is not named here is said as it is written
    "order_change": phrase_in("intent", "Order change"),
    "refund_return": phrase_in("intent", "Refund"),
    "billing_payment": phrase_in("intent", "Billing"),
    "account_access": phrase_in("intent", "Sign-in trouble"),
    "account_update": phrase_in("intent", "Account change"),
    "technical_issue": phrase_in("intent", "Technical"),
    "security_fraud": phrase_in("intent", "Security"),
    "product_info": phrase_in("intent", "Product question"),
    "sales_enquiry": phrase_in("intent", "Sales"),
    "praise_thanks": phrase_in("intent", "Thanks"),
    "contact_human": phrase_in("intent", "Wants a person"),
    "spam_marketing": phrase_in("intent", "Spam"),
}
ROW_PARTS = {  # of a row in the list, which each user may do without
    "face": phrase("Initials and channel"),
    "subject": phrase("Subject"),
    "preview": phrase("Last words"),
    "mood": phrase("Mood"),
    "intent": phrase("Intent"),
    "tags": phrase("Tags"),
    "priority": phrase("Priority"),
    "waiting": phrase("Waiting time"),
    "assignee": phrase("Assignee"),
}
SEND_STATES = {
    "queued": ("clock", phrase("Waiting to be sent")),
    "sending": ("loader-circle", phrase("Sending")),
    "sent": ("check", phrase("Sent")),
    "failed": ("circle-alert", phrase("Not sent")),
    "uncertain": ("circle-help", phrase("Maybe sent")),
}
EMOJI_LANGUAGES = frozenset({"de", "es", "fr", "ja", "pt"})  # as app/static/src/build.mjs builds them
IDENTITIES = {"email": "at-sign", "phone": "phone", "handle": "hash", "visitor": "globe"}
FILES = (
    ("image/", "image"),
    ("audio/", "music"),
    ("video/", "film"),
    ("application/pdf", "file-text"),
    ("text/calendar", "calendar"),
    ("text/", "file-text"),
    ("message/", "mail"),
    ("application/zip", "file-archive"),
)


@cache
def channel_label(kind: str) -> str:
    try:
        return connector_for(kind).label
    except KeyError:
        return kind


def titles_of(intents: Iterable[str]) -> tuple[str, ...]:
    """Return how intents are called now."""
    return tuple(map(intent_words, intents))


def intent_words(label: str | None) -> str:
    """Say an intent in words: a built-in one, one of the workspace's own, or what is known by its label alone."""
    if not label or label in INTENTS or label in BUILT_IN:
        return INTENTS.get(label or "", words(label))
    return phrase("None of these") if label == OUT_OF_SCOPE else intent_titles.title_of(label) or words(label)


def emoji_list() -> str:
    """Return the built file with the names of emoji in the reader's language, in English where it has none."""
    code = language().code.partition("-")[0]
    return f"emoji.{code}.json" if code in EMOJI_LANGUAGES else "emoji.json"


def file_icon(content_type: str) -> str:
    return next((icon for start, icon in FILES if content_type.startswith(start)), "file")


def filter_words(name: str, value: str, options: Options) -> str:
    """Say one filter in words, for the chip that removes it."""
    if name == "channel":
        return channel_label(value)
    if name == "unread":
        return phrase("Unread")
    if name in SAID:
        return SAID[name](value)
    rows: tuple[Person | TagRow, ...] = options.people if name == "assignee" else options.tags
    known = {row.id: row.name for row in rows} | {"none": phrase("Nobody")}
    return known.get(value, "?") if name in {"assignee", "tag"} else words(value)


SAID: dict[str, Callable[[str], str]] = {
    "intent": intent_words,
    "mood": understanding_filters.mood_words,
    "confidence": understanding_filters.confidence_words,
    "language": language_name,
    "urgency": urgency_words,
}


def filter_choices(field: Field, options: Options, inboxes: Sequence[Inbox]) -> list[tuple[str, str]]:
    """Return what a condition on a field can be given: value and word."""
    none = phrase("Nobody") if field.source == "people" else phrase_in("team", "None")
    beside = {"me": phrase("Whoever looks"), "none": none}
    found = [(value, beside[value]) for value in field.beside]
    if field.source == "inboxes":
        return found + [(str(inbox.public_id), inbox.name) for inbox in inboxes]
    named: dict[str, Sequence[Person | Named | TagRow]] = {
        "people": options.people,
        "teams": options.teams,
        "tags": options.tags,
    }
    if field.source in named:
        return found + [(row.id, row.name) for row in named[field.source]]
    labels: dict[str, tuple[Sequence[str], Callable[[str], str]]] = {
        "kinds": (options.channel_kinds, channel_label),
        "intents": (options.intents, intent_words),
        "languages": (options.languages, language_name),
    }
    known, word = labels[field.source]
    return found + [(label, word(label)) for label in known]


def choice_words(labels: Sequence[str]) -> list[tuple[str, str]]:
    return [(label, words(label)) for label in labels]


def many(count: int) -> str:
    """Say a count that was taken up to sidebar.MOST_COUNTED: "", "12", "999+"."""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count or "")


def spark(scores: Sequence[float]) -> str:
    """Return the points of a small line over scores in [-1, 1], in a box of 100 by 28."""
    step = 100 / max(1, len(scores) - 1)
    return " ".join(f"{at * step:.1f},{14 - 12 * max(-1.0, min(1.0, score)):.1f}" for at, score in enumerate(scores))


LOOKS = {
    **FEELINGS,
    "MOOD_FILTERS": understanding_filters.MOODS,
    "CONFIDENCES": understanding_filters.CONFIDENCES,
    "ORDERS": ORDERS,
    "ROW_PARTS": ROW_PARTS,
    "search_hints": searching.hints,
    "search_problems": searching.problems,
    "intent_words": intent_words,
    "titles_of": titles_of,
    "spark": spark,
    "filter_words": filter_words,
    "filter_choices": filter_choices,
    "choice_words": choice_words,
    "channel_icon": channel_icon,
    "channel_label": channel_label,
    "file_icon": file_icon,
    "emoji_list": emoji_list,
    "SENTIMENTS": SENTIMENTS,
    "PRIORITIES": PRIORITIES,
    "STATUSES": STATUSES,
    "SEND_STATES": SEND_STATES,
    "IDENTITIES": IDENTITIES,
    "SAID_KINDS": standing.KINDS,
    "choices_of": standing.choices,
    "deeds_of": standing.deeds,
    "reactions_of": standing.reactions,
    "tick_of": standing.tick,
    "web_link": standing.web_link,
    "map_link": standing.map_link,
}
