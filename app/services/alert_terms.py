"""Which words stand out in some texts beside others: pure term statistics, no model.

A word counts once a text. How far it stands out is Dunning's likelihood ratio of being in these texts and in the others
(its root, signed: about a number of standard errors), which is fair to words that were never there before. Words with
digits, and addresses, are no terms: what stands out must not be somebody's number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LONGEST_TEXT, MOST_WORDS, LONGEST_WORD = 2000, 300, 30  # characters, words of a text, characters of a word
LEAST_TEXTS = 3  # in which a term must stand
LEAST_PART = 0.05  # of the texts
LEAST_ERRORS = 3.3  # standard errors
SAME = 0.75  # of its texts a word shares with a pair: then only one of them is told
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENDS = frozenset(".,;:!?)…。、")
_NO_TERM = re.compile(r"[\d@]|://|www\.")

_STOP = """
a about after again all also am an and any are as at be because been before being but by can could did do does
doing don done dear down each else ever every few for from further get got had has have having he hello her here
hers hi him his how i if i'd i'll i'm i've in into is isn't it it's its just kind know let like look me more most
much my need no not now of off ok on once one only or other our ours out over own please really regards same see
she should so some still such than thank thanks that that's the their them then there these they this those
through to today too two under until up us very want was we we're well were what when where which while who whom
why will wish with would yes yet you you're your yours sincerely best cheers kindly team sir madam wrote write
can't doesn't didn't won't couldn't wouldn't hasn't haven't wasn't aren't there's what's
aber als am an auch auf aus bei bin bis bitte da das dass dein dem den der des die dies dir doch du durch ein eine
einem einen einer es für gibt habe haben hallo hat hier ich ihr ihre ihrem ihren ihnen im in ist ja kann kein keine
mein meine mich mir mit nach nicht noch nun nur ob oder ohne schon sehr sein seit sie sind so um und uns vom von
vor war was wenn wer wie wir wird wo zu zum zur grüße freundlichen viele vielen dank
al con como cuando de del desde el ella en es esta este está ha hay hola la las le lo los me mi muy más no nos o
para pero por que qué se si sin sobre son su sus te tu un una y ya gracias saludos
au aux avec ce ces cette dans de des du elle en est et eu il ils j'ai je la le les leur mais me mes moi mon ne nous
on ou par pas pour qu que qui sa se ses son sur ta te un une vos votre vous été bonjour merci cordialement
"""
STOP_WORDS = frozenset(_STOP.split())


@dataclass(frozen=True, slots=True)
class Term:
    """`now` and `before` are the parts of the texts in which the term stands."""

    term: str
    now: float
    before: float


def standing_out(now: Sequence[str], before: Sequence[str], *, most: int = 8) -> list[Term]:
    """Return the terms of `now` that stand out beside `before`, the most telling first."""
    if not now:
        return []
    here, there = _counts(now), _counts(before)
    least = max(LEAST_TEXTS, math.ceil(LEAST_PART * len(now)))
    errors = {
        term: _errors(count, len(now), there[term], len(before)) for term, count in here.items() if count >= least
    }
    telling = sorted(
        (term for term, far in errors.items() if far >= LEAST_ERRORS),
        key=lambda term: (-errors[term], -term.count(" "), term),  # of equals the pair: it says more
    )
    chosen = _distinct(telling, here, most)
    return [Term(term, here[term] / len(now), there[term] / max(1, len(before))) for term in chosen]


def words_of(text: str) -> set[str]:
    """Return the words and pairs of neighbouring words of a text, in lower case, without stop words."""
    said: list[str] = []
    for chunk in text[:LONGEST_TEXT].split()[:MOST_WORDS]:
        if _NO_TERM.search(chunk):
            said.append("")
            continue
        said += [word if _is_telling(word) else "" for word in _WORD.findall(chunk.lower())]
        if chunk[-1] in _ENDS:
            said.append("")  # no pair over the end of a clause
    pairs = {f"{one} {next_}" for one, next_ in pairwise(said) if one and next_}
    return {word for word in said if word} | pairs


def _is_telling(word: str) -> bool:
    return 2 < len(word) <= LONGEST_WORD and word.replace("’", "'") not in STOP_WORDS


def _counts(texts: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        found.update(words_of(text))
    return found


def _errors(here: int, of_here: int, there: int, of_there: int) -> float:
    """Return how far a term stands out: positive where it is more frequent here. Beside nothing, frequent words do."""
    if not of_there:
        return LEAST_ERRORS + here
    share = (here + there) / (of_here + of_there)
    cells = (
        (here, of_here * share),
        (of_here - here, of_here * (1 - share)),
        (there, of_there * share),
        (of_there - there, of_there * (1 - share)),
    )
    ratio = 2 * sum(seen * math.log(seen / expected) for seen, expected in cells if seen)
    return math.copysign(math.sqrt(max(0.0, ratio)), here / of_here - there / of_there)


def _distinct(telling: Sequence[str], counts: Counter[str], most: int) -> list[str]:
    """Leave out words that say no more than a pair of words that was chosen, and pairs around a word that was."""
    chosen: list[str] = []
    for term in telling:
        if len(chosen) == most:
            break
        if not any(_says_the_same(term, other, counts) for other in chosen):
            chosen.append(term)
    return chosen


def _says_the_same(one: str, other: str, counts: Counter[str]) -> bool:
    if not set(one.split()) & set(other.split()):
        return False
    return min(counts[one], counts[other]) >= SAME * max(counts[one], counts[other])
