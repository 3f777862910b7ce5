"""What a search asks of a conversation, as conditions for the list: who may see it is asked beside them, as always.

Words are looked for in messages (the newest MOST_MESSAGES that have them) and in customers' names and addresses:
bounded whatever is typed. `confidence:` is about the labels asked beside it, else sentiment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, exists, false, func, not_, null, or_, select
from sqlalchemy import cast as as_type

from app.clock import now
from app.models import (
    Attachment,
    Case,
    CaseConversation,
    Channel,
    Conversation,
    ConversationRead,
    Correction,
    FoundWords,
    Inbox,
    Message,
    Prediction,
    Tag,
    Tagging,
    User,
    Visibility,
    WorkspaceIntent,
)
from app.queries import text_query
from app.queries.search_terms import LONGEST_NUMBER, Search, Term, parse
from app.render import zone

MOST_MESSAGES = 20_000  # with a word, the newest ones
MOST_FOUND = 5_000  # contacts
LABELS = ("sentiment", "emotion", "intent", "urgency")
Condition = ColumnElement[bool]


def conditions(text: str, user: User | None = None) -> list[Condition]:
    """Return what a typed search asks of Conversation; nothing fits one that cannot be understood.

    `user` is who asks: without one nothing is "unread" and nobody is "me".
    """
    search = parse(text)
    if search.problems:
        return [false()]
    return [_condition(term, search, user) for term in search.terms]


def standing(search: Search, user: User | None) -> list[Condition]:
    """Return what the operators of a search ask of Conversation, without its words."""
    return [_condition(term, search, user) for term in search.operators]


def _condition(term: Term, search: Search, user: User | None) -> Condition:
    if term.name == "confidence":
        asked = [one.name for one in search.terms if one.name in LABELS and not one.is_negated]
        found = and_(*(_compared(_confidence(task), term) for task in asked or ["sentiment"]))
    elif term.name in OF_USER:
        found = OF_USER[term.name](term, user)
    else:
        found = CONDITIONS[term.name](term)
    return not_(func.coalesce(found, false())) if term.is_negated else found


def _word(term: Term) -> Condition:
    wanted = text_query.of_term(term)
    places = [said(wanted), Conversation.contact_id.in_(called(wanted))] if wanted else []
    number = str(term.value).removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER:
        places.append(Conversation.number == int(number))
    return or_(false(), *places)


def _from(term: Term) -> Condition:
    wanted = text_query.phrase(str(term.value), is_prefix=True)
    return Conversation.contact_id.in_(called(wanted)) if wanted else false()


def _to(term: Term) -> Condition:
    return said(text_query.sent_to(str(term.value)))


def said(wanted: str) -> Condition:
    """Ask for one of the newest messages that fit a tsquery: PostgreSQL looks once for the whole statement."""
    everybodys = as_type(null(), ARRAY(BigInteger))
    found = func.messages_with(text_query.tsquery(wanted), everybodys, as_type(null(), BigInteger), MOST_MESSAGES)
    message_ids = select(found.column_valued("message_id")).scalar_subquery()
    query = select(Message.conversation_id).where(Message.id.in_(message_ids), Message.deleted_at.is_(None))
    return Conversation.id.in_(query)


def called(wanted: str, most: int = MOST_FOUND) -> Select[int]:
    """Return the ids of contacts whose name, addresses or note fit a tsquery: found by its index, never by a walk."""
    fits = FoundWords.words.op("@@", is_comparison=True)(text_query.tsquery(wanted))
    found = select(FoundWords.contact_id).where(fits).cte().prefix_with("MATERIALIZED")
    return select(found.c.contact_id).where(found.c.contact_id.is_not(None)).limit(most)


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
    return Conversation.last_message_at >= moment_of(term)


def _before(term: Term) -> Condition:
    return Conversation.last_message_at < moment_of(term)


def _inbox(term: Term) -> Condition:
    named = Inbox.name.icontains(str(term.value), autoescape=True)
    return Conversation.inbox_id.in_(select(Inbox.id).where(named))


def _case(term: Term) -> Condition:
    of = select(CaseConversation.conversation_id).join(Case, Case.id == CaseConversation.case_id)
    return Conversation.id.in_(of.where(Case.number == term.value))


def _has(term: Term) -> Condition:
    here = Message.conversation_id == Conversation.id
    if term.value == "attachment":
        return exists().where(here, Attachment.message_id == Message.id, Message.deleted_at.is_(None))
    if term.value == "note":
        return exists().where(here, Message.visibility == Visibility.PRIVATE)
    if term.value == "tag":
        return exists().where(Tagging.conversation_id == Conversation.id)
    return exists().where(CaseConversation.conversation_id == Conversation.id)


def _is(term: Term, user: User | None) -> Condition:
    if term.value == "waiting":
        return Conversation.waiting_since.is_not(None)
    if term.value == "unassigned":
        return Conversation.assignee_id.is_(None)
    return _unread(user) if term.value == "unread" else Conversation.status == term.value


def _unread(user: User | None) -> Condition:
    if user is None:
        return false()
    mine = ConversationRead.conversation_id == Conversation.id, ConversationRead.user_id == user.id
    read = select(ConversationRead.message_id).where(*mine).correlate(Conversation).scalar_subquery()
    last = select(Message.author_id).where(Message.id == Conversation.last_message_id)
    author = last.correlate(Conversation).scalar_subquery()
    return and_(Conversation.last_message_id > func.coalesce(read, 0), author.is_distinct_from(user.id))


def _assignee(term: Term, user: User | None) -> Condition:
    word = str(term.value).lower()
    if word in {"none", "nobody"}:
        return Conversation.assignee_id.is_(None)
    if word == "me":
        return Conversation.assignee_id == user.id if user else false()
    named = or_(User.name.icontains(word, autoescape=True), User.email == word)
    return Conversation.assignee_id.in_(select(User.id).where(named))


def moment_of(term: Term) -> datetime:
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
    "to": _to,
    "in": _inbox,
    "case": _case,
    "has": _has,
    "tag": _tag,
    "channel": _channel,
    "after": _after,
    "before": _before,
}
OF_USER: Mapping[str, Callable[[Term, User | None], Condition]] = {"is": _is, "assignee": _assignee}
