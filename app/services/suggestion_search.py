"""Find what could be answered: texts and past replies near the customer's question, by pgvector.

The search is exact and bounded: of past questions the newest 20,000 that the user may see are compared, so its time
does not grow with the years, and no index has to be kept while messages come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, and_, case, cast, func, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from app.models import (
    ArticleState,
    CannedResponse,
    Conversation,
    Direction,
    KbArticle,
    Message,
    MessageEmbedding,
    SendState,
    Status,
    SuggestionEmbedding,
    SuggestionUse,
    User,
    Visibility,
)
from app.queries._json import AnySelect, Value
from app.services import access
from app.services.canned_responses import offered_in, says_it_in

PAST_QUESTIONS = 20_000
MOST_TEXTS, MOST_PAST = 12, 40
ALIKE = 0.55  # cosine from which on two customers' questions are similar
LEAST_TEXT = 0.25  # of an answer to the question
SETBACK = 0.05  # how far a mood may fall and still count as not lower
LONGEST_REPLY = 4_000

Vector = Sequence[float]
PastMessage, PastConversation = aliased(Message), aliased(Conversation)


@dataclass(frozen=True, slots=True)
class TextFound:
    """A canned response or an article, its likeness to the question, and its use for similar ones."""

    canned_response_id: int | None
    kb_article_id: int | None
    likeness: float
    uses: int
    ended_well: int


@dataclass(frozen=True, slots=True)
class PastReply:
    """What an agent answered to a similar question."""

    id: int
    text: str
    likeness: float
    ended_well: bool


def ended_well(conversation: type[Conversation], before: Value) -> ColumnElement[bool]:
    """Return the condition that a conversation is resolved and its mood not lower than `before`, as far as known."""
    not_lower = func.coalesce(conversation.mood >= before - SETBACK, true())
    return and_(conversation.status == Status.RESOLVED, not_lower)


def texts(
    session: Session, *, user: User, conversation: Conversation, point: Vector, model_version: str, language: str
) -> list[TextFound]:
    """Return the canned responses and published articles nearest to a question."""
    near = -SuggestionEmbedding.embedding.max_inner_product(point)
    ids = (SuggestionEmbedding.canned_response_id, SuggestionEmbedding.kb_article_id)
    likeness = func.max(near)
    query = (
        select(*ids, likeness)
        .outerjoin(CannedResponse, CannedResponse.id == SuggestionEmbedding.canned_response_id)
        .outerjoin(KbArticle, KbArticle.id == SuggestionEmbedding.kb_article_id)
        .where(SuggestionEmbedding.model_version == model_version, _may_be_offered(conversation, user, language))
        .group_by(*ids)
        .having(likeness >= LEAST_TEXT)
        .order_by(likeness.desc())
        .limit(MOST_TEXTS)
    )
    found = session.execute(query).all()
    used = _uses(
        session, point, model_version, [row[0] for row in found if row[0]], [row[1] for row in found if row[1]]
    )
    return [TextFound(row[0], row[1], float(row[2]), *used.get((row[0], row[1]), (0, 0))) for row in found]


def _may_be_offered(conversation: Conversation, user: User, language: str) -> ColumnElement[bool]:
    languages = ["", language]
    return or_(
        and_(
            CannedResponse.id.is_not(None),
            or_(CannedResponse.language.in_(languages), says_it_in(language)),
            offered_in(conversation, user),
        ),
        and_(KbArticle.state == ArticleState.PUBLISHED, KbArticle.language.in_(languages)),
    )


def _uses(
    session: Session, point: Vector, model_version: str, canned: Sequence[int], articles: Sequence[int]
) -> dict[tuple[int | None, int | None], tuple[int, int]]:
    """Count uses for similar questions, where the agent then did reply, and how many of those ended well."""
    ids = (SuggestionUse.canned_response_id, SuggestionUse.kb_article_id)
    replied = select(Message.id).where(
        Message.conversation_id == SuggestionUse.conversation_id,
        Message.author_id == SuggestionUse.user_id,
        Message.visibility == Visibility.PUBLIC,
        Message.created_at >= SuggestionUse.created_at,
    )
    well = case((ended_well(Conversation, SuggestionUse.mood_before), SuggestionUse.conversation_id))
    query = (
        select(*ids, func.count(SuggestionUse.conversation_id.distinct()), func.count(well.distinct()))
        .join(MessageEmbedding, MessageEmbedding.message_id == SuggestionUse.message_id)
        .join(Conversation, Conversation.id == SuggestionUse.conversation_id)
        .where(or_(ids[0].in_(canned), ids[1].in_(articles)), replied.exists())
        .where(MessageEmbedding.model_version == model_version, _near(point) >= ALIKE)
        .group_by(*ids)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(query)}


def past_replies(
    session: Session, *, user: User, conversation: Conversation, point: Vector, model_version: str, language: str
) -> list[PastReply]:
    """Return how agents answered similar questions in inboxes that the user may see, most similar first."""
    near = _questions(user, conversation, point, model_version, language).subquery()
    likeness = near.c.likeness
    reply = _next_reply(near.c.conversation_id, near.c.message_id)
    query = (
        select(reply.c.id, reply.c.text, likeness, ended_well(PastConversation, PastConversation.mood_start))
        .select_from(near)
        .join(PastConversation, PastConversation.id == near.c.conversation_id)
        .join(reply, true())
        .where(likeness >= ALIKE)
        .order_by(likeness.desc())
        .limit(MOST_PAST)
    )
    best: dict[int, PastReply] = {}  # several questions may have led to one reply
    for row in session.execute(query):
        best.setdefault(row[0], PastReply(row[0], row[1], float(row[2]), bool(row[3])))
    return list(best.values())


def _questions(user: User, conversation: Conversation, point: Vector, model_version: str, language: str) -> AnySelect:
    """Read the newest questions of others with their likeness to this one."""
    return (
        select(MessageEmbedding.message_id, PastMessage.conversation_id, _near(point).label("likeness"))
        .join(PastMessage, PastMessage.id == MessageEmbedding.message_id)
        .join(Conversation, Conversation.id == PastMessage.conversation_id)
        .where(
            MessageEmbedding.model_version == model_version,
            PastMessage.direction == Direction.INBOUND,
            func.coalesce(PastMessage.language, "") == language,
            Conversation.inbox_id.in_(access.inbox_ids_of(user)),
            Conversation.id != conversation.id,
        )
        .order_by(MessageEmbedding.message_id.desc())
        .limit(PAST_QUESTIONS)
    )


def _next_reply(conversation_id: ColumnElement[int], message_id: ColumnElement[int]) -> LateralFromClause:
    """Return the first reply that left after a message."""
    return (
        select(Message.id, func.left(Message.text, LONGEST_REPLY).label("text"))
        .where(Message.conversation_id == conversation_id, Message.id > message_id, Message.text != "")
        .where(Message.direction == Direction.OUTBOUND, Message.visibility == Visibility.PUBLIC)
        .where(Message.send_state == SendState.SENT)
        .order_by(Message.id)
        .limit(1)
        .lateral("reply")
    )


def _near(point: Vector) -> ColumnElement[float]:
    return cast(-MessageEmbedding.embedding.max_inner_product(point), Float)
