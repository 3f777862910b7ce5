"""Answer what screens ask of the models. Runs in the annotator, ahead of its other work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app import personal_data
from app.db import assert_no_transaction, reading, retrying, transaction
from app.log import get_logger
from app.models import AskKind, Conversation, User
from app.services import ask_material, asks, suggestion_rank, suggestion_search, suggestions
from app.services.ask_material import Asked
from app.services.suggestions import Unread

if TYPE_CHECKING:
    from nlp.tone_model import ToneModel

BATCH = 16
READ_AT_ONCE = 16  # suggestions that a question waits for; the rest is read in the background
LONGEST_READ = 800  # characters of a past reply
FEW_WORDS = 12  # too few to say alone what is asked
MODEL_CANNOT = "The models cannot read this."
CAUSES_WORRY = frozenset(personal_data.SENSITIVE - {personal_data.Kind.IBAN})  # our own account number is no secret

Vectors = list[tuple[float, ...]]

_learning = threading.Lock()
_tone_models: list[ToneModel] = []


@dataclass(frozen=True, slots=True)
class Read:
    """Where the model puts texts, in which language the first one is, and which model it was."""

    points: Vectors
    language: str
    model_version: str


def answer(ask_ids: Sequence[int]) -> None:  # noqa: ARG001 - the job is a wake-up; all that waits is answered
    """Answer everything that waits."""
    while answer_batch() == BATCH:
        pass


def answer_batch() -> int:
    """Answer what has waited longest; return how many there were. Models run with no transaction open."""
    with reading() as session:
        waiting = [ask_material.read(session, ask=ask) for ask in asks.waiting(session, limit=BATCH)]
    for asked in waiting:
        _answer(asked)
    return len(waiting)


def read_suggestions(suggestion_ids: Sequence[int]) -> None:  # noqa: ARG001 - all that is unread is read
    """Read every canned response and article that the model in use has not read."""
    version = read(["ready"]).model_version
    while _read_some(version):
        pass


def read(texts: Sequence[str]) -> Read:
    """Embed texts. Raises nlp.loading.ModelMissing."""
    from nlp.annotate import annotate, model_identity

    assert_no_transaction()
    said = annotate(list(texts), tasks=(), reasons=False)
    return Read([one.embedding for one in said], said[0].language if said else "und", model_identity()[1])


def _embed(texts: Sequence[str]) -> Vectors:
    return read(texts).points if texts else []


def _answer(asked: Asked) -> None:
    """Answer one question. One that cannot be answered fails alone: its neighbours do not wait for it for ever."""
    try:
        found = ANSWERS[asked.kind](asked)
    except (ValueError, IndexError, KeyError) as trouble:
        get_logger().warning("ask.failed", kind=asked.kind.value, trouble=type(trouble).__name__)
        with transaction() as session:
            asks.record_failure(session, ask_id=asked.id, reason=MODEL_CANNOT)
        return

    def record() -> None:
        with transaction() as session:
            asks.record_answer(session, ask_id=asked.id, answer=found)

    retrying(record)


# ---------------------------------------------------------------- suggestions
def _suggestions(asked: Asked) -> dict[str, Any]:
    words = asked.customers_words
    question = read([words, asked.topic])
    point = _between(*question.points) if len(words.split()) < FEW_WORDS else list(question.points[0])
    if not words.strip() or not point:
        return {"items": [], "message_id": asked.newest_of_customer}
    _read_some(question.model_version)
    search: dict[str, Any] = {
        "point": point,
        "model_version": question.model_version,
        "language": question.language,
    }
    with reading() as session:
        user = session.get_one(User, asked.user_id)
        search |= {"user": user, "conversation": session.get_one(Conversation, asked.conversation_id)}
        texts = suggestion_search.texts(session, **search)
        replies = suggestion_search.past_replies(session, **search)
    best = suggestion_rank.ranked(texts, replies, _groups([reply.text[:LONGEST_READ] for reply in replies]))
    return {"items": [one.as_json() for one in best], "message_id": asked.newest_of_customer}


def _between(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the unit vector in the middle: "Any news?" is about what the conversation began with."""
    both = [a + b for a, b in zip(one, other, strict=True)] if one and other else list(one)
    length = sum(value * value for value in both) ** 0.5
    return [value / length for value in both] if length else []


def _groups(texts: Sequence[str]) -> list[list[int]]:
    from nlp import alike

    return alike.groups(_embed(texts))


def _read_some(model_version: str) -> bool:
    """Read a few unread suggestions; say whether there are more."""
    with reading() as session:
        found = suggestions.unread(session, model_version=model_version, limit=READ_AT_ONCE)
    if not found:
        return False
    pieces = list(dict.fromkeys(piece for text in found for piece in text.pieces))
    points = dict(zip(pieces, _embed(pieces), strict=True))
    return retrying(lambda: _keep(found, points, model_version))


def _keep(found: Sequence[Unread], points: Mapping[str, Sequence[float]], model_version: str) -> bool:
    with transaction() as session:
        suggestions.keep_read(session, read=found, points=points, model_version=model_version)
        left = suggestions.unread(session, model_version=model_version, limit=1)
        if left and len(found) == READ_AT_ONCE:
            suggestions.ask_for_reading(session, unread=left[0])
    return bool(left) and len(found) == READ_AT_ONCE


# ---------------------------------------------------------------- tone, summary, questions
def _tone(asked: Asked) -> dict[str, Any]:
    from nlp import tone
    from nlp.language import detect

    hints = tone.check(
        asked.draft,
        customer_language=asked.language,
        notes=ask_material.texts(asked.told, notes=True),
        said_openly=ask_material.texts(asked.told, notes=False),
        detect=lambda text: detect(text).code,
        secrets=_secrets,
        judge=_tone_models[0].judge if _tone_models else None,
    )
    return {
        "hints": [
            {
                "kind": hint.kind,
                "detail": hint.detail,
                "start": utf16(asked.draft, hint.start),
                "end": utf16(asked.draft, hint.end),
            }
            for hint in hints
        ]
    }


def _secrets(text: str) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.kind.value) for span in personal_data.spans(text, kinds=CAUSES_WORRY)]


def learn_tone() -> None:
    """Learn the tone of sentences, once a process; drafts are judged by rules alone until then."""
    from nlp import tone_model

    with _learning:
        if not _tone_models:
            _tone_models.append(tone_model.learn(_embed_patiently))


def begin_to_learn_tone() -> None:
    """Learn in the background: nobody waits for it."""
    threading.Thread(target=learn_tone, name="tone", daemon=True).start()


def _embed_patiently(texts: Sequence[str]) -> Vectors:
    """Embed a few at a time: messages that come in meanwhile get their turn."""
    return [point for at in range(0, len(texts), BATCH) for point in _embed(texts[at : at + BATCH])]


def utf16(text: str, place: int) -> int:
    """Return where a browser counts a character of a text: it counts an emoji twice."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def _summary(asked: Asked) -> dict[str, Any]:
    from nlp.summary import Said, summarise

    said = [Said(told.id, told.text, told.is_customer, told.strength) for told in asked.told]
    return {"excerpts": [[one.id, one.start, one.end] for one in summarise(said, embed=_embed)]}


def _questions(asked: Asked) -> dict[str, Any]:
    """Find what is open, and what of that the draft would answer."""
    from nlp.questions import Turn, unanswered

    turns = [Turn(told.id, told.text, told.is_customer) for told in asked.spoken]
    still_open = unanswered(turns, embed=_embed)
    with_draft = [*turns, Turn(0, asked.draft, is_customer=False)]
    left = unanswered(with_draft, embed=_embed) if still_open and asked.draft.strip() else still_open
    places = {(one.id, one.start) for one in left}
    return {
        "questions": [
            {
                "message_id": one.id,
                "start": one.start,
                "end": one.end,
                "is_request": one.is_request,
                "times": one.times,
                "in_draft": (one.id, one.start) not in places,
            }
            for one in still_open
        ]
    }


ANSWERS: dict[AskKind, Callable[[Asked], dict[str, Any]]] = {
    AskKind.SUGGESTIONS: _suggestions,
    AskKind.TONE: _tone,
    AskKind.SUMMARY: _summary,
    AskKind.QUESTIONS: _questions,
}
