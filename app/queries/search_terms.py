"""What people type to find conversations: words, and operators such as `mood:<-0.5`. Pure, linear, bounded.

All terms must hold. `-` before a term turns it round, quotes keep words together, and a term in quotes is never an
operator. What cannot be understood is said in a sentence each, with the operator that was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from app.phrases import phrase

LONGEST, MOST_TERMS, LONGEST_NAME = 300, 12, 20
MOST_WORDS = 5  # plain ones, where each is looked for by itself
LONGEST_NUMBER = 19  # digits
SHORTEST_PREFIX = 2  # characters before a star
MOST_DAYS = 3650
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)
EMOTIONS = ("anger", "frustration", "disappointment", "worry", "confusion", "gratitude", "joy")
STANDINGS = ("unread", "open", "pending", "snoozed", "resolved", "waiting", "unassigned")
BELONGINGS = ("attachment", "note", "tag", "case")
Kind = Literal["number", "choice", "words", "date", "whole"]
Compare = Literal["=", "<", "<=", ">", ">=", ".."]
COMPARES: tuple[Compare, ...] = ("<=", ">=", "<", ">", "=")  # the longer ones first
Value = str | float | date | tuple[float, float] | int


@dataclass(frozen=True, slots=True)
class Operator:
    """`example` is a whole term; `low` and `high` bound a number; `choices` are all values there are, if known."""

    name: str
    kind: Kind
    help: str
    example: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Term:
    """`name` is an operator's, "" for plain words. A date's value is a day, or a number of days back from now.

    `is_prefix`: words that begin like the value are meant too (`refun*`).
    """

    name: str
    value: Value
    compare: Compare = "="
    is_negated: bool = False
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """`problems` are sentences for the screen; where there is one, nothing is to be searched for."""

    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[Term, ...]:
        """The plain words, also those that are turned round."""
        return tuple(term for term in self.terms if not term.name)

    @property
    def operators(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.name)


LISTED = (
    Operator("mood", "number", phrase("Mood, from -1 (bad) to 1 (good)"), "mood:<-0.5", low=-1.0),
    Operator(
        "sentiment",
        "choice",
        phrase("Sentiment of the last message"),
        "sentiment:negative",
        ("negative", "neutral", "positive"),
    ),
    Operator("emotion", "choice", phrase("An emotion in the last message"), "emotion:anger", EMOTIONS),
    Operator("intent", "words", phrase("What the customer wants"), "intent:refund_return"),
    Operator("urgency", "choice", phrase("How soon it hurts"), "urgency:high", ("low", "normal", "high")),
    Operator("confidence", "number", phrase("How sure the model is of what is asked beside it"), "confidence:>0.8"),
    Operator("language", "words", phrase("Language, two letters"), "language:de"),
    Operator("from", "words", phrase("The customer's name or address"), "from:mia@example.com"),
    Operator("to", "words", phrase("Whom a message was sent to"), "to:support@example.com"),
    Operator("tag", "words", phrase("A tag; quotes for one of several words"), 'tag:"big order"'),
    Operator("channel", "words", phrase("Kind or name of the channel"), "channel:mail"),
    Operator("after", "date", phrase("Last message on this day or later, or in so many days"), "after:7d"),
    Operator("before", "date", phrase("Last message before this day"), "before:2026-11-01"),
    Operator("in", "words", phrase("Name of the inbox"), "in:support"),
    Operator("assignee", "words", phrase("Who takes care of it: a name, me or none"), "assignee:me"),
    Operator("case", "whole", phrase("Number of a case it belongs to"), "case:12"),
    Operator("is", "choice", phrase("How it stands: unread, open, waiting …"), "is:unread", STANDINGS),
    Operator("has", "choice", phrase("What it has: attachment, note, tag or case"), "has:attachment", BELONGINGS),
)
OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in LISTED}


PIECE = re.compile(r'(?:"[^"]*"?|[^\s"])+')  # one way to match each character: linear


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece between blanks. `colon` is where a name ends, -1 where there is none; quotes are taken off."""

    text: str
    colon: int
    is_negated: bool
    is_prefix: bool


class _Refused(Exception):
    """A term that cannot be understood; `sentence` is for the screen."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def parse(text: str, *, most_words: int = MOST_WORDS) -> Search:
    """Read a search. Never raises; looks at no more than LONGEST characters and MOST_TERMS terms."""
    if len(text) > LONGEST:
        return Search(problems=(phrase("A search takes at most {most} characters.", most=LONGEST),))
    tokens = _tokens("".join(one if one.isprintable() else " " for one in text))
    if len(tokens) > MOST_TERMS:
        return Search(problems=(phrase("A search takes at most {most} words and operators.", most=MOST_TERMS),))
    terms, problems = [], []
    for token in tokens:
        try:
            terms.append(_term(token))
        except _Refused as refused:
            problems.append(refused.sentence)
    if sum(1 for term in terms if not term.name) > most_words:
        problems.append(
            phrase("A search takes at most {most} words beside operators; quotes make one of several.", most=most_words)
        )
    return Search(tuple(terms), tuple(dict.fromkeys(problems)))


def _tokens(text: str) -> list[_Token]:
    """Cut at blanks outside quotes; a quote that is never closed lasts to the end."""
    found = (_token(match[0]) for match in PIECE.finditer(text))
    return [token for token in found if token.text.strip()]


def _token(piece: str) -> _Token:
    is_negated = piece.startswith("-") and len(piece) > 1
    rest = piece[1:] if is_negated else piece
    before_quotes = rest.partition('"')[0]
    is_prefix = len(rest) > 1 and rest.endswith("*") and '"' not in rest
    return _Token(rest.replace('"', ""), before_quotes.find(":"), is_negated, is_prefix)


def _term(token: _Token) -> Term:
    name = token.text[: max(token.colon, 0)].lower()
    value = token.text[token.colon + 1 :].strip() if token.colon >= 0 else ""
    if not (name.isascii() and name.isalpha()) or (name not in OPERATORS and _is_plain(value)):
        return _plain(token)
    operator = OPERATORS.get(name)
    if operator is None:
        raise _Refused(_unknown(name))
    if not value:
        raise _Refused(phrase("“{name}:” needs a value, as in {example}", name=name, example=operator.example))
    compare, read = READ[operator.kind](operator, value)
    return Term(name, read, compare, token.is_negated)


def _plain(token: _Token) -> Term:
    """Read plain words; the star of `refun*` is taken off."""
    text = token.text.strip()
    if not token.is_prefix:
        return Term("", text, is_negated=token.is_negated)
    begun = text.rstrip("*")
    if len(begun) < SHORTEST_PREFIX:
        raise _Refused(phrase("Write at least {least} letters before the star, as in refun*", least=SHORTEST_PREFIX))
    return Term("", begun, is_negated=token.is_negated, is_prefix=True)


def _is_plain(value: str) -> bool:
    """Say that what stands behind a colon makes no operator of what stands before it: "Re:", "https://…"."""
    return not value or value.startswith("//")


def _unknown(name: str) -> str:
    near = get_close_matches(name[:LONGEST_NAME], list(OPERATORS), n=1)
    unknown = name[:LONGEST_NAME]
    if near:
        return phrase(
            "There is no operator “{name}:”. Did you mean “{near}:”? Words with a colon go in quotes.",
            name=unknown,
            near=near[0],
        )
    return phrase(
        "There is no operator “{name}:”. There are: {names}. Words with a colon go in quotes.",
        name=unknown,
        names=", ".join(OPERATORS),
    )


def _number(operator: Operator, value: str) -> tuple[Compare, Value]:
    low, dots, high = value.partition("..")
    if dots:
        return "..", (_within(operator, low), _within(operator, high))
    for compare in COMPARES:
        if value.startswith(compare):
            return compare, _within(operator, value[len(compare) :])
    raise _Refused(
        phrase("“{name}:” is compared with a number, as in {example}", name=operator.name, example=operator.example)
    )


def _within(operator: Operator, text: str) -> float:
    try:
        number = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        number = float("nan")
    if not operator.low <= number <= operator.high:
        raise _Refused(
            phrase(
                "“{name}:” goes from {low} to {high}, as in {example}",
                name=operator.name,
                low=f"{operator.low:g}",
                high=f"{operator.high:g}",
                example=operator.example,
            )
        )
    return number


def _choice(operator: Operator, value: str) -> tuple[Compare, Value]:
    if value.lower() not in operator.choices:
        raise _Refused(
            phrase("“{name}:” is one of {choices}.", name=operator.name, choices=", ".join(operator.choices))
        )
    return "=", value.lower()


def _words(_: Operator, value: str) -> tuple[Compare, Value]:
    return "=", value


def _date(operator: Operator, value: str) -> tuple[Compare, Value]:
    days = value[:-1]
    if value[-1:] in {"d", "D"} and days.isascii() and days.isdigit() and len(days) < 6 and int(days) <= MOST_DAYS:
        return "=", int(days)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _Refused(
            phrase(
                "“{name}:” takes a day or a number of days, as in {example}",
                name=operator.name,
                example=operator.example,
            )
        )
    return "=", day


def _whole(operator: Operator, value: str) -> tuple[Compare, Value]:
    digits = value.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER):
        raise _Refused(
            phrase("“{name}:” takes a number, as in {example}", name=operator.name, example=operator.example)
        )
    return "=", int(digits)


READ = {"number": _number, "choice": _choice, "words": _words, "date": _date, "whole": _whole}
