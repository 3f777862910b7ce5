"""What is shown of a message's answers: badges, doubts in words, quotes, and marks in the text."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import reading, transaction
from app.models import Conversation, Message, Prediction
from app.queries import timeline
from app.web.inbox.answers import answers_of
from tests.inbox_house import Seeded, seeded

__all__ = ["seeded"]

WORDS = "The grinder <b>broke</b> & nobody answers me."


@pytest.fixture
def said(seeded: Seeded) -> Any:
    """Let an annotated message of Jonas Weber's say what a test wants."""

    def say(
        text: str = WORDS, subject: str = "", html: str | None = None, **tasks: dict[str, Any]
    ) -> timeline.MessageRow:
        conversation = seeded.made.conversations["Jonas Weber"]
        with transaction() as session:
            message = session.query(Message).filter_by(conversation_id=conversation.id, direction="inbound").first()
            assert message is not None
            message.text, message.subject, message.html = text, subject, html
            session.query(Prediction).filter_by(message_id=message.id).delete()
            for task, more in tasks.items():
                values = {
                    "confidence": 0.8,
                    "abstained": "abstain_reason" in more,
                    "model_id": "m",
                    "model_version": "9",
                }
                session.add(Prediction(message_id=message.id, task=task, **(values | more)))
            message_id = message.id
        with reading() as session:
            page = timeline.of_conversation(session, conversation_id=conversation.id)
        return next(row for row in page.messages if row.id == message_id)

    return say


def test_the_words_behind_a_label_are_marked_in_the_text_and_nothing_in_it_runs(seeded: Seeded, said: Any) -> None:
    said(sentiment={"label": "negative", "score": -0.8, "reasons": [[12, 40, 0.5]]})
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert '<mark class="reason" data-for="sentiment">&lt;b&gt;broke&lt;/b&gt; &amp; nobody answer</mark>' in page
    assert "<b>broke" not in page
    assert "80%" in page


@pytest.mark.parametrize(
    ("reason", "badge", "sentence"),
    [
        ("confidence", "negative 48%", "Best guess negative, but only 48% sure."),
        ("language:es", "Spanish", "It seems to be Spanish, which the model has not learned."),
        ("language:und", "unknown language", "It cannot be told which language this is."),
        ("empty", "no words", "There are no words to read."),
    ],
)
def test_what_the_model_abstained_from_is_unsure_with_its_reason(
    seeded: Seeded, said: Any, reason: str, badge: str, sentence: str
) -> None:
    row = said(sentiment={"label": "negative", "score": -0.3, "confidence": 0.48, "abstain_reason": reason})
    answer = answers_of(row).by_task["sentiment"]
    assert (answer.short_doubt, answer.doubt) == (badge, sentence)
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert f"Unsure: {badge}" in page
    assert "Unsure. " + sentence in page


def test_what_was_read_in_a_subject_is_quoted_below(seeded: Seeded, said: Any) -> None:
    row = said(
        text="", subject="Terrible service", html="<p>x</p>", sentiment={"label": "negative", "reasons": [[0, 8, 0.5]]}
    )
    assert answers_of(row).by_task["sentiment"].quotes == ("Terrible",)
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert '<q dir="auto">Terrible</q>' in page
    assert "<mark" not in page.split('id="m-' + str(row.public_id))[1].split("</article>")[0]


def test_emotions_that_are_sure_enough_are_all_shown_with_how_sure(seeded: Seeded, said: Any) -> None:
    row = said(emotion={"label": "anger", "labels": [["anger", 0.7], ["worry", 0.5]]})
    assert answers_of(row).emotions == (("anger", 0.7), ("worry", 0.5))
    none = said(emotion={"label": "none", "labels": []})
    assert answers_of(none).emotions == ()


def test_an_older_versions_answers_are_told_beside_the_newest(seeded: Seeded, said: Any) -> None:
    row = said(
        sentiment={"label": "positive", "score": 0.4, "model_version": "8"},
        intent={"label": "other", "model_version": "8"},
    )
    with transaction() as session:
        values = {"confidence": 0.9, "abstained": False, "model_id": "m", "model_version": "9"}
        for task, label in (("sentiment", "negative"), ("intent", "billing_payment")):
            session.add(Prediction(message_id=row.id, task=task, label=label, **values))
        conversation = session.get_one(Conversation, seeded.made.conversations["Jonas Weber"].id).id
    with reading() as session:
        page = timeline.of_conversation(session, conversation_id=conversation)
    answers = answers_of(next(one for one in page.messages if one.id == row.id))
    assert answers.by_task["sentiment"].label == "negative"
    assert answers.older == (("8", "Sentiment: Positive 80%, Intent: Other 80%"),)


def test_one_reason_to_abstain_from_everything_is_told_once(seeded: Seeded, said: Any) -> None:
    doubt = {"label": "other", "abstain_reason": "language:pt"}
    said(sentiment=doubt, intent=doubt, urgency=doubt)
    page = seeded.visitor().get(seeded.path("Jonas Weber")).text
    assert page.count("It seems to be Portuguese, which the model has not learned.</span>") == 1
    assert page.count("Unsure: Portuguese") == 1


def test_a_mood_that_only_an_older_model_saw_is_not_shown_as_the_conversations(seeded: Seeded) -> None:
    asked = seeded.made.conversations["Marta Lindqvist"]
    path = seeded.path("Marta Lindqvist")
    assert "<dt>Mood</dt>" in seeded.visitor().get(path).text
    with transaction() as session:
        conversation = session.get_one(Conversation, asked.id)
        conversation.mood_version = "another"
        conversation.mood = None
    page = seeded.visitor().get(path).text
    assert "<dt>Mood</dt>" not in page
    assert "As other model versions see it" in page
