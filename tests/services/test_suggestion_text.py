"""Past replies made fit for another customer, variables of canned responses, and which suggestion comes first."""

from __future__ import annotations

import pytest

from app.services.canned_responses import filled
from app.services.suggestion_rank import MOST, Suggestion, ranked
from app.services.suggestion_search import PastReply, TextFound
from app.services.suggestion_text import reusable
from nlp.alike import groups

NAMES = ("Marta Lindqvist", "Ben Achterberg")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            "Hi Marta,\n\nthe parcel left today.\n\nKind regards\nBen Achterberg\nHarbour & Pine",
            "The parcel left today.",
        ),
        ("Dear Ms Lindqvist: it is on its way.\nBen", "It is on its way."),
        ("Good morning Marta, done!", "Done!"),
        ("They are blushing, Marta.", "They are blushing, [name]."),
        ("Your order HP-20977 of 2026 costs 89.90.", "Your order [number] of 2026 costs 89.90."),
        ("We wrote to marta@posteo.example.", "We wrote to [e-mail ••••]."),
        ("Best coffee of the year, and thanks for the photo!", "Best coffee of the year, and thanks for the photo!"),
        ("Hi", ""),
        ("", ""),
    ],
)
def test_what_belongs_to_the_first_customer_is_left_out(reply: str, words: str) -> None:
    assert reusable(reply, names=NAMES) == words


def test_a_bank_card_of_the_first_customer_is_masked() -> None:
    assert "4111 1111 1111" not in reusable("I refunded 4111 1111 1111 1111.", names=NAMES)


@pytest.mark.parametrize(
    "text", ["Hi " * 50_000, "1-" * 50_000, "A" * 100_000, "\n" * 50_000, "best regards\n" * 5_000]
)
def test_any_reply_is_answered(text: str) -> None:
    assert isinstance(reusable(text, names=NAMES), str)


def test_variables_are_filled_once_and_unknown_ones_stay() -> None:
    values = {"contact.name": "{{agent.name}}", "agent.name": "Ana"}
    text = "{{contact.name}} {{ agent.name }} {{7*7}} {{nothing.known}} {% for x in y %}"
    assert filled(text, values) == "{{agent.name}} Ana {{7*7}} {{nothing.known}} {% for x in y %}"


def test_what_worked_comes_before_what_is_only_alike() -> None:
    worked = TextFound(1, None, 0.6, uses=8, ended_well=8)
    alike = TextFound(2, None, 0.65, uses=0, ended_well=0)
    failed = TextFound(None, 3, 0.65, uses=8, ended_well=0)
    assert [one.id for one in ranked([alike, failed, worked], [], [])] == [1, 2, 3]


def test_a_few_uses_move_little() -> None:
    once = Suggestion("canned", 1, 0.6, uses=1, ended_well=1)
    often = Suggestion("canned", 1, 0.6, uses=20, ended_well=20)
    assert 0.6 < once.score < often.score < 0.85


def test_replies_that_say_the_same_are_one_suggestion_and_one_that_never_worked_is_none() -> None:
    replies = [
        PastReply(1, "a", 0.9, ended_well=False),
        PastReply(2, "a", 0.8, ended_well=True),
        PastReply(3, "a", 0.7, ended_well=True),
        PastReply(4, "b", 0.95, ended_well=False),
    ]
    (found,) = ranked([], replies, [[0, 1, 2], [3]])
    assert (found.id, found.uses, found.ended_well) == (2, 3, 2)


def test_there_are_never_more_than_five() -> None:
    texts = [TextFound(id_, None, 0.5, 0, 0) for id_ in range(1, 20)]
    assert len(ranked(texts, [], [])) == MOST


def test_near_vectors_are_one_group_and_empty_ones_in_none() -> None:
    assert groups([(1.0, 0.0), (0.0, 1.0), (0.99, 0.14), ()]) == [[0, 2], [1]]
    assert groups([]) == []
