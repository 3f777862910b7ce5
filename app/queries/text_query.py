"""What people type, as PostgreSQL looks for it in words that app/folding.py cut: tsqueries, written out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, literal
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import TSQUERY

from app.clock import now
from app.folding import Word, fold, words
from app.queries.search_terms import Term


def phrase(text: str, *, is_prefix: bool = False) -> str:
    """Return a tsquery for words that stand side by side; "" where a text has none.

    Both spellings of an umlaut are looked for. Of a script without blanks the pairs are: the last character of a run
    is in its last pair already.
    """
    told = list(words(text))
    kept = [(at, word) for at, word in enumerate(told) if not _is_in_pair_before(told, at)]
    if not kept:
        return ""
    pieces: list[str] = []
    before = kept[0][0]
    for at, word in kept:
        if pieces:
            pieces.append(f"<{at - before}>")
        pieces.append(_written(word, is_begun=is_prefix and at == kept[-1][0]))
        before = at
    return f"({' '.join(pieces)})" if len(kept) > 1 else pieces[0]


def of_term(term: Term) -> str:
    """Return a plain term's tsquery, not turned round; "" where it has no letters or digits."""
    return phrase(str(term.value), is_prefix=term.is_prefix)


def all_of(terms: Iterable[Term], marks: Sequence[str] = ()) -> str:
    """Return what texts must hold, and must not, at once; "" where nothing is left to look for."""
    wanted = [query for term in terms if not term.is_negated and (query := of_term(term))]
    unwanted = [f"!{query}" for term in terms if term.is_negated and (query := of_term(term))]
    return " & ".join((*wanted, *marks, *unwanted))


def sent_to(address: str) -> str:
    """Return a tsquery for messages sent to an address, to what begins like it, or to a domain."""
    wanted = address.strip().lower()[:320]
    return f"({_mark(f'~to.{wanted}')}:* | {_mark(f'~to.@{wanted}')})"


def since(moment: datetime) -> str:
    """Return a tsquery for messages of a moment's month (a day earlier, for the zone's sake) and later."""
    first = moment.astimezone(UTC) - timedelta(days=1)
    months = [f"~m.{first.year:04}-{month:02}" for month in range(first.month, 13)]
    years = [f"~y.{year:04}" for year in range(first.year + 1, now().year + 2)]
    return f"({' | '.join(map(_mark, months + years))})"


def until(moment: datetime) -> str:
    """Return a tsquery for messages of a moment's month (a day later, for the zone's sake) and earlier."""
    last = moment.astimezone(UTC) + timedelta(days=1)
    months = [f"~m.{last.year:04}-{month:02}" for month in range(last.month + 1, 13)]
    years = [f"~y.{year:04}" for year in range(last.year + 1, now().year + 2)]
    return " & ".join(f"!{_mark(mark)}" for mark in months + years)


def tsquery(written: str) -> ColumnElement[str]:
    """Return a written tsquery as a value of that type."""
    return cast("ColumnElement[str]", as_type(literal(written), TSQUERY))


def folded(text: str) -> set[str]:
    """Return the spellings of a text's words that a highlighting compares with."""
    return {one for word in words(text) for one in (word.text, word.also) if one} | {fold(text)}


def _is_in_pair_before(told: Sequence[Word], at: int) -> bool:
    word = told[at]
    return word.is_pair and len(word.text) == 1 and at > 0 and told[at - 1].is_pair and len(told[at - 1].text) > 1


def _written(word: Word, *, is_begun: bool) -> str:
    star = ":*" if is_begun or (word.is_pair and len(word.text) == 1) else ""
    told = [f"'{one}'{star}" for one in (word.text, word.also) if one]
    return f"({' | '.join(told)})" if len(told) > 1 else told[0]


def _mark(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
