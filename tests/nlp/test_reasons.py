"""The words that drove a label: they stand where they are said to stand, and without them the label is less likely."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from nlp import backends
from nlp.annotate import LEAST_FALL, annotate
from nlp.encoder import MAX_PIECES, Piece
from nlp.prediction import Annotation, Prediction
from nlp.reasons import MOST_REASONS, SILENT
from nlp.training.rows import Row

pytestmark = pytest.mark.usefixtures("warm")

LEAST_EXPLAINED = 0.8  # of the negative messages that are not abstained


def without(text: str, prediction: Prediction, number: int) -> str:
    why = prediction.reasons[number]
    return text[: why.start] + " " + text[why.end :]


def test_deleting_a_marked_span_makes_the_label_less_likely(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    """For every reason of every task over the whole corpus; by as much as the reason weighs."""
    marked = [
        (row.text, prediction, number)
        for row, one in zip(corpus, said, strict=True)
        for prediction in one.predictions
        for number in range(len(prediction.reasons))
    ]
    assert len(marked) > len(corpus) / 2
    deleted = sorted({without(text, prediction, number) for text, prediction, number in marked})
    again = dict(zip(deleted, annotate(deleted, reasons=False), strict=True))
    for text, prediction, number in marked:
        other = again[without(text, prediction, number)].of(prediction.task)
        fall = prediction.probabilities[prediction.label] - other.probabilities.get(prediction.label, 0.0)
        assert fall >= LEAST_FALL, (text, prediction)
        assert fall == pytest.approx(prediction.reasons[number].weight, abs=2e-4)


def test_spans_are_whole_words_of_the_given_text(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    for row, one in zip(corpus, said, strict=True):
        for prediction in one.predictions:
            spans = [(why.start, why.end) for why in prediction.reasons]
            assert spans == sorted(spans)
            assert len(spans) <= MOST_REASONS
            for start, end in spans:
                assert 0 <= start < end <= len(row.text)
                assert row.text[start:end] == row.text[start:end].strip() != ""
            assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_most_negative_messages_that_are_used_have_a_reason(said: Sequence[Annotation]) -> None:
    negative = [
        one.of("sentiment")
        for one in said
        if one.of("sentiment").label == "negative" and not one.of("sentiment").abstained
    ]
    assert len(negative) > 50
    assert sum(bool(one.reasons) for one in negative) >= LEAST_EXPLAINED * len(negative)


def test_what_abstains_or_says_nothing_has_no_reason(said: Sequence[Annotation]) -> None:
    for one in said:
        for prediction in one.predictions:
            if prediction.abstained or prediction.label in SILENT:
                assert prediction.reasons == ()


FURIOUS = "I am absolutely furious and disgusted"
ODDLY_WRITTEN = {
    "emoji": f"😀👍🏽🎉 My parcel 📦 came on Monday. {FURIOUS} 😡😡😡 about it.",
    "links": f"See https://example.org/a/very/long/path?with=words&and=more#x and www.example.org. {FURIOUS}.",
    "entities": f"Fish &amp; chips &#39;n&#x27; peas &nbsp;&nbsp; came. {FURIOUS} &amp; want out.",
    "long_runs": f"Sooooooooooooooooo!!!!!!!!!!!!!!!!!!!! {FURIOUS}!!!!!!!!!!!!",
    "handles": f"@acme_support @someone_else {FURIOUS}",
    "zero_width": f"\u200bMy \u200bparcel\u200d came\ufeff. {FURIOUS}.",
    "full_width": f"Ｍｙ ｐａｒｃｅｌ came. {FURIOUS}.",
    "white_space": f"My   parcel\t\tcame.\r\n\r\n\r\n   {FURIOUS}.",
    "quoted_above": f"> {FURIOUS} says the quote\n> {FURIOUS}\n\nMy parcel came. {FURIOUS}.",
    "surrogates": f"My \ud83d parcel \udfff came. {FURIOUS}.",
    "accents": f"Le cafe\u0301 in Zu\u0308rich sent it. {FURIOUS}.",
}


@pytest.mark.parametrize("name", ODDLY_WRITTEN)
def test_spans_are_of_the_text_as_it_was_written(name: str) -> None:
    text = ODDLY_WRITTEN[name]
    (found,) = annotate([text], tasks=("sentiment",), thresholds={"sentiment": 0.0})
    feeling = found.of("sentiment")
    assert feeling.label == "negative"
    assert feeling.reasons
    strongest = max(feeling.reasons, key=lambda why: why.weight)
    marked = text[strongest.start : strongest.end]
    assert "furious" in marked or "disgusted" in marked
    assert strongest.start >= text.rindex("\n") if name == "quoted_above" else True
    (again,) = annotate([text[: strongest.start] + " " + text[strongest.end :]], tasks=("sentiment",), reasons=False)
    assert again.of("sentiment").probabilities["negative"] < feeling.probabilities["negative"]


def test_a_reason_is_found_far_into_a_long_mail() -> None:
    calm = "The parcel holds three boxes of paper and a lamp. " * 16
    angry = "You liars! I am disgusted and furious. This is the worst company ever, never again. Your staff are rude. "
    angry += "My kids cried all night because of your useless drivers, and nobody cared. I hate every minute of it. "
    text = calm + angry + calm
    (found,) = annotate([text], tasks=("sentiment",), thresholds={"sentiment": 0.0})
    feeling = found.of("sentiment")
    assert feeling.label == "negative"
    assert feeling.reasons
    for why in feeling.reasons:
        assert why.start < len(calm) + len(angry)
        assert why.end > len(calm)


def test_asking_for_reasons_changes_no_answer(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    bare = annotate([row.text for row in corpus[:80]], reasons=False)
    for one, other in zip(said, bare, strict=False):
        assert [(p.label, p.confidence) for p in one.predictions] == [
            (p.label, p.confidence) for p in other.predictions
        ]
        assert not any(p.reasons for p in other.predictions)


HOSTILE = {
    "gone_words": "https://a.example/x " * 5_000 + FURIOUS,
    "same_words": "a " * 500_000,
    "changed_words": "Ｗｏｒｄ " * 20_000,
    "entities": "&amp;" * 50_000 + FURIOUS,
    "one_letter_words": "furious i " * 2_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_looking_for_reasons_is_bounded_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []
    forward = backends.forward

    def counted(backend: backends.Backend, given: Sequence[Piece]) -> backends.Passed:
        pieces.append(len(given))
        return forward(backend, given)

    monkeypatch.setattr(backends, "forward", counted)
    annotate([HOSTILE[name]], tasks=("sentiment",))
    assert len(pieces) <= 2
    assert sum(pieces) <= MAX_PIECES * (1 + MOST_REASONS)
