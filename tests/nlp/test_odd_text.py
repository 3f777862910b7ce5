"""However odd a text is, it gets an answer or an abstention from bounded work. Work is counted, never timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import backends
from nlp.annotate import annotate
from nlp.cleaning import HEAD_CHARACTERS, TAIL_CHARACTERS, clean
from nlp.encoder import MAX_PIECES, MAX_TOKENS, Piece
from nlp.new_words import new_words
from nlp.reasons import MOST_REASONS
from nlp.tasks import TASKS
from tests.nlp.around import ANGRY

pytestmark = pytest.mark.usefixtures("warm")

# a pass over the text, and one for each reason that is tried
MOST_PASSES = 1 + MOST_REASONS * len(TASKS)

ODD = {
    "megabyte": ("I am not happy with the delivery of my order. " * 25_000)[:1_000_000],
    "emoji": "😀" * 1_000_000,
    "families": "👨‍👩‍👧‍👦" * 100_000,
    "right_to_left": "שלום עולם " * 100_000,
    "right_to_left_marks": "\u202e\u2067refund me\u2069\u202c " * 50_000,
    "arabic_ligatures": "ﷺ" * 1_000_000,
    "zero_width": "re\u200bfu\u200dnd " * 100_000,
    "accents": "a" + "\u0301" * 1_000_000,
    "mixed": "Hello 😀 مرحبا 你好 Привет " * 40_000,
    "one_word": "x" * 1_000_000,
    "lines": "a\n" * 500_000,
    "blank_lines": "refund" + "\n" * 1_000_000 + "now",
    "half_characters": "\ud800 where is my order \udfff" * 1_000,
    "entities": "&amp;&#9999999;&#x110000;&nope;" * 30_000,
    "ampersands": "&#" * 500_000,
    "at_signs": "@" * 1_000_000,
    "links": "www." * 250_000,
    "html": "<div><p>My <b>order</b> is late<br></p></div>" * 20_000,
    "half_html": "<div style='color:red" * 40_000,
    "nulls": "\x00" * 1_000_000,
    "private_use": "\ue000" * 100_000,
    "other_scripts": "我的包裹在哪里 Где мой заказ الطلب متأخر ขอบคุณ ありがとう 감사합니다 " * 5_000,
    "quoted_lines": "Where is it?\n" + f"> {ANGRY}\n" * 100_000,
    "quotes_alone": "> why\n" * 100_000,
    "farewells": "Thanks\n" * 100_000,
    "farewells_and_blanks": ("Regards\n" + "\n" * 40) * 20_000,
    "attributions": "On 1/1/20, 1:1 AM someone <a@b.example>\n" * 20_000,
    "attributions_in_one_line": "On 1/1/20 1:1 " * 60_000,
    "headers": "From: a\nSent: b\n\n" * 50_000,
    "disclaimers_that_never_come": "This message " * 70_000,
    "banners_that_never_come": "External " * 70_000,
    "underscores": "_" * 1_000_000,
    "registered": ("a" * 79 + "\n") * 12_000,
}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Piece]]:
    """Every call of the network, with the pieces it was given."""
    seen: list[Sequence[Piece]] = []
    forward = backends.forward

    def counted(backend: backends.Backend, pieces: Sequence[Piece]) -> backends.Passed:
        seen.append(pieces)
        return forward(backend, pieces)

    monkeypatch.setattr(backends, "forward", counted)
    return seen


@pytest.mark.parametrize("name", ODD)
def test_odd_text_gets_an_answer_from_bounded_work(name: str, passes: list[Sequence[Piece]]) -> None:
    (found,) = annotate([ODD[name]], tasks=("sentiment", "emotion"))
    assert [one.task for one in found.predictions] == ["sentiment", "emotion"]
    assert all(one.label for one in found.predictions)
    assert len(passes) <= 2
    assert all(len(pieces) <= MAX_PIECES * MOST_PASSES for pieces in passes)
    assert sum(map(len, passes)) <= MAX_PIECES * MOST_PASSES
    assert all(len(piece.tokens) <= MAX_TOKENS for pieces in passes for piece in pieces)


def test_one_round_holds_no_more_texts_than_it_may(
    passes: list[Sequence[Piece]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp.annotate.TEXTS_AT_ONCE", 20)
    annotate(["ok"] * 41, reasons=False)
    assert [len(pieces) for pieces in passes] == [20, 20, 1]


@pytest.mark.parametrize("name", ODD)
def test_what_is_encoded_is_bounded_and_can_be_encoded(name: str) -> None:
    cleaned = clean(ODD[name])
    assert len(cleaned) <= HEAD_CHARACTERS + TAIL_CHARACTERS + 1
    cleaned.encode("utf-8")


class Watched(str):
    """A line that counts how many characters are taken from it."""

    __slots__ = ()
    taken = 0

    def __getitem__(self, what: Any) -> str:
        part = str.__getitem__(self, what)
        Watched.taken += len(part)
        return part


class WatchedText(str):
    __slots__ = ()

    def split(self, sep: str | None = None, maxsplit: Any = -1) -> list[Any]:
        return [Watched(line) for line in str.split(self, sep, maxsplit)]


@pytest.mark.parametrize("name", [name for name in ODD if "\n" in ODD[name] and name not in {"lines", "blank_lines"}])
def test_parting_new_words_reads_each_line_a_bounded_number_of_times(name: str) -> None:
    def taken(lines: int) -> int:
        Watched.taken = 0
        new_words(WatchedText("\n".join(ODD[name].split("\n", lines)[:lines])))
        return Watched.taken

    few, many = taken(400), taken(4_000)
    assert many <= 11 * few + 10_000, "more than ten times the work for ten times the lines"


@given(st.text(alphabet=st.characters(), max_size=120))
@settings(max_examples=30, deadline=None)
def test_any_text_at_all_is_answered(text: str) -> None:
    (found,) = annotate([text])
    assert [one.task for one in found.predictions] == list(TASKS)
    for one in found.predictions:
        assert one.abstained is (one.abstain_reason is not None)
        assert all(0 <= why.start < why.end <= len(text) for why in one.reasons)


def test_other_scripts_and_mixed_languages_abstain_or_answer_but_never_lie_about_the_language() -> None:
    chinese, russian, arabic, emoji = annotate(
        ["我的包裹在哪里？", "Где мой заказ?", "أين طلبي؟ لقد انتظرت أسبوعين", "😡😡😡"], reasons=False
    )
    assert [one.language for one in (chinese, russian, arabic)] == ["zh", "ru", "ar"]
    assert all(prediction.abstained for one in (chinese, russian, arabic) for prediction in one.predictions)
    assert emoji.language == "und"
    assert emoji.of("sentiment").label == "negative"


@pytest.mark.parametrize(
    ("plain", "odd"),
    [
        ("I want a refund & an answer now!", "I want a refund &amp; an answer now!"),
        ("I want a refund now!", "I\u200b want\u2060 a re\u00adfund now!\ufeff"),
        ("I want a refund now!", "\u202aI want a refund now!\u202c"),
        ("I want a refund now!", "I want\u00a0a   refund\tnow!"),
        ("I want a refund now!", "Ｉ want a ｒｅｆｕｎｄ now!"),
    ],
)
def test_what_cannot_be_seen_changes_no_label(plain: str, odd: str) -> None:
    one, other = annotate([plain, odd], reasons=False)
    assert [(p.label, p.abstain_reason) for p in one.predictions] == [
        (p.label, p.abstain_reason) for p in other.predictions
    ]
