"""What customers asked and nobody answered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nlp.annotate import annotate
from nlp.questions import MOST_QUESTIONS, Question, Turn, is_asking, unanswered


def embed(texts: Sequence[str]) -> list[tuple[float, ...]]:
    return [said.embedding for said in annotate(list(texts), tasks=(), reasons=False)]


def open_in(*said: str) -> list[str]:
    """Return the words still open after "c: …" and "a: …"."""
    turns = [Turn(at, line[3:], line.startswith("c")) for at, line in enumerate(said)]
    return [words(turns, question) for question in unanswered(turns, embed=embed)]


def words(turns: Sequence[Turn], question: Question) -> str:
    return next(turn.text for turn in turns if turn.id == question.id)[question.start : question.end]


@pytest.mark.parametrize(
    "text",
    [
        "Where is my parcel?",
        "do you ship to Norway",
        "Could you send me the invoice",
        "I'd like to know when it arrives.",
        "Please cancel my subscription.",
        "And what would that cost?",
        "Wo ist mein Paket?",
        "Any news on my refund?",
    ],
)
def test_questions_and_requests_are_heard(text: str) -> None:
    assert is_asking(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello?",
        "How are you?",
        "Really?",
        "Are you kidding me?",
        "What kind of company is this?",
        "I asked where it is.",
        "When I opened the box it was empty.",
        "Thank you, that is all.",
        "It is broken.",
        "",
    ],
)
def test_what_wants_no_answer_is_no_question(text: str) -> None:
    assert not is_asking(text)


def test_what_nobody_answered_yet_is_open() -> None:
    found = open_in(
        "c: Hello, my grinder is broken. Can I get a new one? And please send me the invoice again. Thanks!"
    )
    assert found == ["Can I get a new one?", "And please send me the invoice again."]


def test_what_a_reply_addresses_is_answered_and_the_rest_is_not() -> None:
    asked = "c: Do you ship to Norway? Can I pay by invoice? Is the cup dishwasher safe?"
    assert open_in(asked, "a: Shipping to Norway takes five days. The cup may go into the dishwasher.") == [
        "Can I pay by invoice?"
    ]


def test_the_only_question_is_answered_by_a_straight_reply() -> None:
    assert open_in("c: can I still change the address?", "a: Hi Jonas, it has not left yet. Where should it go?") == []


def test_a_promise_to_look_is_no_answer() -> None:
    assert open_in("c: Why was I charged twice?", "a: Thank you for writing. I'll look into it.") == [
        "Why was I charged twice?"
    ]


def test_thanks_settle_what_was_asked() -> None:
    asked = ("c: How do I clean it? Which brush do I need?", "a: I have passed it on to the workshop.")
    assert open_in(*asked) != []
    assert open_in(*asked, "c: perfect, thx") == []
    assert open_in(*asked, "c: Never mind, I found it.") == []


def test_a_question_asked_again_counts_once_where_it_was_asked_last() -> None:
    turns = [
        Turn(1, "When do I get my money back?", is_customer=True),
        Turn(2, "We have received your message and will get back to you.", is_customer=False),
        Turn(3, "Once more: when do I get my money back?", is_customer=True),
    ]
    (question,) = unanswered(turns, embed=embed)
    assert (question.id, question.times) == (3, 2)


def test_our_own_questions_are_not_the_customers() -> None:
    assert open_in("c: My kettle leaks.", "a: Could you send a photo?") == []


def test_without_a_model_only_what_is_said_counts() -> None:
    def nothing(texts: Sequence[str]) -> list[tuple[float, ...]]:
        return [() for _ in texts]

    turns = [Turn(1, "Where is it? What does it cost?", is_customer=True), Turn(2, "Hello.", is_customer=False)]
    assert len(unanswered(turns, embed=nothing)) == 2


def test_thousands_of_messages_are_bounded() -> None:
    called: list[int] = []

    def counting(texts: Sequence[str]) -> list[tuple[float, ...]]:
        called.append(len(texts))
        return [(1.0, 0.0) if at % 2 else (0.0, 1.0) for at in range(len(texts))]

    turns = [Turn(at, "Where is it? " * 500, is_customer=True) for at in range(5_000)]
    assert len(unanswered(turns, embed=counting)) <= MOST_QUESTIONS
    assert len(called) == 1
    assert called[0] <= 600
    assert unanswered([], embed=counting) == []
