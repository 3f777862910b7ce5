"""The arithmetic of measures, temperatures, cuts and thresholds, by hand and on made-up logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nlp.evaluation import Judged, calibration_error, measures, measures_of_many
from nlp.folding import emotions_of
from nlp.model import TaskModel
from nlp.tasks import EMOTIONS, LABELS
from nlp.training.batches import Targets
from nlp.training.calibration import judge, least_sure, task_model
from nlp.training.rows import OWN, Row


def test_measures_by_hand() -> None:
    judged = [
        Judged("a", "a", 0.9),
        Judged("a", "b", 0.6, abstained=True),
        Judged("b", "b", 0.8),
        Judged("c", "c", 0.7),
    ]
    found = measures(judged)
    assert (found["n"], found["accuracy"], found["coverage"], found["precision"]) == (4, 0.75, 0.75, 1.0)
    assert found["macro_recall"] == round((0.5 + 1 + 1) / 3, 4)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-4)
    assert found["curve"][3] == {"coverage": 0.5, "accuracy": 1.0, "confidence": 0.8}
    assert calibration_error([Judged("a", "a", 0.75), Judged("a", "b", 0.75)]) == 0.25


def test_nothing_to_measure_is_said_and_all_abstained_has_no_precision() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        measures([])
    assert measures([Judged("a", "a", 0.2, abstained=True)])["precision"] is None


def test_measures_of_many_by_hand() -> None:
    truths, said = [{"joy"}, {"anger", "worry"}, set()], [{"joy"}, {"anger"}, {"worry"}]
    found = measures_of_many(truths, said, EMOTIONS)
    assert (found["n"], found["accuracy"]) == (3, round(1 / 3, 4))
    assert found["per_class"]["worry"] == {"recall": 0.0, "precision": 0.0, "f1": 0.0, "support": 1}
    assert found["macro_f1"] == found["macro_recall"] == round(2 / 3, 4)


judgements = st.builds(
    Judged, st.sampled_from("abc"), st.sampled_from("abcd"), st.floats(min_value=0, max_value=1), st.booleans()
)


@given(st.lists(judgements, min_size=1, max_size=40))
def test_measures_stay_between_nothing_and_all(judged: list[Judged]) -> None:
    found = measures(judged)
    shares = [found[name] for name in ("accuracy", "macro_f1", "macro_recall", "ece", "coverage")]
    assert all(0 <= share <= 1 for share in shares)
    assert sum(of["support"] for of in found["per_class"].values()) == len(judged)


def test_goemotions_fold_into_ours_in_our_order() -> None:
    assert emotions_of(["joy", "annoyance", "love"]) == ("frustration", "joy")
    assert emotions_of(["neutral", "curiosity"]) == emotions_of(["none"]) == ()


def sampled(temperature: float, count: int = 4_000) -> list[tuple[Row, np.ndarray]]:
    """Sentiment logits whose truths are drawn at this temperature: the one that must be found again."""
    dice = np.random.default_rng(2)
    logits = dice.normal(size=(count, 3)).astype(np.float32) * 3
    noise = dice.gumbel(size=logits.shape)  # the greatest of these is drawn by the chances of the logits
    truths = [LABELS["sentiment"][place] for place in (logits / temperature + noise).argmax(1)]
    return [
        (Row("", "tweeteval_sentiment", {"sentiment": truth}), of) for truth, of in zip(truths, logits, strict=True)
    ]


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0])
def test_the_temperature_that_made_the_truths_is_found_and_calibrates(temperature: float) -> None:
    pool = sampled(temperature)
    model = task_model("sentiment", {"tweeteval_sentiment": pool, OWN: []})
    assert model.temperature == pytest.approx(temperature, rel=0.1)
    found = judge(model, pool)
    assert found["ece"] < 0.03
    assert found["precision"] >= 0.8
    assert found["coverage"] < 1 or found["accuracy"] >= 0.8


def test_a_threshold_given_is_the_least() -> None:
    assert task_model("sentiment", {"tweeteval_sentiment": sampled(1.0)}, least=0.99).threshold == 0.99


def test_the_least_sure_by_hand() -> None:
    judged = [Judged("a", "a", 0.9), Judged("a", "a", 0.6), Judged("a", "b", 0.5), Judged("a", "b", 0.3)]
    assert least_sure(judged, 0.5) == 0.0
    assert least_sure(judged, 0.6) == 0.31
    assert least_sure(judged, 1.0) == 0.51
    assert least_sure([Judged("a", "b", 0.5)], 0.5) == 1.01


def test_cuts_of_emotions_part_those_that_hold_from_those_that_do_not() -> None:
    dice = np.random.default_rng(4)
    pool = []
    for _ in range(600):
        truth = tuple(emotion for emotion in EMOTIONS if dice.random() < 0.25)
        logits = np.array(
            [(1.0 if emotion in truth else -5.0) + 1.5 * dice.normal() for emotion in EMOTIONS], np.float32
        )
        pool.append((Row("", OWN, {"emotion": truth}), logits))
    model = task_model("emotion", {OWN: pool})
    assert judge(model, pool)["macro_f1"] > 0.95
    assert all(0.15 <= cut <= 0.8 for cut in model.cuts)
    assert all(scale > 0 for scale in model.scale)


def test_chances_of_one_label_sum_to_one_and_of_many_do_not() -> None:
    logits = np.array([[1.0, 2.0, 900.0], [0.0, 0.0, 0.0]], np.float32)
    one = TaskModel("sentiment", LABELS["sentiment"]).probabilities(logits)
    assert one.sum(1) == pytest.approx(1)
    seven = len(EMOTIONS)
    many = TaskModel("emotion", EMOTIONS, scale=(1.0,) * seven, shift=(0.0,) * seven, cuts=(0.5,) * seven)
    assert many.probabilities(np.full((1, seven), 1e9, np.float32)) == pytest.approx(1)


def test_a_label_that_only_was_frequent_is_not_learned() -> None:
    """Logit adjustment: with the mix of its source taken out, saying the mix costs what it must and teaches nothing."""
    rows = [Row("", "x", {"spam": "ham"})] * 9 + [Row("", "x", {"spam": "spam"})]
    targets = Targets(rows, {"spam": LABELS["spam"]})
    logits = torch.zeros(10, 2, requires_grad=True)
    targets.loss({"spam": logits}, rows, {"spam": 1.0}, 0.0).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    pull = logits.grad.sum(0)
    assert abs(float(pull[0])) < 0.1, "nine hams of ten are expected, so they pull hardly at all"


def test_a_task_that_was_not_judged_costs_nothing() -> None:
    rows = [Row("", "x", {"spam": "ham"}), Row("", "y", {"sentiment": "negative"})]
    targets = Targets(rows, {"spam": LABELS["spam"], "sentiment": LABELS["sentiment"]})
    logits = {"spam": torch.zeros(2, 2, requires_grad=True), "sentiment": torch.zeros(2, 3, requires_grad=True)}
    targets.loss(logits, rows, {"spam": 1.0, "sentiment": 1.0}, 0.05).backward()  # type: ignore[no-untyped-call]
    spam, sentiment = (logits[task].grad for task in ("spam", "sentiment"))
    assert spam is not None
    assert sentiment is not None
    assert float(spam[1].abs().sum()) == float(sentiment[0].abs().sum()) == 0.0
    assert float(spam[0].abs().sum()) > 0
