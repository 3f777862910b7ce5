"""The tone of drafts, on our own replies: bad ones are noticed, good ones are left alone.

replies.tsv was at hand while the rules were written; held_out.tsv was written afterwards. Rules alone noticed 1 of its 28
cold, blaming and angry drafts, which is why there is a model; nothing of it is in the rows that the model learns.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from app import personal_data
from nlp.annotate import annotate
from nlp.language import detect
from nlp.tone import KINDS, MOST_HINTS, Hint, check
from nlp.tone_model import ROWS, ToneModel, learn

FOLDER = Path(__file__).parents[1] / "fixtures" / "tone"
SECRETS = personal_data.SENSITIVE - {personal_data.Kind.IBAN}
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def embed(texts: Sequence[str]) -> list[tuple[float, ...]]:
    return [said.embedding for said in annotate(list(texts), tasks=(), reasons=False)]


@pytest.fixture(scope="module")
def model() -> ToneModel:
    return learn(embed)


def hints_of(row: Row, model: ToneModel | None = None) -> list[Hint]:
    context, _, value = row["context"].partition("=")
    return check(
        row["text"].replace("\\n", "\n"),
        customer_language=value if context == "language" else "",
        notes=[value] if context == "note" else [],
        detect=lambda text: detect(text).code,
        secrets=lambda text: [(s.start, s.end, s.kind.value) for s in personal_data.spans(text, kinds=SECRETS)],
        judge=model.judge if model else None,
    )


def kinds_of(row: Row, model: ToneModel) -> set[str]:
    return {hint.kind for hint in hints_of(row, model)}


def test_the_sets_are_large_enough_and_apart() -> None:
    for name in ("replies.tsv", "held_out.tsv"):
        good = [row for row in rows(name) if row["label"] == "good"]
        assert len(good) >= 60
        assert len(rows(name)) - len(good) >= 60
    with ROWS.open(encoding="utf-8", newline="") as file:
        learned = {row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert learned.isdisjoint(row["text"] for row in rows("held_out.tsv"))


@pytest.mark.parametrize("name", ["replies.tsv", "held_out.tsv"])
def test_good_replies_raise_hardly_a_false_alarm(name: str, model: ToneModel) -> None:
    alarms = [(row["text"], hints_of(row, model)) for row in rows(name) if row["label"] == "good"]
    told = [(text, hints) for text, hints in alarms if hints]
    assert len(told) <= 3, told


@pytest.mark.parametrize(
    ("name", "label", "least"),
    [
        ("replies.tsv", "angry", 0.95),
        ("replies.tsv", "blaming", 0.95),
        ("replies.tsv", "cold", 0.95),
        ("replies.tsv", "internal", 0.95),
        ("replies.tsv", "language", 1.0),
        ("replies.tsv", "secret", 0.75),
        ("held_out.tsv", "angry", 0.75),
        ("held_out.tsv", "blaming", 0.3),
        ("held_out.tsv", "cold", 0.3),
        ("held_out.tsv", "internal", 0.8),
        ("held_out.tsv", "language", 1.0),
        ("held_out.tsv", "secret", 0.9),
    ],
)
def test_bad_replies_are_noticed(name: str, label: str, least: float, model: ToneModel) -> None:
    bad = [row for row in rows(name) if row["label"] == label]
    noticed = [row for row in bad if kinds_of(row, model)]
    assert len(noticed) >= least * len(bad), [row["text"] for row in bad if row not in noticed]


def test_a_kind_word_takes_the_chill_off() -> None:
    assert [hint.kind for hint in check("That is not possible.")] == ["cold"]
    assert check("I'm sorry, that is not possible, but I can offer a voucher.") == []


@pytest.mark.parametrize(
    "text",
    [
        "You should have received the mail by now.",
        "It is not your fault.",
        "If you did not pay yet, please ignore this.",
        "You don't need to send it back.",
        "You were not told about it, and that is our mistake.",
    ],
)
def test_what_only_looks_like_blame_is_none(text: str) -> None:
    assert check(text) == []


def test_a_hint_says_where() -> None:
    draft = "Hello Kim,\n\nYou’re right. You should have read the terms, WHAT ELSE CAN I SAY."
    found = {hint.kind: draft[hint.start : hint.end] for hint in check(draft)}
    assert found == {"blaming": "You should have read", "angry": "WHAT ELSE CAN I SAY"}


def test_words_that_were_said_openly_are_no_secret() -> None:
    note = "the customer wants the blue one sent to the office in Porto before Friday"
    copied = f"Hello, {note}."
    assert [hint.detail for hint in check(copied, notes=[note])] == ["note"]
    assert check(copied, notes=[note], said_openly=[f"I would like: {note}"]) == []


def test_quoted_lines_are_not_the_agents_words() -> None:
    assert check("> You should have read the manual.\n\nThank you for telling us.") == []
    assert check("You should have read the manual.\n\nThank you for telling us.") != []


def test_the_most_serious_comes_first() -> None:
    draft = "Whatever. You forgot to pay. Calm down. Internal only: see the note."
    kinds = [hint.kind for hint in check(draft)]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert kinds[0] == "internal"


@pytest.mark.parametrize(
    "draft",
    [
        "",
        " ",
        "👍" * 50_000,
        "you " * 100_000,
        "you should have " * 20_000,
        "A" * 1_000_000,
        "\u200b\u202e" * 1000,
        "password: " * 5_000,
        "@a" * 50_000,
        "WHAT NOW " * 20_000,
        "\ud800",
    ],
)
def test_any_draft_is_answered(draft: str, model: ToneModel) -> None:
    hints = hints_of({"context": "language=en", "text": draft}, model)
    assert len(hints) <= MOST_HINTS
    assert all(0 <= hint.start < hint.end <= len(draft) for hint in hints)
