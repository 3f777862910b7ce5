"""Put messages into the languages that their readers asked for. Runs in the translator's process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.db import assert_no_transaction, reading, retrying, transaction
from app.discretion import discreet
from app.log import get_logger
from app.services import message_translations
from app.services.message_translations import Waiting

if TYPE_CHECKING:
    from nlp.translation import Translator

BATCH = 8

_translators: list[Translator] = []


def take_up(translators: Sequence[Translator]) -> None:
    """Let these models answer, the first that knows a pair of languages."""
    _translators[:] = translators


def translate(translation_ids: Sequence[int]) -> None:  # noqa: ARG001 - the job is a wake-up; all that waits is answered
    """Translate everything that waits."""
    while translate_batch() == BATCH:
        pass


def translate_batch() -> int:
    """Translate what has waited longest; return how many there were. Models run with no transaction open."""
    with reading() as session:
        found = message_translations.waiting(session, limit=BATCH)
    for one in found:
        _answer(one)
    return len(found)


def _answer(asked: Waiting) -> None:
    """Translate one message. What screens hide is hidden from the model: a translation never says it."""
    from nlp.translation import translated

    pair = asked.source, asked.language
    model = next((one for one in _translators if one.speech.knows(pair)), None)
    assert_no_transaction()
    try:
        text = translated(discreet(asked.text), lambda some: model.put(some, pair)) if model else ""
    except (ValueError, IndexError, KeyError, RuntimeError) as trouble:  # torch raises RuntimeError for shapes, memory
        get_logger().warning("translation.failed", trouble=type(trouble).__name__)
        text = ""

    def record() -> None:
        with transaction() as session:
            if model and text.strip():
                message_translations.record(session, translation_id=asked.id, text=text, model=model.name)
            else:
                message_translations.record_failure(
                    session, translation_id=asked.id, reason=message_translations.CANNOT
                )

    retrying(record)
