"""What the model says of customer messages, alone or among others."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from nlp.annotate import annotate, model_identity
from nlp.network import EMBEDDING
from nlp.prediction import Annotation
from nlp.tasks import LABEL_OF_NOTHING, LABELS, MANY, TASKS
from nlp.training.rows import Row, own_rows

pytestmark = pytest.mark.usefixtures("warm")

# Not among the rows the model was trained on (see test_these_sentences_were_not_trained_on).
MESSAGES = [
    ("Any idea when my package gets here? I was told Tuesday and it's Friday!", "negative", "order_status"),
    ("Could you tell me the delivery date of my parcel?", "neutral", "order_status"),
    ("My sweater has a hole, I'd like to return it and get my money back.", None, "refund_return"),
    ("Thank you so much, everything is working again!", "positive", "praise_thanks"),
    ("Your delivery guy was rude and I am furious about it.", "negative", None),
    ("Since the last update the app crashes on startup.", None, "technical_issue"),
    ("I forgot my password and can't sign in.", None, "account_access"),
    ("I was billed two times for the same month.", None, "billing_payment"),
    ("Please cancel my subscription from next month.", "neutral", "cancellation"),
    ("Can I speak with a real person please?", None, "contact_human"),
    ("My credit card was stolen, please block it at once!", None, "security_fraud"),
    ("What time do you open on Saturdays?", "neutral", "product_info"),
    ("How much would 30 licences cost us?", "neutral", "sales_enquiry"),
    ("I absolutely love the new design, great work!", "positive", "praise_thanks"),
    ("This is the worst company I have ever dealt with.", "negative", None),
]
MOST_WRONG = 2
TEXTS = [text for text, _sentiment, _intent in MESSAGES]


def polarity(annotation: Annotation) -> float:
    score = annotation.of("sentiment").score
    assert score is not None
    return score


def test_customer_messages_come_out_right() -> None:
    wrong = []
    for (text, sentiment, intent), found in zip(MESSAGES, annotate(TEXTS, reasons=False), strict=True):
        pairs = ((found.of("sentiment"), sentiment), (found.of("intent"), intent))
        wrong += [(text, one) for one, expected in pairs if expected is not None and one.label != expected]
    assert len(wrong) <= MOST_WRONG, wrong


def test_these_sentences_were_not_trained_on() -> None:
    assert {row.text for row in own_rows(dev=False)}.isdisjoint(TEXTS)


def test_the_other_tasks_tell_clear_cases_apart() -> None:
    hot, glad, spam = annotate(
        [
            "URGENT: our whole shop is down and we lose customers every minute, call me now! I am furious!",
            "Thank you so much, no need to answer.",
            "Dear sir, we offer cheap SEO backlinks and guaranteed first page ranking. Click here for the price list.",
        ],
        reasons=False,
    )
    assert (hot.of("urgency").label, glad.of("urgency").label) == ("high", "low")
    assert (hot.of("request").label, glad.of("request").label) == ("yes", "no")
    assert {"anger", "frustration"} & {label for label, _ in hot.of("emotion").labels}
    assert glad.of("emotion").label == "gratitude"
    assert (spam.of("spam").label, glad.of("spam").label) == ("spam", "ham")


def test_polarity_follows_the_label() -> None:
    bad, good = annotate(["Horrible, I am so angry.", "Wonderful, I am so happy."])
    assert polarity(bad) < -0.5 < 0.5 < polarity(good)
    assert bad.of("intent").score is None


def test_scores_and_labels_are_what_the_probabilities_say(said: Sequence[Annotation]) -> None:
    for one in said:
        feeling, hurry = one.of("sentiment"), one.of("urgency")
        assert polarity(one) == pytest.approx(
            feeling.probabilities["positive"] - feeling.probabilities["negative"], abs=2e-4
        )
        assert hurry.score == pytest.approx(hurry.probabilities["high"], abs=1e-4)
        for prediction in one.predictions:
            chances = dict(prediction.probabilities)
            assert [sure for _, sure in prediction.labels] == sorted((s for _, s in prediction.labels), reverse=True)
            if prediction.task in MANY:
                assert prediction.label == (prediction.labels[0][0] if prediction.labels else "none")
                continue
            assert set(chances) == set(LABELS[prediction.task])
            assert sum(chances.values()) == pytest.approx(1, abs=2e-3)
            assert prediction.confidence == max(chances.values()) == chances[prediction.label]


def test_an_embedding_is_of_length_one_and_near_what_says_the_same() -> None:
    one, same, other, nothing = (
        found.embedding
        for found in annotate(
            ["Where is my parcel?", "My package has not arrived yet.", "What a lovely song.", ""], reasons=False
        )
    )
    assert len(one) == EMBEDDING
    assert nothing == ()
    assert math.hypot(*one) == pytest.approx(1, abs=1e-4)
    assert (
        sum(a * b for a, b in zip(one, same, strict=True)) > sum(a * b for a, b in zip(one, other, strict=True)) + 0.1
    )


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", "\u200b\u200d\ufeff", "\x00\x01", "\u202e"])
def test_a_text_that_says_nothing_abstains_as_empty(text: str) -> None:
    (found,) = annotate([text])
    assert {(one.abstained, one.abstain_reason, one.confidence) for one in found.predictions} == {(True, "empty", 0.0)}
    assert (found.language, found.embedding) == ("und", ())
    assert {one.task: one.label for one in found.predictions} == LABEL_OF_NOTHING


def test_another_language_abstains_with_its_code_and_still_has_a_label() -> None:
    german, japanese = annotate(
        ["Wo bleibt denn mein Paket? Ich warte seit zwei Wochen!", "注文した商品がまだ届きません"]
    )
    assert (german.language, japanese.language) == ("de", "ja")
    assert {one.abstain_reason for one in german.predictions} == {"language:de"}
    assert german.of("sentiment").label in LABELS["sentiment"]
    assert not any(one.reasons for one in german.predictions)


def test_thresholds_decide_what_abstains_and_change_no_label() -> None:
    texts = [*TEXTS, "ok", ""]
    usual = annotate(texts, reasons=False)
    never = annotate(texts, thresholds=dict.fromkeys(TASKS, 1.01), reasons=False)
    only_one = annotate(texts, thresholds={"sentiment": 1.01, "intent": 0.0}, reasons=False)
    for text, was, strict, one in zip(texts, usual, never, only_one, strict=True):
        assert {p.abstain_reason for p in strict.predictions} == ({"confidence"} if text else {"empty"})
        assert [p.label for p in was.predictions] == [p.label for p in strict.predictions]
        assert one.of("sentiment").abstained
        assert one.of("intent").abstained is (not text)
        assert one.of("urgency") == was.of("urgency")


def test_at_a_threshold_the_less_sure_abstain(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    sure = sorted(one.of("sentiment").confidence for one in said)
    middle = sure[len(sure) // 2]
    again = annotate([row.text for row in corpus[:60]], thresholds={"sentiment": middle}, reasons=False)
    for one in (found.of("sentiment") for found in again):
        assert one.abstained is (one.confidence < middle or str(one.abstain_reason).startswith("language"))


def test_labels_are_the_same_alone_and_in_a_batch_in_any_order(
    said: Sequence[Annotation], corpus: Sequence[Row]
) -> None:
    texts = [row.text for row in corpus]
    order = random.Random(3).sample(range(len(texts)), 80)
    alone = [annotate([texts[place]], reasons=False)[0] for place in order[:40]]
    together = annotate([texts[place] for place in order], reasons=False)
    for place, shuffled in zip(order, together, strict=True):
        assert _without_reasons(said[place]) == _without_reasons(shuffled)
    for place, one in zip(order, alone, strict=False):
        assert _without_reasons(said[place]) == _without_reasons(one)


def test_long_texts_among_short_ones_change_nothing() -> None:
    texts = [*TEXTS, "", "ok", "Wo ist mein Paket?", "😡😡", "word " * 700]
    alone = [annotate([text], reasons=False)[0] for text in texts]
    assert annotate(texts, reasons=False) == alone


def _without_reasons(annotation: Annotation) -> list[object]:
    labels = [
        (one.task, one.label, one.labels, one.confidence, one.abstain_reason, one.score)
        for one in annotation.predictions
    ]
    return [annotation.language, *labels]


def test_more_texts_than_one_round_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.annotate.TEXTS_AT_ONCE", 7)
    found = annotate(["Thank you!", "How do I return this?"] * 25, tasks=("intent",), reasons=False)
    assert [one.of("intent").label for one in found] == ["praise_thanks", "refund_return"] * 25


def test_the_same_text_gets_the_same_numbers() -> None:
    assert annotate(["Where is my parcel?"]) == annotate(["Where is my parcel?"])


def test_threads_may_annotate_at_the_same_time() -> None:
    expected = annotate(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(annotate, [TEXTS] * 4))


def test_only_the_tasks_asked_for_and_no_unknown_one() -> None:
    (found,) = annotate(["hello"], tasks=("urgency", "sentiment"))
    assert [one.task for one in found.predictions] == ["urgency", "sentiment"]
    with pytest.raises(KeyError):
        found.of("intent")
    with pytest.raises(ValueError, match="unknown task 'mood'"):
        annotate(["hello"], tasks=("mood",))


def test_nothing_gives_nothing() -> None:
    assert annotate([]) == []


def test_annotations_carry_the_model_that_made_them() -> None:
    (found,) = annotate(["hello"])
    assert (found.model_id, found.model_version) == model_identity()


def test_a_long_mail_is_read_to_its_end() -> None:
    filler = "The document has several pages and a table of contents. " * 60
    calm, angry = annotate(
        [filler, filler + "You are the worst company ever, I am furious and disgusted! " * 40], reasons=False
    )
    assert polarity(angry) < polarity(calm) - 0.2
