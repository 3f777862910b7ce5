"""Summaries are made of sentences that were said, few of them, and the ones that matter."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.annotate import annotate
from nlp.summary import MOST_CANDIDATES, MOST_SENTENCES, Said, summarise

TALK = (
    ("c", "Hello,\n\nmy espresso machine leaks water at the bottom since Monday. Order HP-21888.\n\nKind regards\nLea"),
    ("a", "Hi Lea, I'm sorry about that. Is the tank seated firmly?"),
    ("c", "The tank is firm. It leaks while it heats up, about half a cup every time."),
    ("a", "Thank you. Could you send me a photo of the serial number?"),
    ("c", "Here it is."),
    ("a", "This series had a weak gasket. We will repair it under warranty, it takes about five days."),
    ("c", "Five days without coffee is long. Is there a replacement machine for that time?"),
    ("a", "Done: the courier comes on Wednesday and brings the other machine."),
    ("c", "The courier did not come on Wednesday. I waited all morning and nobody called."),
    ("a", "I am sorry. The new date is Friday, and they will call you half an hour before."),
    ("c", "Friday is fine. Have a nice day!"),
    ("c", "The machine was picked up on Friday. When will it be back?"),
)


def embed(texts: Sequence[str]) -> list[tuple[float, ...]]:
    return [said.embedding for said in annotate(list(texts), tasks=(), reasons=False)]


def summary_of(talk: Sequence[tuple[str, str]], **more: int) -> list[str]:
    said = [Said(at, text, who == "c") for at, (who, text) in enumerate(talk)]
    return [talk[one.id][1][one.start : one.end] for one in summarise(said, embed=embed, **more)]


def test_a_summary_says_what_it_is_about_what_we_did_and_what_is_open() -> None:
    told = summary_of(TALK)
    assert 3 <= len(told) <= MOST_SENTENCES
    text = "\n".join(told)
    assert "leaks water at the bottom" in text
    assert "When will it be back?" in text
    assert any(any(one in text for text in ours()) for one in told)  # not the customer's words alone


def ours() -> list[str]:
    return [text for who, text in TALK if who == "a"]


def test_greetings_and_good_byes_are_left_out() -> None:
    text = "\n".join(summary_of(TALK, most=12))
    for formal in ("Hello", "Kind regards", "Have a nice day", "Thank you."):
        assert formal not in text


def test_it_is_told_in_the_order_it_was_said() -> None:
    said = [Said(at, text, who == "c") for at, (who, text) in enumerate(TALK)]
    places = [(one.id, one.start) for one in summarise(said, embed=embed)]
    assert places == sorted(places)
    assert max(sum(id_ == one for id_, _ in places) for one, _ in places) <= 2


def test_the_same_again_is_not_said_twice() -> None:
    again = [("c", f"My parcel has not arrived, where is it? It is day {day}.") for day in range(9)]
    told = summary_of([*again, ("a", "The carrier lost it, we will send a new one tomorrow.")], most=3)
    assert any("carrier lost it" in sentence for sentence in told)


def test_what_was_felt_strongly_weighs_more() -> None:
    lines = [f"The number {number} bus stops near the old market hall." for number in range(30)]
    calm = [Said(at, text, is_customer=True) for at, text in enumerate(lines)]
    moved = [Said(one.id, one.text, one.is_customer, strength=float(one.id == 17)) for one in calm]

    def level(texts: Sequence[str]) -> list[tuple[float, ...]]:
        return [tuple(float(at == own) for at in range(len(texts))) for own in range(len(texts))]

    assert 17 not in [one.id for one in summarise(calm, embed=level, most=3)]
    assert 17 in [one.id for one in summarise(moved, embed=level, most=3)]


def test_five_thousand_messages_are_read_within_bounds() -> None:
    asked: list[int] = []

    def counting(texts: Sequence[str]) -> list[tuple[float, ...]]:
        asked.append(len(texts))
        return [(1.0,) for _ in texts]

    said = [
        Said(at, f"Message {at} says that the order was sent and arrived. " * 40, at % 2 == 0) for at in range(5_000)
    ]
    told = summarise(said, embed=counting)
    assert asked == [MOST_CANDIDATES]
    assert len(told) == MOST_SENTENCES
    assert told[0].id < 100
    assert told[-1].id > 4_900


def test_where_nothing_is_said_there_is_no_summary() -> None:
    assert summarise([], embed=embed) == []
    assert summary_of([("c", ""), ("c", "👍👍"), ("a", "Hi!")]) == []
    assert summarise(
        [Said(1, "Where is my parcel, please tell me?", is_customer=True)], embed=lambda texts: [() for _ in texts]
    )
