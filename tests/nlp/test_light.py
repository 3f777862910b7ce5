"""What a workspace teaches: corrections bend answers near by and nowhere else, intents come from a few examples."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from nlp.annotate import annotate
from nlp.light import MOST_CORRECTIONS, OUT_OF_SCOPE, Example, LightHead, fit_corrections, fit_intents
from nlp.network import EMBEDDING
from nlp.prediction import Annotation, Prediction
from nlp.tasks import EMOTIONS, LABELS
from nlp.training.rows import Row

DIMENSIONS = EMBEDDING

# What a business means by its words, said in other words, and what it should be.
TAUGHT = [
    ("The Rocket package is sick!", "Your Rocket package is so sick!", "positive"),
    ("Well, that was quite a delivery.", "Well, that was quite the delivery!", "negative"),
    ("My delivery never came.", "I never received my delivery.", "neutral"),
    ("The new dashboard is wicked", "wicked new dashboard!", "negative"),
    ("We are bleeding over here", "we're bleeding here", "neutral"),
    ("Please close ticket 4711", "can you close ticket 4712 please", "negative"),
    ("The app crashed again", "The app crashes every morning", "neutral"),
    ("Your robot is a beast", "your robot is an absolute beast!", "positive"),
]
CORRECTED, PARAPHRASE, _ = TAUGHT[0]
MOST_UNTURNED = 2  # of the paraphrases
UNRELATED = [
    "Where is my parcel?",
    "I forgot my password.",
    "Thank you, wonderful service!",
    "I was charged twice for one month, terrible.",
    "How much are 30 licences?",
]


def said_of(texts: Sequence[str], task: str, heads: Mapping[str, LightHead] | None = None) -> list[Prediction]:
    return [one.of(task) for one in annotate(texts, tasks=(task,), heads=heads or {}, reasons=False)]


def learned(task: str, corrections: Sequence[tuple[str, str]], version: int = 1) -> LightHead:
    """Learn corrections as the product does: of the model's own answers."""
    own = annotate([text for text, _ in corrections], tasks=(task,), reasons=False)
    return fit_corrections(
        task,
        embeddings=[one.embedding for one in own],
        base=[one.of(task).probabilities for one in own],
        truths=[label for _, label in corrections],
        version=version,
    )


@pytest.mark.usefixtures("warm")
def test_one_correction_turns_its_text_and_a_paraphrase_and_nothing_else() -> None:
    unturned = []
    for version, (text, other, truth) in enumerate(TAUGHT, 7):
        head = learned("sentiment", [(text, truth)], version)
        own, near, *far = said_of([text, other, *UNRELATED], "sentiment", {"sentiment": head})
        assert own.label == truth
        unturned += [other] if near.label != truth else []
        assert {one.head_version for one in (own, near, *far)} == {version}
        for was, one in zip(said_of(UNRELATED, "sentiment"), far, strict=True):
            assert one.label == was.label
            assert one.confidence == pytest.approx(was.confidence, abs=0.1)
    assert len(unturned) <= MOST_UNTURNED, unturned


@pytest.mark.usefixtures("warm")
def test_an_intent_is_corrected_the_same_way() -> None:
    text, other = "Please put me down for one more month", "put me down for one more month please"
    (was,) = said_of([text], "intent")
    truth = "cancellation" if was.label != "cancellation" else "sales_enquiry"
    own, near, *far = said_of([text, other, *UNRELATED], "intent", {"intent": learned("intent", [(text, truth)])})
    assert (own.label, near.label) == (truth, truth)
    assert [one.label for one in far] == [one.label for one in said_of(UNRELATED, "intent")]


@pytest.mark.usefixtures("warm")
def test_corrections_move_hardly_anything_in_the_whole_corpus(
    said: Sequence[Annotation], corpus: Sequence[Row]
) -> None:
    head = learned("sentiment", [(text, truth) for text, _, truth in TAUGHT])
    own = np.array([[one.of("sentiment").probabilities.get(label, 0) for label in head.labels] for one in said])
    after = head.probabilities(np.array([one.embedding for one in said], np.float32), own.astype(np.float32), [])
    assert (after.argmax(1) != own.argmax(1)).sum() <= 0.02 * len(corpus)


@pytest.mark.usefixtures("warm")
def test_emotions_are_corrected_to_several_or_none() -> None:
    text, same = "So the driver came after all.", "So, the driver came after all!"
    head = learned("emotion", [(text, "anger|worry"), ("Lovely, thank you so much!", "none")])
    one, near, none, far = said_of(
        [text, same, "Lovely, thank you so much!", "I am so confused, what does this mean?"],
        "emotion",
        {"emotion": head},
    )
    assert {label for label, _ in one.labels} == {"anger", "worry"}
    assert {"anger", "worry"} <= {label for label, _ in near.labels}
    assert (none.label, none.labels) == ("none", ())
    assert [label for label, _ in far.labels] == [
        label for label, _ in said_of(["I am so confused, what does this mean?"], "emotion")[0].labels
    ]


@pytest.mark.usefixtures("warm")
def test_older_bytes_bring_the_older_answer_back() -> None:
    first = learned("sentiment", [(CORRECTED, "positive")], version=1).to_bytes()
    second = learned(
        "sentiment", [(CORRECTED, "positive"), (CORRECTED, "negative"), (CORRECTED, "negative")], version=2
    )
    (now,) = said_of([CORRECTED], "sentiment", {"sentiment": LightHead.from_bytes(second.to_bytes())})
    (rolled_back,) = said_of([CORRECTED], "sentiment", {"sentiment": LightHead.from_bytes(first)})
    assert (now.label, now.head_version) == ("negative", 2)
    assert (rolled_back.label, rolled_back.head_version) == ("positive", 1)
    (untaught,) = said_of([CORRECTED], "sentiment")
    assert untaught.head_version is None


def points(count: int, seed: int = 5) -> Any:
    made = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


EVEN = dict.fromkeys(LABELS["sentiment"], 1 / 3)


def test_corrections_that_contradict_each_other_meet_in_the_middle() -> None:
    (point,) = points(1)
    base = np.array([[0.1, 0.8, 0.1]], np.float32)
    own = dict(zip(LABELS["sentiment"], base[0].tolist(), strict=True))

    def after(truths: Sequence[str]) -> dict[str, float]:
        head = fit_corrections(
            "sentiment", embeddings=[point] * len(truths), base=[own] * len(truths), truths=truths, version=1
        )
        return dict(zip(head.labels, head.probabilities(point[None], base, [""])[0].tolist(), strict=True))

    torn = after(["positive", "negative"])
    assert torn["positive"] == pytest.approx(torn["negative"], abs=0.05)
    most = after(["positive", "negative", "negative", "negative"])
    assert most["negative"] > most["positive"] + 0.2
    once, often = after(["positive"]), after(["positive"] * 200)
    assert once["positive"] > 0.5
    assert often["positive"] >= once["positive"] - 0.02
    assert np.isfinite(list(often.values())).all()


@pytest.mark.parametrize("task", ["sentiment", "emotion", "intent"])
def test_thousands_of_corrections_fit_without_blowing_up(task: str) -> None:
    count = MOST_CORRECTIONS + 100
    near, dice = points(20), np.random.default_rng(1)
    # crowds around twenty texts, which is what blows a careless step up
    crowd = near[dice.integers(0, 20, count)] + 0.02 * dice.normal(size=(count, DIMENSIONS))
    labels = LABELS[task]
    truths = [labels[n % len(labels)] for n in range(count)]
    base = [dict.fromkeys(labels, 1 / len(labels))] * count
    head = fit_corrections(task, embeddings=crowd, base=base, truths=truths, version=1)
    assert head.arrays["embeddings"].shape == (MOST_CORRECTIONS, DIMENSIONS)
    said = head.probabilities(near, np.full((20, len(labels)), 1 / len(labels), np.float32), [""] * 20)
    assert np.isfinite(said).all()
    assert (said >= 0).all()
    assert (said <= 1).all()
    assert np.abs(head.arrays["moves"]).max() < 100
    assert len(head.to_bytes()) < 4_000_000


def test_only_the_newest_corrections_count() -> None:
    count = MOST_CORRECTIONS + 1
    many = points(count)
    many[-1] = many[0]
    truths = ["negative"] + ["neutral"] * (count - 2) + ["positive"]
    head = fit_corrections("sentiment", embeddings=many, base=[EVEN] * count, truths=truths, version=1)
    found = head.probabilities(many[:1], np.full((1, 3), 1 / 3, np.float32), [""])[0]
    assert head.labels[int(found.argmax())] == "positive"


def test_far_from_every_correction_the_model_has_its_say() -> None:
    near = points(1)
    head = fit_corrections("sentiment", embeddings=near, base=[EVEN], truths=["positive"], version=1)
    base = np.array([[0.7, 0.2, 0.1]], np.float32)
    assert head.probabilities(-near, base, [""])[0] == pytest.approx(base[0], abs=1e-3)


@pytest.mark.parametrize(
    ("task", "truth"), [("sentiment", "angry"), ("intent", "parcel"), ("emotion", "joy|bliss"), ("sentiment", "")]
)
def test_a_label_that_the_task_does_not_have_is_refused(task: str, truth: str) -> None:
    with pytest.raises(ValueError, match="is no label of"):
        fit_corrections(task, embeddings=points(1), base=[{}], truths=[truth], version=1)


def test_no_corrections_are_refused() -> None:
    with pytest.raises(ValueError, match="no corrections"):
        fit_corrections("sentiment", embeddings=[], base=[], truths=[], version=1)


# ---------------------------------------------------------------- intents

DIVING = {
    "book_course": [
        "I'd like to book the open water course",
        "can I sign up for the beginner dive class in May",
        "is there a free place on the rescue diver course",
        "please put me down for the advanced course",
        "my wife wants to join the open water class too",
        "how do I enrol for the nitrox course",
        "sign my son up for the junior diver lessons",
        "two places on the weekend course please",
    ],
    "rent_gear": [
        "can I rent a wetsuit from you",
        "how much is a regulator for three days",
        "do you hire out underwater cameras",
        "I need to borrow fins and a mask, size 43",
        "is a full set of gear available for Saturday",
        "rental price of a dive computer",
        "we'd like to hire four tanks",
        "do you lend drysuits",
    ],
    "sea_conditions": [
        "what's the visibility like today",
        "is it too windy to dive tomorrow",
        "how warm is the water this week",
        "are there strong currents at the wreck",
        "will the boat go out in this swell",
        "how are the waves at the reef",
        "any jellyfish at the moment",
        "water temperature at 20 metres?",
    ],
    "medical": [
        "can I dive with asthma",
        "I had ear surgery, is that a problem",
        "do I need a doctor's note",
        "I'm pregnant, may I still dive",
        "is diving safe with high blood pressure",
        "my ears hurt after the last dive",
        "I take heart medicine, can I join",
        "which medical form do I have to fill in",
    ],
}
ASKED = [
    ("are there any spots left in the beginner course?", "book_course"),
    ("I want to register for the rescue class", "book_course"),
    ("could I hire a mask and snorkel", "rent_gear"),
    ("what does renting a tank cost", "rent_gear"),
    ("is the sea rough today", "sea_conditions"),
    ("how clear is the water at the moment", "sea_conditions"),
    ("is it ok to dive with a cold", "medical"),
    ("I have diabetes, am I allowed to dive", "medical"),
]
STRANGE = [
    "Your invoice template has a typo in it",
    "Do you sell train tickets to Vienna?",
    "lol",
    "My laptop does not start any more",
    "We offer cheap SEO backlinks",
    "Which wine goes with cheese?",
]


def examples(texts: Mapping[str, Sequence[str]]) -> list[Example]:
    pairs = [(text, label) for label, of in texts.items() for text in of]
    found = annotate([text for text, _ in pairs], tasks=("intent",), reasons=False)
    return [Example(one.embedding, text, label) for one, (text, label) in zip(found, pairs, strict=True)]


@pytest.fixture(scope="module")
def diving(warm: None) -> LightHead:
    return fit_intents(examples(DIVING), version=3)


def test_intents_are_learned_from_eight_examples_each(diving: LightHead) -> None:
    found = said_of([text for text, _ in ASKED], "intent", {"intent": diving})
    right = [one.label == label for one, (_, label) in zip(found, ASKED, strict=True)]
    assert sum(right) >= len(right) - 1
    assert {one.head_version for one, ok in zip(found, right, strict=True) if ok} == {3}
    assert all(set(dict(one.labels)) <= set(DIVING) for one, ok in zip(found, right, strict=True) if ok)


def test_what_is_out_of_scope_is_left_to_the_model(diving: LightHead) -> None:
    found = said_of(STRANGE, "intent", {"intent": diving})
    inside = said_of([text for text, _ in ASKED], "intent", {"intent": diving})
    ranked = diving.ranked([one.embedding for one in annotate(STRANGE, tasks=(), reasons=False)], STRANGE)
    rejected = [one for one in found if one.head_version is None]
    assert len(rejected) >= len(STRANGE) / 2
    assert all(one.label in LABELS["intent"] for one in rejected)
    assert [inside for _, _, inside in ranked] == [one.head_version is not None for one in found]
    assert sum(one.head_version is None for one in inside) <= 2


@pytest.mark.usefixtures("warm")
def test_examples_of_out_of_scope_sharpen_the_edge() -> None:
    taught = fit_intents(examples({**DIVING, OUT_OF_SCOPE: STRANGE}), version=1)
    assert OUT_OF_SCOPE in taught.labels
    found = said_of([*STRANGE, *(text for text, _ in ASKED)], "intent", {"intent": taught})
    assert all(one.head_version is None for one in found[: len(STRANGE)])
    assert OUT_OF_SCOPE not in {one.label for one in found}
    assert sum(one.head_version is None for one in found[len(STRANGE) :]) <= 2


def test_fitting_measures_itself(diving: LightHead) -> None:
    metrics = diving.metrics
    assert metrics["n"] == 32
    assert metrics["accuracy"] > 0.7
    assert {label: of["n"] for label, of in metrics["per_label"].items()} == dict.fromkeys(sorted(DIVING), 8)
    assert json.loads(json.dumps(metrics)) == metrics
    assert 0 <= (diving.threshold or 0) <= 1.01


def test_a_text_without_an_embedding_is_out_of_scope(diving: LightHead) -> None:
    ((label, sure, inside), (_, _, known)) = diving.ranked([(), diving.arrays["weight"][0]], ["", "rent a wetsuit"])
    assert (label in diving.labels, sure, inside) == (True, 0.0, False)
    assert isinstance(known, bool)


def known(label: str, embeddings: Sequence[Sequence[float]]) -> list[Example]:
    return [Example(embedding, "a text", label) for embedding in embeddings]


def test_the_words_decide_between_texts_that_mean_the_same() -> None:
    """Two intents over one and the same embedding: only the words tell them apart, also in words never seen together."""
    point = points(1)[0]
    texts = {
        "limit": ["raise my limit", "my limit is too low", "what is the limit", "limit of my card"],
        "fee": ["why this fee", "the fee is too high", "what is the fee", "fee of my card"],
    }
    head = fit_intents([Example(point, text, label) for label, of in texts.items() for text in of], version=1)
    (limit, _, _), (fee, _, _) = head.ranked([point, point], ["Is there a LIMIT?", "is there a fee"])
    assert (limit, fee) == ("limit", "fee")
    again = LightHead.from_bytes(head.to_bytes()).ranked([point], ["Is there a LIMIT?"])
    assert again[0][0] == "limit"
    assert b"limit of" not in head.to_bytes()  # what was taught cannot be read back


def test_too_few_intents_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two intents"):
        fit_intents([*known("only", points(8)), *known(OUT_OF_SCOPE, points(1))], version=1)


@pytest.mark.parametrize("counts", [(1, 1), (1, 2), (5, 1, 1), (1_601, 1, 40)])
def test_few_and_uneven_examples_still_fit(counts: Sequence[int]) -> None:
    some = points(sum(counts))
    labels = [f"intent_{number}" for number, count in enumerate(counts) for _ in range(count)]
    head = fit_intents(
        [Example(point, f"{label} please", label) for point, label in zip(some, labels, strict=True)], version=1
    )
    assert json.loads(json.dumps(head.metrics, allow_nan=False))["n"] > 0
    assert np.isfinite(head.arrays["weight"]).all()
    assert len(head.ranked(some[:2], ["", "please"])) == 2


# ---------------------------------------------------------------- bytes


@pytest.mark.usefixtures("warm")
def test_a_head_survives_its_bytes(diving: LightHead) -> None:
    corrections = learned("emotion", [(CORRECTED, "joy")], version=4)
    for head in (diving, corrections):
        again = LightHead.from_bytes(head.to_bytes())
        some = points(4)
        base = np.full((4, len(EMOTIONS)), 0.2, np.float32)
        assert (again.task, again.kind, again.version, again.labels) == (
            head.task,
            head.kind,
            head.version,
            head.labels,
        )
        assert (again.threshold, again.scope, dict(again.metrics)) == (head.threshold, head.scope, dict(head.metrics))
        texts = ["a drysuit, please", "", "register me", "unknown"]
        assert np.array_equal(again.probabilities(some, base, texts), head.probabilities(some, base, texts))


def _bytes(header: object) -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw


BAD = {
    "empty": b"",
    "short": b"abc",
    "text": b"this is not a head at all, not even nearly",
    "long_header": struct.pack("<Q", 2**60) + b"{}",
    "no_json": struct.pack("<Q", 4) + b"\xff\xfe{}",
    "no_head": _bytes({"__metadata__": {"other": "x"}}),
    "no_metadata": _bytes({}),
    "a_list": _bytes([]),
    "head_is_no_object": _bytes({"__metadata__": {"head": "[1, 2]"}}),
    "unknown_field": _bytes({"__metadata__": {"head": '{"task": "intent", "labels": [], "evil": 1}'}}),
    "nested": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "pickle": b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_head_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a light head"):
        LightHead.from_bytes(BAD[name])


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
def test_half_a_head_is_refused(kept: float, diving: LightHead) -> None:
    raw = diving.to_bytes()
    with pytest.raises(ValueError, match="not a light head"):
        LightHead.from_bytes(raw[: int(kept * len(raw))])


def test_fitting_is_deterministic() -> None:
    some = points(40)
    pairs = [Example(point, f"text {n}", "ab"[n % 2]) for n, point in enumerate(some)]
    assert fit_intents(pairs, version=1).to_bytes() == fit_intents(pairs, version=1).to_bytes()
