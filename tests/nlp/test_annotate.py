"""What the model says of customer messages, alone or among others, however odd they are."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from nlp.annotate import TASKS, annotate, model_identity
from nlp.encoder import MAX_PIECES, MAX_TOKENS, Encoder
from nlp.prediction import Annotation

pytestmark = pytest.mark.usefixtures("warm")

# Not among the rows the heads were trained on (see test_these_sentences_were_not_trained_on).
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


def polarity(annotation: Annotation) -> float:
    score = annotation.of("sentiment").score
    assert score is not None
    return score


def test_customer_messages_come_out_right() -> None:
    wrong = []
    for (text, sentiment, intent), found in zip(MESSAGES, annotate([text for text, _s, _i in MESSAGES]), strict=True):
        said = (found.of("sentiment"), found.of("intent"))
        wrong += [
            (text, one)
            for one, expected in zip(said, (sentiment, intent), strict=True)
            if expected is not None and (one.label != expected or one.abstained)
        ]
    assert len(wrong) <= 1, wrong


def test_these_sentences_were_not_trained_on() -> None:
    from nlp.training.rows import own_rows

    trained = {row.text for task in TASKS for row in own_rows(task)}
    assert trained.isdisjoint(text for text, _s, _i in MESSAGES)


def test_polarity_follows_the_label() -> None:
    bad, good = annotate(["Horrible, I am so angry.", "Wonderful, I am so happy."])
    assert polarity(bad) < -0.5 < 0.5 < polarity(good)
    assert bad.of("intent").score is None


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", "\u200b\u200d\ufeff", "\x00\x01", "\u202e"])
def test_a_text_that_says_nothing_abstains_as_empty(text: str) -> None:
    (found,) = annotate([text])
    assert {(one.abstained, one.abstain_reason, one.confidence) for one in found.predictions} == {(True, "empty", 0.0)}
    assert found.language == "und"
    assert (found.of("sentiment").label, found.of("intent").label) == ("neutral", "other")


def test_another_language_abstains_with_its_code_and_still_has_a_label() -> None:
    german, japanese = annotate(
        ["Wo bleibt denn mein Paket? Ich warte seit zwei Wochen!", "注文した商品がまだ届きません"]
    )
    assert (german.language, japanese.language) == ("de", "ja")
    assert {one.abstain_reason for one in german.predictions} == {"language:de"}
    assert german.of("sentiment").label in {"negative", "neutral", "positive"}


def test_what_is_not_sure_abstains_for_lack_of_confidence() -> None:
    doubtful = annotate(["It is fine.", "ok", "Well, that was something.", "Not what I thought, but it will do."])
    reasons = {one.abstain_reason for found in doubtful for one in found.predictions if one.abstained}
    assert reasons == {"confidence"}


ODD = {
    "megabyte": ("I am not happy with the delivery of my order. " * 25_000)[:1_000_000],
    "emoji": "😀" * 1_000_000,
    "right_to_left": "שלום עולם " * 100_000,
    "arabic_ligatures": "ﷺ" * 1_000_000,
    "zero_width": "re\u200bfu\u200dnd " * 100_000,
    "accents": "a" + "\u0301" * 1_000_000,
    "mixed": "Hello 😀 مرحبا 你好 Привет " * 40_000,
    "one_word": "x" * 1_000_000,
    "lines": "a\n" * 500_000,
    "half_characters": "\ud800 where is my order \udfff" * 1_000,
    "entities": "&amp;&#9999999;&#x110000;&nope;" * 30_000,
    "ampersands": "&#" * 500_000,
    "at_signs": "@" * 1_000_000,
    "links": "www." * 250_000,
    "html": "<div><p>My <b>order</b> is late<br></p></div>" * 20_000,
    "nulls": "\x00" * 1_000_000,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_text_gets_an_answer_from_bounded_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    features = Encoder.features

    def counted(self: Encoder, pieces: list[list[int]]) -> object:
        encoded.extend(map(len, pieces))
        return features(self, pieces)

    monkeypatch.setattr(Encoder, "features", counted)
    (found,) = annotate([ODD[name]])
    assert [one.task for one in found.predictions] == list(TASKS)
    assert len(encoded) <= MAX_PIECES
    assert all(length <= MAX_TOKENS for length in encoded)


def test_a_long_mail_is_read_to_its_end() -> None:
    filler = "The document has several pages and a table of contents. " * 60
    calm, angry = annotate([filler, filler + "You are the worst company ever, I am furious and disgusted! " * 40])
    assert polarity(angry) < polarity(calm) - 0.2


def test_labels_are_the_same_alone_and_in_a_batch_in_any_order() -> None:
    texts = [text for text, _s, _i in MESSAGES] + ["", "ok", "Wo ist mein Paket?", "😡😡", "word " * 700]
    alone = [annotate([text])[0] for text in texts]
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    together = annotate([texts[index] for index in order])
    for place, index in enumerate(order):
        for one, other in zip(alone[index].predictions, together[place].predictions, strict=True):
            assert (one.label, one.abstain_reason) == (other.label, other.abstain_reason)
            assert one.confidence == pytest.approx(other.confidence, abs=2e-4)


def test_more_texts_than_one_round_keep_their_order() -> None:
    found = annotate(["Thank you!", "How do I return this?"] * 300, tasks=("intent",))
    assert [one.of("intent").label for one in found] == ["praise_thanks", "refund_return"] * 300


def test_the_same_text_gets_the_same_numbers() -> None:
    assert annotate(["Where is my parcel?"]) == annotate(["Where is my parcel?"])


def test_threads_may_annotate_at_the_same_time() -> None:
    texts = [text for text, _s, _i in MESSAGES]
    expected = annotate(texts)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(annotate, [texts] * 8))


def test_only_the_tasks_asked_for_and_no_unknown_one() -> None:
    (found,) = annotate(["hello"], tasks=("sentiment",))
    assert [one.task for one in found.predictions] == ["sentiment"]
    with pytest.raises(ValueError, match="unknown task 'mood'"):
        annotate(["hello"], tasks=("mood",))


def test_nothing_gives_nothing() -> None:
    assert annotate([]) == []


def test_annotations_carry_the_model_that_made_them() -> None:
    (found,) = annotate(["hello"])
    assert (found.model_id, found.model_version) == model_identity()
