"""What the models said of a message, made ready for the screen: badges, doubts, and the words behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.languages import ENGLISH, language, translated
from app.markup import MOST_MARKS, Mark, marked_html, one_line
from app.phrases import listed, phrase
from app.queries.message_predictions import PredictionRow
from app.queries.timeline import MessageRow
from app.render import percent, words
from app.services.labels import NO_EMOTION
from app.web.inbox.feelings import TASKS, UNDETERMINED, language_name, urgency_words
from app.web.inbox.looks import intent_words

MOST_QUOTES, LONGEST_QUOTE = 5, 160


@dataclass(frozen=True, slots=True)
class Answer:
    """One task's newest answer, and what holds of it: a person's word before the model's."""

    task: str
    title: str
    label: str
    words: str
    confidence: float
    is_corrected: bool
    said: str  # by the model, in words
    doubt: str  # why the model abstained, "" where the answer may be used
    short_doubt: str
    quotes: tuple[str, ...]
    head: int | None
    version: str


@dataclass(frozen=True, slots=True)
class Answers:
    by_task: dict[str, Answer]
    emotions: tuple[tuple[str, float], ...]  # those that are sure enough, best first
    older: tuple[tuple[str, str], ...]  # model version, what it had said in words
    text: Markup  # the message's text, with what drove the labels marked

    @property
    def common_doubt(self) -> str:
        """Return why the model abstained from everything, "" where it did not, or for several reasons."""
        doubts = {answer.doubt for answer in self.by_task.values()}
        return doubts.pop() if len(doubts) == 1 else ""


def answers_of(message: MessageRow) -> Answers:
    """Return what is shown of a message's answers; of each task the newest."""
    newest = {told.task: told for told in reversed(message.predictions)}
    ordered = [newest[task] for task in TASKS if task in newest]
    marks = [mark for told in ordered for mark in _marks(told)][:MOST_MARKS]
    read = message.text or message.subject
    return Answers(
        by_task={told.task: _answer(told, read) for told in ordered},
        emotions=_emotions(newest.get("emotion")),
        older=_older(message.predictions, {told.model for told in newest.values()}),
        text=marked_html(message.text, marks),
    )


def _answer(told: PredictionRow, read: str) -> Answer:
    doubt, short = _doubts(told) if told.abstained else ("", "")
    return Answer(
        task=told.task,
        title=TASKS[told.task],
        label=told.label,
        words=label_words(told.task, told.label),
        confidence=told.confidence,
        is_corrected=told.corrected_by is not None,
        said=label_words(told.task, told.said),
        doubt=doubt,
        short_doubt=short,
        quotes=_quotes(told, read),
        head=told.head,
        version=told.model,
    )


def label_words(task: str, label: str) -> str:
    """Say a label in words for people."""
    match task:
        case "intent":
            return intent_words(label)
        case "urgency":
            return urgency_words(label)
        case "emotion" if label == NO_EMOTION:
            return phrase("No emotion")
        case "spam":
            return phrase("Spam") if label == task else phrase("No spam")
    return words(label)


def _doubts(told: PredictionRow) -> tuple[str, str]:
    """Say why the model abstained, in a sentence and in a badge."""
    kind, _, language = (told.abstain_reason or "").partition(":")
    best = _in_a_sentence(label_words(told.task, told.label))
    if kind == "empty":
        return phrase("There are no words to read."), phrase("no words")
    if kind == "language":
        name = language_name(language)
        if language in {"", UNDETERMINED}:
            return phrase("It cannot be told which language this is."), phrase("unknown language")
        return phrase("It seems to be {name}, which the model has not learned.", name=name), name
    share = percent(told.confidence)
    return phrase("Best guess {label}, but only {share} sure.", label=best, share=share), f"{best} {share}"


def _in_a_sentence(label: str) -> str:
    """Return a label as it stands in a sentence: English writes it small, other languages as it is."""
    said = translated(label)
    return said.lower() if language().code == ENGLISH else said


def _emotions(told: PredictionRow | None) -> tuple[tuple[str, float], ...]:
    if told is None or told.abstained or told.label == NO_EMOTION:
        return ()
    return told.labels or ((told.label, told.confidence),)


def _marks(told: PredictionRow) -> list[Mark]:
    return [Mark(start, end, told.task) for start, end, _ in told.reasons] if not told.abstained else []


def _quotes(told: PredictionRow, read: str) -> tuple[str, ...]:
    """Return the words that drove a label most, strongest first."""
    strongest = sorted(told.reasons, key=lambda reason: -reason[2])[:MOST_QUOTES]
    quotes = (one_line(read[max(0, start) : max(0, end)][:LONGEST_QUOTE]) for start, end, _ in strongest)
    return tuple(quote for quote in quotes if quote)


def _older(predictions: Sequence[PredictionRow], newest: set[str]) -> tuple[tuple[str, str], ...]:
    """Return what earlier versions had said of what is shown in badges, the newest of them first."""
    said: dict[str, dict[str, str]] = {}
    for told in predictions:
        if told.model not in newest:
            word = f"{translated(label_words(told.task, told.said))} {percent(told.confidence)}"
            said.setdefault(told.model, {})[told.task] = phrase("{task}: {words}", task=TASKS[told.task], words=word)
    in_order = {version: [words_[task] for task in TASKS if task in words_] for version, words_ in said.items()}
    return tuple((version, listed(words_)) for version, words_ in in_order.items())


LOOKS = {"answers_of": answers_of, "label_words": label_words}
