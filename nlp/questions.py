"""What the customer asked, and whether somebody answered it. Careful in one direction: what may have been answered
counts as answered, so the list an agent sees is short and true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nlp.phrases import any_of
from nlp.sentences import Sentence, split

MOST_MESSAGES = 60  # the newest are read
MOST_OF_A_MESSAGE = 8
MOST_QUESTIONS = 12
MOST_REPLY_SENTENCES = 80
SHORT = 15  # words of a message that is all thanks
CHARACTERS_OF_A_MESSAGE = 6_000
SAME_QUESTION = 0.82  # cosine from which on two questions are one, asked again
ADDRESSED = 0.5  # cosine of a reply's sentence to the question
LITTLE_ADDRESSED = 0.35  # enough where they also share a word that matters

_WORD = re.compile(r"[^\W\d_]{3,}|\d{3,}")
_WHO = "i|you|we|it|there|my|the|this|that|your|they|he|she|anyone|anybody|somebody|someone"
# how a question without a question mark begins
_OPENING = any_of(
    "(?:who|what|where|when|why|which|how) (?:is|are|was|were|do|does|did|can|could|will|would|should|long|much|many)",
    f"(?:is|are|was|were|do|does|did|can|could|will|would|should|may) (?:{_WHO})",
    "where's|what's|when's|how's",
)
_REQUEST = any_of(
    "please ~(?:tell|send|let|confirm|check|explain|advise|call|cancel|refund|change|update|help|provide|make|add)",
    "please ~(?:remove|reply|respond|forward|look|give|return|reset|fix|replace|ship|deliver|contact|close|delete)",
    "(?:could|can|would|will) (?:you|someone|somebody)",
    "let me know (?:if|when|whether|what|how|which|where|why)",
    "i(?:'d| would) like (?:to know|you to|a refund|to (?:cancel|return|change|order|get))",
    "i (?:need|want) (?:to know|you to|a refund|my money|an? (?:answer|invoice|replacement))",
    "i(?:'m| am) wondering|i wonder|i was wondering|any (?:news|updates?|ideas?)",
)
# asked without wanting an answer: the whole sentence, or how it begins
_IDLE = any_of(
    "ok|okay|right|really|seriously|you know|hello|hi|hey|anyone|anybody|(?:is )?any(?:one|body) there|are you there",
    "why me|who cares|isn't it|see|huh|what|sorry|pardon|got it|deal|how are you(?: doing)?(?: today)?|how's it going",
    "how do you do|what's up",
)
_IDLE_BEGINNING = any_of(
    "are you (?:kidding|serious|joking|a (?:bot|human|robot))|is this a joke|can you believe|how dare",
    "what (?:kind|sort) of (?:company|service|shop|joke|support)|how (?:hard|difficult) can",
    "do you even|do you really think|is it (?:too much|so hard)|who do you think",
)
_SETTLED = any_of(
    "that (?:answers|solves|helps|worked|works)|all (?:clear|good|sorted)",
    "(?:problem|issue) (?:is )?(?:solved|resolved)|works (?:now|again)|never ?mind|found it|sorted now",
    "no (?:more|further) questions|got it, thanks?",
)
_THANKS = any_of("thanks|thank you|thx|cheers|perfect|great|wonderful|appreciate it|danke|merci|gracias|grazie")
_YES_OR_NO = any_of(
    "yes|no|yep|nope|sure|certainly|of course|absolutely|done|we do|we don't|it is|it isn't|you can|indeed"
)
# a reply that only promises one
_HOLDING = any_of(
    "(?:i'll|i will|let me|we'll|we will|i'm going to) ~(?:check|ask|look|find out|get back|come back|investigate|see)",
    r"(?:come|get|be) back to you|looking into|one moment|a moment please|passed (?:it|this|your \w{1,12}) on|"
    "have received your (?:message|request|mail|email)",
)
_SMALL_WORDS = """
the and for you your our are was were that this with have has had not can could will would should please know tell let
what when where which why how who any does did from they them there here just like get got about into out need want
thank thanks hello dear send sent back still also now more than then been being make made give
"""
_COMMON = frozenset(_SMALL_WORDS.split())

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message, oldest first, of the customer or of us."""

    id: int
    text: str
    is_customer: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Characters `start` to `end` of message `id` ask for something; `is_request` where it is no question by form.

    `times`: how often it was asked.
    """

    id: int
    start: int
    end: int
    is_request: bool
    times: int = 1


@dataclass(slots=True)
class _Open:
    question: Question
    text: str
    point: Sequence[float]
    is_new: bool  # nobody has replied since


def is_asking(text: str) -> bool:
    """Say whether one sentence asks a question that wants an answer, or asks for something to be done."""
    said = text.strip().replace("’", "'")
    bare = said.rstrip("?!. ")
    if _IDLE.fullmatch(bare) or _IDLE_BEGINNING.match(bare):
        return False
    if said.endswith("?"):
        return len(bare.split()) > 1  # "And?" asks nothing that can be listed
    return bool(_REQUEST.search(said)) or (not said.endswith(".") and bool(_OPENING.match(said)))


def unanswered(turns: Sequence[Turn], *, embed: Embed) -> list[Question]:
    """Return what the customer asked and no later reply addressed, oldest first, at most 12.

    A reply addresses a question when one of its sentences is near it in meaning, or rather near and shares a word that
    matters; and when it was the only one and the reply is more than a promise to look. Thanks without a new question,
    or "it works now", settle what was asked before. A question asked again counts once, where it was
    asked last. `embed` gives a unit vector a text and is called once. The newest 60 messages are read.
    """
    turns = turns[-MOST_MESSAGES:]
    asked = [(turn, one) for turn in turns if turn.is_customer for one in _asking(turn)]
    if not asked:
        return []
    first = turns.index(asked[0][0])
    replies = [(turn, one) for turn in turns[first:] if not turn.is_customer for one in _sentences(turn)]
    replies = replies[-MOST_REPLY_SENTENCES:]
    points = list(embed([one.text for _, one in asked] + [one.text for _, one in replies]))
    spoken = dict(zip([(turn.id, one.start) for turn, one in asked + replies], points, strict=True))
    still_open: list[_Open] = []
    for turn in turns[first:]:
        if turn.is_customer:
            _hear(still_open, turn, spoken)
        else:
            _answer(still_open, turn, spoken)
    return [one.question for one in still_open][-MOST_QUESTIONS:]


def _hear(still_open: list[_Open], turn: Turn, spoken: dict[tuple[int, int], Sequence[float]]) -> None:
    """Add what a customer's message asks; take away what it says is settled."""
    asked = _asking(turn)
    is_thanks = not asked and len(turn.text.split()) <= SHORT and bool(_THANKS.search(turn.text))
    if is_thanks or _SETTLED.search(turn.text[:CHARACTERS_OF_A_MESSAGE]):
        still_open.clear()
    for sentence in asked:
        point = spoken.get((turn.id, sentence.start), ())
        again = next((one for one in still_open if _likeness(one.point, point) >= SAME_QUESTION), None)
        is_request = not sentence.text.endswith("?") and bool(_REQUEST.search(sentence.text))
        question = Question(turn.id, sentence.start, sentence.end, is_request)
        if again:
            still_open.remove(again)
            question = replace(question, times=again.question.times + 1)
        still_open.append(_Open(question, sentence.text, point, is_new=True))


def _answer(still_open: list[_Open], turn: Turn, spoken: dict[tuple[int, int], Sequence[float]]) -> None:
    """Take away what a reply addresses: by what it says, or because it answers straight on."""
    sentences = [(one, spoken[turn.id, one.start]) for one in _sentences(turn) if (turn.id, one.start) in spoken]
    new = [one for one in still_open if one.is_new]
    is_straight = bool(sentences) and not _HOLDING.search(turn.text[:CHARACTERS_OF_A_MESSAGE])
    if is_straight and (len(new) == 1 or (new and any(_YES_OR_NO.match(one.text) for one, _ in sentences[:3]))):
        still_open.remove(new[0])
    still_open[:] = [
        one for one in still_open if not any(_addresses(said.text, point, one) for said, point in sentences)
    ]
    for one in still_open:
        one.is_new = False


def _addresses(said: str, point: Sequence[float], question: _Open) -> bool:
    likeness = _likeness(point, question.point)
    return likeness >= ADDRESSED or (likeness >= LITTLE_ADDRESSED and bool(_matter(said) & _matter(question.text)))


def _likeness(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.dot(one, other)) if len(one) and len(one) == len(other) else 0.0


def _matter(text: str) -> set[str]:
    """Return the words that matter, cut to their first five letters: "refunded" is "refund"."""
    return {word.lower()[:5] for word in _WORD.findall(text) if word.lower() not in _COMMON}


def _asking(turn: Turn) -> list[Sentence]:
    return [one for one in _sentences(turn) if is_asking(one.text)][:MOST_OF_A_MESSAGE]


def _sentences(turn: Turn) -> list[Sentence]:
    return [one for one in split(turn.text[:CHARACTERS_OF_A_MESSAGE]) if not one.text.startswith(">")]
