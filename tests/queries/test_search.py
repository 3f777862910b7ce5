"""Searching the list: what is typed is read in linear time whatever it is, and finds what it says among what one may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import Conversation, Correction, Message, Prediction, WorkspaceIntent
from app.queries import conversation_list, search_terms, sidebar
from app.queries.conversation_list import Filters
from app.queries.search_terms import LISTED, MOST_TERMS, MOST_WORDS, OPERATORS, Term, parse
from app.services import access, labels
from tests.inbox_house import Seeded, counted, seeded

__all__ = ["seeded"]

PARTS = st.sampled_from(
    [*OPERATORS, *"<>=-\"': .,~%_\\\0\n", "..", "mood:<", 'tag:"', "nan", "1e999", "٣", "\ud800", "🙂", "d", "after:"]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(PARTS, max_size=200).map("".join)))
def test_anything_can_be_typed(text: str) -> None:
    search = parse(text)
    assert len(search.terms) <= MOST_TERMS
    assert all(len(problem) < 300 for problem in search.problems)
    for term in search.terms:
        operator = OPERATORS.get(term.name)
        if operator and operator.kind == "number":
            numbers = term.value if isinstance(term.value, tuple) else (term.value,)
            assert all(operator.low <= number <= operator.high for number in numbers)  # type: ignore[operator]
        if isinstance(term.value, str):
            assert term.value.strip()
            assert term.value.isprintable()


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters='"', codec="utf-8"), min_size=1, max_size=100))
def test_words_in_quotes_are_never_an_operator(text: str) -> None:
    readable = "".join(one if one.isprintable() else " " for one in text).strip()
    assert parse(f'"{text}"').problems == ()
    assert [term.value for term in parse(f'"{text}"').terms] == ([readable] if readable else [])


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([operator.example for operator in LISTED] + ["word", '"two words"']), max_size=MOST_TERMS)
)
def test_terms_stand_for_themselves_in_any_order(terms: list[str]) -> None:
    together = parse("  ".join(terms))
    assert bool(together.problems) is (sum("word" in term for term in terms) > MOST_WORDS)
    assert list(together.terms) == [term for one in terms for term in parse(one).terms]
    turned = parse(" ".join(f"-{one}" for one in terms))
    assert [replace(term, is_negated=False) for term in turned.terms] == list(together.terms)
    assert all(term.is_negated for term in turned.terms)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("refund", [Term("", "refund")]),
        ("mood:<-0.5", [Term("mood", -0.5, "<")]),
        ("Mood:>=0,2", [Term("mood", 0.2, ">=")]),
        ("mood:-1..-0.5", [Term("mood", (-1.0, -0.5), "..")]),
        ("sentiment:Negative", [Term("sentiment", "negative")]),
        ('-tag:"big order"', [Term("tag", "big order", is_negated=True)]),
        ('tag:big" order"', [Term("tag", "big order")]),
        ('"never closed quote', [Term("", "never closed quote")]),
        ("after:2026-11-01 before:7d", [Term("after", date(2026, 11, 1)), Term("before", 7)]),
        ("https://shop.example/a", [Term("", "https://shop.example/a")]),
        ("Re: 10:30", [Term("", "Re:"), Term("", "10:30")]),
        ("- -5", [Term("", "-"), Term("", "5", is_negated=True)]),
    ],
)
def test_what_is_typed_is_read(text: str, terms: list[Term]) -> None:
    assert parse(text) == search_terms.Search(tuple(terms))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("moood:<1", "Did you mean “mood:”?"),
        ("subject:x", "There are: mood, sentiment"),
        ("mood:bad", "mood:<-0.5"),
        ("mood:<-2", "from -1 to 1"),
        ("mood:<nan", "from -1 to 1"),
        ("confidence:>80", "from 0 to 1"),
        ("sentiment:angry", "one of negative, neutral, positive"),
        ("emotion:", "needs a value"),
        ("emotion:hunger", "anger, frustration"),
        ("after:tomorrow", "after:7d"),
        ("after:0001-01-01", "after:7d"),
        ("after:99999999d", "after:7d"),
        ("sentiment:neutral " * 13, "at most 12"),
        ("one two three four five six", "at most 5 words"),
        ("x" * 301, "at most 300"),
    ],
)
def test_what_cannot_be_understood_is_said_with_a_hint(text: str, said: str) -> None:
    (problem,) = parse(text).problems
    assert said in problem


def test_emotions_are_those_of_the_models() -> None:
    assert tuple(label for label, _ in labels.EMOTIONS) == search_terms.EMOTIONS


def found(seeded: Seeded, search: str, who: str = "ana") -> set[str]:
    """Return the contacts' names of what is found in all statuses."""
    return {row.contact_name for row in rows(seeded, search, who)}


def rows(seeded: Seeded, search: str, who: str = "ana") -> list[conversation_list.ConversationRow]:
    user, filters = seeded.made.users[who], Filters(status="all", search=search)
    with reading() as session:
        ids = access.inbox_ids_of(user)
        page = conversation_list.page(session, user=user, inbox_ids=ids, filters=filters, rows=400)
        counts = sidebar.sidebar(session, user=user, inbox_ids=ids, filters=filters).counts
    assert sum(counts.statuses.values()) == len(page.rows)
    return list(page.rows)


def everything(seeded: Seeded) -> list[conversation_list.ConversationRow]:
    return rows(seeded, "")


def test_operators_keep_exactly_what_they_name(seeded: Seeded) -> None:
    keeps: dict[str, Any] = {
        "sentiment:negative": lambda row: row.sentiment == "negative",
        "-sentiment:negative": lambda row: row.sentiment != "negative",
        "mood:<-0.3": lambda row: row.mood is not None and row.mood < -0.3,
        "mood:-0.3..0.3": lambda row: row.mood is not None and -0.3 <= row.mood <= 0.3,
        "intent:complaint": lambda row: row.intent == "complaint",
        "confidence:>0.8": lambda row: row.confidence is not None and row.confidence > 0.8,
        "sentiment:negative confidence:<0.9": lambda row: row.sentiment == "negative" and row.confidence < 0.9,
        "channel:webchat": lambda row: row.channel_kind == "webchat",
        "tag:WARRANTY": lambda row: "warranty" in {tag.name for tag in row.tags},
        "-tag:warranty sentiment:negative": lambda row: (
            "warranty" not in {tag.name for tag in row.tags} and row.sentiment == "negative"
        ),
        "before:2d": lambda row: row.last_message_at < now() - timedelta(days=2),
        "after:2d": lambda row: row.last_message_at >= now() - timedelta(days=2),
    }
    listed = everything(seeded)
    for search, keep in keeps.items():
        expected = {row.public_id for row in listed if keep(row)}
        assert expected, search
        assert len(expected) < len(listed), search
        assert {row.public_id for row in rows(seeded, search)} == expected, search


def test_words_are_found_in_messages_subjects_names_and_addresses(seeded: Seeded) -> None:
    with reading() as session:
        conversation = seeded.made.conversations["Marta Lindqvist"]
        text = session.scalars(select(Message.text).where(Message.conversation_id == conversation.id)).first()
        number = session.get_one(Conversation, conversation.id).number
    long_word = max((text or "").split(), key=len).strip('".,:-')
    for search in (long_word.upper(), "lindqvist", "marta.lindqvist", f"#{number}", "from:MARTA"):
        assert "Marta Lindqvist" in found(seeded, search), search
    assert "Marta Lindqvist" not in found(seeded, "-from:marta")
    assert found(seeded, "lindqvist from:jonas") == set()


@pytest.mark.parametrize("search", ["%", "_", "\\", "'; DROP TABLE message; --", "nobody writes this", "'", "0x00"])
def test_words_are_no_patterns_and_no_sql(seeded: Seeded, search: str) -> None:
    with reading() as session:
        texts = " ".join(session.scalars(select(Message.text)))
    assert len(rows(seeded, f'"{search}"')) < seeded.made.total or search in texts


def test_several_emotions_and_a_persons_word_are_found(seeded: Seeded) -> None:
    conversation = seeded.made.conversations["Marta Lindqvist"]
    with transaction() as session:
        row = session.get_one(Conversation, conversation.id)
        message = session.scalars(
            select(Message)
            .where(Message.conversation_id == row.id, Message.direction == "inbound")
            .order_by(Message.id.desc())
        ).first()
        assert message is not None
        said = {
            "message_id": message.id,
            "task": "emotion",
            "label": "worry",
            "confidence": 0.7,
            "abstained": False,
            "labels": [["worry", 0.7], ["confusion", 0.6]],
            "model_id": "test",
            "model_version": "emotions",
        }
        session.add(Prediction(**said))
        row.emotion = "worry"
        row.latest_answers = {"emotion": {"label": "worry", "confidence": 0.7, "place": [False, 1, message.id]}}
    assert "Marta Lindqvist" in found(seeded, "emotion:confusion")
    assert "Marta Lindqvist" in found(seeded, "emotion:worry confidence:>0.6")
    assert "Marta Lindqvist" not in found(seeded, "emotion:worry confidence:>0.8")
    with transaction() as session:
        session.add(Correction(message_id=message.id, task="emotion", labels=["joy"]))
    assert "Marta Lindqvist" in found(seeded, "emotion:joy")
    assert "Marta Lindqvist" not in found(seeded, "emotion:confusion")


def test_an_intent_of_the_workspace_is_found_by_its_name(seeded: Seeded) -> None:
    with transaction() as session:
        session.add(WorkspaceIntent(slug="warranty_claim", title="Claim under warranty"))
        session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id).intent = "warranty_claim"
    for search in ("intent:warranty_claim", 'intent:"claim under Warranty"'):
        assert found(seeded, search) == {"Jonas Weber"}


def test_nothing_of_other_inboxes_is_found(seeded: Seeded) -> None:
    assert "Tomás Herrera" in found(seeded, "from:herrera")
    assert found(seeded, "from:herrera", "chloe") == set()
    assert {row.inbox_name for row in rows(seeded, "mood:>-1", "chloe")} == {"Support"}


def test_a_search_nobody_understands_finds_nothing_and_says_why(seeded: Seeded) -> None:
    assert rows(seeded, "moood:<1") == []
    page = seeded.visitor("ana").get("/inbox?search=moood:%3C1")
    assert "Did you mean “mood:”?" in page.text
    assert 'aria-invalid="true"' in page.text


def test_a_searching_page_takes_no_more_statements(seeded: Seeded) -> None:
    browser = seeded.visitor("ana")
    with counted() as said:
        page = browser.get("/inbox?search=refund+-tag:warranty+emotion:anger&status=all&tag=")
    assert page.status_code == 200
    assert len(said) <= 8
