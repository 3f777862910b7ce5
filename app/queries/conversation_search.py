"""What a search asks of a conversation, as conditions for the list: who may see it is asked beside them, as always.

Words are looked for as they are written, in subjects, in customers' names and addresses, and in the newest
MOST_MESSAGES messages: bounded whatever is typed. `confidence:` is about the labels asked beside it, else sentiment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, Select, and_, exists, false, func, not_, or_, select
from sqlalchemy import cast as as_type

from app.clock import now
from app.models import (
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    Correction,
    Message,
    Prediction,
    Tag,
    Tagging,
    WorkspaceIntent,
)
from app.queries.search_terms import Search, Term, parse
from app.render import zone

MOST_MESSAGES = 100_000  # the newest ones, in which words are looked for
MOST_FOUND = 5_000
LABELS = ("sentiment", "emotion", "intent", "urgency")
Condition = ColumnElement[bool]


def conditions(text: str) -> list[Condition]:
    """Return what a typed search asks of Conversation; nothing fits one that cannot be understood."""
    search = parse(text)
    if search.problems:
        return [false()]
    return [_condition(term, search) for term in search.terms]


def _condition(term: Term, search: Search) -> Condition:
    if term.name == "confidence":
        asked = [one.name for one in search.terms if one.name in LABELS and not one.is_negated]
        found = and_(*(_compared(_confidence(task), term) for task in asked or ["sentiment"]))
    else:
        found = CONDITIONS[term.name](term)
    return not_(func.coalesce(found, false())) if term.is_negated else found


def _word(term: Term) -> Condition:
    word = str(term.value)
    places = [
        Conversation.subject.icontains(word, autoescape=True),
        _is_one_of(Conversation.id, _said(word)),
        _is_one_of(Conversation.contact_id, _called(word)),
        _is_one_of(Conversation.contact_id, _reached_at(word)),
    ]
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        places.append(Conversation.number == int(number))
    return or_(*places)


def _from(term: Term) -> Condition:
    word = str(term.value)
    people = (_called(word), _reached_at(word))
    return or_(*(_is_one_of(Conversation.contact_id, query) for query in people))


def _said(word: str) -> Select[int]:
    oldest = select(func.max(Message.id) - MOST_MESSAGES).scalar_subquery()
    said = Message.text.icontains(word, autoescape=True), Message.deleted_at.is_(None)
    query = select(Message.conversation_id).where(Message.id > oldest, *said)
    return query.order_by(Message.id.desc()).limit(MOST_FOUND)


def _called(word: str) -> Select[int]:
    query = select(Contact.id).where(Contact.name.icontains(word, autoescape=True))
    return query.order_by(Contact.id.desc()).limit(MOST_FOUND)


def _reached_at(word: str) -> Select[int]:
    query = select(ContactIdentity.contact_id).where(ContactIdentity.address.icontains(word, autoescape=True))
    return query.order_by(ContactIdentity.id.desc()).limit(MOST_FOUND)


def _is_one_of(column: Any, query: Select[int]) -> Condition:
    """Compare with what a bounded query finds: PostgreSQL runs it once for the whole statement and hashes it."""
    return cast("Condition", column.in_(query))


def _mood(term: Term) -> Condition:
    return _compared(Conversation.mood, term)


def _compared(column: Any, term: Term) -> Condition:
    if isinstance(term.value, tuple):
        return cast("Condition", column.between(*term.value))
    return cast("Condition", column.op(term.compare, is_comparison=True)(term.value))


def _sentiment(term: Term) -> Condition:
    return Conversation.sentiment == term.value


def _urgency(term: Term) -> Condition:
    return Conversation.urgency == term.value


def _emotion(term: Term) -> Condition:
    """Ask for one of the emotions of the last message that has an answer: a person's word before the model's."""
    last = as_type(Conversation.latest_answers[("emotion", "place", 2)].astext, BigInteger)
    corrected = (
        Correction.message_id == last,
        Correction.task == "emotion",
        Correction.undone_at.is_(None),
    )
    said = exists().where(
        Prediction.message_id == last,
        Prediction.task == "emotion",
        Prediction.abstained.is_(False),
        Prediction.labels.contains([[term.value]]),
    )
    by_person = exists().where(*corrected, Correction.labels.contains([term.value]))
    return or_(Conversation.emotion == term.value, by_person, and_(said, ~exists().where(*corrected)))


def _intent(term: Term) -> Condition:
    """Ask by label, or by what the workspace calls an intent of its own."""
    wanted = str(term.value).lower()
    own = select(WorkspaceIntent.slug).where(func.lower(WorkspaceIntent.title) == wanted)
    return or_(Conversation.intent == wanted.replace(" ", "_"), Conversation.intent.in_(own))


def _confidence(task: str) -> ColumnElement[float]:
    if task == "sentiment":
        return cast("ColumnElement[float]", Conversation.confidence)
    return cast("ColumnElement[float]", Conversation.latest_answers[(task, "confidence")].as_float())


def _language(term: Term) -> Condition:
    return Conversation.language == str(term.value).lower()


def _tag(term: Term) -> Condition:
    worn = select(Tagging.conversation_id).join(Tag, Tag.id == Tagging.tag_id)
    worn = worn.where(func.lower(Tag.name) == str(term.value).lower(), Tagging.conversation_id.is_not(None))
    return Conversation.id.in_(worn)


def _channel(term: Term) -> Condition:
    word = str(term.value)
    named = or_(Channel.kind == word.lower(), Channel.name.icontains(word, autoescape=True))
    return Conversation.channel_id.in_(select(Channel.id).where(named))


def _after(term: Term) -> Condition:
    return Conversation.last_message_at >= _moment(term)


def _before(term: Term) -> Condition:
    return Conversation.last_message_at < _moment(term)


def _moment(term: Term) -> datetime:
    """Return when a day begins where the browser is, or a number of days ago."""
    if isinstance(term.value, date):
        return datetime.combine(term.value, time(), tzinfo=zone())
    return now() - timedelta(days=cast("int", term.value))


CONDITIONS: Mapping[str, Callable[[Term], Condition]] = {
    "": _word,
    "mood": _mood,
    "sentiment": _sentiment,
    "emotion": _emotion,
    "intent": _intent,
    "urgency": _urgency,
    "language": _language,
    "from": _from,
    "tag": _tag,
    "channel": _channel,
    "after": _after,
    "before": _before,
}
