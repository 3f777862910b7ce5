"""What was found, as a page shows it: excerpts with the words marked; what is sensitive is hidden first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.discretion import discreet_cut
from app.folding import UNSPACED, fold, spans, words
from app.markup import one_line
from app.queries.search_terms import Term

LONGEST_TEXT = 20_000  # characters: what queries cut texts to
EXCERPT, LEAD = 220, 50  # characters of an excerpt, and of them before the first word
NEAR = 90  # characters: what stands there is in sight on a phone too
MOST_MARKS = 300
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a search: whole ones, beginnings, and runs of scripts without blanks."""

    whole: frozenset[str] = frozenset()
    begun: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Wanted:
        """Read the plain terms that are not turned round."""
        whole: set[str] = set()
        begun: set[str] = set()
        runs: set[str] = set()
        for term in terms:
            if term.is_negated:
                continue
            told = [word for word in words(str(term.value)) if not word.is_pair]
            spelled = [{one for one in (word.text, word.also) if one} for word in told]
            if term.is_prefix and spelled:
                begun |= spelled.pop()
            whole |= set().union(*spelled)
            runs |= set(UNSPACED.findall(fold(str(term.value))))
        return cls(frozenset(whole), tuple(sorted(begun)), tuple(sorted(runs)))


def excerpt(text: str, wanted: Wanted, *, length: int = EXCERPT) -> Markup:
    """Return the piece of a text with most of the words, these in <mark>; everything else is text, whatever it says."""
    shown = one_line(discreet_cut(text, length=LONGEST_TEXT))
    places = list(_places(shown, wanted))
    start = _start(places, shown, length)
    end = min(len(shown), start + length)
    inside = [(max(at, start), min(to, end)) for at, to in places if at < end and to > start]
    before, after = "… " if start else "", " …" if end < len(shown) else ""
    return Markup("{}{}{}").format(before, _marked(shown, start, end, inside), after)


def line(text: str, wanted: Wanted, *, length: int = 200) -> Markup:
    """Return the beginning of a short text, its words marked: names, titles, subjects."""
    shown = one_line(discreet_cut(text, length=LONGEST_TEXT))[:length]
    return _marked(shown, 0, len(shown), list(_places(shown, wanted)))


def _places(text: str, wanted: Wanted) -> Iterable[Place]:
    left = MOST_MARKS
    for start, end in spans(text):
        run = text[start:end]
        for place in _in_run(run, wanted):
            yield start + place[0], start + place[1]
            left -= 1
        if left <= 0:
            return


def _in_run(run: str, wanted: Wanted) -> list[Place]:
    folded = fold(run)
    if wanted.runs and len(folded) == len(run) and UNSPACED.search(folded):
        return _of_runs(folded, wanted.runs)
    for word in words(run):
        told = {word.text, word.also}
        if told & wanted.whole or any(one.startswith(wanted.begun) for one in told if one and wanted.begun):
            return [(0, len(run))]
    return []


def _of_runs(folded: str, runs: Sequence[str]) -> list[Place]:
    found: list[Place] = []
    for one in runs:
        at = folded.find(one)
        while at >= 0 and len(found) < MOST_MARKS:
            found.append((at, at + len(one)))
            at = folded.find(one, at + len(one))
    return _apart(sorted(found))


def _apart(places: list[Place]) -> list[Place]:
    """Join places that overlap."""
    kept: list[Place] = []
    for start, end in places:
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def _start(places: Sequence[Place], text: str, length: int) -> int:
    """Return where an excerpt begins: where most different words stand together, at the beginning of a word."""
    if not places or places[-1][1] <= NEAR:
        return 0
    best, most, last = 0, 0, 0
    for at, (start, _) in enumerate(places):
        while last < len(places) and places[last][1] <= start + length - LEAD:
            last += 1
        if last - at > most:
            best, most = at, last - at
    wished = max(0, places[best][0] - LEAD) if places[best][0] > NEAR else 0
    blank = text.find(" ", wished, places[best][0])
    return blank + 1 if wished and blank >= 0 else wished


def _marked(text: str, start: int, end: int, places: Sequence[Place]) -> Markup:
    pieces, at = [], start
    for begin, to in places:
        pieces += [escape(text[at:begin]), Markup('<mark class="found">{}</mark>').format(text[begin:to])]
        at = to
    return Markup("").join((*pieces, escape(text[at:end])))
