"""A message as the timeline shows it: what is sensitive is masked, and what points into its text is moved along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.discretion import discreet, discreet_cut, hidden_spans, kinds_in
from app.personal_data import Kind, Span, masked
from app.phrases import phrase_in
from app.queries.message_predictions import PredictionRow
from app.queries.scheduled_replies import LONGEST_TEXT as SCHEDULED_TEXT
from app.queries.scheduled_replies import ScheduledRow
from app.queries.timeline import LONGEST_TEXT, MessageRow

KINDS = {  # how readers are told what is hidden
    Kind.CARD: phrase_in("hidden", "card"),
    Kind.IBAN: phrase_in("hidden", "IBAN"),
    Kind.NATIONAL_ID: phrase_in("hidden", "ID"),
    Kind.PHONE: phrase_in("hidden", "phone"),
    Kind.EMAIL: phrase_in("hidden", "e-mail"),
    Kind.PASSWORD: phrase_in("hidden", "password"),
    Kind.PIN: phrase_in("hidden", "PIN"),
    Kind.CVV: phrase_in("hidden", "CVV"),
    Kind.CODE: phrase_in("hidden", "code"),
    Kind.TOKEN: phrase_in("hidden", "key"),
}
DEEPEST = 6  # levels of a form's own fields that are looked into; connectors keep them flat


def conceal(row: MessageRow) -> tuple[MessageRow, tuple[str, ...]]:
    """Return the row with masks, and words for the kinds that it hides (none: it is the row itself)."""
    kinds = frozenset().union(*map(kinds_in, _texts(row)))
    if not kinds:
        return row, ()
    read = row.text or row.subject
    found = hidden_spans(read)
    shown = replace(
        row,
        subject=discreet(row.subject),
        text=_cut(row.text) if row.is_cut else discreet(row.text),
        quoted=_cut(row.quoted),
        signature=_cut(row.signature),
        custom={discreet(name): _of_field(value) for name, value in row.custom.items()},
        attachments=tuple(replace(file, filename=discreet(file.filename)) for file in row.attachments),
        predictions=tuple(_moved(told, read, found) for told in row.predictions),
    )
    return shown, tuple(sorted(KINDS[kind] for kind in kinds))


def conceal_scheduled(row: ScheduledRow) -> ScheduledRow:
    """Return a reply that leaves later with masks."""
    files = tuple(map(discreet, row.files))
    return replace(row, text=discreet_cut(row.text, length=SCHEDULED_TEXT), files=files)


def without_words(row: MessageRow) -> MessageRow:
    """Return a row that was deleted as those see it who may not know what it said."""
    return replace(
        row,
        subject="",
        text="",
        is_cut=False,
        quoted="",
        signature="",
        has_html=False,
        layout=None,
        custom={},
        predictions=(),
        attachments=(),
        more=replace(row.more, revisions=(), remote_files=(), translations=()),
    )


def _texts(row: MessageRow) -> Iterator[str]:
    yield from (row.text, row.subject, row.quoted, row.signature)
    yield from (file.filename for file in row.attachments)
    for name, value in row.custom.items():
        yield name
        yield from _strings(value, DEEPEST)


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, (dict, list)) and depth:
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one, depth - 1)
    elif value is not None:
        yield str(value)


def _of_field(value: Any, depth: int = DEEPEST) -> Any:
    if isinstance(value, dict) and depth:
        return {name: _of_field(one, depth - 1) for name, one in value.items()}
    if isinstance(value, list) and depth:
        return [_of_field(one, depth - 1) for one in value]
    return value if value is None else discreet(str(value))


def _cut(text: str) -> str:
    return discreet_cut(text, length=LONGEST_TEXT)


def _moved(told: PredictionRow, read: str, found: Sequence[Span]) -> PredictionRow:
    """Move the spans of a prediction's reasons to where their words stand between masks."""
    if not found or not told.reasons:
        return told
    places = [place for start, end, _ in told.reasons for place in (start, end)]
    new = dict(zip(sorted(places), _shifted(sorted(places), read, found), strict=True))
    return replace(told, reasons=tuple((new[start], new[end], weight) for start, end, weight in told.reasons))


def _shifted(places: Sequence[int], read: str, found: Sequence[Span]) -> Iterator[int]:
    """Yield where each place (ascending) of the text stands in the masked text; one inside a finding, at its mask."""
    shift = at = 0
    for place in places:
        while at < len(found) and found[at].end <= place:
            span = found[at]
            shift += len(masked(span.kind, read[span.start : span.end])) - (span.end - span.start)
            at += 1
        inside = at < len(found) and found[at].start < place
        yield (found[at].start if inside else place) + shift
